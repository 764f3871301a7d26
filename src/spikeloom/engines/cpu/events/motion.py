"""exp(A t) z for any t: two tables for the whole part of t, a Taylor series for the rest.

With t = (64 h + l) δ + ρ and |ρ| <= δ / 2, where δ is a sixteenth of the fastest time constant,
eight terms of the series are exact to rounding, for any matrix: no eigenvectors, so nothing happens
where time constants coincide.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.engines.cpu.events.scalar import Scalar, Shape
from spikeloom.engines.cpu.text import Writer

Array = np.ndarray[Any, np.dtype[Any]]
FINE = 64
TERMS = 8
PART = 0.0625
GIVEN = "ptr %A, ptr %fine, ptr %coarse, ptr %rows, ptr %rates, double %delta, double %inverse"
"""Parameters of every helper: the matrices of one group."""


def tables(A: Array, delta: float, duration: float) -> tuple[Array, Array]:
    """exp(A δ l) for l < 64, and exp(A 64 δ h) up to the duration: (groups, count, n, n)."""
    count = int(duration / delta / FINE) + 2
    base = np.broadcast_to(np.eye(A.shape[-1]), A.shape)
    term = base
    for k in range(1, 20):
        term = term @ A * (delta / k)
        base = base + term
    fine, last = _powers(base, FINE)
    coarse, _ = _powers(last, count)
    return fine, coarse


def _powers(base: Array, count: int) -> tuple[Array, Array]:
    """base⁰ … base^(count − 1), and base^count, by doubling: few roundings."""
    made = np.empty((base.shape[0], count, *base.shape[1:]))
    made[:, 0] = np.eye(base.shape[-1])
    done, power = 1, base
    while done < count:
        more = min(done, count - done)
        made[:, done : done + more] = power[:, None] @ made[:, :more]
        done, power = done + more, power @ power
    return made, made[:, -1] @ base


def write_motion(w: Writer, shape: Shape) -> None:
    """``@advance`` and, for the adjoint, ``@retreat`` with the transposed matrix."""
    for name, transposed in (("advance", False), ("retreat", True)):
        with w.function(name, f"{GIVEN}, double %t, ptr %from, ptr %to"):
            s = Scalar(w, shape.n)
            near = s.fma("%t", "%inverse", s.const(0.5))
            count = w.let(f"fptosi double {near} to i64")
            whole = w.let(f"sitofp i64 {count} to double")
            rest = s.fma(w.let(f"fneg double {whole}"), "%delta", "%t")
            high = w.let(f"lshr i64 {count}, {FINE.bit_length() - 1}")
            low = w.let(f"and i64 {count}, {FINE - 1}")
            z = s.vector("%from")
            for table, index in (("%coarse", high), ("%fine", low)):
                here = s.at(table, index, shape.n * shape.n)
                z = s.product(here, shape.moves, z, transposed)
            total, term = z, z
            for k in range(1, TERMS + 1):
                step = s.op("fmul", rest, s.const(1 / k))
                moved = s.product("%A", shape.flows, term, transposed)
                zero = s.const(0.0)
                term = [m if m == zero else s.op("fmul", m, step) for m in moved]
                total = [
                    a if b == zero else s.op("fadd", a, b) for a, b in zip(total, term, strict=True)
                ]
            s.put(total, "%to")


def passed(group: dict[str, str]) -> str:
    """The arguments of a helper for one group."""
    pointers = ", ".join(f"ptr {group[n]}" for n in ("A", "fine", "coarse", "rows", "rates"))
    return f"{pointers}, double {group['delta']}, double {group['inverse']}"

"""Which kernel of a Program: everything that changes its code, and what it is given to work on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from spikeloom.compile.program import Program

Kind = Literal["forward", "backward", "simulate"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the kernels of a Program.

    Arguments:
        kind: Which of the three.
        dtype: ``float32`` or ``float64``.
        columns: Coefficients that differ from column to column; the others are one number.
        inputs: Inputs that are given; the others are 0.
        series: simulate: inputs that change from step to step.
        grad_out: backward: whether a gradient of the output is given; otherwise it is 0.
        want_inputs: backward: inputs whose gradient is wanted.
        want_coefs: backward: coefficients whose gradient is wanted.
        constant: backward: inputs whose gradient is summed over time, into one step.
        spikes: simulate: whether spikes are written.
        record: simulate: states that are recorded.
        unroll: simulate: groups of neurons that go through time together.
        stream: forward, backward: large results go straight to memory, past the caches.
    """

    kind: Kind
    dtype: str = "float32"
    columns: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    grad_out: bool = True
    want_inputs: tuple[str, ...] = ()
    want_coefs: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()
    spikes: bool = False
    record: tuple[str, ...] = ()
    unroll: int = 1
    stream: bool = False

    @property
    def text(self) -> str:
        """Itself as text, for the key of the cache."""
        return "|".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))


def slots(program: Program, variant: Variant) -> tuple[str, ...]:
    """Names of the 64-bit words that a kernel gets, in order: numbers and addresses.

    Kernel and caller both read this list, so that they cannot disagree.
    """
    shared = ("steps", "width", "padded", "scalars", "columns")
    inputs = tuple(f"{part}:{name}" for name in variant.inputs for part in ("input", "stride"))
    tiled = ("tile", "every", "together", "checkpoints")
    if variant.kind == "forward":
        return (*shared, *inputs, *tiled, "state_in", "state_out", "out")
    if variant.kind == "backward":
        wanted = tuple(f"grad:input:{name}" for name in variant.want_inputs)
        given = ("grad_out",) if variant.grad_out else ()
        ends = ("grad_state_in", "grad_state_out", "grad_coefs")
        return (*shared, *inputs, *tiled, *given, *wanted, *ends)
    spikes = ("bits", "row_bytes") if variant.spikes else ()
    traces = ("record_every", "record_wait", *(f"trace:{name}" for name in variant.record))
    keys = tuple(slot_of(name) for name in program.random)
    chance = ("step", "origin", *keys) if keys else ()
    ends = ("state_in", "state_out", *chance)
    return (*shared, *inputs, *ends, *spikes, *(traces if variant.record else ()))


def slot_of(name: str) -> str:
    """The word of a kernel that holds the key of a random number."""
    return f"chance:{name}"

"""Whether to run time in blocks side by side, and in how many: by size, device and model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import inf, log
from typing import Any, Literal

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.errors import ParameterError

Parallel = Literal["auto"] | bool
SEGMENT = 32
"""Steps between the states kept for the backward pass, which runs the steps between again."""
PATIENCE = 6
"""Passes over all blocks before giving up; each costs as much as one block step by step."""
WIDTH = {"cpu": 64, "cuda": 65536}
"""Neurons of all blocks together that a step takes in about the time of one."""
PAYS: dict[str, int] = {}
"""Most neurons for which blocks pay, by device. On a CPU they do not: see docs/decisions."""
LEAST = 256
"""Steps of a block at least: below, starting a kernel costs more than it does."""
DIGITS = {"float32": 24 * log(2), "float64": 53 * log(2)}
"""A difference that has decayed by exp of this much has no bit left."""

OFF = 1e-6
"""How far from rest to look."""


def check_parallel(value: Any) -> Parallel:
    """Raise unless the option is one of the three.

    >>> check_parallel("auto")
    'auto'
    """
    if isinstance(value, bool) or value == "auto":
        return value
    raise ParameterError(
        f"Spiking: parallel must be 'auto', True or False, got {value!r}.",
        hint="'auto' runs blocks of time side by side where that is faster",
    )


def block_steps(parallel: Parallel, steps: int, columns: int, device: str = "cpu") -> int:
    """Steps of a block, a multiple of `SEGMENT`; 0 to go step by step.

    The answer depends on sizes and the device alone, never on the number of threads.

    Arguments:
        parallel: The option of the layer; True skips the question whether it pays.
        steps: T.
        columns: Neurons of all samples.
        device: Kind of device.

    >>> block_steps("auto", 65536, 1), block_steps(True, 65536, 1), block_steps(True, 64, 1000)
    (0, 1024, 32)
    """
    if parallel is False or not columns:
        return 0
    if parallel == "auto" and (columns > PAYS.get(device, 0) or steps < 8 * LEAST):
        return 0
    number = max(WIDTH.get(device, 64) // columns, 2)
    least = SEGMENT if parallel is True else LEAST
    size = -(-max(steps // number, least) // SEGMENT) * SEGMENT
    return size if steps // size >= 2 else 0


def forgets(
    program: Program, coefs: Mapping[str, Any], rest: Mapping[str, Any], steps: int, dtype: str
) -> bool:
    """Whether what a neuron was before a block is lost in rounding when the block ends.

    For a model that is linear between spikes the slowest of its modes says so, unless spikes keep
    the difference alive; then `PATIENCE` ends the attempt.

    Arguments:
        program: The model.
        coefs: Coefficient -> number or array (F,).
        rest: State -> where it starts, number or array (F,).
        steps: Steps of a block.
        dtype: ``float32`` or ``float64``.

    >>> from spikeloom.compile import compile_neuron
    >>> from spikeloom.models import LeakyIntegrator
    >>> program = compile_neuron(LeakyIntegrator())
    >>> coefs = dict(zip(program.coefs, (0.1, -0.1), strict=True))
    >>> [forgets(program, coefs, {"v": 0.0}, n, "float32") for n in (200, 100)]
    [True, False]
    """
    if not program.method.startswith("Exact"):
        return False
    named = {**{f"coef:{n}": coefs[n] for n in program.coefs}, **rest}
    texts = tuple((n, np.asarray(v, np.float64).tobytes()) for n, v in named.items())
    return steps * _rate(_Keyed(program), texts) >= DIGITS[dtype]


class _Keyed:
    """A Program compared by its content."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.program.key == other.program.key

    def __hash__(self) -> int:
        return hash(self.program.key)


@lru_cache(maxsize=64)
def _rate(keyed: _Keyed, texts: tuple[tuple[str, bytes], ...]) -> float:
    """Slowest decay of a small difference from rest, as a share of it for each step."""
    from spikeloom.engines.reference import Reference

    program = keyed.program
    values = {n: np.frombuffer(t, np.float64) for n, t in texts}
    width = max((v.size for v in values.values()), default=1)
    coefs = {n: np.broadcast_to(values[f"coef:{n}"], width) for n in program.coefs}
    count = len(program.states)
    # Sample 0 is at rest, sample k has state k - 1 off by a little.
    start = np.empty((count, count + 1, width))
    for place, name in enumerate(program.states):
        start[place] = values[name]
        start[place, place + 1] += OFF
    silent = {n: np.zeros((1, count + 1, width)) for n in program.inputs}
    after = np.asarray(Reference().forward(program, coefs, silent, start, 1).state)
    jacobian = np.moveaxis((after[:, 1:] - after[:, :1]) / OFF, -1, 0)
    if not np.isfinite(jacobian).all():
        return 0.0
    largest = float(np.abs(np.linalg.eigvals(jacobian)).max(initial=0.0))
    return inf if largest < 1e-12 else max(0.0, -log(largest))

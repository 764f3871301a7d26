"""``spikeloom bench noise``: what noise costs in native code, beside NumPy.

The same exact steps of neurons under white noise, and of random spikes, on one core: ours draws by
counter inside the kernel, NumPy's side draws an array for each step with its fastest generator.
The noise differs, so the sides are compared by what noise cannot change: the mean and the spread of
the potential and the number of spikes must agree within `FAR` standard errors before a time is
reported.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from spikeloom.bench.machine import describe
from spikeloom.bench.opening import finish
from spikeloom.bench.report import Report, Row
from spikeloom.bench.rounds import medians, take_turns
from spikeloom.compile import bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.engines.cpu import CPU
from spikeloom.engines.randomness import Chance
from spikeloom.equations.units import mV
from spikeloom.errors import BenchmarkError
from spikeloom.models.neurons.diffusion_lif import DiffusionLIF
from spikeloom.models.neurons.lif import LIF
from spikeloom.models.neurons.poisson_neuron import PoissonNeuron

Array = np.ndarray[Any, np.dtype[Any]]
Step = Callable[[Array, Array, np.random.Generator], Array]
FAR = 4.5
"""Standard errors that the two sides may differ by: a false alarm in 1 of 100 000 runs."""
SIZE, STEPS, DT = 10_000, 1_000, 0.1
NOTES = (
    "ours and numpy: one step of one neuron, all of it; noise: ours without the step of the same "
    "neuron in silence.",
    f"{SIZE:,} neurons, {STEPS:,} steps of {DT} ms, one thread.",
)


@dataclass(frozen=True)
class Case:
    """A model and the same step in NumPy."""

    name: str
    neuron: Any
    silent: Any
    numpy: Callable[[Any], Step]


def _diffusion(dtype: Any) -> Step:
    decay, size = dtype(np.expm1(-DT / 20)), dtype(3.0 * sqrt(-np.expm1(-2 * DT / 20)))
    rest, theta = dtype(-65), dtype(-50)

    def step(v: Array, scratch: Array, rng: np.random.Generator) -> Array:
        rng.standard_normal(out=scratch, dtype=scratch.dtype)
        scratch *= size
        scratch += (v - rest) * decay
        v += scratch
        fired = v >= theta
        v[fired] = rest
        return fired

    return step


def _poisson(dtype: Any) -> Step:
    p = dtype(-np.expm1(-0.01 * DT))

    def step(v: Array, scratch: Array, rng: np.random.Generator) -> Array:
        rng.random(out=scratch, dtype=scratch.dtype)
        return scratch < p

    return step


CASES = (
    Case("LIF, white noise", DiffusionLIF(sigma=3 * mV), LIF(), _diffusion),
    Case("Poisson neuron", PoissonNeuron(), None, _poisson),
)


def run(
    *,
    json: Path | None = None,
    rounds: int = 9,
    dtypes: Sequence[str] = ("float32", "float64"),
    seed: int = 0,
    console: Console | None = None,
) -> Report:
    """Measure, print and write.

    Arguments:
        json: File for the figures.
        rounds: Interleaved timings of each side; the median counts.
        dtypes: float32, float64.
        seed: Of the noise.
        console: Where to print.

    Raises:
        BenchmarkError: The two sides do not compute the same thing.
    """
    rows = [_row(case, dtype, rounds, seed) for case in CASES for dtype in dtypes]
    notes = [
        f"{row.case}: "
        + ", ".join(f"{k.removesuffix('_ns')} {x:.2f} ns" for k, x in row.extra.items())
        for row in rows
    ]
    report = Report("noise", {**describe(), "threads": 1}, tuple(rows), (*notes, *NOTES))
    return finish(report, json, console)


def _row(case: Case, dtype: str, rounds: int, seed: int) -> Row:
    ours, theirs = _native(case.neuron, dtype, seed), _numpy(case, dtype, seed)
    _agree(f"{case.name}, {dtype}", ours(), theirs())
    sides: dict[str, Callable[[], Any]] = {"ours": ours, "numpy": theirs}
    if case.silent is not None:
        sides["silent"] = _native(case.silent, dtype, seed)
    found = medians(take_turns({n: _timed(side) for n, side in sides.items()}, rounds))
    each = {name: value / SIZE / STEPS * 1e9 for name, value in found.items()}
    extra = {"ours_ns": each["ours"], "numpy_ns": each["numpy"]}
    if "silent" in each:
        extra["noise_ns"] = each["ours"] - each["silent"]
    return Row(f"{case.name}, {dtype}", found["ours"], {"numpy": found["numpy"]}, extra=extra)


def _timed(side: Callable[[], Any]) -> Callable[[], float]:
    def seconds() -> float:
        begin = time.perf_counter()
        side()
        return time.perf_counter() - begin

    return seconds


def _native(neuron: Any, dtype: str, seed: int) -> Callable[[], tuple[Array, int]]:
    program = compile_neuron(neuron)
    bound, engine = bind(program, numbers(neuron), DT), CPU("float32", threads=1)
    if dtype == "float64":
        engine = CPU("float64", threads=1)
    start = bound.initial(SIZE).astype(dtype)
    chance = Chance.of(program, seed, "bench") if program.random else None

    def side() -> tuple[Array, int]:
        made = engine.simulate(program, bound.coefs, start, STEPS, {}, chance=chance)
        count = 0 if made.spike_ids is None else len(made.spike_ids)
        return made.state[0], count

    return side


def _numpy(case: Case, dtype: str, seed: int) -> Callable[[], tuple[Array, int]]:
    kind = np.dtype(dtype).type
    step = case.numpy(kind)

    def side() -> tuple[Array, int]:
        rng = np.random.Generator(np.random.SFC64(seed))
        first = -65 if isinstance(case.neuron, DiffusionLIF) else 0.01
        v, scratch, count = np.full(SIZE, first, kind), np.empty(SIZE, kind), 0
        for _ in range(STEPS):
            count += int(np.count_nonzero(step(v, scratch, rng)))
        return v, count

    return side


def _agree(case: str, ours: tuple[Array, int], theirs: tuple[Array, int]) -> None:
    (a, m), (b, n) = ours, theirs
    spread = float(max(np.std(a), np.std(b)))
    mean = FAR * spread * sqrt(2 / SIZE) + 1e-6
    pairs = {
        "mean of the state": (abs(float(np.mean(a, dtype=float) - np.mean(b, dtype=float))), mean),
        "spread of the state": (abs(float(np.std(a) - np.std(b))), mean),
        "number of spikes": (abs(m - n), FAR * sqrt(m + n) + 1),
    }
    for what, (off, allowed) in pairs.items():
        if not off <= allowed:
            raise BenchmarkError(
                f"bench noise: {case}: the {what} differs by {off:g}, of {allowed:g} allowed.",
                hint="this is a fault of spikeloom; please report it",
            )

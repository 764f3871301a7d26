"""``spikeloom bench ticks``: neurons and networks of whole numbers in native code, beside NumPy.

One core, the same ticks; NumPy's side is the neuron with its parameters known, on whole arrays of
int64. Both must give the same states and the same number of spikes, to the last bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from spikeloom.bench import tick_networks
from spikeloom.bench.machine import describe
from spikeloom.bench.opening import finish
from spikeloom.bench.report import Report, Row
from spikeloom.bench.rounds import medians, take_turns
from spikeloom.compile import compile_ticks
from spikeloom.compile.tick_numeric import bind_ticks
from spikeloom.compile.values import numbers
from spikeloom.engines.fixed import Fixed
from spikeloom.engines.randomness import Chance
from spikeloom.errors import BenchmarkError
from spikeloom.models import LoihiNeuron, TrueNorthNeuron

Array = np.ndarray[Any, np.dtype[Any]]
SIZE, STEPS = 10_000, 1_000
NOTES = (
    f"neurons: {SIZE:,} of them, {STEPS:,} ticks, one thread; spikes leave as bits.",
    "random draws: TrueNorth with chance in a synapse, the leak and the threshold; ours alone.",
)


@dataclass(frozen=True)
class Case:
    """A neuron, what arrives at it in each tick, and the same tick in NumPy."""

    name: str
    neuron: Any
    inputs: dict[str, int]
    numpy: Callable[[Array], tuple[Array, Array]] | None


def _truenorth(state: Array) -> tuple[Array, Array]:
    v = np.clip(state[0] + 5 - 2, -(1 << 19), (1 << 19) - 1)
    fired = v >= 40
    return np.where(fired, v - 40, np.where(v < -20, -20, v))[None], fired


def _loihi(state: Array) -> tuple[Array, Array]:
    u, v = state
    u = np.sign(u) * (np.abs(u) * (4096 - 410) >> 12) + (3 << 6)
    u = (u + (1 << 23) & (1 << 24) - 1) - (1 << 23)
    v = np.sign(v) * (np.abs(v) * (4096 - 128) >> 12) + u + 30
    v = np.clip(v, 1 - (1 << 23), (1 << 23) - 1)
    fired = v > 100 << 6
    return np.stack([u, np.where(fired, 0, v)]), fired


CASES = (
    Case("TrueNorth", TrueNorthNeuron(s=(5, 0, 0, 0), lam=-2, alpha=40, gamma=1, beta=20, kap=1),
         {"a0": 1}, _truenorth),
    Case("Loihi", LoihiNeuron(du=409, dv=128, vth=100, bias=30), {"a": 3}, _loihi),
    Case("TrueNorth, random draws",
         TrueNorthNeuron(s=(200, 0, 0, 0), b=(1, 0, 0, 0), lam=-100, c=1, alpha=4, TM=2, gamma=1,
                         beta=20, kap=1), {"a0": 1}, None),
)  # fmt: skip


def run(*, json: Path | None = None, rounds: int = 9, console: Console | None = None) -> Report:
    """Measure, print and write.

    Arguments:
        json: File for the figures.
        rounds: Interleaved timings of each side; the median counts.
        console: Where to print.

    Raises:
        BenchmarkError: The two sides do not compute the same thing.
    """
    rows = [_row(case, rounds) for case in CASES]
    networks = tick_networks.rows(rounds)
    told = [
        f"{row.case}: " + ", ".join(f"{k.removesuffix('_ns')} {x:.2f} ns" for k, x in each)
        for row in rows
        if (each := row.extra.items())
    ]
    told += [tick_networks.told(row) for row in networks]
    machine = {**describe(), "threads": 1}
    report = Report("ticks", machine, (*rows, *networks), (*told, *NOTES))
    return finish(report, json, console)


def _row(case: Case, rounds: int) -> Row:
    sides: dict[str, Callable[[], tuple[Array, Any]]] = {"ours": _native(case)}
    if case.numpy is not None:
        sides["numpy"] = _numpy(case, case.numpy)
        (a, bits), (b, count) = (side() for side in sides.values())
        m, n = _spikes(bits), _spikes(count)
        if m != n or not np.array_equal(a, b):
            raise BenchmarkError(
                f"bench ticks: {case.name}: {m} and {n} spikes, or states that differ.",
                hint="this is a fault of spikeloom; please report it",
            )
    found = medians(take_turns({n: _timed(side) for n, side in sides.items()}, rounds))
    extra = {f"{n}_ns": value / SIZE / STEPS * 1e9 for n, value in found.items()}
    peers = {n: value for n, value in found.items() if n != "ours"}
    return Row(case.name, found["ours"], peers, extra=extra)


def _timed(side: Callable[[], Any]) -> Callable[[], float]:
    def seconds() -> float:
        begin = time.perf_counter()
        side()
        return time.perf_counter() - begin

    return seconds


def _native(case: Case) -> Callable[[], tuple[Array, Any]]:
    program = compile_ticks(case.neuron)
    bound, engine = bind_ticks(program, numbers(case.neuron)), Fixed(threads=1)
    start, inputs = bound.initial(SIZE), {n: np.full(SIZE, x) for n, x in case.inputs.items()}
    chance = Chance.of(program, 1, "bench") if program.random else None

    def side() -> tuple[Array, Any]:
        made = engine.simulate(
            program, bound.coefs, start, STEPS, inputs, chance=chance, spikes="bits"
        )
        return made.state, made.bits

    return side


def _spikes(given: Any) -> int:
    """How many there are, of bits or as a number."""
    return int(given) if np.ndim(given) == 0 else int(np.unpackbits(given).sum())


def _numpy(
    case: Case, step: Callable[[Array], tuple[Array, Array]]
) -> Callable[[], tuple[Array, Any]]:
    size = len(case.neuron.definition.states)

    def side() -> tuple[Array, Any]:
        state, count = np.zeros((size, SIZE), np.int64), 0
        for _ in range(STEPS):
            state, fired = step(state)
            count += int(np.count_nonzero(fired))
        return state, count

    return side

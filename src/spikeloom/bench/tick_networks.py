"""Networks of whole numbers: native delivery beside NumPy's, one core, the same bits.

NumPy's side is the reference network: its neurons step in native code too, one tick at a time, and
it delivers all rows of a tick at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.bench.report import Row
from spikeloom.bench.rounds import medians, ratios, take_turns
from spikeloom.engines.fixed import Fixed
from spikeloom.engines.fixed.network import FixedNetwork
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import NetworkRun
from spikeloom.engines.reference.network import ReferenceNetwork
from spikeloom.equations.units import kHz, ms, mV
from spikeloom.errors import BenchmarkError
from spikeloom.models import LIF, Delta, LoihiNeuron, TrueNorthNeuron
from spikeloom.network import FixedOutDegree, Impulse, Network

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Case:
    """A network, and how many ticks of it are timed after as many that are not."""

    name: str
    make: Callable[[], Network]
    ticks: int


def truenorth(size: int = 4096) -> Network:
    """Sixteen cores' worth; neurons fire by chance, and send 128 spikes of weight 1 or -1 each."""
    net = Network(dt=1 * ms, seed=1)
    neuron = TrueNorthNeuron(s=(1, -1, 0, 0), lam=51, c=1, alpha=10, beta=10, gamma=1, kap=1)
    cells = net.population(size, neuron, name="cells")
    for k in range(2):  # half of them up, half down, after 1 to 15 ticks
        for part in range(8):
            net.connect(
                *(cells, cells, Impulse(f"a{k}"), FixedOutDegree(8)), weight=1,
                delay=(2 * part + k) % 15 * ms,
            )  # fmt: skip
    return net


def loihi(size: int = 4000) -> Network:
    """CUBA neurons of Loihi with 80 synapses each, a fifth of them inhibitory."""
    net = Network(dt=1 * ms, seed=1)
    cells = net.population(size, LoihiNeuron(du=800, dv=200, vth=300), name="cells")
    exc, inh = cells[: size * 4 // 5], cells[size * 4 // 5 :]
    net.connect(exc, cells, Impulse("a"), FixedOutDegree(80), weight=2, delay=1 * ms)
    net.connect(inh, cells, Impulse("a"), FixedOutDegree(80), weight=-10, delay=1 * ms)
    net.poisson(cells, Impulse("a"), rate=0.5 * kHz, weight=12)
    return net


def mixed(size: int = 2000) -> Network:
    """As many neurons of real numbers, and both drive each other."""
    net = Network(dt=1 * ms, seed=1)
    chip = net.population(size, LoihiNeuron(du=800, dv=200, vth=300), name="chip")
    real = net.population(size, LIF(), name="real")
    net.connect(real, chip, Impulse("a"), FixedOutDegree(80), weight=4, delay=2 * ms)
    net.connect(chip, real, Delta(), FixedOutDegree(80), weight=-0.1 * mV, delay=2 * ms)
    net.poisson(real, Delta(), rate=2 * kHz, weight=0.5 * mV)
    return net


CASES = (
    Case("network: TrueNorth, 16 cores", truenorth, 500),
    Case("network: Loihi, 4,000 neurons", loihi, 500),
    Case("network: Loihi and LIF, 2,000 each", mixed, 500),
)


def rows(rounds: int) -> list[Row]:
    """Time the networks.

    Arguments:
        rounds: Interleaved timings of each side.

    Raises:
        BenchmarkError: The two sides do not compute the same thing.
    """
    return [_row(case, rounds) for case in CASES]


def _row(case: Case, rounds: int) -> Row:
    plan = case.make().build()
    sides: dict[str, Any] = {
        "ours": FixedNetwork(plan, 1),
        "numpy": ReferenceNetwork(plan, None, Fixed(threads=1)),
    }
    first = {name: engine.run(case.ticks) for name, engine in sides.items()}
    _agree(case, first["ours"], first["numpy"])
    runs: list[NetworkRun] = []
    timed = {n: _timed(e, case.ticks, runs if n == "ours" else []) for n, e in sides.items()}
    found = take_turns(timed, rounds)
    for place in range(len(plan.populations)):
        if not np.array_equal(sides["ours"].state(place), sides["numpy"].state(place)):
            raise BenchmarkError(f"bench ticks: {case.name}: states differ after the last round.")
    middle, ticks = medians(found), case.ticks * rounds
    events = sum(events_of(plan, run) for run in runs)
    spikes = sum(len(who) for run in runs for _, who in run.spikes)
    neurons = sum(p.size for p in plan.populations)
    extra: dict[str, Any] = {
        "rate_hz": spikes / neurons / ticks * 1e3,
        "events_per_tick": events / ticks,
        "ratios": ratios(found["numpy"], found["ours"]),
    }
    for name, seconds in middle.items():
        extra[f"{name}_ticks_per_s"] = case.ticks / seconds
        extra[f"{name}_events_per_s"] = events / rounds / seconds
    return Row(case.name, middle["ours"], {"numpy": middle["numpy"]}, extra=extra)


def told(row: Row) -> str:
    """The figures of a row in words."""
    x, between = row.extra, row.extra["ratios"]
    pace = {n: (x[f"{n}_ticks_per_s"], x[f"{n}_events_per_s"] / 1e6) for n in ("ours", "numpy")}
    sides = ", ".join(f"{n} {a:,.0f} ticks/s and {b:,.0f} M events/s" for n, (a, b) in pace.items())
    return (
        f"{row.case.removeprefix('network: ')}: {x['rate_hz']:.0f} Hz, "
        f"{x['events_per_tick']:,.0f} synaptic events a tick; {sides}; round by round "
        f"{between['median']:.0f} ({between['low']:.0f} to {between['high']:.0f}) times NumPy"
    )


def _agree(case: Case, one: NetworkRun, other: NetworkRun) -> None:
    for a, b in zip(one.spikes, other.spikes, strict=True):
        if not all(np.array_equal(x, y) for x, y in zip(a, b, strict=True)):
            raise BenchmarkError(
                f"bench ticks: {case.name}: the two sides do not fire the same spikes.",
                hint="this is a fault of spikeloom; please report it",
            )
    if not any(len(who) for _, who in one.spikes):
        raise BenchmarkError(f"bench ticks: {case.name}: nothing fires.")


def events_of(plan: NetworkPlan, run: NetworkRun) -> int:
    """Spikes of a run, each counted as often as it has synapses."""
    total = 0
    for p in plan.projections:
        who = run.spikes[p.source][1]
        total += int(np.diff(p.indptr)[who].sum())
    return total


def _timed(engine: Any, ticks: int, runs: list[NetworkRun]) -> Callable[[], float]:
    def seconds() -> float:
        begin = time.perf_counter()
        made = engine.run(ticks)
        taken = time.perf_counter() - begin
        runs.append(made)
        return taken

    return seconds

"""One network beside the other simulators, in interleaved rounds."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from spikeloom.bench.network.agree import Activity, agree
from spikeloom.bench.network.pace import Pace
from spikeloom.bench.network.sides import Side
from spikeloom.bench.network.spec import Spec
from spikeloom.bench.report import Row
from spikeloom.bench.rounds import ratios, take_turns
from spikeloom.bench.worker import Worker
from spikeloom.errors import BenchmarkError

LONG = 5.0
"""Seconds from which one trial of a way is enough."""


@dataclass
class Entry:
    """A side that has been built: its process, and what is known of it."""

    side: Side
    worker: Worker
    variant: str
    told: dict[str, Any]
    tried: Mapping[str, float | str]
    times: list[dict[str, float]] = field(default_factory=list)
    activity: Activity | None = None


def race(
    spec: Spec,
    tolerance: float,
    sides: Sequence[Side],
    *,
    threads: int,
    rounds: int,
    pace: Pace,
    band: tuple[float, float] | None = None,
    small: bool = False,
) -> list[Row]:
    """Rows of one network: seconds per simulated second, and seconds of construction.

    Arguments:
        spec: The network.
        tolerance: How far their mean rates may lie apart, relative to the larger.
        sides: All that take part; ours are those whose name begins so.
        threads: Of every side.
        rounds: Interleaved timings of each side.
        pace: Hears how far it is.
        band: Where the mean rate must lie, in Hz.
        small: Whether the smallest of a side's ways counts, not the fastest.

    Raises:
        BenchmarkError: Two sides do not run the same network, or one cannot run it.
    """
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        entries: dict[str, Entry] = {}
        for number, side in enumerate(sides):
            pace.tell(f"building {side.name} (side {number + 1} of {len(sides)})")
            entries[side.name] = _best(side, spec, threads, small, stack, pace)
        for name, entry in entries.items():
            pace.tell(f"proving {name}")
            path = Path(place) / f"{name}.npz"
            entry.told |= entry.worker.ask("prove", ms=spec.stretch, to=str(path))
            entry.activity = Activity.read(path, spec, int(entry.told["synapses"]))
            entry.told |= entry.worker.ask("memory")
        activities = {n: e.activity for n, e in entries.items() if e.activity}
        apart = agree(spec, activities, tolerance, band)
        load = os.getloadavg()[0]
        pace.begin(rounds * len(entries))
        turns = {name: _turn(entry, spec.stretch, pace) for name, entry in entries.items()}
        take_turns(turns, rounds)
        loads = [load, os.getloadavg()[0]]
    mine = [name for name in entries if name.startswith("ours")]
    return list(_rows(spec, entries, mine, apart, threads, loads))


def _turn(entry: Entry, ms: float, pace: Pace) -> Callable[[], float]:
    def turn() -> float:
        entry.times.append(entry.worker.ask("time", ms=ms))
        pace.done(entry.side.name)
        return entry.times[-1]["s"]

    return turn


def _best(
    side: Side, spec: Spec, threads: int, small: bool, stack: ExitStack, pace: Pace
) -> Entry:  # fmt: skip
    """The fastest or smallest of a side's ways, ready to go on; the others are tried and ended."""
    tried: dict[str, float | str] = {}
    best: tuple[float, Worker, str, dict[str, Any]] | None = None
    for variant in side.variants:
        worker = stack.enter_context(side.start(spec, variant, threads))
        try:
            pace.tell(f"building {side.name} {variant}")
            told, cost = worker.ask("prepare"), 0.0
            if len(side.variants) > 1:
                pace.tell(f"trying {side.name} {variant}")
                cost = worker.ask("time", ms=spec.stretch)["s"]
                if cost < LONG:
                    cost = min(cost, worker.ask("time", ms=spec.stretch)["s"])
                cost = worker.ask("memory")["network_mb"] if small else cost
        except BenchmarkError as fault:
            if len(side.variants) == 1:
                raise
            tried[variant] = fault.message
            worker.close()
            continue
        tried[variant] = cost
        if best is not None and cost >= best[0]:
            worker.close()
            continue
        if best is not None:
            best[1].close()
        best = (cost, worker, variant, told)
    if best is None:
        raise BenchmarkError(f"{side.name}: no way of running {spec.name!r} works: {tried}.")
    return Entry(side, best[1], best[2], best[3], tried)


def _rows(
    spec: Spec,
    entries: Mapping[str, Entry],
    mine: Sequence[str],
    apart: float,
    threads: int,
    loads: Sequence[float],
) -> Iterator[Row]:
    per_second = 1000.0 / spec.stretch
    times = {n: [t["s"] * per_second for t in e.times] for n, e in entries.items()}
    cpu = {n: median(t["cpu_s"] for t in e.times) * per_second for n, e in entries.items()}
    peers = [name for name in entries if name not in mine]
    shared = {
        "neurons": spec.neurons,
        "synapses": spec.synapses,
        "simulated_ms": spec.stretch,
        "threads": threads,
        "load": loads,
        "versions": {n: e.told["version"] for n, e in entries.items()},
        "peers_way": {n: entries[n].variant for n in peers},
        "tried": {n: dict(entries[n].tried) for n in peers},
        "activity": {n: e.activity.to_dict() for n, e in entries.items() if e.activity},
    }
    rate = {n: spec.events(_spikes(e, spec)) for n, e in entries.items()}
    for name in mine:
        dtype, sides = entries[name].variant, [name, *peers]
        seconds = {n: median(times[n]) for n in sides}
        yield Row(
            f"{spec.name}, {dtype}",
            seconds[name],
            {n: seconds[n] for n in peers},
            apart,
            entries[name].told["peak_mb"],
            {n: entries[n].told["peak_mb"] for n in peers},
            {
                **shared,
                "unit": "s per simulated second",
                "ratios": {n: ratios(times[n], times[name]) for n in peers},
                "cpu_ratios": {n: cpu[n] / max(cpu[name], 1e-9) for n in peers},
                "real_time_factor": seconds[name],
                "events_per_s_core": {
                    n: rate[n] / seconds[n] / threads * per_second for n in sides
                },
                "ns_per_neuron_step": {n: seconds[n] * 1e6 * spec.dt / spec.neurons for n in sides},
                "bytes_per_synapse": {
                    n: entries[n].told["network_mb"] * 2**20 / spec.synapses for n in sides
                },
                "spread_s": {n: [min(times[n]), max(times[n])] for n in sides},
                "cpu_s": {n: cpu[n] for n in sides},
            },
        )
        construct = {n: entries[n].told["construct_s"] for n in sides}
        yield Row(
            f"{spec.name}, construction, {dtype}",
            construct.pop(name),
            construct,
            extra={"synapses": spec.synapses, "threads": threads,
                   "build_s": {n: entries[n].told["build_s"] for n in sides}},
        )  # fmt: skip


def _spikes(entry: Entry, spec: Spec) -> dict[str, float]:
    """Spikes of each population in the stretch that proved it."""
    if entry.activity is None:
        return dict.fromkeys(spec.sizes, 0.0)
    return {
        name: rate * spec.sizes[name] * spec.stretch / 1000
        for name, rate in entry.activity.rates.items()
    }

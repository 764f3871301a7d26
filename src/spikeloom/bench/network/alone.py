"""What only our side is asked: growth, silence, memory at full size, regenerated connections."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from spikeloom.bench.network.agree import Activity, agree
from spikeloom.bench.network.cases import CASES, cuba, microcircuit, quiet, sparse
from spikeloom.bench.network.pace import Pace
from spikeloom.bench.network.sides import Side, ours
from spikeloom.bench.network.spec import Spec
from spikeloom.bench.report import Row
from spikeloom.bench.rounds import take_turns

Measured = Mapping[str, dict[str, Any]]


def measure(
    jobs: Mapping[str, tuple[Spec, int]], side: Side, *, rounds: int, pace: Pace
) -> Measured:
    """Each network in a process of its own, timed in turns.

    Arguments:
        jobs: Name -> network and number of threads.
        side: Who runs them.
        rounds: Interleaved timings of each.
        pace: Hears how far it is.

    Returns:
        Name -> what it told, with ``s`` (median seconds of a simulated second), ``activity``,
        ``events`` of a simulated second and ``ns`` for one step of one neuron.

    Raises:
        BenchmarkError: A network has not the synapses that it should have.
    """
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        turns: dict[str, Callable[[], float]] = {}
        for name, (spec, threads) in jobs.items():
            pace.tell(f"building {name}")
            worker = stack.enter_context(side.start(spec, side.variants[0], threads))
            told = worker.ask("prepare")
            path = Path(place) / f"{len(found)}.npz"
            told |= worker.ask("prove", ms=spec.stretch, to=str(path)) | worker.ask("memory")
            activity = Activity.read(path, spec, int(told["synapses"]))
            agree(spec, {side.name: activity}, 0.0)
            found[name] = {**told, "activity": activity.to_dict()}
            turns[name] = _turn(worker.ask, spec, name, pace)
        pace.begin(rounds * len(turns))
        times = take_turns(turns, rounds)
    for name, (spec, threads) in jobs.items():
        seconds = median(times[name]) * 1000 / spec.stretch
        sizes = spec.sizes
        spikes = {n: r * sizes[n] for n, r in found[name]["activity"]["rates"].items()}
        found[name] |= {
            "threads": threads,
            "s": seconds,
            "events": spec.events(spikes),
            "ns": seconds * 1e6 * spec.dt / spec.neurons,
            "spread_s": [x * 1000 / spec.stretch for x in (min(times[name]), max(times[name]))],
        }
    return found


def _turn(ask: Callable[..., Any], spec: Spec, name: str, pace: Pace) -> Callable[[], float]:
    def turn() -> float:
        took = float(ask("time", ms=spec.stretch)["s"])
        pace.done(name)
        return took

    return turn


def growth(dtype: str, threads: int, rounds: int, pace: Pace, scale: float = 250.0) -> Row:
    """CUBA at a million neurons beside 4,000: ns for a neuron-step and for a synaptic event.

    A network whose threshold nothing reaches gives the time of the steps; what the active network
    needs beyond it, its events.
    """
    small, large = cuba(), replace(cuba(scale), settle=100.0, stretch=20.0)
    specs = {"4k": small, "1m": large, "4k silent": small.silent(), "1m silent": large.silent()}
    jobs = {name: (spec, threads) for name, spec in specs.items()}
    found = measure(jobs, ours(dtype), rounds=rounds, pace=pace)
    event = {
        size: 1e9 * (found[size]["s"] - found[f"{size} silent"]["s"]) / found[size]["events"]
        for size in ("4k", "1m")
    }
    return Row(
        f"cuba-1m, {dtype}",
        found["1m"]["s"],
        ours_peak_mb=found["1m"]["peak_mb"],
        extra={
            "unit": "s per simulated second",
            "neuron_step_ns": {size: found[f"{size} silent"]["ns"] for size in event},
            "event_ns": event,
            "all_ns_per_neuron_step": {size: found[size]["ns"] for size in event},
            "neuron_step_ratio": found["1m silent"]["ns"] / found["4k silent"]["ns"],
            "event_ratio": event["1m"] / event["4k"] if event["4k"] > 0 else None,
            "all_ratio": found["1m"]["ns"] / found["4k"]["ns"],
            "runs": found,
        },
    )


def silent(dtype: str, threads: int, rounds: int, pace: Pace, scale: float = 1.0) -> Row:
    """100,000 neurons that never fire, with 100 million synapses and with a hundred.

    The few are there so that the neurons are the same: without any, nobody would have receptors.
    """
    neurons = round(100_000 * scale)
    full, bare = quiet(neurons, 1000, "silent"), quiet(neurons, 100 / neurons, "few synapses")
    jobs = {"synapses": (full, threads), "few": (bare, threads)}
    found = measure(jobs, ours(dtype), rounds=rounds, pace=pace)
    return Row(
        f"silent, {dtype}",
        found["synapses"]["s"],
        ours_peak_mb=found["synapses"]["peak_mb"],
        extra={
            "unit": "s per simulated second",
            "few_synapses_s": found["few"]["s"],
            "cost_ratio": found["synapses"]["s"] / found["few"]["s"],
            "runs": found,
        },
    )


def _whole(spec: Spec, dtype: str, threads: int, rounds: int, pace: Pace) -> Row:
    jobs = {spec.name: (spec, threads)}
    found = measure(jobs, ours(dtype), rounds=rounds, pace=pace)[spec.name]
    return Row(
        f"{spec.name}, {dtype}",
        found["s"],
        ours_peak_mb=found["peak_mb"],
        extra={
            "unit": "s per simulated second",
            "threads": threads,
            "synapses": found["synapses"],
            "construct_s": found["construct_s"],
            "synapses_per_s": found["synapses"] / found["construct_s"],
            "peak_gb": found["peak_mb"] * 2**20 / 1e9,
            "bytes_per_synapse": found["network_mb"] * 2**20 / found["synapses"],
            "events_per_s_core": found["events"] / found["s"] / threads,
            "real_time_factor": found["s"],
            "runs": {spec.name: found},
        },
    )


def full_microcircuit(
    dtype: str, threads: int, rounds: int, pace: Pace, scale: float = 1.0
) -> Row:  # fmt: skip
    """The cortical column at full size: 77,169 neurons, 299 million synapses."""
    spec = replace(microcircuit(scale), name="microcircuit-full")
    return _whole(spec, dtype, threads, rounds, pace)


def regenerated(dtype: str, threads: int, rounds: int, pace: Pace, scale: float = 1.0) -> Row:
    """A billion synapses that are drawn again at each spike instead of being kept."""
    return _whole(sparse(round(1_000_000 * scale), 1000), dtype, threads, rounds, pace)


def two_threads(case: str) -> Callable[..., Row]:
    """A measurement of a network with one thread and with two."""

    def run(dtype: str, threads: int, rounds: int, pace: Pace, scale: float | None = None) -> Row:
        del threads
        known = CASES[case]
        spec = known.make(known.scale if scale is None else scale)
        jobs = {"one": (spec, 1), "two": (spec, 2)}
        found = measure(jobs, ours(dtype), rounds=rounds, pace=pace)
        return Row(
            f"{case}, two threads, {dtype}",
            found["two"]["s"],
            ours_peak_mb=found["two"]["peak_mb"],
            extra={
                "unit": "s per simulated second",
                "threads": 2,
                "one_thread_s": found["one"]["s"],
                "speedup": found["one"]["s"] / found["two"]["s"],
                "runs": found,
            },
        )

    return run


ALONE: Mapping[str, Callable[..., Row]] = {
    "cuba-1m": growth,
    "silent": silent,
    "microcircuit-full": full_microcircuit,
    "regenerated": regenerated,
    "brunel-threads": two_threads("brunel"),
    "brunel-stdp-threads": two_threads("brunel-stdp"),
}
"""Cases without peers, by name."""

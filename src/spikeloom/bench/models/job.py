"""Runs the populations: proves that both sides agree, then lets them take turns.

Both sides take the same steps of the same equations by the same method from the same states under
the same drives. One thread is timed in seconds of the processor, which other work on the machine
disturbs less than the clock on the wall; several threads on the wall, where Brian2 is tried in
every way that it has, and its best counts. Our side writes down which neuron fired when; Brian2
counts the spikes of each neuron. All of Brian's populations are one program, since building takes
longest. The axon is a benchmark of its own (`spikeloom.bench.axon`), whose rows join these.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console

from spikeloom.bench import axon
from spikeloom.bench.machine import KEEP_MEMORY, SIM_PEERS, cores, describe, thread_env
from spikeloom.bench.models.agree import Agreement, Results, agree
from spikeloom.bench.models.floor import floor_ns, instructions
from spikeloom.bench.models.populations import DT, Population, populations
from spikeloom.bench.models.table import AXON, WANTED, reached, show
from spikeloom.bench.opening import check_names, find_peers
from spikeloom.bench.report import Report, Row
from spikeloom.bench.rounds import ratios, take_turns
from spikeloom.bench.worker import Worker
from spikeloom.errors import BenchmarkError, ConfigError

PEERS = ("brian2", "neuron")
SIZE = 10_000
STEPS = 2_000
FEW = 20
"""Steps after which the states are compared."""
DTYPES = ("float32", "float64")
HOPELESS = 1.5
"""Threads of a peer that take so many times as long for every model are not in the rounds: where
other work has the cores, each step waits for a thread that is not let run, for minutes."""
ALL = "all"
NOTES = (
    f"{DT} ms a step. Before: states after {FEW} steps and the spikes of each neuron over the "
    "whole run agreed (by chance: their number).",
    "One thread: seconds of the processor. Several: on the wall, Brian2's best of serial, OpenMP, "
    "and OpenMP with threads that spin.",
    "Brian2: C++ standalone, -O3 -march=native -ffast-math, equations translated from ours.",
    "Floor: our vector instructions as fast as this machine takes any (an estimate).",
    f"To reach: {WANTED['models']:g} times Brian2; the axon {WANTED[AXON]:g} times each peer.",
)
Times = Mapping[str, Sequence[Mapping[str, Sequence[float]]]]
"""Way → of each round: model → seconds on the wall and of the processor."""


@dataclass(frozen=True)
class Told:
    """What is run in one precision."""

    models: Mapping[str, Population]
    arrays: Mapping[str, np.ndarray]
    """``LIF/drive`` and ``LIF/v``: the drive of each neuron, and each state's start."""
    size: int
    dtype: str
    steps: int
    rounds: int
    threads: int

    def common(self, arrays: Path) -> dict[str, Any]:
        """For all workers."""
        return {"dtype": self.dtype, "few": FEW, "steps": self.steps, "dt": DT,
                "size": self.size, "threads": self.threads, "arrays": str(arrays)}  # fmt: skip

    def brian(self) -> dict[str, Any]:
        """Model → its text, states and drive."""
        made: dict[str, Any] = {}
        for name, each in self.models.items():
            more = {"states": list(each.program.states), "drive": each.drive}
            made[name] = each.brian().to_dict() | more
        return made


def run(
    against: Sequence[str] = PEERS,
    *,
    json: Path | None = None,
    case: Sequence[str] = (ALL,),
    dtypes: Sequence[str] = DTYPES,
    threads: int | None = None,
    rounds: int = 5,
    size: int = SIZE,
    steps: int = STEPS,
    seed: int = 0,
    peers_python: Path | None = None,
    console: Console | None = None,
) -> Report:
    """Measure, print and write.

    Arguments:
        against: Peers, from `PEERS`; NEURON runs the axon only.
        json: File for the figures.
        case: Names of models, ``axon``, or ``all``.
        dtypes: float32, float64.
        threads: Most threads of every side, measured beside one thread; None takes all cores.
        rounds: Interleaved timings of each side; the median of their ratios counts.
        size: Neurons of each population.
        steps: Steps of one timing.
        seed: Of the drives.
        peers_python: Interpreter of the peers; None looks for ``.venv-peers-sim`` from the
            current folder upwards. Without one only our side is measured.
        console: Where to print.
    Returns:
        The report; ``ours_ns`` and ``peers_ns`` are ns for one step of one neuron.
    Raises:
        BenchmarkError: A side fails. A model whose sides disagree has no row, and a note says why.
        ConfigError: An unknown peer, model or precision.
    """
    if size < 1 or steps < 1:
        raise ConfigError(f"bench models: size and steps must be above 0, got {size}, {steps}.")
    known = populations()
    check_names("models", "peer", against, PEERS)
    check_names("models", "precision", dtypes, DTYPES)
    check_names("models", "model", case, (*known, AXON, ALL))
    chosen = {n: p for n, p in known.items() if ALL in case or n in case}
    python, missed = find_peers(SIM_PEERS, against, peers_python)
    peer = python if "brian2" in against else None
    threads = threads or cores()
    notes, rows = [*NOTES, *missed], []
    with Console(stderr=True).status("bench models") as status:
        arrays: dict[str, np.ndarray] = {}
        for name, each in chosen.items():
            status.update(f"bench models: a drive for {name}")
            arrays[f"{name}/drive"] = each.currents(size, seed)
            arrays |= {f"{name}/{n}": x for n, x in each.starts(size, seed).items()}
        for dtype in dtypes if chosen else ():
            told = Told(chosen, arrays, size, dtype, steps, rounds, threads)
            made, why = _rows(told, peer, lambda what, d=dtype: status.update(f"{d}: {what}"))
            rows += made
            notes += why
        if ALL in case or AXON in case:
            status.update("bench models: the axon")
            made, words = axon.measure(against, rounds=rounds, dtypes=dtypes)
            rows += made
            notes += words
    notes += reached(rows, len(chosen))
    report = Report("models", {**describe(), "threads": threads}, tuple(rows), tuple(notes))
    show(report, console or Console())
    if json is not None:
        report.write(json)
    return report


def _rows(
    told: Told, peer: Path | None, tell: Callable[[str], None]
) -> tuple[list[Row], list[str]]:
    """The rows of the models that agree, and why the others are not timed."""
    builds = [] if peer is None else ["serial"] + ["openmp"] * (told.threads > 1)
    refused: dict[str, str] = {}
    found: dict[str, Agreement] = {}
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        arrays: dict[str, Any] = dict(told.arrays)
        np.savez(folder / "arrays.npz", **arrays)
        common = told.common(folder / "arrays.npz")
        env = {**thread_env(told.threads), **KEEP_MEMORY}

        first: dict[str, Mapping[str, Sequence[float]]] = {}

        def ready(side: str, script: str, python: Path | None, **more: Any) -> tuple[Worker, Any]:
            config = {**common, "side": side, **more}
            worker = Worker(script, config, python=python, env=env, timeout=7200)
            stack.enter_context(worker)
            tell(f"{side}: building")
            worker.ask("prepare")
            tell(f"{side}: proving")
            first[side] = worker.ask("prove", to=str(folder / f"{side}.npz"))
            with np.load(folder / f"{side}.npz") as data:
                return worker, dict(data)

        ours, mine = ready("ours", "ours_models.py", None, models=list(told.models))
        workers: dict[str, Worker] = {}
        for way in builds:
            workers[way], theirs = ready(
                f"brian2, {way}", "brian_models.py", peer, models=told.brian(), variant=way
            )
            for name, each in told.models.items():
                try:
                    found[name] = agree(name, mine, theirs, told.dtype, stochastic=each.stochastic)
                except BenchmarkError as error:
                    refused[name] = error.message
        why = [f"Not timed: {message}" for message in refused.values()]
        if "openmp" in workers and not _worth(first["brian2, openmp"], first["brian2, serial"]):
            workers.pop("openmp").close()
            why.append(
                f"{told.dtype}: with OpenMP Brian2 took over {HOPELESS:g} times as long as without "
                "for every model; it is not in the rounds."
            )
        times = take_turns(_turns(ours, workers, told.threads, tell), told.rounds)
    rows = [
        _row(name, told, times, threads, mine, found.get(name, Agreement()))
        for threads in sorted({1, told.threads})
        for name in told.models
        if name not in refused
    ]
    return rows, why


def _worth(threads: Mapping[str, Sequence[float]], one: Mapping[str, Sequence[float]]) -> bool:
    """Whether threads may be of use to any model, by a first run of each program."""
    return any(threads[name][0] <= HOPELESS * one[name][0] for name in one)


def _turns(
    ours: Worker, workers: Mapping[str, Worker], threads: int, tell: Callable[[str], None]
) -> dict[str, Callable[[], Mapping[str, Sequence[float]]]]:
    """Every way of running a side, by its name."""

    def ask(name: str, worker: Worker, how: Mapping[str, Any]) -> Mapping[str, Sequence[float]]:
        tell(f"timing: {name}")
        return worker.ask("time", **how)

    ways: dict[str, tuple[Worker, dict[str, Any]]] = {"ours, 1": (ours, {"threads": 1})}
    if "serial" in workers:
        ways["serial"] = (workers["serial"], {})
    if threads > 1:
        ways[f"ours, {threads}"] = (ours, {"threads": threads})
    if "openmp" in workers:
        ways["openmp"] = (workers["openmp"], {})
        ways["openmp, spinning"] = (workers["openmp"], {"spinning": True})
    return {name: partial(ask, name, *way) for name, way in ways.items()}


def _row(name: str, told: Told, times: Times, threads: int, ours: Results, found: Agreement) -> Row:
    """One model with so many threads."""
    clock = 0 if threads > 1 else 1
    scale = 1e9 / (told.size * told.steps)
    took = {way: [each[name][clock] for each in rounds] for way, rounds in times.items()}
    mine = took[f"ours, {threads}"]
    ways = ("serial", "openmp", "openmp, spinning") if threads > 1 else ("serial",)
    tried = {way: took[way] for way in ways if way in took}
    best = min(tried, key=lambda way: median(tried[way]), default=None)
    each = {} if best is None else {"brian2": ratios(tried[best], mine)}
    counts = ours.get(f"{name}:counts")
    program = told.models[name].program
    count = instructions(program, told.dtype)
    return Row(
        case=f"{name} {told.dtype}, {threads} thread{'s' * (threads > 1)}",
        ours_s=median(mine),
        peers={side: median(mine) * ratio["median"] for side, ratio in each.items()},
        max_abs_error=found.apart,
        extra={
            "model": name,
            "dtype": told.dtype,
            "threads": threads,
            "clock": "wall" if threads > 1 else "processor",
            "method": program.method,
            "ours_ns": median(mine) * scale,
            "peers_ns": {} if best is None else {"brian2": median(tried[best]) * scale},
            "peers_way": {} if best is None else {"brian2": best},
            "tried_ns": {way: median(values) * scale for way, values in tried.items()},
            "ratios": each,
            "floor_ns": floor_ns(count, told.dtype, threads),
            "instructions": count.total,
            "products": count.products,
            "spikes": None if counts is None else int(counts.sum()),
            "off": found.off,
        },
    )

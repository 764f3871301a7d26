"""``spikeloom bench step``: native stepping of large populations, beside NumPy, Numba and Brian2.

All sides take the same steps of the same equations from the same states: exact for the current
based LIF (0.1 ms), forward Euler for AdEx and Izhikevich (0.1 ms), exponential Euler for Hodgkin
and Huxley (0.025 ms). After a few steps all states, and after the whole run the spikes of each
neuron, must agree before any time is reported: in float64 to rounding, in float32 for 999 of 1000
neurons and the number of spikes to 0.5 %.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console

from spikeloom.bench.compare import same
from spikeloom.bench.contest import Side, fastest, start
from spikeloom.bench.machine import SIM_PEERS, cores, describe
from spikeloom.bench.opening import check_names, find_peers, finish, ns_lines
from spikeloom.bench.populations import POPULATIONS, save
from spikeloom.bench.report import Report, Row
from spikeloom.bench.rounds import take_turns
from spikeloom.errors import BenchmarkError

PEERS = ("numpy", "numba", "brian2")
SIZES = (4_000, 100_000)
WORK = 8_000_000
"""Neuron-steps of one timing, about: small populations take more steps."""

FEW = 20
"""Steps after which the states are compared."""

OURS = Side("ours", "ours_step.py")
NOTES = (
    "ratio = fastest peer / ours: above 1 we are faster. Peak MB = ours / fastest peer: growth "
    "of resident memory over one run.",
    "ours also writes down which neuron fired when; the peers count the spikes of each neuron.",
)

Results = dict[str, np.ndarray]


def run(
    against: Sequence[str] = PEERS,
    *,
    json: Path | None = None,
    models: Sequence[str] = tuple(POPULATIONS),
    sizes: Sequence[int] = SIZES,
    dtypes: Sequence[str] = ("float32", "float64"),
    threads: int | None = None,
    rounds: int = 9,
    seed: int = 0,
    work: int = WORK,
    ours: Side = OURS,
    peers_python: Path | None = None,
    console: Console | None = None,
) -> Report:
    """Measure, print and write.

    Arguments:
        against: Peers, from `PEERS`.
        json: File for the figures.
        models: Names from `POPULATIONS`.
        sizes: Numbers of neurons.
        dtypes: float32, float64.
        threads: Threads of every side; None takes all cores.
        rounds: Interleaved timings of each side; the median counts.
        seed: Of the starting states.
        work: Neuron-steps of one timing.
        ours: Our side.
        peers_python: Interpreter of the peers; None looks for ``.venv-peers-sim`` from the
            current folder upwards. Without one only our side is measured.
        console: Where to print.
    Returns:
        The report, as written; ``ours_ns`` and ``peers_ns`` are ns for one step of one neuron.
    Raises:
        BenchmarkError: Two sides do not compute the same thing.
        ConfigError: An unknown peer or model.
    """
    check_names("step", "peer", against, PEERS)
    check_names("step", "model", models, tuple(POPULATIONS))
    threads = threads or cores()
    python, missed = find_peers(SIM_PEERS, against, peers_python)
    rows: list[Row] = []
    with Console(stderr=True).status("bench step") as status:
        for model in models:
            for size in sizes:
                for dtype in dtypes:
                    case = f"{model} {size} {dtype}"
                    told = _told(model, size, dtype, work)
                    sides = [ours, *_peers(against, python, size, threads)]
                    tell = partial(_tell, status.update, case)
                    rows.append(_row(case, told, sides, threads, rounds, seed, tell))
    report = Report("step", {**describe(), "threads": threads}, tuple(rows), (*NOTES, *missed))
    return finish(report, json, console, *ns_lines(report))


def _told(model: str, size: int, dtype: str, work: int) -> dict[str, Any]:
    population = POPULATIONS[model]
    return {
        "model": model,
        "size": size,
        "dtype": dtype,
        "few": FEW,
        "steps": max(work // size, 2 * FEW),
        "dt": population.dt,
        "parameters": population.parameters(),
    }


def _peers(against: Sequence[str], python: Path | None, size: int, threads: int) -> list[Side]:
    """The peers and how they are tried; threads cost more than they give in small populations."""
    if python is None:
        return []
    several = threads > 1 and size >= 50_000
    sides = {
        "numpy": Side("numpy", "peer_step.py", python, ("sweep",)),
        "numba": Side("numba", "peer_step.py", python, ("sweep", "block")),
        "brian2": Side(
            "brian2", "brian_step.py", python, ("serial", "openmp") if several else ("serial",)
        ),
    }
    return [sides[name] for name in against]


def _row(
    case: str,
    told: dict[str, Any],
    sides: Sequence[Side],
    threads: int,
    rounds: int,
    seed: int,
    tell: Callable[[str], None],
) -> Row:
    ours, *peers = (side.name for side in sides)
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        told = told | {"arrays": str(folder / "arrays.npz")}
        save(told["arrays"], POPULATIONS[told["model"]].arrays(told["size"], seed))
        workers, results, peaks, labels = {}, {}, {}, {}
        for side in sides:
            choice = fastest(side, threads=threads, tell=tell, **told)
            tell(f"{side.name}: proving")
            worker = start(side, choice.way, choice.variant, threads=threads, **told)
            stack.enter_context(worker)
            worker.ask("prepare")
            peaks[side.name] = worker.ask("prove", to=str(folder / f"{side.name}.npz"))
            with np.load(folder / f"{side.name}.npz") as data:
                results[side.name] = dict(data)
            workers[side.name], labels[side.name] = worker, choice.variant
        errors = [agree(results[ours], results[p], p, case, told["dtype"]) for p in peers]
        tell(f"timing {rounds} rounds")
        turns = {name: partial(worker.ask, "time") for name, worker in workers.items()}
        times = take_turns(turns, rounds)
    middle = {name: median(values) for name, values in times.items()}
    ns = {name: value * 1e9 / (told["size"] * told["steps"]) for name, value in middle.items()}
    return Row(
        case=case,
        ours_s=middle[ours],
        peers={name: middle[name] for name in peers},
        max_abs_error=max(errors, default=None),
        ours_peak_mb=peaks[ours],
        peers_peak_mb={name: peaks[name] for name in peers if peaks[name] is not None},
        extra={
            "steps": told["steps"],
            "spikes": int(results[ours]["counts"].sum()),
            "ours_ns": ns.pop(ours),
            "peers_ns": ns,
            "peers_way": {name: labels[name] for name in peers},
            "spread_s": {name: [min(values), max(values)] for name, values in times.items()},
        },
    )


def agree(ours: Results, theirs: Results, peer: str, case: str, dtype: str) -> float:
    """The largest difference of a state, once states and spikes agree.

    Raises:
        BenchmarkError: They do not.
    """
    exact = dtype == "float64"
    spikes, others = int(ours["counts"].sum()), int(theirs["counts"].sum())
    wrong = (
        (ours["counts"] != theirs["counts"]).any()
        if exact
        else abs(spikes - others) > 0.005 * others
    )
    if wrong:
        raise BenchmarkError(
            f"benchmark case {case!r}: ours and {peer} do not compute the same thing: "
            f"{spikes} and {others} spikes.",
            hint="no time is reported; make the two sides do the same work first",
        )
    states, others_states = (
        {name: value for name, value in side.items() if name != "counts"} for side in (ours, theirs)
    )
    if exact:
        return same(states, others_states, peer=peer, case=case, tolerance=1e-9)
    return same(states, others_states, peer=peer, case=case, tolerance=1e-4, outliers=1e-3)


def _tell(update: Callable[[str], None], case: str, what: str) -> None:
    update(f"bench step {case}: {what}")

"""Runs the populations: proves that both sides agree, then lets them take turns.

Both sides take the same steps of the same equations by the same method from the same states under
the same drives, with one thread, and are timed in seconds of the processor, which other work on the
machine disturbs less than the clock on the wall. Our side writes down which neuron fired when;
Brian2 counts the spikes of each neuron. All of Brian's populations are one program, since building
a program is what takes longest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console

from spikeloom.bench.compare import same
from spikeloom.bench.machine import KEEP_MEMORY, SIM_PEERS, describe, peer_python, thread_env
from spikeloom.bench.models.populations import DT, Population, populations
from spikeloom.bench.report import Report, Row
from spikeloom.bench.worker import Worker
from spikeloom.compile.bind import bind
from spikeloom.compile.values import numbers
from spikeloom.errors import BenchmarkError, ConfigError, suggest

PEERS = ("brian2",)
SIZE = 10_000
STEPS = 2_000
FEW = 20
"""Steps after which the states are compared."""
WANTED = 4.0
DTYPES = ("float32", "float64")
NOTES = (
    f"One thread; {DT} ms a step; seconds of the processor. Before: states after {FEW} steps and "
    "the spikes of each neuron over the whole run agreed (by chance: their number).",
    "Brian2: C++ standalone, -O3 -march=native -ffast-math, equations translated from ours.",
    f"To reach: {WANTED:g} times Brian2.",
)
Results = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Told:
    """What is run in one precision."""

    models: Mapping[str, Population]
    drives: Mapping[str, np.ndarray]
    dtype: str
    steps: int
    rounds: int

    @property
    def size(self) -> int:
        """Neurons of each population."""
        return len(next(iter(self.drives.values())))

    def common(self, arrays: Path) -> dict[str, Any]:
        """For both workers."""
        return {"dtype": self.dtype, "few": FEW, "steps": self.steps, "dt": DT,
                "size": self.size, "arrays": str(arrays)}  # fmt: skip

    def brian(self) -> dict[str, Any]:
        """Model → its text, starting states and drive."""
        made: dict[str, Any] = {}
        for name, each in self.models.items():
            start = bind(each.program, numbers(each.neuron), DT).start
            made[name] = each.brian().to_dict() | {
                "states": list(each.program.states),
                "start": {n: float(start[n]) for n in each.program.states},
                "drive": each.drive,
            }
        return made


def run(
    against: Sequence[str] = PEERS,
    *,
    json: Path | None = None,
    case: Sequence[str] = ("all",),
    dtypes: Sequence[str] = DTYPES,
    rounds: int = 5,
    size: int = SIZE,
    steps: int = STEPS,
    seed: int = 0,
    peers_python: Path | None = None,
    console: Console | None = None,
) -> Report:
    """Measure, print and write.

    Arguments:
        against: Peers, from `PEERS`.
        json: File for the figures.
        case: Names of models, or ``all``.
        dtypes: float32, float64.
        rounds: Interleaved timings of each side; the median of their ratios counts.
        size: Neurons of each population.
        steps: Steps of one timing.
        seed: Of the drives.
        peers_python: Interpreter of the peers; None looks for ``.venv-peers-sim`` from the
            current folder upwards. Without one only our side is measured.
        console: Where to print.
    Returns:
        The report; ``ours_ns`` and ``peer_ns`` are ns for one step of one neuron.
    Raises:
        BenchmarkError: A side fails. A model whose sides disagree has no row, and a note says why.
        ConfigError: An unknown peer or model.
    """
    if size < 1 or steps < 1:
        raise ConfigError(f"bench models: size and steps must be above 0, got {size}, {steps}.")
    known = populations()
    chosen = dict(known) if "all" in case else {}
    for name in (n for n in case if n != "all"):
        if name not in known:
            raise ConfigError(f"bench models: no model {name!r}.", hint=suggest(name, known))
        chosen[name] = known[name]
    for name in against:
        if name not in PEERS:
            raise ConfigError(f"bench models: no peer {name!r}.", hint=suggest(name, PEERS))
    python = peers_python or peer_python(SIM_PEERS)
    notes = [*NOTES]
    if python is None and against:
        notes.append("No peers here: build their environment with `make bench-peers`.")
    peer = python if against else None
    rows: list[Row] = []
    with Console(stderr=True).status("bench models") as status:
        drives = {}
        for name, each in chosen.items():
            status.update(f"bench models: a drive for {name}")
            drives[name] = each.currents(size, seed)
        for dtype in dtypes:
            told = Told(chosen, drives, dtype, steps, rounds)
            made, why = _rows(told, peer, lambda what, d=dtype: status.update(f"{d}: {what}"))
            rows += made
            notes += why
    report = Report("models", {**describe(), "threads": 1}, tuple(rows), tuple(notes))
    console = console or Console()
    report.show(console)
    for row in rows:
        each = {"ours": row.extra["ours_ns"], **row.extra["peer_ns"]}
        shown = "  ".join(f"{side} {ns:.2f}" for side, ns in each.items())
        console.print(f"  {row.case}, ns per neuron and step: {shown}", highlight=False)
    if json is not None:
        report.write(json)
    return report


def _rows(
    told: Told, peer: Path | None, tell: Callable[[str], None]
) -> tuple[list[Row], list[str]]:
    """The rows of the models that agree, and why the others are not timed."""
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        arrays = folder / "drives.npz"
        drives: dict[str, Any] = dict(told.drives)
        np.savez(arrays, **drives)
        common = told.common(arrays)
        env = {**thread_env(1), **KEEP_MEMORY}
        scripts: dict[str, tuple[str, Any, Path | None]] = {
            "ours": ("ours_models.py", list(told.models), None)
        }
        if peer is not None:
            scripts["brian2"] = ("brian_models.py", told.brian(), peer)
        workers: dict[str, Worker] = {}
        results: dict[str, dict[str, np.ndarray]] = {}
        for side, (script, models, python) in scripts.items():
            config = {**common, "side": side, "models": models}
            workers[side] = stack.enter_context(
                Worker(script, config, python=python, env=env, timeout=7200)
            )
            tell(f"{side}: building")
            workers[side].ask("prepare")
            tell(f"{side}: proving")
            workers[side].ask("prove", to=str(folder / f"{side}.npz"))
            with np.load(folder / f"{side}.npz") as data:
                results[side] = dict(data)
        errors: dict[str, float | None] = {}
        refused: dict[str, str] = {}
        if peer is not None:
            for name, each in told.models.items():
                try:
                    errors[name] = _agree(name, each, results, told.dtype)
                except BenchmarkError as error:
                    refused[name] = error.message
        times: dict[str, list[Mapping[str, float]]] = {side: [] for side in workers}
        for turn in range(told.rounds):
            for side in (*workers,) if turn % 2 else (*reversed(workers),):
                tell(f"round {turn + 1} of {told.rounds}: {side}")
                times[side].append(workers[side].ask("time"))
    rows = [_row(n, told, times, results["ours"], errors) for n in told.models if n not in refused]
    return rows, [f"Not timed: {message}" for message in refused.values()]


def _row(
    name: str,
    told: Told,
    times: Mapping[str, Sequence[Mapping[str, float]]],
    ours: Results,
    errors: Mapping[str, float | None],
) -> Row:
    took = {side: [each[name] for each in rounds] for side, rounds in times.items()}
    mine = took.pop("ours")
    scale = 1e9 / (told.size * told.steps)
    counts = ours.get(f"{name}:counts")
    ratios = {
        side: sorted(theirs / own for theirs, own in zip(values, mine, strict=True))
        for side, values in took.items()
    }
    extra: dict[str, Any] = {
        "method": told.models[name].program.method,
        "ours_ns": median(mine) * scale,
        "peer_ns": {side: median(values) * scale for side, values in took.items()},
        "ratios": ratios,
        "spikes": None if counts is None else int(counts.sum()),
    }
    return Row(
        case=f"{name} {told.dtype}",
        ours_s=median(mine),
        peers={side: median(mine) * median(each) for side, each in ratios.items()},
        max_abs_error=errors.get(name),
        extra=extra,
    )


def _agree(name: str, each: Population, results: Mapping[str, Results], dtype: str) -> float | None:
    """The largest difference of a state, once states and spikes agree; None under chance.

    Raises:
        BenchmarkError: They do not.
    """
    mine, theirs = (results[side] for side in ("ours", "brian2"))
    counts = f"{name}:counts"
    if counts in mine:
        _same_spikes(name, each, mine[counts], theirs[counts], dtype)
    if each.stochastic:
        return None
    ours, others = ({k: v for k, v in side.items() if k.startswith(f"{name}.")}
                    for side in (mine, theirs))  # fmt: skip
    case = f"{name} {dtype}"
    if dtype == "float64":
        return same(ours, others, peer="brian2", case=case, tolerance=1e-9)
    return same(ours, others, peer="brian2", case=case, tolerance=1e-4, outliers=1e-3)


def _same_spikes(
    name: str, each: Population, mine: np.ndarray, theirs: np.ndarray, dtype: str
) -> None:
    a, b = int(mine.sum()), int(theirs.sum())
    if each.stochastic:
        wrong = abs(a - b) > 5 * (a + b) ** 0.5  # twice in a million runs, if spikes are Poisson
    elif dtype == "float64":
        # A tie at threshold that the two round differently moves one spike of one neuron.
        wrong = (mine != theirs).mean() > 1e-3
    else:
        wrong = abs(a - b) > 0.005 * b
    if wrong:
        raise BenchmarkError(
            f"benchmark case '{name} {dtype}': ours and brian2 do not compute the same thing: "
            f"{a} and {b} spikes.",
            hint="no time is reported; make the two sides do the same work first",
        )

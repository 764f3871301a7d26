"""``spikeloom bench start``: from the start of a process to the first result.

======================== ==========================================================================
import                   ``import spikeloom`` beside ``import numpy``
first batch              process start, import, one trained batch of a 64-100-10 spiking network,
                         beside snnTorch with the same weights; losses and gradients must agree
first spike              process start, import, 30 ms of 100 LIF neurons, beside Brian2 with Cython
                         and as C++ standalone; spikes must agree
build                    equations of one model to machine code (stepping, forward, backward),
                         beside a Brian2 standalone build of the same model's stepping
======================== ==========================================================================

Cold means that no generated code is kept from before, warm that it is: in our cache and in
Brian2's. Files of the packages themselves are in the system's memory in both cases.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from spikeloom.bench.machine import SIM_PEERS, TRAIN_PEERS, cores, describe, peer_python, thread_env
from spikeloom.bench.opening import check_names, finish
from spikeloom.bench.populations import POPULATIONS, save
from spikeloom.bench.report import Report, Row
from spikeloom.bench.rounds import take_turns
from spikeloom.bench.worker import Worker
from spikeloom.errors import BenchmarkError

PARTS = ("import", "first batch", "first spike", "build")
BATCH = {"tau_ms": 10.0, "decay": math.exp(-0.1), "steps": 25, "batch": 32}
POPULATION = {"size": 100, "currents": (0.2, 0.4), "duration_ms": 30.0, "dt_ms": 0.1}
NOTES = (
    "ratio = fastest peer / ours: above 1 we are faster. Seconds are medians over fresh processes.",
)


def run(
    *,
    json: Path | None = None,
    parts: Sequence[str] = PARTS,
    rounds: int = 5,
    threads: int | None = None,
    train_python: Path | None = None,
    sim_python: Path | None = None,
    console: Console | None = None,
) -> Report:
    """Measure, print and write.

    Arguments:
        json: File for the figures.
        parts: What to measure, from `PARTS`.
        rounds: Fresh processes for each side and case; a third of them where code is built cold.
        threads: Threads of every side; None takes all cores.
        train_python: Interpreter of the training peers; None looks for ``.venv-peers-train``.
        sim_python: Interpreter of the simulators; None looks for ``.venv-peers-sim``.
        console: Where to print.
    Returns:
        The report, as written.
    Raises:
        BenchmarkError: Two sides do not compute the same thing.
        ConfigError: An unknown part.
    """
    check_names("start", "part", parts, PARTS)
    threads = threads or cores()
    train, sim = train_python or peer_python(TRAIN_PEERS), sim_python or peer_python(SIM_PEERS)
    notes: list[str] = [*NOTES]
    if train is None or sim is None:
        notes.append("Peers are missing: build their environments with `make bench-peers`.")
    with Console(stderr=True).status("bench start") as status:
        bench = _Bench(rounds, threads, train, sim, status.update)
        rows = [row for part in parts for row in bench.part(part)]
    report = Report("start", {**describe(), "threads": threads}, tuple(rows), tuple(notes))
    return finish(report, json, console)


class _Bench:
    """The four parts over the same settings."""

    def __init__(
        self,
        rounds: int,
        threads: int,
        train: Path | None,
        sim: Path | None,
        tell: Callable[[str], None],
    ) -> None:
        self.rounds, self.few = rounds, max(1, rounds // 3)
        self.threads, self.train, self.sim, self.tell = threads, train, sim, tell

    def part(self, name: str) -> Iterator[Row]:
        parts = {
            "import": self.imports,
            "first batch": self.first_batch,
            "first spike": self.first_spike,
            "build": self.build,
        }
        return parts[name]()

    def imports(self) -> Iterator[Row]:
        sides = {name: partial(self._import, name) for name in ("spikeloom", "numpy")}
        self.tell("bench start: imports")
        times = take_turns(sides, 3 * self.rounds)
        yield _row("import spikeloom", "spikeloom", times, {})

    def first_batch(self) -> Iterator[Row]:
        for kind in ("cold", "warm"):
            case = f"first trained batch, {kind}"
            with _caches() as cache:
                marks: dict[str, dict[str, float]] = {}
                sides = {
                    "ours": self._marked("ours_first_batch.py", None, BATCH, cache, kind, marks)
                }
                if self.train:
                    sides["snntorch"] = self._marked(
                        "peer_first_batch.py", self.train, BATCH, cache, kind, marks, "snntorch"
                    )
                self.tell(f"bench start: {case}")
                times = take_turns(sides, self.rounds)
            found = _agree(marks, ("loss", "gradient"), case, 1e-3)
            yield _row(case, "ours", times, found | _after_import(marks))

    def first_spike(self) -> Iterator[Row]:
        for kind in ("cold", "warm"):
            case = f"first spike of 100 neurons, {kind}"
            with _caches() as cache:
                marks: dict[str, dict[str, float]] = {}
                ours = self._marked("ours_first_spike.py", None, POPULATION, cache, kind, marks)
                sides = {"ours": ours}
                for variant in ("cython", "standalone") if self.sim else ():
                    sides[f"brian2 {variant}"] = self._marked(
                        "brian_first_spike.py",
                        self.sim,
                        POPULATION | {"variant": variant},
                        cache,
                        kind,
                        marks,
                        f"brian2 {variant}",
                    )
                self.tell(f"bench start: {case}")
                times = take_turns(sides, self.few)
            found = _agree(marks, ("first", "spikes"), case, 1e-6)
            yield _row(case, "ours", times, found | _after_import(marks))

    def build(self) -> Iterator[Row]:
        for model in ("CUBA-LIF", "HH"):
            case = f"build the kernels of {model}"
            self.tell(f"bench start: {case}")
            with tempfile.TemporaryDirectory() as place:
                arrays = Path(place) / "arrays.npz"
                save(arrays, POPULATIONS[model].arrays(100, 0))
                sides = {"ours": partial(self._build, model)}
                if self.sim:
                    sides["brian2 standalone"] = partial(self._brian_build, model, arrays)
                times = take_turns(sides, self.few)
            yield _row(case, "ours", times, {})

    def _import(self, module: str) -> float:
        with Worker("import_time.py", {"module": module, "side": module}) as worker:
            return worker.ask("time")

    def _marked(
        self,
        script: str,
        python: Path | None,
        told: Mapping[str, Any],
        cache: Callable[[], Path],
        kind: str,
        marks: dict[str, dict[str, float]],
        name: str = "ours",
    ) -> Callable[[], float]:
        """A side whose process says when it had its first result."""

        def once(place: Path) -> float:
            config = {**told, "side": name, "threads": self.threads, "cache": str(place)}
            env = thread_env(self.threads) | {"SPIKELOOM_CACHE": str(place)}
            begin = time.monotonic()
            with Worker(script, config, python=python, env=env) as worker:
                marks[name] = worker.ask("marks")
            return marks[name]["done"] - begin

        if kind == "cold":
            return lambda: once(cache())
        place = cache()
        once(place)
        return lambda: once(place)

    def _build(self, model: str) -> float:
        with _caches() as cache:
            env = {"SPIKELOOM_CACHE": str(cache())}
            with Worker("ours_build.py", {"model": model, "side": "ours"}, env=env) as worker:
                return worker.ask("build")

    def _brian_build(self, model: str, arrays: Path) -> float:
        population = POPULATIONS[model]
        config = {
            "side": "brian2",
            "variant": "serial",
            "model": model,
            "arrays": str(arrays),
            "dtype": "float64",
            "dt": population.dt,
            "parameters": population.parameters(),
            "steps": 1,
            "few": 0,
            "threads": self.threads,
        }
        with Worker("brian_step.py", config, python=self.sim) as worker:
            return worker.ask("prepare")


@contextmanager
def _caches() -> Iterator[Callable[[], Path]]:
    """Gives empty folders; all of them are gone at the end."""
    with tempfile.TemporaryDirectory() as place:
        yield lambda: Path(tempfile.mkdtemp(dir=place))


def _agree(
    marks: Mapping[str, Mapping[str, float]], names: Sequence[str], case: str, tolerance: float
) -> dict[str, Any]:
    """What the sides computed, once it is the same."""
    ours = marks["ours"]
    for peer, theirs in marks.items():
        for name in names:
            if abs(ours[name] - theirs[name]) > tolerance * max(abs(theirs[name]), 1e-9):
                raise BenchmarkError(
                    f"benchmark case {case!r}: ours and {peer} do not compute the same thing: "
                    f"{name} is {ours[name]:.7g} and {theirs[name]:.7g}.",
                    hint="no time is reported; make the two sides do the same work first",
                )
    return {name: ours[name] for name in names}


def _after_import(marks: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """How much of the last round came after the imports, which are mostly torch's own."""
    return {"after_import_s": {name: m["done"] - m["imported"] for name, m in marks.items()}}


def _row(case: str, ours: str, times: Mapping[str, list[float]], found: Mapping[str, Any]) -> Row:
    middle = {name: median(values) for name, values in times.items()}
    return Row(
        case=case,
        ours_s=middle.pop(ours),
        peers=middle,
        extra={
            "spread_s": {name: [min(values), max(values)] for name, values in times.items()},
            **found,
        },
    )

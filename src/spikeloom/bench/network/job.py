"""Runs the cases one after the other, and keeps what there is if one of them fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from spikeloom.bench.machine import SIM_PEERS, describe
from spikeloom.bench.network.alone import ALONE
from spikeloom.bench.network.beside import race
from spikeloom.bench.network.cases import CASES, Case
from spikeloom.bench.network.cold import cold
from spikeloom.bench.network.pace import Pace
from spikeloom.bench.network.sides import DTYPES, Side, ours, peer
from spikeloom.bench.network.table import show
from spikeloom.bench.network.targets import judged
from spikeloom.bench.network.twins import twins
from spikeloom.bench.opening import check_names, find_peers
from spikeloom.bench.report import Report, Row
from spikeloom.errors import BenchmarkError, ConfigError

PEERS = ("brian2", "nest")
ALL = "all"
NAMES = (*CASES, *ALONE)
COLD = ("cuba",)
"""Cases whose whole job is timed too."""
LEAST = {"cuba": 0.02, "coba": 0.02, "cobahh": 0.02, "brunel": 0.11, "brunel-stdp": 0.11,
         "brunel-threads": 0.11, "brunel-stdp-threads": 0.11, "microcircuit": 0.005,
         "microcircuit-full": 0.005, "memory": 0.06, "cuba-1m": 0.02, "silent": 0.02,
         "regenerated": 0.002}  # fmt: skip
"""Smallest scale of each case: below it there are fewer neurons than inputs of each."""
NOTES = (
    "All sides: equal neurons, start values, connection statistics, delays, input, time step and "
    "threads; every spike recorded. Before: a small twin, wired alike, fired the very same spikes "
    "for 50 ms (where steps are the same), and rates, irregularity and synapses agreed.",
    "Brian2: C++ standalone, -O3 -march=native -ffast-math, the faster of double and single "
    "precision; NEST: the faster of its usual and its hpc synapses, always double.",
    "Ratio: seconds of the peer for one of ours, median over interleaved rounds.",
)


@dataclass(frozen=True)
class Settings:
    """How the cases are run.

    Arguments:
        against: Peers, from `PEERS`.
        threads: Of every side.
        rounds: Interleaved timings of each side; the median counts.
        scale: Size of the networks; by default each case's own.
        seconds: Simulated seconds of one timing; by default each case's own.
        seed: Of everything random.
        dtypes: Precisions of our side.
        python: Interpreter of the peers; without one only our side is measured.
        sides: What stands for a side, by name; for tests.
    """

    against: Sequence[str] = PEERS
    threads: int = 1
    rounds: int = 5
    scale: float | None = None
    seconds: float | None = None
    seed: int = 1
    dtypes: Sequence[str] = DTYPES
    python: Path | None = None
    sides: Callable[[str], Side] | None = None

    def check(self, names: Sequence[str]) -> None:
        """Refuse what makes no sense.

        Raises:
            ConfigError: What was asked for does not exist.
        """
        check_names("network", "peer", self.against, PEERS)
        for what in ("threads", "rounds"):
            if getattr(self, what) < 1:
                raise ConfigError(
                    f"bench network: {what} must be at least 1, got {getattr(self, what)}."
                )
        for what in ("scale", "seconds"):
            value = getattr(self, what)
            if value is not None and not 0 < value < float("inf"):
                raise ConfigError(f"bench network: {what} must be above 0, got {value}.")
        for name in names:
            if self.scale is not None and self.scale < LEAST[name]:
                raise ConfigError(
                    f"bench network: at scale {self.scale:g}, {name} has fewer neurons than inputs "
                    "of each.",
                    hint=f"the smallest scale is {LEAST[name]:g}",
                )

    def case(self, name: str, pace: Pace) -> list[Row]:
        """Rows of one case."""
        if name in ALONE:
            sized = {} if self.scale is None else {"scale": self.scale}
            return [ALONE[name](d, self.threads, self.rounds, pace, **sized) for d in self.dtypes]
        case = CASES[name]
        scale = case.scale if self.scale is None else self.scale
        spec = replace(case.make(scale), seed=self.seed)
        if self.seconds is not None:
            spec = replace(spec, stretch=1000 * self.seconds)
        sides = self.members(case)
        band = case.band if scale == 1 else None
        proof = {}
        same = [side for side in self.members(case, "float64") if side.name in case.exact]
        if same:
            mine = self.members(case, "float64")[0]
            small = replace(case.make(case.twin), seed=self.seed)
            spikes = twins(small, [mine, *same], self.threads, pace)
            proof = {"same_spikes": {"sides": [s.name for s in same], "spikes": spikes}}
        counts = {"threads": self.threads, "rounds": self.rounds}
        rows = race(
            spec, case.tolerance, sides, **counts, pace=pace, band=band, small=case.small
        )  # fmt: skip
        rows = [replace(row, extra={**row.extra, **proof}) for row in rows]
        if name in COLD:
            ways = {f"ours {dtype}": dtype for dtype in self.dtypes} | rows[0].extra["peers_way"]
            counts["rounds"] = max(1, self.rounds // 2)
            rows += cold(spec, sides, ways, **counts, pace=pace)
        return rows

    def members(self, case: Case, *dtypes: str) -> list[Side]:
        """Who takes part in a case; ours in these precisions, or in those of the settings."""
        mine = dtypes or tuple(self.dtypes)
        others = [name for name in self.against if name in case.peers]
        if self.sides is not None:
            return [self.sides(name) for name in (*(f"ours {d}" for d in mine), *others)]
        known = [peer(p, self.python, self.threads) for p in others if self.python]
        return [*(ours(dtype) for dtype in mine), *known]


def run(
    against: Sequence[str] = PEERS,
    *,
    case: Sequence[str] = (ALL,),
    json: Path | None = None,
    threads: int = 1,
    rounds: int = 5,
    scale: float | None = None,
    seconds: float | None = None,
    seed: int = 1,
    dtypes: Sequence[str] = DTYPES,
    peers_python: Path | None = None,
    sides: Callable[[str], Side] | None = None,
    console: Console | None = None,
) -> Report:
    """Measure, print and write.

    Arguments:
        against, threads, rounds, scale, seconds, seed, dtypes, sides: See `Settings`.
        case: Names from `NAMES`, or ``all``.
        json: File for the figures; written again after every case.
        peers_python: Interpreter of the peers; None looks for ``.venv-peers-sim`` from the
            current folder upwards.
        console: Where to print.
    Returns:
        The report, as written.
    Raises:
        BenchmarkError: A case failed, for example because two sides do not run the same network.
            The other cases have been measured, printed and written.
        ConfigError: An unknown peer or case, or a number that makes no sense.
    """
    names, console = chosen(case), console or Console()
    python, missed = find_peers(SIM_PEERS, () if sides is not None else against, peers_python)
    settings = Settings(
        against, threads, rounds, scale, seconds, seed, dtypes, python, sides
    )  # fmt: skip
    settings.check(names)
    notes = [*NOTES, *missed]
    machine = {**describe(), "threads": threads}
    rows: list[Row] = []
    failed: dict[str, BenchmarkError] = {}
    with Console(stderr=True).status("bench network") as status:
        for name in names:
            pace = Pace(lambda line: status.update(escape(line)), f"bench network {name}")
            try:
                rows += settings.case(name, pace)
            except BenchmarkError as fault:
                failed[name] = fault
                notes.append(f"{name}: {fault.message}")
            except KeyboardInterrupt:
                notes.append(f"{name}: stopped by Ctrl-C")
                show(Report("network", machine, tuple(rows), tuple(notes)), judged(rows), console)
                raise
            if json is not None:
                Report("network", machine, tuple(rows), tuple(notes)).write(json)
    report = Report("network", machine, tuple(rows), tuple(notes))
    show(report, judged(rows), console)
    if failed and len(names) == 1:
        raise failed[names[0]]
    if failed:
        raise BenchmarkError(f"{len(failed)} of {len(names)} cases failed: {', '.join(failed)}.")
    return report


def chosen(case: Sequence[str]) -> tuple[str, ...]:
    """The names of the cases that were asked for.

    Raises:
        ConfigError: There is no such case.

    >>> chosen(["cuba", "cuba"])
    ('cuba',)
    """
    check_names("network", "case", (name for name in case if name != ALL), NAMES)
    if not case:
        raise ConfigError("bench network: no case.", hint=f"--case {','.join(NAMES[:3])}")
    return NAMES if ALL in case else tuple(dict.fromkeys(case))

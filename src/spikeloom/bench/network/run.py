"""Runs the cases one after the other, and keeps what there is if one of them fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from spikeloom.bench.machine import SIM_PEERS, describe, peer_python
from spikeloom.bench.network.alone import ALONE
from spikeloom.bench.network.beside import DTYPES, Side, cold, ours, peer, race
from spikeloom.bench.network.cases import CASES
from spikeloom.bench.network.pace import Pace
from spikeloom.bench.network.table import show
from spikeloom.bench.network.targets import judged
from spikeloom.bench.report import Report, Row
from spikeloom.errors import BenchmarkError, ConfigError, suggest

PEERS = ("brian2", "nest")
ALL = "all"
NAMES = (*CASES, *ALONE)
COLD = ("cuba",)
"""Cases whose whole job is timed too."""
NOTES = (
    "All sides: equal neurons, start values, connection statistics, delays, input, time step and "
    "threads; every spike recorded. Rates, irregularity and numbers of synapses agreed before.",
    "Brian2: C++ standalone, -O3 -march=native -ffast-math, the faster of double and single "
    "precision; NEST: the faster of its usual and its hpc synapses, always double.",
    "Ratio: seconds of the peer for one of ours, median over interleaved rounds.",
)


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
        against: Peers, from `PEERS`.
        case: Names from `NAMES`, or ``all``.
        json: File for the figures; written again after every case.
        threads: Of every side.
        rounds: Interleaved timings of each side; the median counts.
        scale: Size of the networks; by default each case's own.
        seconds: Simulated seconds of one timing; by default each case's own.
        seed: Of everything random.
        dtypes: Precisions of our side.
        peers_python: Interpreter of the peers; None looks for ``.venv-peers-sim`` from the
            current folder upwards. Without one only our side is measured.
        sides: What stands for a side, by name; for tests.
        console: Where to print.
    Returns:
        The report, as written.
    Raises:
        BenchmarkError: A case failed, for example because two sides do not run the same network.
            The other cases have been measured, printed and written.
        ConfigError: An unknown peer or case, or a number that makes no sense.
    """
    names = _checked(against, case, threads, scale, seconds)
    console = console or Console()
    python = peers_python or peer_python(SIM_PEERS)
    notes = [*NOTES]
    if python is None and sides is None and against:
        notes.append("No peers here: build their environment with `make bench-peers`.")
    rows: list[Row] = []
    failed: dict[str, BenchmarkError] = {}
    machine = {**describe(), "threads": threads}
    with Console(stderr=True).status("bench network") as status:
        for name in names:
            pace = Pace(lambda line: status.update(escape(line)), f"bench network {name}")
            try:
                if name in ALONE:
                    sized = {} if scale is None else {"scale": scale}
                    for dtype in dtypes:
                        rows.append(ALONE[name](dtype, threads, rounds, pace, **sized))
                else:
                    rows += _beside(
                        name, against, python, sides, threads, rounds, scale, seconds, seed,
                        dtypes, pace,
                    )  # fmt: skip
            except BenchmarkError as fault:
                failed[name] = fault
                notes.append(f"{name}: {fault.message}")
            report = Report("network", machine, tuple(rows), tuple(notes))
            if json is not None:
                report.write(json)
    show(report, judged(rows), console)
    if failed:
        first = next(iter(failed.values()))
        if len(names) == 1:
            raise first
        raise BenchmarkError(f"{len(failed)} of {len(names)} cases failed: {', '.join(failed)}.")
    return report


def _beside(
    name: str,
    against: Sequence[str],
    python: Path | None,
    sides: Callable[[str], Side] | None,
    threads: int,
    rounds: int,
    scale: float | None,
    seconds: float | None,
    seed: int,
    dtypes: Sequence[str],
    pace: Pace,
) -> list[Row]:
    """Rows of a case with peers."""
    case = CASES[name]
    size = case.scale if scale is None else scale
    spec = replace(case.make(size), seed=seed)
    if seconds is not None:
        spec = replace(spec, stretch=1000 * seconds)
    if sides is not None:
        all_sides = [sides(n) for n in (*(f"ours {d}" for d in dtypes), *against)]
    else:
        all_sides = [ours(dtype) for dtype in dtypes]
        if python is not None:
            all_sides += [peer(p, python, threads) for p in against if p in case.peers]
    band = case.band if size == 1 else None
    rows = race(spec, case, all_sides, threads=threads, rounds=rounds, pace=pace, band=band)
    if name in COLD:
        rows += cold(spec, all_sides, threads=threads, rounds=max(1, rounds // 2), pace=pace)
    return rows


def _checked(
    against: Sequence[str],
    case: Sequence[str],
    threads: int,
    scale: float | None,
    seconds: float | None,
) -> tuple[str, ...]:
    """The names of the cases.

    Raises:
        ConfigError: What was asked for does not exist.
    """
    for peer_name in against:
        if peer_name not in PEERS:
            raise ConfigError(
                f"bench network: no peer {peer_name!r}.", hint=suggest(peer_name, PEERS)
            )
    for name in case:
        if name not in (*NAMES, ALL):
            raise ConfigError(f"bench network: no case {name!r}.", hint=suggest(name, NAMES))
    if not case:
        raise ConfigError("bench network: no case.", hint=f"--case {','.join(NAMES[:3])}")
    if threads < 1:
        raise ConfigError(f"bench network: threads must be at least 1, got {threads}.")
    for what, value in (("scale", scale), ("seconds", seconds)):
        if value is not None and not 0 < value < float("inf"):
            raise ConfigError(f"bench network: {what} must be above 0, got {value}.")
    return NAMES if ALL in case else tuple(dict.fromkeys(case))

"""``spikeloom bench train``: whole training steps of the same network, beside the peers.

A step is forward, loss, backward and Adam (fused) of one batch in float32, with the same weights,
samples, labels and number of threads on all sides. Before any time is reported, output spikes,
loss and the gradient of every weight must agree; that run is in float64 with the same code, because
in float32 rounding may add or remove a spike.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console

from spikeloom.bench.compare import same
from spikeloom.bench.contest import Choice, Side, fastest, start
from spikeloom.bench.machine import TRAIN_PEERS, cores, describe
from spikeloom.bench.network.table import judgement
from spikeloom.bench.network.targets import judged
from spikeloom.bench.opening import check_names, find_peers
from spikeloom.bench.report import Report, Row
from spikeloom.bench.rounds import ratios, take_turns
from spikeloom.bench.train.cases import CASES, Case
from spikeloom.bench.train.targets import MEMORY_CASE, SHARE, SPEED, TARGETS
from spikeloom.bench.worker import Worker

PEERS = ("spikingjelly", "snntorch", "norse")
OURS = Side("ours", "ours_train.py")
VARIANTS = ("eager", "last", "step")
DECAY = 0.875
"""Part of a potential left after one step; exact in float32, and so is 1 / (1 - it)."""
TOLERANCE = 1e-5
"""Of the scale of each array; snnTorch hands some gradients on in float32."""

NOTES = (
    "A step is forward, loss, backward and Adam of a whole batch; ratio = fastest peer / ours.",
    "Memory is the rise of resident memory over the second step of a fresh process; peak MB = "
    "ours / fastest peer. The neurons of all sides are alike; dropout is left out.",
)


def run(
    case: Sequence[str] = tuple(CASES),
    *,
    against: Sequence[str] = PEERS,
    json: Path | None = None,
    threads: int | None = None,
    rounds: int = 7,
    seed: int = 0,
    variants: Sequence[str] = VARIANTS,
    cases: Sequence[Case] | None = None,
    ours: Side = OURS,
    peers: Sequence[Side] | None = None,
    console: Console | None = None,
) -> Report:
    """Measure, print and write.

    Arguments:
        case: Names of cases, or ``("all",)``.
        against: Peers, from `PEERS`.
        json: File for the figures.
        threads: Threads of every side; None takes all cores.
        rounds: Interleaved timings of each side; the median counts.
        seed: Of weights and samples.
        variants: Ways of running the peers (see ``workers/peer_train.py``).
        cases: Cases themselves, instead of their names.
        ours: Our side.
        peers: The peers' sides; None looks for ``.venv-peers-train`` from the current folder
            upwards. Without one only our side is measured.
        console: Where to print.
    Returns:
        The report, as written.
    Raises:
        BenchmarkError: Two sides do not compute the same thing.
        ConfigError: An unknown case or peer.
    """
    names = tuple(CASES) if tuple(case) == ("all",) else tuple(case)
    check_names("train", "case", names, tuple(CASES))
    check_names("train", "peer", against, PEERS)
    notes: list[str] = [*NOTES]
    if peers is None:
        python, missed = find_peers(TRAIN_PEERS, against)
        notes += missed
        peers = [Side(p, "peer_train.py", python, tuple(variants)) for p in against if python]
    threads = threads or cores()
    console = console or Console()
    rows: list[Row] = []
    before = os.getloadavg() if hasattr(os, "getloadavg") else None
    with Console(stderr=True).status("bench train") as status:
        for one in cases or [CASES[name] for name in names]:
            tell = _teller(status.update, one.name)
            rows += _rows(one, ours, peers, threads, rounds, seed, tell)
    machine = {**describe(), "threads": threads}
    if before is not None:
        machine["load"] = {"before": before, "after": os.getloadavg()}
    verdicts = judged(rows, TARGETS)
    rows = [
        replace(row, extra={**row.extra, "targets": [v for v in verdicts if v["row"] == row.case]})
        for row in rows
    ]
    report = Report("train", machine, tuple(rows), tuple(notes))
    report.show(console)
    _show_rates(report, console)
    if verdicts:
        console.print(judgement(verdicts))
    if json is not None:
        report.write(json)
    return report


def _rows(
    case: Case,
    ours: Side,
    peers: Sequence[Side],
    threads: int,
    rounds: int,
    seed: int,
    tell: Callable[[str], None],
) -> list[Row]:
    """Speed, and peak memory."""
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        told = _told(folder / "timed.npz", case, case.steps, seed)
        allowed = [_fitting(side, case) for side in peers]
        search = partial(fastest, threads=threads, tell=tell, **told)
        choices = {side.name: search(side) for side in (ours, *allowed)}
        workers = {
            name: stack.enter_context(start(c.side, c.way, c.variant, threads=threads, **told))
            for name, c in choices.items()
        }
        errors = _prove(workers, ours.name, case, folder, tell)
        for worker in workers.values():
            worker.ask("prepare")
        tell(f"timing {rounds} rounds")
        used: dict[str, list[float]] = {}
        turns = {n: partial(_turn, worker, "time", used, n) for n, worker in workers.items()}
        if any(layer[0] == "conv" for layer in case.layers):
            own, alone = workers[ours.name], "convolutions"
            turns[alone] = partial(_turn, own, alone, used, alone)
        times = take_turns(turns, rounds)
        stack.close()
        best = min(
            (side.name for side in peers), key=lambda name: median(times[name]), default=None
        )
        speed = Row(
            case.name,
            median(times[ours.name]),
            {side.name: median(times[side.name]) for side in peers},
            max(errors, default=None),
            extra=_extra(case, choices, ours.name, best, times, used),
        )
        return [speed, _memory(folder, case, choices, ours.name, best, threads, seed, speed, tell)]


def _turn(worker: Worker, what: str, used: dict[str, list[float]], name: str) -> float:
    """Wall time of one turn; its processor time is noted."""
    took: float = worker.ask(what)
    used.setdefault(name, []).append(worker.ask("used"))
    return took


def _prove(
    workers: dict[str, Any], ours: str, case: Case, folder: Path, tell: Callable[[str], None]
) -> list[float]:
    results: dict[str, dict[str, np.ndarray]] = {}
    for name, worker in workers.items():
        tell(f"{name}: proving")
        worker.ask("prove", to=str(folder / f"{name}.npz"))
        with np.load(folder / f"{name}.npz") as data:
            results[name] = dict(data)
    return [
        same(results[ours], found, peer=name, case=case.name, tolerance=TOLERANCE)
        for name, found in results.items()
        if name != ours
    ]


def _memory(
    folder: Path,
    case: Case,
    choices: dict[str, Choice],
    ours: str,
    best: str | None,
    threads: int,
    seed: int,
    speed: Row,
    tell: Callable[[str], None],
) -> Row:
    """Each side in a fresh process, in its fastest variant, memory as the C library keeps it."""
    told = _told(folder / "memory.npz", case, case.memory_steps, seed)
    peaks: dict[str, float] = {}
    for name, choice in choices.items():
        tell(f"{name}: memory")
        with start(choice.side, "plain", choice.variant, threads=threads, **told) as worker:
            peaks[name] = worker.ask("peak")
    mine = peaks.pop(ours)
    share = {SHARE: mine / peaks[best]} if best and peaks[best] else {}
    name = MEMORY_CASE.format(case.name, case.memory_steps)
    return Row(name, speed.ours_s, speed.peers, None, mine, peaks, extra=share)


def _told(file: Path, case: Case, steps: int, seed: int) -> dict[str, Any]:
    np.savez(file, **case.arrays(steps, seed))  # pyright: ignore[reportArgumentType]
    return {"data": str(file), "decay": DECAY, **case.told(steps)}


def _fitting(side: Side, case: Case) -> Side:
    """Without convolutions there is no memory format to choose."""
    if any(layer[0] == "conv" for layer in case.layers):
        return side
    variants = tuple(v for v in side.variants if v != "last") or ("eager",)
    return Side(side.name, side.script, side.python, variants, side.config)


def _extra(
    case: Case,
    choices: dict[str, Choice],
    ours: str,
    best: str | None,
    times: dict[str, list[float]],
    used: dict[str, list[float]],
) -> dict[str, Any]:
    others = [name for name in choices if name != ours]
    each = {name: ratios(times[name], times[ours]) for name in others}
    cpu = {name: ratios(used[name], used[ours]) for name in others}
    found: dict[str, Any] = {
        "samples_per_s": {name: case.batch / median(times[name]) for name in choices},
        "ratios": each,
        "cpu_s": {name: median(values) for name, values in used.items()},
        "cpu_ratios": cpu,
        "ways": {name: choice.label for name, choice in choices.items()},
        "tried": {name: dict(choice.tried) for name, choice in choices.items()},
        "spread_s": {name: [min(values), max(values)] for name, values in times.items()},
    }
    if best is not None:
        found[SPEED] = each[best]["median"]
        found["cpu_ratio"] = min(ratio["median"] for ratio in cpu.values())
    if "convolutions" in times:
        found["convolutions_s"] = median(times["convolutions"])
        found["times_convolutions"] = ratios(times[ours], times["convolutions"])["median"]
        share = ratios(used[ours], used["convolutions"])["median"]
        found["cpu_times_convolutions"] = share
    return found


def _show_rates(report: Report, console: Console) -> None:
    for row in report.rows:
        if rates := row.extra.get("samples_per_s"):
            words = ", ".join(f"{name} {rate:,.0f}" for name, rate in rates.items())
            console.print(f"  {row.case}: samples per second: {words}", highlight=False)
        if "cpu_ratio" in row.extra:
            cpu = row.extra["cpu_ratio"]
            console.print(f"  {row.case}: {cpu:.2f} times in processor time", highlight=False)
        if "times_convolutions" in row.extra:
            wall, cpu = (row.extra[k] for k in ("times_convolutions", "cpu_times_convolutions"))
            console.print(
                f"  {row.case}: {wall:.2f} times torch's convolutions alone, {cpu:.2f} in "
                "processor time",
                highlight=False,
            )


def _teller(update: Callable[[str], None], name: str) -> Callable[[str], None]:
    return lambda what: update(f"bench train {name}: {what}")

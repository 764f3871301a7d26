"""``spikeloom bench neuron``: one layer of LIF neurons, forward and backward, beside the peers.

All sides run the same step in float32 on the CPU with the same number of threads,

.. math:: h_t = d\\,v_{t-1} + x_t, \\quad s_t = [h_t \\ge 1], \\quad v_t = (1 - s_t)\\,h_t,

with the surrogate slope 1 / (1 + |h - 1|)^2 and no gradient through the reset: of all settings
the one that the four libraries share, and their cheapest. Outputs and the gradient of the input
must agree to 1e-5 of their scale before any time is reported.
"""

from __future__ import annotations

import math
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
from spikeloom.bench.contest import Choice, Side, fastest, start
from spikeloom.bench.drive import separated_drive, upstream_gradient
from spikeloom.bench.machine import TRAIN_PEERS, WAYS, cores, describe
from spikeloom.bench.opening import check_names, find_peers
from spikeloom.bench.report import Report, Row
from spikeloom.bench.rounds import take_turns

CASES = ((32, 16, 1024), (100, 16, 4096), (500, 16, 512))
"""(time, batch, neurons)."""

PEERS = ("snntorch", "spikingjelly", "norse", "sinabs")
TAU_MS = 10.0
DECAY = math.exp(-1 / TAU_MS)
OURS = Side("ours", "ours_lif.py")
VARIANTS = ("eager", "loop")

NOTES = (
    "ratio = fastest peer / ours: above 1 we are faster. Peak MB = ours / fastest peer: growth "
    "of resident memory over one run.",
    "Every side is tried with and without glibc keeping freed memory, and every peer as it stands "
    "and under torch.compile; the best of these counts (fields ours_way, peers_way, tried).",
)


def run(
    against: Sequence[str] = PEERS,
    *,
    json: Path | None = None,
    cases: Sequence[tuple[int, int, int]] = CASES,
    threads: int | None = None,
    rounds: int = 7,
    seed: int = 0,
    variants: Sequence[str] = VARIANTS,
    ours: Side = OURS,
    peers_python: Path | None = None,
    console: Console | None = None,
) -> Report:
    """Measure, print and write.

    Arguments:
        against: Peers, from `PEERS`.
        json: File for the figures.
        cases: Sizes (time, batch, neurons).
        threads: Threads of every side; None takes all cores.
        rounds: Interleaved timings of each side; the median counts.
        seed: Of the inputs.
        variants: Ways of running the peers: eager, step, loop (see ``workers/peer_lif.py``).
        ours: Our side.
        peers_python: Interpreter of the peers; None looks for ``.venv-peers-train`` from the
            current folder upwards. Without one only our side is measured.
        console: Where to print.
    Returns:
        The report, as written.
    Raises:
        BenchmarkError: Two sides do not compute the same thing.
        ConfigError: An unknown peer.
    """
    check_names("neuron", "peer", against, PEERS)
    console = console or Console()
    progress = Console(stderr=True)
    python, missed = find_peers(TRAIN_PEERS, against, peers_python)
    peers = [Side(p, "peer_lif.py", python, tuple(variants)) for p in against if python]
    threads = threads or cores()
    with progress.status("bench neuron") as status:
        rows = tuple(
            _row(size, ours, peers, threads, rounds, seed, partial(_tell, status.update, size))
            for size in cases
        )
    report = Report("neuron", {**describe(), "threads": threads}, rows, (*NOTES, *missed))
    report.show(console)
    _show_floor(report, console)
    if json is not None:
        report.write(json)
    return report


def _row(
    size: tuple[int, int, int],
    ours: Side,
    peers: Sequence[Side],
    threads: int,
    rounds: int,
    seed: int,
    tell: Callable[[str], None],
) -> Row:
    case = "T={} batch={} neurons={}".format(*size)
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        told = _inputs(folder, size, seed)
        search = partial(fastest, threads=threads, tell=tell, **told)
        choices = {side.name: search(side) for side in (ours, *peers)}
        workers, results, peaks = {}, {}, {}
        for name, choice in choices.items():
            tell(f"{name}: proving")
            worker = stack.enter_context(
                start(choice.side, choice.way, choice.variant, threads=threads, **told)
            )
            worker.ask("prepare")
            peaks[name] = worker.ask("prove", to=str(folder / f"{name}.npz"))
            with np.load(folder / f"{name}.npz") as data:
                results[name] = dict(data)
            workers[name] = worker
        errors = [
            same(results[ours.name], results[side.name], peer=side.name, case=case)
            for side in peers
        ]
        tell(f"timing {rounds} rounds")
        turns = {name: partial(worker.ask, "time") for name, worker in workers.items()}
        turns["copy"] = partial(workers[ours.name].ask, "copy")
        times = take_turns(turns, rounds)
    middle = {name: median(values) for name, values in times.items()}
    return Row(
        case=case,
        ours_s=middle[ours.name],
        peers={side.name: middle[side.name] for side in peers},
        max_abs_error=max(errors, default=None),
        ours_peak_mb=peaks[ours.name],
        peers_peak_mb={side.name: peaks[side.name] for side in peers},
        extra=_extra(choices, ours, middle, times),
    )


def _inputs(folder: Path, size: tuple[int, int, int], seed: int) -> dict[str, Any]:
    drive, upstream = folder / "drive.npy", folder / "upstream.npy"
    np.save(drive, separated_drive(*size, decay=DECAY, seed=seed))
    np.save(upstream, upstream_gradient(*size, seed=seed))
    return {"drive": str(drive), "upstream": str(upstream), "decay": DECAY, "tau_ms": TAU_MS}


def _extra(
    choices: dict[str, Choice],
    ours: Side,
    middle: dict[str, float],
    times: dict[str, list[float]],
) -> dict[str, Any]:
    others = {name: choice for name, choice in choices.items() if name != ours.name}
    eager = [
        middle[name] if choice.variant == "eager" else _best_eager(choice)
        for name, choice in others.items()
    ]
    known = [value for value in eager if value is not None]
    return {
        "copy_s": middle["copy"],
        "ratio_to_copy": middle[ours.name] / middle["copy"],
        "ratio_to_best_eager_peer": min(known) / middle[ours.name] if known else None,
        "ours_way": choices[ours.name].label,
        "peers_way": {name: choice.label for name, choice in others.items()},
        "tried": {name: dict(choice.tried) for name, choice in choices.items()},
        "spread_s": {name: [min(values), max(values)] for name, values in times.items()},
    }


def _best_eager(choice: Choice) -> float | None:
    """Without torch.compile, from the tries: a peer as most people run it."""
    times = (choice.tried.get(f"eager, {way}") for way in WAYS)
    return min((t for t in times if isinstance(t, float)), default=None)


def _show_floor(report: Report, console: Console) -> None:
    for row in report.rows:
        console.print(
            f"  {row.case}: {row.extra['ratio_to_copy']:.2f} times a copy of the bytes that must "
            f"move; {row.extra['ours_way']}",
            highlight=False,
        )


def _tell(update: Callable[[str], None], size: tuple[int, int, int], what: str) -> None:
    update(f"bench neuron {size[0]} x {size[1]} x {size[2]}: {what}")

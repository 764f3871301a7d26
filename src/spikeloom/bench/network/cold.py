"""The whole job, from the start of the process to spikes in hand."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from spikeloom.bench.network.pace import Pace
from spikeloom.bench.network.sides import Side
from spikeloom.bench.network.spec import Spec
from spikeloom.bench.report import Row
from spikeloom.bench.rounds import ratios, take_turns


def cold(
    spec: Spec,
    sides: Sequence[Side],
    ways: Mapping[str, str],
    *,
    threads: int,
    rounds: int,
    pace: Pace,
) -> list[Row]:
    """Rows of the whole job: process start, import, code, network, run, spikes in hand.

    No generated code is kept from before: each of our processes has an empty cache, and Brian2
    generates and compiles its program. The run is one stretch from the start of the network.

    Arguments:
        spec: The network.
        sides: All that take part; ours are those whose name begins so.
        ways: Side -> the way in which it is run.
        threads, rounds: As in `race`.
        pace: Hears how far it is.
    """
    whole = replace(spec, settle=0.0)
    with tempfile.TemporaryDirectory() as place:

        def job(side: Side) -> float:
            folder = Path(tempfile.mkdtemp(dir=place))
            begin = time.monotonic()
            with side.start(whole, ways[side.name], threads, folder) as worker:
                worker.ask("prepare")
                worker.ask("prove", ms=whole.stretch, to=str(folder / "spikes.npz"))
                took = time.monotonic() - begin
            pace.done(f"{side.name}, cold")
            return took

        pace.begin(rounds * len(sides))
        times = take_turns({side.name: partial(job, side) for side in sides}, rounds)
    middle = {name: median(values) for name, values in times.items()}
    mine = [name for name in times if name.startswith("ours")]
    peers = {name: middle[name] for name in times if name not in mine}
    return [
        Row(
            f"{spec.name}, whole job cold, {ways[name]}",
            middle[name],
            peers,
            extra={
                "unit": f"s from process start, {whole.stretch:g} ms simulated",
                "threads": threads,
                "ratios": {n: ratios(times[n], times[name]) for n in peers},
                "peers_way": {n: ways[n] for n in peers},
                "spread_s": {n: [min(v), max(v)] for n, v in times.items()},
            },
        )
        for name in mine
    ]

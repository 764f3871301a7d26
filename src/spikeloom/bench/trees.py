"""``spikeloom bench trees``: many cells with a shape side by side, beside one after another.

One thread, float64 beside `Cable.run`, which has one cell; every cell of the network must have its
bits. The time of one cell after another is that of one, times their number.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from spikeloom.bench.machine import describe
from spikeloom.bench.opening import finish
from spikeloom.bench.report import Report, Row
from spikeloom.bench.rounds import medians, take_turns
from spikeloom.cable import Cable, Morphology
from spikeloom.equations.units import Ohm, cm, mm, ms, nA, um
from spikeloom.errors import BenchmarkError
from spikeloom.models import HodgkinHuxley, PassiveMembrane
from spikeloom.network import Network

CELLS, STEPS, DT = 256, 2000, 0.025 * ms
NOTES = ("processor time, one thread; 0.3 nA into the soma; of one after another, one was run.",)


@dataclass(frozen=True)
class Case:
    """A soma of Hodgkin and Huxley's with three branches.

    Arguments:
        cut: Compartments of each branch.
        active: Whether the branches are like the soma, or passive.
    """

    cut: int
    active: bool

    @property
    def cell(self) -> Cable:
        """The cell."""
        shape = Morphology.soma(20 * um).branch("trunk", 0.15 * mm, 3 * um, region="branches")
        for name in ("left", "right"):
            shape = shape.branch(name, 0.12 * mm, 1.5 * um, on="trunk", region="branches")
        branches = HodgkinHuxley() if self.active else PassiveMembrane()
        cuts = {"soma": 1, "branches": self.cut}
        membranes = {"soma": HodgkinHuxley(), "branches": branches}
        return Cable(shape, membranes, Ri=100 * Ohm * cm, compartments=cuts)

    @property
    def words(self) -> str:
        """What it is."""
        return f"{1 + 3 * self.cut} compartments, {'all active' if self.active else 'active soma'}"


CASES = (Case(3, False), Case(30, False), Case(3, True), Case(30, True))


def run(*, json: Path | None = None, rounds: int = 7, console: Console | None = None) -> Report:
    """Measure, print and write.

    Arguments:
        json: File for the figures.
        rounds: Interleaved timings of each side; the median counts.
        console: Where to print.

    Raises:
        BenchmarkError: A cell of the network is not the cell alone.
    """
    rows = [_row(case, rounds) for case in CASES]
    told = [
        f"{row.case}, ns a compartment and step: "
        + "  ".join(f"{side} {ns:.2f}" for side, ns in row.extra["ns"].items())
        for row in rows
    ]
    report = Report("trees", {**describe(), "threads": 1}, tuple(rows), (*told, *NOTES))
    return finish(report, json, console)


def _row(case: Case, rounds: int) -> Row:
    cell = case.cell
    duration = STEPS * DT

    def alone() -> Any:
        return cell.run(duration, dt=DT, inject={"soma": 0.3 * nA}, record="soma")

    nets = {dtype: _network(cell, dtype) for dtype in ("float64", "float32")}
    expected = alone().v[-1, 0]
    for net in nets.values():
        net.run(duration, progress=False)
    found = np.asarray(nets["float64"].get(nets["float64"].populations[0], "v").value)
    if not np.all(found == expected):
        raise BenchmarkError(
            f"bench trees: {case.words}: a cell of the network is not the cell alone.",
            hint="this is a fault of spikeloom; please report it",
        )
    sides = {"one cell": _timed(alone)}
    for dtype, net in nets.items():
        sides[dtype] = _timed(lambda net=net: net.run(duration, progress=False))
    times = medians(take_turns(sides, rounds))
    work = (1 + 3 * case.cut) * STEPS * 1e-9
    ns = {"one cell": times["one cell"] / work}
    ns |= {dtype: times[dtype] / CELLS / work for dtype in nets}
    one_by_one = {"one after another": CELLS * times["one cell"]}
    extra = {"cells": CELLS, "steps": STEPS, "ns": ns, "float32_s": times["float32"]}
    return Row(f"{CELLS} cells, {case.words}", times["float64"], one_by_one, 0.0, extra=extra)


def _network(cell: Cable, dtype: Any) -> Network:
    net = Network(dt=DT, dtype=dtype, threads=1)
    net.population(CELLS, cell, I=0.3 * nA)
    return net


def _timed(side: Callable[[], Any]) -> Callable[[], float]:
    def seconds() -> float:
        begin = time.process_time()
        side()
        return time.process_time() - begin

    return seconds

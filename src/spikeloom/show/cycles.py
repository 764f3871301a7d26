"""Lines of periodic orbits in a bifurcation diagram: solid where stable, dashed where not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import Hz, one
from spikeloom.show.style import DASH, SPIKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from spikeloom.lab.cycles import CycleBranch

NAMES = {"fold of cycles": "fold", "period doubling": "doubling", "torus": "torus"}


def draw_cycles(axes: Axes, line: CycleBranch, row: int) -> None:
    """Both extrema of one state along a line of orbits, and where it turns back.

    Arguments:
        axes: Where to draw.
        line: From `lab.bifurcation(..., cycles=True)`.
        row: Which of the states.

    >>> from matplotlib.figure import Figure
    >>> from spikeloom import FitzHughNagumo, one
    >>> from spikeloom.lab.bifurcation import bifurcation
    >>> found = bifurcation(FitzHughNagumo(), "I", (0.326, 0.34) * one, sweeps=False, cycles=True)
    >>> draw_cycles(Figure().subplots(), found.cycles[0], 0)
    """
    for extrema in (line.low, line.high):
        _both(axes, line, line.values, extrema[:, row], named=extrema is line.low)
    for point in line.points:
        for y in (point.low[row], point.high[row]):
            axes.plot(point.value, y, "s", markersize=5.5, markerfacecolor="white",
                      markeredgecolor=SPIKING, markeredgewidth=1.4, zorder=5,
                      label=point.kind)  # fmt: skip


def draw_rates(axes: Axes, line: CycleBranch, per_second: float) -> None:
    """How often the orbits of a line turn, in Hz.

    Arguments:
        axes: Where to draw.
        line: From `lab.bifurcation(..., cycles=True)`.
        per_second: Hz of a rate of one per time unit.

    >>> from matplotlib.figure import Figure
    >>> from spikeloom import FitzHughNagumo, one
    >>> from spikeloom.lab.bifurcation import bifurcation
    >>> found = bifurcation(FitzHughNagumo(), "I", (0.326, 0.34) * one, sweeps=False, cycles=True)
    >>> draw_rates(Figure().subplots(), found.cycles[0], 1000.0)
    """
    _both(axes, line, line.values, per_second / line.periods, named=False)


def named_turns(line: CycleBranch, row: int) -> list[tuple[str, float, float]]:
    """What to write beside the points of a line, at their upper ends: (text, x, y)."""
    return [
        (f"{NAMES[p.kind]} {p.value:.4g}".replace("-", "−"), p.value, float(p.high[row]))
        for p in sorted(line.points, key=lambda p: -p.value)
    ]


def hertz(time: Unit) -> float:
    """A rate of one per unit of time, in Hz."""
    return float(Quantity(1.0, one / time).to(Hz))


def _both(axes: Axes, line: CycleBranch, x: np.ndarray, y: np.ndarray, *, named: bool) -> None:
    for good, dash, width, name in (
        (line.stable, "-", 2.2, "cycle, stable"),
        (~line.stable, DASH, 1.4, "cycle, unstable"),
    ):
        wide = good.copy()
        wide[1:] |= good[:-1] & ~good[1:] if dash == "-" else good[:-1]
        if good.any():
            axes.plot(x, np.where(wide, y, np.nan), color=SPIKING, linestyle=dash,
                      linewidth=width, label=name if named else None, zorder=2.5)  # fmt: skip

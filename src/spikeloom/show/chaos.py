"""From regular spikes to chaos: every interval over a parameter, with the exponent below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.show.course import label
from spikeloom.show.style import INK, MUTED, SPIKING, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.lab.chaos import Chaos


def chaos(found: Chaos) -> Figure:
    """Intervals between spikes on top, the largest Lyapunov exponent below.

    One dot above a value is tonic firing, k dots are a burst of k spikes or a period that has
    doubled, a cloud is chaos; there the exponent is above zero.

    Arguments:
        found: From `lab.chaos`.

    >>> import numpy as np
    >>> from spikeloom import HindmarshRose, lab, ms, one
    >>> found = lab.chaos(HindmarshRose(), "I", [2.0, 3.0, 4.0] * one, duration=500 * ms)
    >>> [axes.get_ylabel() for axes in chaos(found).axes]
    ['interval (ms)', 'exponent (1/s)']
    """
    with styled():
        figure = new_figure(5.6)
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
        draw_return_times(top, found)
        draw_exponent(bottom, found)
        top.set_xlabel("")
        top.tick_params(axis="x", length=0)
        figure.align_ylabels()
        return figure


def draw_return_times(axes: Axes, found: Chaos) -> None:
    """Every interval over what is varied, in axes of one's own.

    >>> from matplotlib.figure import Figure
    >>> from spikeloom import HindmarshRose, lab, ms, one
    >>> found = lab.chaos(HindmarshRose(), "I", [2.0, 3.0, 4.0] * one, duration=500 * ms)
    >>> draw_return_times(Figure().subplots(), found)
    """
    x = np.repeat(found.values, [len(i) for i in found.intervals])
    y = np.concatenate([*found.intervals, np.empty(0)])
    axes.plot(x, y, ".", color=INK, markersize=1.6, markeredgewidth=0, alpha=0.8, rasterized=True)
    if len(y) and y.max() > 20 * y.min() > 0:
        axes.set_yscale("log")
    axes.set_xlim(found.values[0], found.values[-1])
    axes.set_xlabel(label(found.over, found.unit))
    axes.set_ylabel(f"interval ({found.time!s})")
    grid(axes)


def draw_exponent(axes: Axes, found: Chaos) -> None:
    """The largest Lyapunov exponent with its standard error, in axes of one's own.

    >>> from matplotlib.figure import Figure
    >>> from spikeloom import HindmarshRose, lab, ms, one
    >>> found = lab.chaos(HindmarshRose(), "I", [2.0, 3.0, 4.0] * one, duration=500 * ms)
    >>> draw_exponent(Figure().subplots(), found)
    """
    from spikeloom.show.cycles import hertz

    factor = hertz(found.time)
    y, error = factor * found.exponent, factor * found.error
    axes.axhline(0, color=MUTED, linewidth=1)
    axes.fill_between(found.values, y - 2 * error, y + 2 * error, color=SPIKING, alpha=0.25,
                      linewidth=0)  # fmt: skip
    axes.plot(found.values, y, color=SPIKING, linewidth=1.2)
    high = max(float((y + 2 * error).max()), 1e-9)
    axes.set_ylim(max(float((y - 2 * error).min()), -1.2 * high), 1.15 * high)
    axes.set_xlim(found.values[0], found.values[-1])
    axes.set_xlabel(label(found.over, found.unit))
    axes.set_ylabel("exponent (1/s)")
    grid(axes)

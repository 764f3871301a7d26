"""The rate of populations over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.show.style import LINES, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.network import RateCurve


def population_rates(curve: RateCurve) -> Figure:
    """Rates of up to three populations in one panel, of more in a panel each.

    Arguments:
        curve: What a `PopulationRate` recorder has kept.

    Raises:
        ParameterError: It holds no whole bin.

    >>> import numpy as np
    >>> from spikeloom import RateCurve
    >>> curve = RateCurve(np.array([[4], [0], [2]]), 10.0, 0.0, (("exc", 20),))
    >>> population_rates(curve).axes[0].get_ylabel()
    'rate (Hz)'
    """
    if not len(curve):
        raise ParameterError("population_rates: the run was too short for one bin.")
    count = len(curve.parts)
    with styled():
        if count <= len(LINES):
            figure = new_figure(2.6)
            axes = figure.subplots()
            for k in range(count):
                _line(axes, curve, k)
            if count > 1:
                axes.legend(loc="upper right", ncols=count)
            axes.set_ylabel("rate (Hz)")
            axes.set_title(f"bins of {curve.bin:g} ms" if count > 1 else _title(curve, 0))
            last = axes
        else:
            figure = new_figure(0.95 * count + 0.7)
            panels = figure.subplots(count, 1, sharex=True)
            for k, axes in enumerate(panels):
                _line(axes, curve, k, only=True)
                axes.set_title(_title(curve, k))
                axes.set_ylabel("(Hz)")
            figure.align_ylabels(panels)
            last = panels[-1]
        last.set_xlabel("time (ms)")
        last.set_xlim(curve.start, curve.start + curve.bin * len(curve))
        return figure


def _line(axes: Axes, curve: RateCurve, part: int, *, only: bool = False) -> None:
    colour, dash = LINES[0 if only else part]
    name = curve.parts[part][0]
    axes.plot(curve.times, curve.rates[:, part], color=colour, ls=dash, lw=1.1, label=name)
    axes.set_ylim(bottom=0)
    grid(axes)


def _title(curve: RateCurve, part: int) -> str:
    name, size = curve.parts[part]
    mean = float(np.mean(curve.rates[:, part]))
    return f"{name}: {size:,} neurons, mean {mean:.3g} Hz, bins of {curve.bin:g} ms"

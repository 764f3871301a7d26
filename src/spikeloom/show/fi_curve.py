"""How often a neuron fires under a constant current."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.show.response import labelled
from spikeloom.show.style import DASH, MUTED, SPIKING, TWIN, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.lab import FICurve

ALIKE = 0.02
"""Share by which first and settled rate must differ to be drawn as two lines."""


def fi_curve(result: FICurve) -> Figure:
    """Settled rate over current, and the rate of the first interval where it differs.

    Arguments:
        result: What `lab.fi_curve` gave.

    >>> import numpy as np
    >>> from spikeloom import LIF, lab, ms, nA, show
    >>> curve = lab.fi_curve(LIF(), np.linspace(0, 0.4, 30) * nA, 300 * ms)
    >>> show.fi_curve(curve).axes[0].get_ylabel()
    'firing rate (Hz)'
    """
    with styled():
        figure = new_figure(3.2, 5.2)
        draw_fi_curve(figure.subplots(), result)
        return figure


def draw_fi_curve(axes: Axes, result: FICurve) -> None:
    """The f-I curve on axes of your own.

    Arguments:
        axes: Where.
        result: What `lab.fi_curve` gave.
    """
    order = np.argsort(result.currents, kind="stable")
    currents = result.currents[order]
    settled, first = result.settled[order], result.first[order]
    mark = "o" if len(currents) <= 40 else ""
    adapts = bool(np.any(np.abs(first - settled) > ALIKE * np.maximum(first, settled)))
    if adapts:
        axes.plot(
            currents, first, color=TWIN, linestyle=DASH, linewidth=1.5, marker=mark,
            markersize=3.5, markerfacecolor="white", label="first interval",
        )  # fmt: skip
    axes.plot(
        currents, settled, color=SPIKING, linewidth=2.0, marker=mark, markersize=3.5,
        label="settled",
    )  # fmt: skip
    # A lone spike that came late may be the first of many.
    early = np.array([len(t) == 1 and t[0] < result.duration / 4 for t in result.trains], bool)
    once = early[order] & (settled == 0)
    if once.any():
        axes.plot(
            currents[once], 0 * currents[once], "|", color=MUTED, markersize=9,
            label="a single spike",
        )  # fmt: skip
    axes.set_xlabel(labelled(result.port, result.unit))
    axes.set_ylabel("firing rate (Hz)")
    axes.set_ylim(bottom=0)
    if adapts or once.any():
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3, fontsize=9, handlelength=1.8,
            columnspacing=1.2, borderpad=0.1,
        )  # fmt: skip
    grid(axes)

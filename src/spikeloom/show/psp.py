"""What one spike does to the potential of a neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.show.style import DASH, FAINT, INK, MUTED, SPIKING, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.lab import PSP


def psp(result: PSP) -> Figure:
    """The change of the potential, with its peak and half width.

    Arguments:
        result: What `lab.psp` gave.

    >>> from spikeloom import ConductanceLIF, ExponentialCurrent, lab, pA, show
    >>> figure = show.psp(lab.psp(ConductanceLIF(), ExponentialCurrent(), 50 * pA))
    >>> figure.axes[0].get_xlabel()
    'time since the spike arrived (ms)'
    """
    with styled():
        figure = new_figure(3.2, 5.2)
        draw_psp(figure.subplots(), result)
        return figure


def draw_psp(axes: Axes, result: PSP) -> None:
    """The potential on axes of your own.

    Arguments:
        axes: Where.
        result: What `lab.psp` gave.
    """
    peak, when, unit = result.peak, result.time_to_peak, f"{result.unit!s}"
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.fill_between(result.times, result.change, color=FAINT, alpha=0.3, linewidth=0)
    axes.plot(result.times, result.change, color=SPIKING, linewidth=2.0)
    axes.plot([when], [peak], "o", color=INK, markersize=4.5)
    up = peak > 0
    axes.annotate(
        f"{peak:.4g} {unit} after {when:.3g} ms", (when, peak),
        xytext=(7, 2 if up else -2), textcoords="offset points",
        va="bottom" if up else "top", fontsize=9.5,
    )  # fmt: skip
    if np.isfinite(result.half_width):
        above = np.flatnonzero(np.abs(result.change) >= abs(peak) / 2)
        begins = float(result.times[above[0]])
        ends = begins + result.half_width
        axes.plot([begins, ends], [peak / 2, peak / 2], color=INK, linewidth=1.2, linestyle=DASH)
        axes.annotate(
            f"{result.half_width:.3g} ms at half", (ends, peak / 2), xytext=(6, 0),
            textcoords="offset points", va="center", fontsize=9.5, color=MUTED,
        )  # fmt: skip
    axes.set_xlabel("time since the spike arrived (ms)")
    axes.set_ylabel(f"change of the potential ({unit})")
    axes.set_xlim(0, _shown(result))
    axes.margins(y=0.18)
    grid(axes)


def _shown(result: PSP) -> float:
    """Where little is left of it."""
    left = np.flatnonzero(np.abs(result.change) > 0.02 * abs(result.peak))
    last = int(left[-1]) if len(left) else len(result.times) - 1
    return float(result.times[min(last + 1, len(result.times) - 1)])

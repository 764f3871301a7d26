"""One neuron: what it receives, how its potential answers, when it fires."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.errors import ShapeError
from spikeloom.show.style import DASH, INK, MUTED, SPIKING, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def neuron(
    time_ms: np.ndarray,
    potential: np.ndarray,
    spikes_ms: np.ndarray,
    current: np.ndarray | None = None,
    *,
    threshold: float | None = None,
    potential_unit: str = "mV",
    current_unit: str = "nA",
) -> Figure:
    """Spikes on top, the membrane potential below them, the input at the bottom.

    Arguments:
        time_ms: Times of the samples in ms, (samples,).
        potential: Membrane potential at those times, (samples,).
        spikes_ms: Times of the spikes in ms, (spikes,).
        current: Input at those times, (samples,); None leaves its panel out.
        threshold: Drawn as a dashed line if given, in `potential_unit`.
        potential_unit: Unit of `potential`.
        current_unit: Unit of `current`.
    Raises:
        ShapeError: The arrays differ in length.
    """
    for name, values in (("potential", potential), ("current", current)):
        if values is not None and np.shape(values) != np.shape(time_ms):
            raise ShapeError(
                f"neuron figure: {name} must be {np.shape(time_ms)} like time_ms, "
                f"got {np.shape(values)}.",
                hint="give one value per time",
            )
    heights = [0.35, 2.0] + ([0.8] if current is not None else [])
    with styled():
        figure = new_figure(sum(heights) + 0.7)
        panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        _spikes(panels[0], spikes_ms)
        _potential(panels[1], time_ms, potential, threshold)
        panels[1].set_ylabel(f"potential\n({potential_unit})")
        if current is not None:
            panels[2].plot(time_ms, current, color=INK, linewidth=1.4)
            panels[2].set_ylabel(f"input\n({current_unit})")
            panels[2].margins(y=0.15)
            grid(panels[2])
        panels[-1].set_xlabel("time (ms)")
        panels[-1].set_xlim(float(time_ms[0]), float(time_ms[-1]))
        figure.align_ylabels(panels)
        return figure


def _spikes(axes: Axes, spikes_ms: np.ndarray) -> None:
    axes.vlines(spikes_ms, 0, 1, color=INK, linewidth=1.6)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.set_ylabel("spikes", rotation=0, ha="right", va="center")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="x", length=0)


def _potential(
    axes: Axes, time_ms: np.ndarray, potential: np.ndarray, threshold: float | None
) -> None:
    if threshold is not None:
        axes.axhline(threshold, color=MUTED, linewidth=1.0, linestyle=DASH)
        axes.annotate(
            "threshold",
            (1.0, threshold),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            fontsize=9,
            color=MUTED,
        )
    axes.plot(time_ms, potential, color=SPIKING, linewidth=1.8)
    axes.margins(y=0.15)
    axes.tick_params(axis="x", length=0)
    axes.spines["bottom"].set_visible(False)
    grid(axes)

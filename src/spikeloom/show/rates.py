"""How often the neurons of each layer fire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from spikeloom.show.style import INK, MUTED, SPIKING, grid, new_figure, styled, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def firing_rates(rates_hz: Mapping[str, np.ndarray]) -> Figure:
    """One histogram of firing rates per layer, with its mean and the share of silent neurons.

    Arguments:
        rates_hz: Layer name to the mean rate of each neuron over the test images, Hz, (neurons,).
    """
    count = max(len(rates_hz), 1)
    columns = min(count, 3)
    rows = -(-count // columns)
    with styled():
        figure = new_figure(2.5 * rows)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in panels[len(rates_hz) :]:
            axes.set_visible(False)
        for axes, (name, rates) in zip(panels, rates_hz.items(), strict=False):
            _histogram(axes, name, np.asarray(rates, dtype=float))
        for index in range(0, len(rates_hz), columns):
            panels[index].set_ylabel("neurons")
        return figure


def _histogram(axes: Axes, name: str, rates: np.ndarray) -> None:
    top = max(float(rates.max(initial=0.0)), 1.0)
    axes.hist(rates, bins=np.linspace(0, top, 25).tolist(), color=SPIKING, alpha=0.75, rwidth=0.88)
    mean = float(rates.mean()) if len(rates) else 0.0
    axes.axvline(mean, color=INK, linewidth=1.4)
    right = mean < 0.6 * top
    axes.annotate(
        f"mean {mean:.3g} Hz",
        (mean, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(5 if right else -5, -2),
        textcoords="offset points",
        va="top",
        ha="left" if right else "right",
        fontsize=9.5,
    )
    silent = int((rates == 0).sum())
    axes.set_title(f"{name}, {len(rates):,} neurons" + (f", {silent:,} silent" if silent else ""))
    axes.set_xlim(0, top)
    axes.set_xlabel("firing rate (Hz)")
    axes.tick_params(colors=MUTED, labelcolor=INK)
    whole_ticks(axes, "y", 4)
    grid(axes)

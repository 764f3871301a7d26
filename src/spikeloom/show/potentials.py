"""Membrane potentials of the output neurons: watching the network make up its mind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.show.rasters_of_layers import MOST_IMAGES, picture, verdict
from spikeloom.show.run import Examples
from spikeloom.show.style import (
    DASH,
    FAINT,
    MUTED,
    SPIKING,
    TWIN,
    grid,
    new_figure,
    styled,
    whole_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def potentials(examples: Examples, classes: tuple[str, ...]) -> Figure:
    """One column per image: the potential of every output neuron over time.

    The chosen class is drawn in blue, the true one (where it differs) dashed, all others in grey;
    an upright line marks the step from which on the choice no longer changed.

    Arguments:
        examples: Images and potentials; at most four images are drawn.
        classes: Names of the classes.
    """
    count = min(len(examples.images), MOST_IMAGES)
    with styled():
        figure = new_figure(3.6)
        panels = figure.subplots(
            2, count, squeeze=False, sharey="row", gridspec_kw={"height_ratios": [0.75, 2.4]}
        )
        for column in range(count):
            picture(panels[0, column], examples.images[column])
            panels[0, column].set_title(verdict(examples, classes, column), loc="center")
            _traces(panels[1, column], examples, classes, column)
        panels[1, 0].set_ylabel(f"potential ({examples.potential_unit})")
        return figure


def _traces(axes: Axes, examples: Examples, classes: tuple[str, ...], column: int) -> None:
    values = examples.potentials[column]
    steps = len(values)
    chosen, truth = int(examples.decisions[column]), int(examples.targets[column])
    time = np.arange(1, steps + 1) * examples.dt_ms
    for index in range(values.shape[1]):
        if index not in (chosen, truth):
            axes.plot(time, values[:, index], color=FAINT, linewidth=1.0)
    if truth != chosen:
        axes.plot(time, values[:, truth], color=TWIN, linewidth=1.8, linestyle=DASH)
        _end(axes, time[-1], values[-1, truth], classes[truth], TWIN)
    axes.plot(time, values[:, chosen], color=SPIKING, linewidth=2.4)
    _end(axes, time[-1], values[-1, chosen], classes[chosen], SPIKING)
    moment = float(examples.decided_at[column]) * examples.dt_ms
    axes.axvline(moment, color=MUTED, linewidth=1.0, linestyle=(0, (1, 1.5)))
    late = moment > 0.55 * time[-1]
    axes.annotate(
        f"{moment:g} ms",
        (moment, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-3 if late else 3, -1),
        textcoords="offset points",
        ha="right" if late else "left",
        va="top",
        fontsize=9,
        color=MUTED,
    )
    axes.set_xlim(0, time[-1] * 1.001)
    axes.set_xlabel("time (ms)")
    axes.margins(y=0.12)
    whole_ticks(axes, most=4)
    grid(axes)


def _end(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    axes.annotate(
        text,
        (x, y),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontweight="bold",
        color=colour,
        annotation_clip=False,
    )

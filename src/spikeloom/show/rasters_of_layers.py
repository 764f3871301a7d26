"""Rasters: which neuron of which layer fired when, for a few images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.show.run import Examples
from spikeloom.show.style import INK, MUTED, SPIKING, bare, new_figure, styled, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_IMAGES = 4
MOST_NEURONS = 300


def rasters(examples: Examples, classes: tuple[str, ...]) -> Figure:
    """One column per image: the picture on top, then the spikes of each layer over time.

    A layer of more than 300 neurons shows 300 of them, evenly spaced, and says so.

    Arguments:
        examples: Images and spikes; at most four images are drawn.
        classes: Names of the classes.
    """
    count = min(len(examples.images), MOST_IMAGES)
    wide = [layer.spikes.shape[2] > 2 * len(classes) for layer in examples.layers]
    tall = 2.4 if sum(wide) == 1 else 1.75
    heights = [0.85] + [tall if many else 1.15 for many in wide]
    with styled():
        figure = new_figure(sum(heights) + 0.7)
        panels = figure.subplots(
            len(heights), count, squeeze=False, gridspec_kw={"height_ratios": heights}
        )
        for column in range(count):
            top = panels[0, column]
            picture(top, examples.images[column])
            top.set_title(verdict(examples, classes, column), loc="center")
            for row, layer in enumerate(examples.layers, start=1):
                axes = panels[row, column]
                last = row == len(examples.layers)
                marked = int(examples.decisions[column]) if last else None
                names = classes if layer.spikes.shape[2] == len(classes) else None
                _raster(axes, layer.spikes[column], examples.dt_ms, marked if names else None)
                if column == 0:
                    _name_rows(axes, layer.name, layer.spikes.shape[2], names)
                else:
                    axes.set_yticks([])
                axes.tick_params(axis="x", labelbottom=last)
                if last:
                    axes.set_xlabel("time (ms)")
        return figure


def picture(axes: Axes, image: np.ndarray) -> None:
    """A grey picture with a hairline around it, so that its black does not merge with the page."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    bare(axes)
    for spine in axes.spines.values():
        spine.set(visible=True, color=MUTED, linewidth=0.6)


def verdict(examples: Examples, classes: tuple[str, ...], column: int) -> str:
    """What was read, and what it truly was if that differs."""
    chosen, truth = int(examples.decisions[column]), int(examples.targets[column])
    return f"read {classes[chosen]}" + ("" if chosen == truth else f", is {classes[truth]}")


def _raster(axes: Axes, spikes: np.ndarray, dt_ms: float, marked: int | None) -> None:
    steps, size = spikes.shape
    shown = np.unique(np.linspace(0, size - 1, min(size, MOST_NEURONS)).round().astype(int))
    time, row = np.nonzero(spikes[:, shown])
    width = float(np.clip(50.0 / steps, 0.5, 4.0))
    if marked is None:
        chosen = np.zeros(len(row), dtype=bool)
    else:
        chosen = shown[row] == marked
    # At least a point tall: thinner strokes turn into grey dust on the screen.
    half = max(0.42, 0.5 * len(shown) / 110)
    for colour, pick in ((INK, ~chosen), (SPIKING, chosen)):
        _ticks(axes, (time[pick] + 1) * dt_ms, row[pick], half, colour, width)
    axes.set_xlim(0.2 * dt_ms, (steps + 0.8) * dt_ms)
    axes.set_ylim(len(shown) - 0.3, -0.7)  # the first neuron on top, as one reads
    whole_ticks(axes, most=4)


def _ticks(
    axes: Axes, x: np.ndarray, y: np.ndarray, half: float, colour: str, width: float
) -> None:
    """All upright strokes as one path: a hundred times smaller in SVG than one object each."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    ends = np.empty((2 * len(x), 2))
    ends[0::2, 0] = ends[1::2, 0] = x
    ends[0::2, 1] = y - half
    ends[1::2, 1] = y + half
    codes = np.tile(np.array([Path.MOVETO, Path.LINETO], dtype=np.uint8), len(x))
    if len(x):
        axes.add_patch(
            PathPatch(
                Path(ends, codes),
                edgecolor=colour,
                linewidth=width,
                capstyle="butt",
                snap=False,
                fill=False,
            )
        )


def _name_rows(axes: Axes, name: str, size: int, names: tuple[str, ...] | None) -> None:
    shown = min(size, MOST_NEURONS)
    told = f"{size} neurons" if shown == size else f"{shown} of {size:,} neurons"
    axes.set_ylabel(f"{name}\n{told}", linespacing=1.3)
    if names is not None and size <= 12:
        axes.set_yticks(range(size), [n if i % 2 == 0 else "" for i, n in enumerate(names)])
        axes.tick_params(axis="y", length=0)
    else:
        axes.set_yticks([0, shown - 1], ["1", f"{size:,}"])

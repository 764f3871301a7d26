"""Words beside a point, where they cover least of what is drawn."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.show.typeset import words_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAR = 8.0
"""Points from the point to the words."""
PLACES = ((1, 0.9), (-1, 0.9), (1, -0.9), (-1, -0.9), (1, 2.2), (-1, 2.2), (1, -2.2), (-1, -2.2))
"""Right or left, and how many letters higher."""


def name_points(axes: Axes, names: list[tuple[str, float, float]], size: float = 9.0) -> None:
    """Write a name beside each point; to be called when all else is drawn and the ends are set.

    Arguments:
        axes: Where.
        names: (text, x, y) of each, in the units of the axes.
        size: Of the letters, in points.
    """
    figure: Any = axes.get_figure(root=True)
    figure.draw_without_rendering()
    dots = _drawn(axes)
    scale = figure.dpi / 72
    frame = axes.get_window_extent()
    for text, x, y in names:
        at = axes.transData.transform((x, y)) / scale
        wide = words_width(text, size)
        best: tuple[float, Any] | None = None
        for number, (side, up) in enumerate(PLACES):
            left = at[0] + side * FAR - (wide if side < 0 else 0)
            low = at[1] + up * size - 0.5 * size
            box = np.array([[left - 1, low - 1], [left + wide + 1, low + size + 1]])
            inside = (dots > box[0]) & (dots < box[1])
            out = box[0][0] < frame.x0 / scale or box[1][0] > frame.x1 / scale
            cost = float(inside.all(axis=1).sum()) + 1e4 * out + 1e-3 * number
            if best is None or cost < best[0]:
                best = cost, (side, up, box)
        if best is None:
            continue
        side, up, box = best[1]
        axes.annotate(
            text, (x, y), xytext=(side * FAR, up * size), textcoords="offset points", va="center",
            ha="right" if side < 0 else "left", fontsize=size, zorder=7,
        )  # fmt: skip
        dots = np.concatenate([dots, _filled(box)])


def _drawn(axes: Axes) -> Any:
    """Points along all lines, at most three apart, in points of the page."""
    figure: Any = axes.get_figure(root=True)
    scale, made = figure.dpi / 72, [np.empty((0, 2))]
    for line in axes.lines:
        path = line.get_transform().transform(np.column_stack(line.get_data())) / scale
        path = path[np.isfinite(path).all(axis=1)]
        made.append(path)
        if line.get_linestyle() in ("None", "none", " ", "") or len(path) < 2:
            continue
        for a, b in pairwise(path):
            steps = int(min(np.hypot(*(b - a)) / 3, 400))
            made.append(a + (b - a) * np.linspace(0, 1, steps + 1)[:, None])
    return np.concatenate(made)


def _filled(box: Any) -> Any:
    x, y = (np.arange(low, high + 1, 2.0) for low, high in zip(*box, strict=True))
    return np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)

"""What can be wrong with a figure and be found by measuring it, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

LEAST = 7.0
"""Points: smaller letters are lost at half size."""
EDGE = 1.5
"""Pixels that measured boxes of letters may be off."""
TALL = 0.9
"""Inches: a panel as high as this is there to show something."""
APART = 0.12
"""Difference in lightness from which two greys are told apart."""


def faults(figure: Figure, *, shared: bool = False) -> list[str]:
    """Everything that is wrong with a figure; an empty list for a good one.

    Arguments:
        figure: Any.
        shared: Whether one panel of a row may carry the labels for all, as in a sheet.
    """
    figure.draw_without_rendering()
    return [
        *_cut(figure), *_overlaps(figure), *_covered(figure), *_small(figure),
        *_unlabelled(figure, shared), *_alike(figure), *_empty(figure), *_still(figure),
    ]  # fmt: skip


def _texts(figure: Figure) -> list[tuple[str, Bbox, Text]]:
    """All that can be read, with its place in pixels; ticks outside a panel are not drawn."""
    unseen: set[int] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * (high - low)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                seen = low - slack <= tick.get_loc() <= high + slack and axes.axison
                unseen |= set() if seen else {id(tick.label1), id(tick.label2)}
    made = []
    for text in figure.findobj(Text):
        shown = text.get_text().strip()
        if shown and text.get_visible() and id(text) not in unseen:
            made.append((shown, text.get_window_extent(), text))
    return made


def _cut(figure: Figure) -> Iterator[str]:
    page = figure.bbox
    for name, box, _ in _texts(figure):
        out = max(page.x0 - box.x0, box.x1 - page.x1, page.y0 - box.y0, box.y1 - page.y1)
        if out > EDGE:
            yield f"{name!r} runs {out:.0f} pixels off the page"


def _overlaps(figure: Figure) -> Iterator[str]:
    for (one, a, _), (two, b, _) in combinations(_texts(figure), 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        if wide > EDGE and high > EDGE + 0.2 * min(a.height, b.height):
            yield f"{one!r} and {two!r} overlap"


def _covered(figure: Figure) -> Iterator[str]:
    boxes = [(f"the legend of {x.get_texts()[0].get_text()!r}", x.get_window_extent())
             for x in figure.findobj(Legend) if x.get_texts()]  # fmt: skip
    boxes += [(repr(t.get_text()), t.get_window_extent())
              for axes in figure.axes if axes.axison for t in axes.texts]  # fmt: skip
    for axes in figure.axes:
        frame = axes.get_window_extent()
        for line in axes.lines:
            if line.get_linewidth() == 0 or line.get_transform() != axes.transData:
                continue
            dots = _along(line.get_transform().transform(np.column_stack(line.get_data())))
            dots = dots[(dots >= (frame.x0, frame.y0)).all(1) & (dots <= frame.max).all(1)]
            for name, box in boxes:
                low, high = box.min + EDGE, box.max - EDGE
                hit = ((dots > low) & (dots < high)).all(1).sum()
                if hit > 3:
                    yield f"{name} covers {line.get_label()!r}"


def _along(path: np.ndarray) -> np.ndarray:
    """Pixels of a curve, its straight pieces filled in."""
    path = path[np.isfinite(path).all(axis=1)]
    parts = [path]
    for a, b in pairwise(path):
        steps = int(min(np.hypot(*(b - a)) / 3, 1000))
        if steps > 1:
            parts.append(a + (b - a) * np.linspace(0, 1, steps)[:, None])
    return np.concatenate(parts)


def _small(figure: Figure) -> Iterator[str]:
    for name, _, text in _texts(figure):
        if float(text.get_fontsize()) < LEAST:
            yield f"{name!r} has letters of {text.get_fontsize()} points"


def _unlabelled(figure: Figure, shared: bool) -> Iterator[str]:
    unit = re.compile(r"\([^()]+(\([^()]*\))?\)\s*$")
    for number, axes in enumerate(figure.axes):
        if not axes.axison or not axes.has_data():
            continue
        kin = {"x": axes.get_shared_x_axes(), "y": axes.get_shared_y_axes()}
        for axis, group in kin.items():
            own = getattr(axes, f"{axis}axis")
            if not len(own.get_ticklocs()) or not any(
                t.label1.get_visible() and t.label1.get_text() for t in own.get_major_ticks()
            ):
                continue
            beside = [a for a in figure.axes if a is axes or group.joined(a, axes)]
            if shared and axis == "y":
                beside += [a for a in figure.axes if _in_row(a, axes)]
            labels = [a.get_ylabel() if axis == "y" else a.get_xlabel() for a in beside]
            if not any(unit.search(label) for label in labels):
                yield f"panel {number}: no unit at {axis}, only {labels[0]!r}"


def _in_row(a: Any, b: Any) -> bool:
    one, two = a.get_window_extent(), b.get_window_extent()
    return min(one.y1, two.y1) - max(one.y0, two.y0) > 0.5 * min(one.height, two.height)


def _alike(figure: Figure) -> Iterator[str]:
    """Named lines of one panel that nothing but a hue tells apart."""
    for axes in figure.axes:
        named = [x for x in axes.lines if not str(x.get_label()).startswith("_")]
        for one, two in combinations(named, 2):
            same = _mark(one) == _mark(two) and _dash(one) == _dash(two)
            thick = abs(one.get_linewidth() - two.get_linewidth()) >= 0.4
            apart = abs(_lightness(one.get_color()) - _lightness(two.get_color()))
            if same and not thick and apart < APART:
                yield f"{one.get_label()!r} and {two.get_label()!r} are alike in grey"


def _mark(line: Any) -> Any:
    if line.get_marker() in ("None", "none", "", " ", None):
        return None
    filled = line.get_markerfacecolor() == line.get_markeredgecolor()
    return line.get_marker(), filled, line.get_markersize()


def _dash(line: Any) -> Any:
    return line._unscaled_dash_pattern


def _lightness(colour: Any) -> float:
    return float(np.dot(to_rgb(colour), (0.299, 0.587, 0.114)))


def _empty(figure: Figure) -> Iterator[str]:
    for number, axes in enumerate(figure.axes):
        if axes.axison and not axes.has_data():
            yield f"panel {number} is empty"


def _still(figure: Figure) -> Iterator[str]:
    """Panels of some height in which nothing goes up or down."""
    for number, axes in enumerate(figure.axes):
        high = axes.get_window_extent().height / figure.dpi
        lines = [np.asarray(x.get_ydata(), float) for x in axes.lines if x.get_linewidth() > 0]
        moves = [x for x in lines if len(x) > 1 and np.nanmax(x) > np.nanmin(x)]
        if high > TALL and lines and not moves:
            yield f"nothing moves in panel {number}"

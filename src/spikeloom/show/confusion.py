"""The confusion matrix: what was mistaken for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.show.style import FAINT, INK, ON_SPIKING, SPIKING, TWIN, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def confusion(counts: np.ndarray, classes: tuple[str, ...]) -> Figure:
    """Counts of true class (rows) against chosen class (columns).

    Right answers are blue and wrong ones vermilion; the deeper, the larger the share of that row.
    Shares below a few per cent are lifted, or a single mistake in a hundred would be invisible.

    Arguments:
        counts: (true class, chosen class).
        classes: Names of the classes.
    """
    from matplotlib.patches import Rectangle

    size = len(classes)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with styled():
        side = float(np.clip(0.42 * size + 0.9, 3.2, 7.6))
        figure = new_figure(side, side)
        axes = figure.subplots()
        for row, column in np.ndindex(size, size):
            count = int(counts[row, column])
            if count:
                deep = float(np.sqrt(share[row, column]))
                colour = SPIKING if row == column else TWIN
                strength = 0.9 * deep if row == column else min(0.18 + 0.9 * deep, 0.9)
                box = (column - 0.47, row - 0.47)
                axes.add_patch(
                    Rectangle(box, 0.94, 0.94, color=colour, alpha=strength, linewidth=0)
                )
            if size <= 20:
                deep_cell = count and share[row, column] > 0.3
                axes.text(
                    column,
                    row,
                    f"{count}" if count else "·",
                    ha="center",
                    va="center",
                    fontsize=9.5 if count < 1000 else 8.5,
                    color=ON_SPIKING if deep_cell else INK if count else FAINT,
                )
        axes.set_xlim(-0.5, size - 0.5)
        axes.set_ylim(size - 0.5, -0.5)
        axes.set_aspect("equal")
        axes.set_xticks(range(size), classes)
        axes.set_yticks(range(size), classes)
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        return figure

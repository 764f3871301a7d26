"""One look for every figure: quiet, legible at half size, safe for colour-blind and grey print.

Colours are seven named roles. In a PNG they are what stands here; in a web page each becomes a CSS
variable of the same name, so that one drawing serves light and dark (see `svg.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Blue and vermilion of Okabe & Ito 2008, "Color universal design". Lines that carry them differ in
# dash too, because their greys are close.
INK = "#1c2430"
MUTED = "#5d6879"
FAINT = "#b3bbc7"
GRID = "#e3e7ed"
SPIKING = "#0072b2"
TWIN = "#d55e00"
ON_SPIKING = "#fdfefe"
ROLES = {
    "ink": INK,
    "muted": MUTED,
    "faint": FAINT,
    "grid": GRID,
    "spiking": SPIKING,
    "twin": TWIN,
    "on-spiking": ON_SPIKING,
}

DASH = (0.0, (4.0, 1.8))
LINES: tuple[tuple[str, Any], ...] = ((INK, "-"), (TWIN, DASH), (SPIKING, (0.0, (1.2, 1.2))))
"""Colour and dash of lines that must be told apart, in grey print too."""
WIDTH = 7.6
"""Width of a figure in inches: one text column."""

RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.5,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelsize": 10.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "lines.solid_capstyle": "butt",
    "legend.frameon": False,
    "legend.fontsize": 10,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "svg.fonttype": "none",
    "svg.hashsalt": "spikeloom",
    "path.simplify": False,
}


def styled() -> AbstractContextManager[Any]:
    """The style, for as long as a ``with`` block lasts."""
    import matplotlib

    return matplotlib.rc_context(cast("Any", RC))  # its stubs want each key spelt as a Literal


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure, known to no global state.

    Arguments:
        height: In inches.
        width: In inches.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def grid(axes: Axes, axis: str = "y") -> None:
    """Faint lines to read values by, along one axis only; the axis line itself then goes."""
    axes.grid(True, axis=axis)  # pyright: ignore[reportArgumentType]  (a Literal in the stubs)
    if axis == "y":
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)


def bare(axes: Axes) -> None:
    """No ticks, no frame: for pictures."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def whole_ticks(axes: Axes, axis: str = "x", most: int = 6) -> None:
    """Ticks at whole numbers only: for epochs, steps and counts."""
    from matplotlib.ticker import MaxNLocator

    target = axes.xaxis if axis == "x" else axes.yaxis
    target.set_major_locator(MaxNLocator(most, integer=True, steps=[1, 2, 5, 10]))


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Move label positions apart until neighbours are at least `gap` away, keeping their order.

    >>> [round(v, 2) for v in spread([0.0, 0.1, 5.0], 1.0)]
    [-0.45, 0.55, 5.0]
    """
    order = sorted(range(len(values)), key=lambda i: values[i])
    placed = [float(values[i]) for i in order]
    for _ in range(50):
        moved = False
        for low in range(len(placed) - 1):
            short = gap - (placed[low + 1] - placed[low])
            if short > 1e-9 * max(gap, 1.0):
                placed[low] -= short / 2
                placed[low + 1] += short / 2
                moved = True
        if not moved:
            break
    result = [0.0] * len(values)
    for position, index in zip(placed, order, strict=True):
        result[index] = position
    return result

"""A phase plane: which way every state moves, where it rests, and what parts the ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.show.course import label, tex
from spikeloom.show.style import (
    DASH,
    FAINT,
    INK,
    MUTED,
    SPIKING,
    TWIN,
    new_figure,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.lab.phase_plane import PhasePlane

DOTS = (0.0, (1.2, 1.4))
MARKS: dict[str, tuple[str, str, str]] = {
    "stable node": ("o", INK, INK),
    "stable focus": ("o", INK, INK),
    "unstable node": ("o", "white", INK),
    "unstable focus": ("o", "white", INK),
    "saddle": ("D", "white", INK),
    "centre": ("s", FAINT, INK),
    "degenerate": ("s", "white", INK),
}
"""Marker, filling and edge of each kind: full is stable, open is not."""


def phase_plane(plane: PhasePlane) -> Figure:
    """Arrows of the flow, nullclines, fixed points, trajectories with their resets, separatrix.

    Arguments:
        plane: From `lab.phase_plane`.

    >>> from spikeloom import FitzHughNagumo, lab
    >>> figure = phase_plane(lab.phase_plane(FitzHughNagumo(), 0.5))
    """
    with styled():
        figure = new_figure(5.2)
        axes = figure.subplots()
        draw_phase_plane(axes, plane)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3, handlelength=2.4)
        return figure


def draw_phase_plane(axes: Axes, plane: PhasePlane) -> None:
    """The same in axes of one's own; the caller decides about a legend.

    >>> from matplotlib.figure import Figure
    >>> from spikeloom import FitzHughNagumo, lab
    >>> draw_phase_plane(Figure().subplots(), lab.phase_plane(FitzHughNagumo(), starts=()))
    """
    x, y = plane.x, plane.y
    _arrows(axes, plane)
    still = ((SPIKING, "-", x), (TWIN, DASH, y))
    for (colour, dash, name), lines in zip(still, plane.nullclines, strict=True):
        _lines(
            axes, lines, f"{tex(name)} stands still", color=colour, linestyle=dash, linewidth=2.0
        )
    _lines(axes, plane.separatrix, "separatrix", color=MUTED, linestyle=DOTS, linewidth=1.8)
    _lines(axes, plane.threshold, "threshold", color=MUTED, linewidth=1.2)
    for k, orbit in enumerate(plane.orbits):
        _orbit(axes, orbit, "trajectory" if k == 0 else None, not plane.threshold)
    for kind in dict.fromkeys(point.kind for point in plane.points):
        marker, face, edge = MARKS[kind]
        here = [point for point in plane.points if point.kind == kind]
        axes.plot(
            np.array([point[x].value for point in here]),
            np.array([point[y].value for point in here]),
            marker,
            markersize=9 if marker == "o" else 8,
            markerfacecolor=face,
            markeredgecolor=edge,
            markeredgewidth=1.8,
            linestyle="none",
            label=kind,
            zorder=6,
        )
    axes.set_xlim(*plane.view[0])
    axes.set_ylim(*plane.view[1])
    axes.set_xlabel(label(x, plane.units[x]))
    axes.set_ylabel(label(y, plane.units[y]))
    held = [
        f"{tex(n)} = {q!s}".replace("-", "−") if q is not None else f"{tex(n)} steady"
        for n, q in plane.at.items()
    ]
    if held:
        axes.set_title(", ".join(held), color=MUTED, fontsize=9.5)


def _lines(axes: Axes, lines: tuple[np.ndarray, ...], name: str, **style: Any) -> None:
    for k, line in enumerate(lines):
        axes.plot(*line.T, label=name if k == 0 else None, **style)


def _arrows(axes: Axes, plane: PhasePlane) -> None:
    """Short arrows of one length: they tell where to, not how fast."""
    box = axes.get_window_extent()
    side = (box.width, box.height)  # so that directions are true
    dx, dy = (
        rate * length / (high - low)
        for rate, length, (low, high) in zip(plane.rates, side, plane.view, strict=True)
    )
    with np.errstate(all="ignore"):
        speed = np.hypot(dx, dy)
        dx, dy = (np.where(speed > 0, d / speed, np.nan) for d in (dx, dy))
    axes.quiver(
        *np.meshgrid(*plane.grid),
        dx,
        dy,
        color=FAINT,
        pivot="mid",
        angles="uv",
        scale=42,
        width=0.0026,
        headwidth=4.5,
        headlength=5,
        headaxislength=4.5,
        zorder=1,
    )


def _orbit(axes: Axes, orbit: tuple[np.ndarray, ...], name: str | None, smooth: bool) -> None:
    """Pieces of a trajectory, dotted where a reset joins them, with an arrowhead on the way."""
    for k, piece in enumerate(orbit):
        axes.plot(*piece.T, color=INK, linewidth=1.5, label=name if k == 0 else None, zorder=4)
        if k:
            jump = np.array([orbit[k - 1][-1], piece[0]])
            axes.plot(*jump.T, color=INK, linewidth=0.9, linestyle=DOTS, alpha=0.7, zorder=3)
    if len(orbit) and len(orbit[0]):
        axes.plot(*orbit[0][0], ".", color=INK, markersize=7, zorder=5)

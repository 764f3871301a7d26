"""Separatrices: the two lines that lead into a saddle, and so part the plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spikeloom.lab.orbit import integrate
from spikeloom.lab.plane import Plane
from spikeloom.lab.vector_field import Array
from spikeloom.lab.view import View

if TYPE_CHECKING:
    from spikeloom.lab.fixed_points import FixedPoint

STEP = 1e-4
"""Distance from the saddle at which the line is taken up, in widths of the view."""
LONG = 40.0
"""Times of the saddle that it is followed for."""
OUT = 0.6
"""Where it ends, in widths of the view from its middle."""


def separatrices(plane: Plane, points: Sequence[FixedPoint], view: View) -> tuple[Array, ...]:
    """The stable manifold of each saddle, one line (points, 2) for each of its two branches.

    It is followed backwards in time, along which it attracts. Only where x and y are all that
    moves: with more states the manifold is a surface, and no line parts the plane.
    """
    if len(plane.field.states) != 2:
        return ()
    order = [plane.field.states.index(plane.x), plane.field.states.index(plane.y)]
    low, high = np.array([view.x, view.y]).T
    middle, width = (low + high) / 2, high - low

    def outside(x: Sequence[float]) -> float:
        away = np.abs((np.array(x)[order] - middle) / width)
        return float(away.max()) - OUT

    lines: list[Array] = []
    for point in (p for p in points if p.kind == "saddle"):
        values, vectors = np.linalg.eig(point.jacobian)
        way = np.real(vectors[:, int(np.argmin(np.real(values)))])
        way = way / float(np.abs(way[order] / width).max())
        place = dict(zip(point.names, point.values, strict=True))
        saddle = np.array([place[name] for name in plane.field.states])
        duration = LONG / abs(float(np.real(values).min()))
        for sign in (1, -1):
            found = integrate(
                plane.field, saddle + sign * STEP * way, duration, stop=outside, backwards=True
            )[1]
            lines.append(np.concatenate([saddle[None], found])[:, order])
    return tuple(lines)

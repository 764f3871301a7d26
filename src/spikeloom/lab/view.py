"""What a phase plane shows: all that is asked for, or all that there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations.units import mV
from spikeloom.errors import ParameterError, suggest
from spikeloom.lab.box import range_of
from spikeloom.lab.contours import contours
from spikeloom.lab.plane import Plane
from spikeloom.lab.reduction import reduce
from spikeloom.lab.vector_field import Array

if TYPE_CHECKING:
    from spikeloom.lab.fixed_points import FixedPoint

MARGIN = 0.1
ROOM = 0.15
"""Share of the height that stays free around a turn of the nullcline."""
LINES = 121
"""Grid lines between which turns are looked for."""


@dataclass(frozen=True)
class View:
    """Ranges of the two states of a plane, in their units."""

    plane: Plane
    x: tuple[float, float]
    y: tuple[float, float]

    def grid(self, lines: int) -> tuple[Array, Array]:
        """Grid lines over it."""
        return np.linspace(*self.x, lines), np.linspace(*self.y, lines)

    def shows(self, point: FixedPoint) -> bool:
        """Whether a fixed point is in view."""
        place = dict(zip(point.names, point.values, strict=True))
        return all(
            low <= place[name] <= high
            for name, (low, high) in ((self.plane.x, self.x), (self.plane.y, self.y))
        )


def view_of(
    who: str, plane: Plane, rests: Array, seen: Array, within: Mapping[str, Any] | None
) -> View:
    """The ranges that are given; else what trajectories, fixed points and nullclines take up.

    Arguments:
        who: For messages.
        plane: The plane.
        rests: Fixed points (R, S).
        seen: Points of the trajectories, (T, 2).
        within: State → range.
    """
    field, given = plane.field, dict(within or {})
    declared = {s.name: s.unit for s in field.definition.states}
    for name in given:
        if name not in declared:
            raise ParameterError(
                f"{who}: {field.definition.name} has no state {name!r}.",
                hint=suggest(str(name), declared),
            )
    places = rests[:, [field.states.index(plane.x), field.states.index(plane.y)]]
    seen = seen[np.isfinite(seen).all(-1)]
    if plane.x in given:
        x = range_of(who, plane.x, declared[plane.x], given[plane.x])
    else:
        x = _around(seen[:, 0], places[:, 0], _usual(plane, plane.x, places[:, 0]))
    if plane.y in given:
        y = range_of(who, plane.y, declared[plane.y], given[plane.y])
    else:
        inside = places[(places[:, 0] >= x[0]) & (places[:, 0] <= x[1])]
        y = _around(
            seen[:, 1], inside[:, 1], _steady(plane, x) or _usual(plane, plane.y, inside[:, 1])
        )
        y = _with_turns(plane, x, y)
    return View(plane, x, y)


def _around(seen: Array, places: Array, usual: tuple[float, float]) -> tuple[float, float]:
    """Everything that was seen, with fixed points that are not far off."""
    low, high = (seen.min(), seen.max()) if len(seen) else (np.inf, -np.inf)
    width = max(high - low, 0.0)
    if width < 0.02 * (usual[1] - usual[0]):  # next to nothing moved
        low, high = min(low, usual[0]), max(high, usual[1])
        width = high - low
    near = places[(places > min(low - width, usual[0])) & (places < max(high + width, usual[1]))]
    if len(near):
        low, high = min(low, near.min()), max(high, near.max())
    edge = MARGIN * (high - low)
    return float(low - edge), float(high + edge)


def _with_turns(
    plane: Plane, x: tuple[float, float], y: tuple[float, float]
) -> tuple[float, float]:
    """A range wide enough for where the x-nullcline turns, if that is not far off.

    There it decides how far a trajectory gets, and a picture without it explains little.
    """

    def rate(at: Array, y: Array) -> Array:
        return plane(at, y)[0]

    def slopes(at: Array, y: Array) -> tuple[Array, Array]:
        made = plane.jacobian(at, y)
        return made[..., 0, 0], made[..., 0, 1]

    width = y[1] - y[0]
    wide = np.linspace(y[0] - width, y[1] + width, LINES)
    turns: list[float] = []
    for line in contours(rate, slopes, np.linspace(*x, LINES), wide):
        if plane.margin is not None:
            line = line[plane.past_threshold(*line.T) <= 0]
        steps = np.sign(np.diff(line[:, 1]))
        turns += line[1:-1, 1][steps[1:] * steps[:-1] < 0].tolist()
    turns = [t for t in turns if y[0] - width < t < y[1] + width]
    room = ROOM * width
    return min([y[0], *(t - room for t in turns)]), max([y[1], *(t + room for t in turns)])


def _steady(plane: Plane, x: tuple[float, float]) -> tuple[float, float] | None:
    """The values at which y stands still for any x in view, where they follow from x."""
    reduction = reduce(plane.field, keep=(plane.x,))
    if len(reduction.core) > 1:
        return None
    values = reduction.whole(np.linspace(*x, 200)[:, None])[:, plane.field.states.index(plane.y)]
    values = values[np.isfinite(values)]
    if not len(values) or values.min() == values.max():
        return None
    return float(values.min()), float(values.max())


def _usual(plane: Plane, name: str, places: Array) -> tuple[float, float]:
    """Where a state may be expected when nothing was seen of it."""
    unit, start = plane.field.definition.state(name).unit, plane.field.start[name]
    if unit.fits(mV):
        factor = float((1 * mV).to(unit))
        return min(-90 * factor, start), max(40 * factor, start)
    low, high = min(start, *places, start), max(start, *places, start)
    edge = 0.5 * (high - low) if len(places) and high > low else 2 * max(1.0, abs(start))
    return low - edge, high + edge

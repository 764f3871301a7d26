"""`phase_plane`: two states of a neuron against one another, and everything that rules them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.errors import ParameterError, suggest
from spikeloom.lab.box import box_of
from spikeloom.lab.constant import constant_inputs, states_given
from spikeloom.lab.contours import contours, runs
from spikeloom.lab.fixed_points import FixedPoint, fixed_point, resting
from spikeloom.lab.orbit import orbit, slow_time
from spikeloom.lab.plane import Plane, plane_of
from spikeloom.lab.reduction import reduce
from spikeloom.lab.separatrix import separatrices
from spikeloom.lab.vector_field import Array, VectorField, vector_field
from spikeloom.lab.view import View, view_of

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

ARROWS = 24
"""Arrows along each side."""
LINES = 161
"""Grid lines that nullclines are looked for between."""
FEW, MANY = 12, 1000
"""Most resets of a trajectory."""


@dataclass(frozen=True, eq=False, repr=False)
class PhasePlane:
    """A phase plane. Lines are arrays (points, 2) of x and y in their units.

    Arguments:
        model: Name of the model.
        x, y: The two states.
        units: Unit of every state, and of ``"time"``.
        view: What is shown of x and of y, (low, high) each.
        grid: Places of the arrows, (X,) and (Y,).
        rates: dx/dt and dy/dt there, each (Y, X), per unit of time; NaN as below.
        nullclines: Where x stands still, and where y does: two tuples of lines. Where a model holds
            its flow back past the threshold, as with min(v, peak), they end there.
        points: Fixed points in view.
        orbits: Trajectories, each a tuple of lines, cut at resets.
        threshold: Where the neuron fires and is reset; empty where it is not reset.
        separatrix: The stable manifold of the saddles: what parts the plane into basins.
        at: Every other moving state: a quantity where it is frozen, None where it is at its steady
            value for the x and y.
        hybrid: Whether a spike moves the state: the flow then holds only between resets.

    >>> from spikeloom import Izhikevich, lab
    >>> plane = lab.phase_plane(Izhikevich(), starts=())
    >>> isinstance(plane, PhasePlane), len(plane.nullclines[0]), len(plane.separatrix)
    (True, 1, 2)
    """

    model: str
    x: str
    y: str
    units: Mapping[str, Unit]
    view: tuple[tuple[float, float], tuple[float, float]]
    grid: tuple[Array, Array]
    rates: tuple[Array, Array]
    nullclines: tuple[tuple[Array, ...], tuple[Array, ...]]
    points: tuple[FixedPoint, ...]
    orbits: tuple[tuple[Array, ...], ...]
    threshold: tuple[Array, ...]
    separatrix: tuple[Array, ...]
    at: Mapping[str, Quantity | None]
    hybrid: bool

    def __repr__(self) -> str:
        parts = [f"{self.model}: {self.y} ({self.units[self.y]!s}) over {self.x}"
                 f" ({self.units[self.x]!s})".replace(" ()", "")]  # fmt: skip
        parts += [repr(point) for point in self.points] or ["no fixed point in view"]
        parts += [f"{n} frozen at {q}" if q else f"{n} steady" for n, q in self.at.items()]
        count = len(self.separatrix)
        parts += [f"separatrix in {count} piece{'s' * (count != 1)}"] if count else []
        parts += ["between resets"] if self.hybrid else []
        return "; ".join(parts)


def phase_plane(
    model: Cell | Neuron | Refractory,
    input: Any = None,
    *,
    x: str | None = None,
    y: str | None = None,
    into: str | None = None,
    held: Mapping[str, Any] | None = None,
    at: Mapping[str, Any] | None = None,
    within: Mapping[str, Any] | None = None,
    starts: Sequence[Mapping[str, Any]] = ({},),
    duration: Quantity | None = None,
) -> PhasePlane:
    """Flow, nullclines, fixed points, trajectories and separatrix in the plane of two states.

    All of it comes from the flow that the equations say, and its derivatives. A model with more
    than two states is cut: each other state is frozen where `at` puts it, or at its steady value
    for the x and y of every point.

    Arguments:
        model: One neuron.
        input: Constant input with its unit; none if None.
        x, y: The two states; the first two that move if None.
        into: Name of the input; needed only where there are several.
        held: Further inputs, name → value.
        at: Other states that stand still, name → value.
        within: What is shown: state → (low, high) with units. By default what the trajectories
            and fixed points take up.
        starts: Where trajectories begin: state → value for what is elsewhere than the model's
            start. ``()`` for none.
        duration: How long they run; a few of the slowest time constants if None.

    Returns:
        The plane; `show.phase_plane` draws it.

    Raises:
        ParameterError: No such state, input or value, or a model with only one state that moves.
        UnitError: A value does not have the unit of what it is for.

    Source: Izhikevich 2007, Dynamical Systems in Neuroscience, chapter 4.

    Example:
        >>> from spikeloom import FitzHughNagumo, lab
        >>> lab.phase_plane(FitzHughNagumo(), 0.5)
        FitzHughNagumo: w over v; unstable focus at v = -0.804848, w = -0.13106
    """
    who = "phase_plane"
    inputs = constant_inputs(who, model, input, into, held)
    frozen = states_given(who, model, at)
    field = vector_field(who, model, inputs, frozen=frozen)
    x, y = _axes(who, field, x, y)
    plane = plane_of(who, field, x, y)
    reduction = reduce(field)
    rests = resting(reduction, box_of(who, field, reduction.core, within))
    # Unless they are asked for, a few spikes are enough to see where they lead.
    length = slow_time(who, field, rests, duration), FEW if duration is None else MANY
    runs = [_lines(who, model, inputs, plane, start, *length) for start in starts]
    seen = np.concatenate([line for run in runs for line in run] or [np.empty((0, 2))])
    view = view_of(who, plane, rests, seen, within)
    points = tuple(p for p in (fixed_point(field, r) for r in rests) if view.shows(p))
    arrows = [np.linspace(a, b, 2 * ARROWS + 1)[1::2] for a, b in (view.x, view.y)]
    return PhasePlane(
        model=field.definition.name,
        x=x,
        y=y,
        units={s.name: s.unit for s in field.definition.states}
        | {"time": field.definition.time_unit},
        view=(view.x, view.y),
        grid=(arrows[0], arrows[1]),
        rates=_reached(plane, *np.meshgrid(*arrows)),
        nullclines=(_nullcline(plane, view, 0), _nullcline(plane, view, 1)),
        points=points,
        orbits=tuple(runs),
        threshold=_threshold(plane, view),
        separatrix=separatrices(plane, points, view),
        at={
            s.name: float(field.still[s.name]) * s.unit if s.name in field.still else None
            for s in field.definition.states
            if s.name not in (x, y)
        },
        hybrid=field.hybrid,
    )


def _axes(who: str, field: VectorField, x: str | None, y: str | None) -> tuple[str, str]:
    for name in (x, y):
        if name is not None and name not in field.states:
            known = [s.name for s in field.definition.states]
            raise ParameterError(
                f"{who}: {field.definition.name} has no state {name!r} that moves.",
                hint=suggest(str(name), field.states if name in known else known),
            )
    left = [name for name in field.states if name not in (x, y)]
    x = left.pop(0) if x is None and left else x
    y = left.pop(0) if y is None and left else y
    if x is None or y is None or x == y:
        raise ParameterError(
            f"{who}: a plane needs two states that move, and {field.definition.name} has"
            f" {', '.join(field.states)}.",
            hint="fixed_points and bifurcation work with one; or let fewer states stand still",
        )
    return x, y


def _lines(
    who: str,
    model: Any,
    inputs: Mapping[str, float],
    plane: Plane,
    start: Mapping[str, Any],
    length: float,
    resets: int,
) -> tuple[Array, ...]:
    """One trajectory of the whole model, except for what is frozen, as lines in the plane."""
    field = plane.field
    given = states_given(who, model, start)
    whole = vector_field(who, model, inputs, frozen=field.frozen, all_states=True)
    first = {**field.start, **given}
    # What is steady begins at its steady value for the x and y, unless it is said otherwise.
    steady = plane.whole(np.array(first[plane.x]), np.array(first[plane.y]))
    begin = dict(zip(field.states, steady.tolist(), strict=True)) | given
    made = orbit(
        whole, np.array([begin.get(n, whole.start[n]) for n in whole.states]), length, resets
    )
    axes = [whole.states.index(plane.x), whole.states.index(plane.y)]
    return tuple(piece[:, axes] for piece in made.pieces)


def _nullcline(plane: Plane, view: View, row: int) -> tuple[Array, ...]:
    def rate(x: Array, y: Array) -> Array:
        return plane(x, y)[row]

    def slopes(x: Array, y: Array) -> tuple[Array, Array]:
        made = plane.jacobian(x, y)
        return made[..., row, 0], made[..., row, 1]

    lines = contours(rate, slopes, *view.grid(LINES))
    if plane.held_back:
        lines = [run for line in lines for run in runs(line, plane.past_threshold(*line.T) <= 0)]
    return tuple(line for line in lines if len(line) > 1)


def _reached(plane: Plane, x: Array, y: Array) -> tuple[Array, Array]:
    """Rates, but for what lies past a threshold that holds them back."""
    dx, dy = plane(x, y)
    if plane.held_back:
        beyond = plane.past_threshold(x, y) > 0
        dx, dy = (np.where(beyond, np.nan, rate) for rate in (dx, dy))
    return dx, dy


def _threshold(plane: Plane, view: View) -> tuple[Array, ...]:
    if plane.margin is None:
        return ()

    def slopes(x: Array, y: Array) -> tuple[Array, Array]:
        made = plane.margin_slopes(x, y)
        return made[..., 0], made[..., 1]

    return tuple(contours(plane.past_threshold, slopes, *view.grid(LINES)))

"""Trajectories with adaptive steps: where a state goes, through resets, forwards or backwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Node, leaves
from spikeloom.errors import ParameterError
from spikeloom.lab.constant import plain
from spikeloom.lab.tape import tape
from spikeloom.lab.vector_field import Array, VectorField

TOLERANCE = 1e-8
FINER = 4
"""Points of a drawn line for each step of the integrator."""
TIMES = 15.0
"""Slowest times of a flow that are long enough to see it."""


@dataclass(frozen=True, eq=False)
class Orbit:
    """One trajectory, cut where a reset moves it.

    Arguments:
        times: Of each piece, (T,), in the field's time unit.
        pieces: States of each piece, (T, S).
    """

    times: tuple[Array, ...]
    pieces: tuple[Array, ...]

    @property
    def resets(self) -> Array:
        """Times of the resets."""
        return np.array([t[-1] for t in self.times[:-1]])

    @property
    def points(self) -> Array:
        """All points in order, (T, S)."""
        return np.concatenate(self.pieces)


def orbit(field: VectorField, start: Array, duration: float, resets: int = 500) -> Orbit:
    """Where a neuron goes from a state, through its spikes.

    Arguments:
        field: A flow over all states, as `vector_field(..., all_states=True)` makes it.
        start: Where it begins, (S,).
        duration: How long, in the field's time unit.
        resets: Most resets that it goes through.
    """
    crossing, reset = _crossing(field), _reset(field)
    now, x = 0.0, np.asarray(start, np.float64)
    times: list[Array] = []
    pieces: list[Array] = []
    while now < duration and len(pieces) <= resets:
        t, points, crossed = integrate(field, x, duration - now, stop=crossing)
        times.append(now + t)
        pieces.append(points)
        now += float(t[-1])
        if not crossed or reset is None or not np.isfinite(points[-1]).all():
            break
        x = np.array(reset(points[-1].tolist()))
    return Orbit(tuple(times), tuple(pieces))


def slow_time(who: str, field: VectorField, rests: Array, given: Any) -> float:
    """How long to watch: what is asked for, or several of the slowest times of the flow."""
    unit = field.definition.time_unit
    if given is not None:
        length = plain(who, "duration", unit, given)
        if length <= 0:
            raise ParameterError(f"{who}: duration must be above 0, got {given}.")
        return length
    first = np.array([[field.start[name] for name in field.states]])
    slopes = field.jacobian(rests if len(rests) else first)
    slopes = slopes[np.isfinite(slopes).all((-2, -1))]
    speeds = np.abs(np.linalg.eigvals(slopes)).ravel()
    speeds = speeds[speeds > 1e-4 * speeds.max(initial=0.0)]
    return TIMES / float(speeds.min()) if len(speeds) else 100.0


def integrate(
    field: VectorField,
    start: Array,
    duration: float,
    *,
    stop: Callable[[Sequence[float]], float] | None = None,
    backwards: bool = False,
) -> tuple[Array, Array, bool]:
    """(times, states, whether it was stopped), until `stop` rises through zero or time is over."""
    from scipy.integrate import solve_ivp

    flow, sign = tape(field.flow, [f"state:{s}" for s in field.states]), -1.0 if backwards else 1.0

    def rates(_: float, x: Array) -> list[float]:
        return [sign * rate for rate in flow(x.tolist())]

    def event(_: float, x: Array) -> float:
        return -1.0 if stop is None else stop(x.tolist())

    marked: Any = event
    marked.terminal, marked.direction = True, 1
    with np.errstate(all="ignore"):
        found = solve_ivp(
            rates,
            (0.0, duration),
            start,
            method="LSODA",
            rtol=TOLERANCE,
            atol=TOLERANCE * np.maximum(np.abs(start), 1e-2),
            dense_output=True,
            events=marked,
        )
    knots = np.asarray(found.t)
    share = np.arange(FINER) / FINER
    t = np.append((knots[:-1, None] + np.diff(knots)[:, None] * share).ravel(), knots[-1])
    points = found.sol(t).T if len(knots) > 1 else np.asarray(found.y).T
    points[-1] = np.asarray(found.y)[:, -1]
    return t[: len(points)], points, bool(found.status == 1)


def _crossing(field: VectorField) -> Callable[[Sequence[float]], float] | None:
    """What rises through zero at a spike; None where spikes move nothing or come by chance."""
    if not field.hybrid:
        return None
    g, here = field.graph, field.point
    threshold = field.lowered.fires(here, here)
    if threshold is None or threshold.probability is not None:
        return None
    rises = field.definition.fires is not None and field.definition.fires.op == "rises"
    if threshold.margin is not None and (threshold.gate is None or rises):
        node = threshold.margin
    else:
        fired = threshold.crossed
        fired = fired if threshold.gate is None else g.apply("and", fired, threshold.gate)
        node = g.sub(g.apply("indicator", fired), g.const(0.5))
    return _number(field, node)


def _number(field: VectorField, node: Node) -> Callable[[Sequence[float]], float] | None:
    settled, names = field.settle(node), [f"state:{s}" for s in field.states]
    if not leaves([settled]) <= set(names):
        return None
    run = tape(emit(field.graph, {"value": settled}), names)
    return lambda x: run(x)[0]


def _reset(field: VectorField) -> Callable[[Sequence[float]], list[float]] | None:
    after, names = field.lowered.reset(field.point), [f"state:{s}" for s in field.states]
    nodes = {name: field.settle(after[name]) for name in field.states}
    if not leaves(nodes.values()) <= set(names):
        return None
    return tape(emit(field.graph, nodes), names)

"""From event to event: arrivals, changes of an inflow, spikes, the end of a refractory period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from spikeloom.compile.motion import Motion
from spikeloom.compile.step import COUNTER
from spikeloom.engines.continuous.cell import Inputs, NumberCell
from spikeloom.errors import NumericsError

Array = np.ndarray[Any, np.dtype[Any]]
MOST = 1000
"""Spikes of one neuron within one dt after which a run is taken to be a mistake."""


class Leg(Protocol):
    """A stretch of the way without an event."""

    @property
    def length(self) -> float:
        """How long it lasts: as long as was asked for, or until the spike."""
        ...

    @property
    def fired(self) -> bool:
        """Whether it ends in a spike."""
        ...

    def at(self, times: Array) -> Array:
        """States (S, n) at times since the start of the leg."""
        ...


class Mover(Protocol):
    """How to get from one event to the next."""

    def go(self, x: Array, length: float, inputs: Inputs, resting: bool, watch: bool) -> Leg:
        """Move for `length`, or, with `watch`, until the margin rises from below 0 to 0."""
        ...


@dataclass
class Trip:
    """What one neuron did."""

    spikes: list[float]
    rows: Array
    """States at the ends of the steps, (T, S)."""
    last: Array
    """States at the end, the rest of the refractory period last if there is one."""


def walk(
    cell: NumberCell, mover: Mover, start: Array, dt: float, steps: int,
    inputs: Mapping[str, Array],
) -> Trip:  # fmt: skip
    """Run one neuron.

    Arguments:
        cell: The neuron.
        mover: How it moves between events.
        start: States, with the number of steps still to rest last if it may be refractory.
        dt, steps: Inputs may change, and states are kept, every dt.
        inputs: Name → its value in every step, (T,), or in all of them, ().
    """
    motion, cell.crowded = cell.motion, dt
    x, free = np.array(start[: cell.size], np.float64), 0.0
    if motion.hold:
        free = float(start[motion.states.index(COUNTER)]) * dt
    series = {n: v for n, v in inputs.items() if np.ndim(v)}
    rows = np.empty((steps, cell.size))
    trip = Trip([], rows, x)
    for first, last in _stretches(series, motion, steps):
        now, until = first * dt, last * dt
        given = [_now(inputs.get(name), first) for name in motion.inputs]
        below = _below(cell, x, given)
        x = cell.after_arrival(x, given, now < free)
        if now >= free and _fires_at_once(motion, cell, x, given, below):
            x, free = _spike(trip, cell, x, given, now)
        kept = first
        while now < until:
            resting = now < free
            end = min(until, free) if resting else until
            leg = mover.go(x, end - now, given, resting, motion.spikes and not resting)
            after = end if not leg.fired else now + leg.length
            kept = _keep(rows, leg, now, after, dt, kept, last)
            x, now = leg.at(np.array([leg.length]))[:, 0], after
            if not np.all(np.isfinite(x)):
                raise NumericsError(
                    f"{motion.model}: its states grow without bound near {now:g}"
                    f" {motion.time_unit}.",
                    hint="look at its equations and its input; no time step would help",
                )
            released = resting and now >= free and not motion.rises
            at_threshold = released and motion.spikes and cell.margin(x, given) >= 0
            if leg.fired or at_threshold:
                x, free = _spike(trip, cell, x, given, now)
                if kept and abs(now - kept * dt) < 1e-12 * dt * max(kept, 1):
                    rows[kept - 1] = x  # at a spike on the grid, as it is after the reset
    trip.last = np.append(x, max(free - steps * dt, 0.0) / dt) if motion.hold else x
    return trip


def _now(value: Array | None, step: int) -> float:
    if value is None:
        return 0.0
    return float(value[step] if np.ndim(value) else value)


def _stretches(series: Mapping[str, Array], motion: Motion, steps: int) -> list[tuple[int, int]]:
    """Spans of steps (first, after the last): the same inflows, impulses at the first alone."""
    cut = np.zeros(steps, bool)
    cut[:1] = True
    for name, values in series.items():
        if name in motion.inflows:
            cut[1:] |= values[1:] != values[:-1]
        else:
            cut |= values != 0
            cut[1:] |= values[:-1] != 0
    at = [*np.flatnonzero(cut).tolist(), steps]
    return list(pairwise(at))


def _below(cell: NumberCell, x: Array, given: Inputs) -> bool:
    return cell.motion.spikes and cell.margin(x, given) < 0


def _fires_at_once(motion: Motion, cell: NumberCell, x: Array, given: Inputs, below: bool) -> bool:
    """Whether an arrival has lifted it over its threshold."""
    if not motion.spikes or (motion.rises and not below):
        return False
    return cell.margin(x, given) >= 0


def _spike(
    trip: Trip, cell: NumberCell, x: Array, given: Inputs, now: float
) -> tuple[Array, float]:
    """States after the spike, and when the neuron is free again."""
    trip.spikes.append(now)
    if len(trip.spikes) > MOST and now - trip.spikes[-MOST] < cell.crowded:
        raise NumericsError(
            f"{cell.motion.model}: {MOST} spikes of one neuron in less than one dt, near {now:g}"
            f" {cell.motion.time_unit}.",
            hint="its input is far too strong, or its unit is not the one you mean",
        )
    x = cell.after_spike(x, given)
    motion = cell.motion
    if not motion.hold and not motion.rises and cell.margin(x, given) >= 0:
        raise NumericsError(
            f"{motion.model}: a spike at {now:g} {motion.time_unit} leaves it at or above its"
            " threshold.",
            hint="without time steps it would fire for ever: reset it below, or make it Refractory",
        )
    return x, now + cell.period


def _keep(rows: Array, leg: Leg, now: float, after: float, dt: float, kept: int, last: int) -> int:
    """Write down the states at the ends of the steps that the leg covers."""
    first = kept
    while kept < last and (kept + 1) * dt <= after * (1 + 1e-14):
        kept += 1
    if kept > first:
        times = np.clip((np.arange(first, kept) + 1) * dt - now, 0.0, leg.length)
        rows[first:kept] = leg.at(times).T
    return kept

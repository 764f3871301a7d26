"""What a neuron does once it has settled: rest, or an oscillation with its extrema and period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.lab.vector_field import Array

LONGEST = 40
"""Most spikes in one period that are looked for."""


@dataclass(frozen=True, eq=False)
class Motion:
    """What was seen of one neuron for a while.

    Arguments:
        low, high: Extrema of every state, (S,).
        intervals: Times between spikes, or between upward crossings of the middle where nothing
            counts as a spike, in time units.
        period: Time after which all repeats; NaN at rest, and where nothing repeats.
        spikes: Number of intervals in it; 0 where nothing repeats.
    """

    low: Array
    high: Array
    intervals: Array
    period: float
    spikes: int

    @property
    def rate(self) -> float:
        """Spikes per time unit; 0 at rest."""
        return 1 / float(self.intervals.mean()) if len(self.intervals) else 0.0


def motion(traces: Array, spikes: Array, level: float | None, dt: float, still: float) -> Motion:
    """What one neuron did.

    Arguments:
        traces: States after each step, (S, T); the first one is that which is watched.
        spikes: Steps at which the engine saw a spike.
        level: Of the first state, where a spike is a crossing of it; None where states are reset.
        dt: Time step.
        still: Less than this between the extrema of the first state is rest.
    """
    low, high = traces.min(-1), traces.max(-1)
    none = np.empty(0)
    if high[0] - low[0] < still:
        return Motion(low, high, none, float("nan"), 0)
    v = traces[0]
    if len(spikes) > 2 and level is None:
        times = spikes * dt
    else:
        counted = level if level is not None and low[0] < level < high[0] else None
        times = crossings(v, (low[0] + high[0]) / 2 if counted is None else counted, dt)
    intervals = np.diff(times)
    count, period = repeats(intervals, dt if level is None else 1e-3 * dt)
    return Motion(low, high, intervals, period, count)


def crossings(v: Array, level: float, dt: float) -> Array:
    """Times at which v rises through a level, by a cubic through four points."""
    at = np.flatnonzero((v[:-1] < level) & (v[1:] >= level))
    at = at[(at >= 1) & (at < len(v) - 2)]
    if not len(at):
        return np.empty(0)
    y0, y1, y2, y3 = (v[at + k] - level for k in (-1, 0, 1, 2))
    share = y1 / (y1 - y2)
    for _ in range(6):  # Newton's method on the polynomial through the four points
        s = share
        value = (
            -s * (s - 1) * (s - 2) / 6 * y0
            + (s + 1) * (s - 1) * (s - 2) / 2 * y1
            - (s + 1) * s * (s - 2) / 2 * y2
            + (s + 1) * s * (s - 1) / 6 * y3
        )
        share = np.clip(s - value / (y2 - y1), 0, 1)
    return (at + share) * dt


def repeats(intervals: Array, grain: float) -> tuple[int, float]:
    """(number of intervals after which they repeat, the time that is); (0, NaN) if they do not.

    >>> count, period = repeats(np.array([3.0, 1, 1, 3, 1, 1, 3, 1]), 0.01)
    >>> count, period
    (3, 5.0)
    """
    for count in range(1, min(LONGEST, len(intervals) // 2) + 1):
        off = np.abs(intervals[count:] - intervals[:-count])
        if np.all(off <= np.maximum(1e-3 * intervals.max(), 2.5 * grain)):
            whole = len(intervals) // count * count
            return count, float(intervals[-whole:].sum() * count / whole)
    return 0, float("nan")

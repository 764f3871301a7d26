"""Extrema and crossings of a smooth curve between the points at which it is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import Polynomial

Array = np.ndarray[Any, np.dtype[Any]]
POINTS = 7
"""Through how many points a polynomial is laid."""


def extremum(times: Array, values: Array) -> tuple[float, float]:
    """Time and height of the highest point.

    >>> t = np.arange(0, 3, 0.1)
    >>> [round(x, 9) for x in extremum(t, np.sin(t))]  # at pi / 2
    [1.570796327, 1.0]
    """
    k = int(np.argmax(values))
    if k in (0, len(values) - 1):
        return float(times[k]), float(values[k])
    near = _near(times, values, k)
    roots = [float(x.real) for x in near.deriv().roots() if abs(x.imag) < 1e-9]
    inside = [x for x in roots if times[k - 1] <= x <= times[k + 1]]
    best = max(inside, key=near, default=float(times[k]))
    return best, max(float(near(best)), float(values[k]))


def crossing(times: Array, values: Array, level: float, peak: float) -> tuple[float, float]:
    """Where a curve reaches a level last before its peak, and where it falls below it first.

    Returns:
        Two times; the first one at the start if it is above the level from there on, the second
        NaN if it stays above the level.

    >>> t = np.arange(0, 3.2, 0.1)
    >>> [round(x, 9) for x in crossing(t, np.sin(t), 0.5, np.pi / 2)]  # pi / 6 and 5 pi / 6
    [0.523598776, 2.617993878]
    """
    below = values < level
    before = np.flatnonzero(below & (times < peak))
    after = np.flatnonzero(below & (times > peak))
    rises = _solve(times, values, level, int(before[-1])) if len(before) else float(times[0])
    falls = _solve(times, values, level, int(after[0]) - 1) if len(after) else float("nan")
    return rises, falls


def _solve(times: Array, values: Array, level: float, k: int) -> float:
    """The crossing between points k and k + 1."""
    roots = (_near(times, values, k) - level).roots()
    found = [float(x.real) for x in roots if abs(x.imag) < 1e-9]
    inside = [x for x in found if times[k] <= x <= times[k + 1]]
    if inside:
        return inside[0]
    left, right = values[k], values[k + 1]
    return float(times[k] + (level - left) / (right - left) * (times[k + 1] - times[k]))


def _near(times: Array, values: Array, k: int) -> Polynomial:
    first = max(0, min(k - POINTS // 2, len(times) - POINTS))
    part = slice(first, first + POINTS)
    return Polynomial.fit(times[part], values[part], len(times[part]) - 1)

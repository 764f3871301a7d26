"""Roots: all of one equation on an interval, those of several that many starts lead to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spikeloom.lab.vector_field import Array

Function = Callable[[Array], Array]
CELLS = 4000
"""Cells that an interval is cut into."""
STARTS = 2048
"""Points that Newton's method starts from in several dimensions."""


def all_roots(f: Function, slope: Function, low: float, high: float) -> Array:
    """Every root of f on [low, high], in order (R,).

    The interval is cut into cells and once more at each extremum of f, so that two roots within a
    cell, as close to a saddle-node, lie in two pieces. A change of sign through infinity is no
    root.

    >>> all_roots(lambda x: x**2 - 1e-8, lambda x: 2 * x, -3.0, 2.0).tolist()
    [-0.0001, 0.0001]
    """
    at = np.linspace(low, high, CELLS + 1)
    with np.errstate(all="ignore"):
        d = slope(at)
        turns = np.flatnonzero(np.sign(d[:-1]) * np.sign(d[1:]) < 0)
        extrema = bisect(slope, at[turns], at[turns + 1])
        at = np.unique(np.concatenate([at, extrema]))
        y = f(at)
        size = np.nanmax(np.where(np.isfinite(y), np.abs(y), 0.0), initial=0.0)
        # A double root, where f touches zero at an extremum, has no change of sign to show for it.
        touched = extrema[np.abs(f(extrema)) <= 1e-14 * size] if size else extrema[:0]
        cells = np.flatnonzero(np.sign(y[:-1]) * np.sign(y[1:]) < 0)
        crossed = bisect(f, at[cells], at[cells + 1])
        # At a root f is smaller than at both ends, or nothing at all; at a pole it is neither.
        near = np.minimum(np.abs(y[cells]), np.abs(y[cells + 1]))
        usual = float(np.median(np.abs(y[np.isfinite(y)]))) if np.isfinite(y).any() else 0.0
        crossed = crossed[np.abs(f(crossed)) <= np.maximum(near, 1e-9 * usual)]
    return np.unique(np.concatenate([crossed, touched, at[y == 0] if size else at[:0]]))


def bisect(f: Function, left: Array, right: Array) -> Array:
    """The root between each pair of ends with different signs, to the last digit."""
    left, right = left.copy(), right.copy()
    sign = np.sign(f(left))
    for _ in range(80):
        middle = 0.5 * (left + right)
        if not np.any((middle != left) & (middle != right)):
            break
        same = np.sign(f(middle)) == sign
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    a, b = np.abs(f(left)), np.abs(f(right))
    return np.where(a < b, left, right)


def newton(f: Function, jacobian: Function, x: Array, rounds: int = 30) -> Array:
    """Points (N, S) after Newton's method, each step halved until it helps; NaN where it fails."""
    with np.errstate(all="ignore"):
        y = f(x)
        for _ in range(rounds):
            step = _solve(jacobian(x), y)
            if not np.any(np.isfinite(step).all(-1) & (np.abs(y).max(-1) > 0)):
                break
            best, found, norm = x, y, _norm(y)
            better = np.zeros(len(x), bool)
            for cut in (1.0, 0.5, 0.25, 0.0625):
                tried = x - cut * step
                there = f(tried)
                take = ~better & (_norm(there) < norm)
                best = np.where(take[:, None], tried, best)
                found = np.where(take[:, None], there, found)
                better |= take
            x, y = best, found
            if not better.any():
                break
        return x


def _norm(y: Array) -> Array:
    size = np.sqrt((y * y).sum(-1))
    return np.where(np.isfinite(size), size, np.inf)


def _solve(matrix: Array, y: Array) -> Array:
    """matrix⁻¹ y for each, NaN where there is none."""
    whole = np.all(np.isfinite(matrix), axis=(-2, -1)) & np.all(np.isfinite(y), axis=-1)
    safe = np.where(whole[:, None, None], matrix, np.eye(matrix.shape[-1]))
    singular = np.abs(np.linalg.det(safe)) == 0
    safe = np.where(singular[:, None, None], np.eye(matrix.shape[-1]), safe)
    step = np.linalg.solve(safe, y[..., None])[..., 0]
    return np.where((whole & ~singular)[:, None], step, np.nan)


def many_starts(f: Function, jacobian: Function, low: Array, high: Array) -> Array:
    """Roots of several equations in a box that Newton's method finds, (R, C) in order."""
    spread = np.random.default_rng(0).random((STARTS, len(low)))
    found = newton(f, jacobian, low + spread * (high - low))
    size = np.abs(f(low + spread * (high - low)))
    scale = np.median(np.where(np.isfinite(size), size, np.nan), axis=0)
    with np.errstate(all="ignore"):
        small: Array = np.abs(f(found)) <= 1e-9 * np.where(scale > 0, scale, 1)
    good = np.all(small, axis=-1)
    good &= np.all((found >= low) & (found <= high), axis=-1)
    return distinct(found[good], 1e-6 * (high - low))


def distinct(points: Array, gap: Array) -> Array:
    """One of each group of points that lie within `gap` of one another, in order."""
    kept: list[Array] = []
    for point in sorted(points.tolist()):
        if all(np.any(np.abs(np.array(point) - other) > gap) for other in kept):
            kept.append(np.array(point))
    return np.array(kept).reshape(-1, points.shape[-1])

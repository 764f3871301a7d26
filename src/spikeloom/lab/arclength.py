"""Pseudo-arclength continuation: following a curve of solutions around its folds."""

from __future__ import annotations

import numpy as np

from spikeloom.lab.box import Box
from spikeloom.lab.reduction import Reduction
from spikeloom.lab.vector_field import Array

LONGEST, SHORTEST = 0.01, 1e-7
"""Steps along the curve, in widths of the box."""
MOST = 4000
TURN = 0.98
"""Least cosine of the angle between two steps."""


def follow(reduction: Reduction, seed: Array, low: float, high: float, box: Box) -> Array:
    """The curve F(x, p) = 0 through a point, both ways, until it leaves the box.

    A step goes along the tangent; Newton's method then solves F = 0 together with staying in the
    plane across it, which has a solution at a fold too, where p turns back.

    Arguments:
        reduction: F, with one free value p.
        seed: A point (p, x...) on the curve.
        low, high: Range of p.
        box: Range of x.

    Returns:
        Points (N, 1 + C).

    Source: Keller 1977, in Applications of Bifurcation Theory, p. 359.
    """
    base = np.append(low, box.low)
    scale = np.append(high, box.high) - base

    def value(u: Array) -> Array:
        z = base + u * scale
        return reduction(z[1:], (z[0],))

    def slopes(u: Array) -> Array:
        z = base + u * scale
        free, own = reduction.by_free(z[1:], (z[0],)), reduction.jacobian(z[1:], (z[0],))
        return np.concatenate([free, own], -1) * scale

    start = (seed - base) / scale
    ways = [_one_way(value, slopes, start, sign) for sign in (-1.0, 1.0)]
    points = np.array([*reversed(ways[0]), start, *ways[1]])
    return base + points * scale


def _tangent(matrix: Array) -> Array:
    return np.linalg.svd(matrix)[2][-1]


def _one_way(value, slopes, start: Array, sign: float) -> list[Array]:
    way = sign * _tangent(slopes(start))
    points: list[Array] = []
    here, step = start, LONGEST
    while len(points) < MOST and step > SHORTEST:
        found = _corrected(value, slopes, here + step * way, way)
        if found is None:
            step /= 2
            continue
        tangent = _tangent(slopes(found))
        tangent = tangent if tangent @ way > 0 else -tangent
        if tangent @ way < TURN and step > 1e-4:
            step /= 2
            continue
        closed = len(points) > 10 and np.abs(found - start).max() < 0.5 * step
        here, way = found, tangent
        points.append(here)
        if np.any((here < -1e-9) | (here > 1 + 1e-9)) or closed:
            break
        step = min(1.4 * step, LONGEST)
    return points


def _corrected(value, slopes, guess: Array, way: Array) -> Array | None:
    u = guess.copy()
    for _ in range(10):
        matrix = np.vstack([slopes(u), way])
        off = np.append(value(u), (u - guess) @ way)
        if not (np.isfinite(matrix).all() and np.isfinite(off).all()):
            return None
        try:
            change = np.linalg.solve(matrix, off)
        except np.linalg.LinAlgError:
            return None
        u = u - change
        if np.abs(change).max() < 1e-11:
            return u
    return None

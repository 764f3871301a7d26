"""Lines along which a function of two variables is zero, exact to the last digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spikeloom.lab.vector_field import Array

Function = Callable[[Array, Array], Array]
Slopes = Callable[[Array, Array], tuple[Array, Array]]
EDGES = {1: "LB", 2: "BR", 3: "LR", 4: "RT", 6: "BT", 7: "LT", 8: "LT", 9: "BT", 11: "RT",
         12: "LR", 13: "BR", 14: "LB"}  # fmt: skip
"""Which two edges of a cell the line crosses, by the corners above zero: 1 lower left, 2 lower
right, 4 upper right, 8 upper left. In 5 and 10 it crosses all four."""


def contours(
    f: Function, slopes: Slopes, x: Array, y: Array, values: Array | None = None
) -> list[Array]:
    """The lines f = 0 on a grid, each (points, 2).

    Marching squares find where the lines run; Newton's method along the slope of f then puts each
    point on its line. Where f changes sign through infinity there is no line.

    Arguments:
        f: Values at arrays of points x and y.
        slopes: (df/dx, df/dy) there.
        x, y: Grid lines, (X,) and (Y,).
        values: f on the grid (Y, X), if it is known already.

    >>> import numpy as np
    >>> grid = np.linspace(-2, 2, 40)
    >>> (circle,) = contours(lambda x, y: x**2 + y**2 - 1, lambda x, y: (2 * x, 2 * y), grid, grid)
    >>> bool(np.allclose(np.hypot(*circle.T), 1, rtol=1e-14))
    True
    """
    if values is None:
        values = f(*np.meshgrid(x, y))
    sizes = np.abs(values[np.isfinite(values)])
    usual = float(np.median(sizes)) if len(sizes) else 0.0
    lines: list[Array] = []
    for line in joined(pieces(values), values, x, y):
        exact, good = polished(f, slopes, line, x, y)
        with np.errstate(all="ignore"):
            good &= np.abs(f(*exact.T)) <= usual  # at a pole it is larger than anywhere
        lines += [part for part in runs(exact, good) if len(part) > 1]
    return lines


def pieces(values: Array) -> list[tuple[int, int]]:
    """Segments as pairs of edges: edge 2 k runs along x from grid point k, 2 k + 1 along y."""
    columns = values.shape[1]
    whole = np.isfinite(values)
    above = values > 0
    code = above[:-1, :-1] + 2 * above[:-1, 1:] + 4 * above[1:, 1:] + 8 * above[1:, :-1]
    whole = whole[:-1, :-1] & whole[:-1, 1:] & whole[1:, 1:] & whole[1:, :-1]
    found: list[tuple[int, int]] = []
    for row, column in np.argwhere(whole & (code > 0) & (code < 15)):
        k = int(row) * columns + int(column)
        edge = {"B": 2 * k, "T": 2 * (k + columns), "L": 2 * k + 1, "R": 2 * (k + 1) + 1}
        number = int(code[row, column])
        if number in (5, 10):
            corners = values[row : row + 2, column : column + 2]
            high = corners.mean() > 0
            pairs = ("LT", "BR") if high == (number == 5) else ("LB", "RT")
        else:
            pairs = (EDGES[number],)
        found += [(edge[a], edge[b]) for a, b in pairs]
    return found


def joined(segments: list[tuple[int, int]], values: Array, x: Array, y: Array) -> list[Array]:
    """Segments that share an edge as one line, each point where f is zero along its edge."""
    beside: dict[int, list[int]] = {}
    for a, b in segments:
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    ends = [edge for edge, others in beside.items() if len(others) == 1]
    left = {frozenset(pair) for pair in segments}
    lines: list[Array] = []
    for first in (*ends, *beside):  # open lines from their ends, then the closed ones
        line, now = [first], first
        while True:
            onward = [edge for edge in beside[now] if frozenset((now, edge)) in left]
            if not onward:
                break
            left.discard(frozenset((now, onward[0])))
            now = onward[0]
            line.append(now)
        if len(line) > 1:
            lines.append(np.array([_on_edge(edge, values, x, y) for edge in line]))
    return lines


def _on_edge(edge: int, values: Array, x: Array, y: Array) -> tuple[float, float]:
    k, upright = divmod(edge, 2)
    row, column = divmod(k, values.shape[1])
    a = values[row, column]
    b = values[row + upright, column + 1 - upright]
    share = a / (a - b)
    if upright:
        return x[column], y[row] + share * (y[row + 1] - y[row])
    return x[column] + share * (x[column + 1] - x[column]), y[row]


def polished(f: Function, slopes: Slopes, line: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Points of a line moved onto f = 0, and which of them got there."""
    scale = np.array([x[1] - x[0], y[1] - y[0]])
    point = line.copy()
    with np.errstate(all="ignore"):
        for _ in range(12):
            gradient = np.stack(slopes(*point.T), -1) * scale
            step = f(*point.T)[:, None] * gradient / (gradient * gradient).sum(-1, keepdims=True)
            length = np.sqrt((step * step).sum(-1, keepdims=True))
            step = np.where(np.isfinite(step), step, 0) * np.minimum(1, 0.5 / length)
            point = point - np.where(np.isfinite(step), step, 0) * scale
            if not np.any(np.abs(step) > 1e-13):
                break
        gradient = np.stack(slopes(*point.T), -1) * scale
        apart = np.abs(f(*point.T)) / np.sqrt((gradient * gradient).sum(-1))
        near = (np.abs(point - line) <= 2 * scale).all(-1)
    return point, near & (apart <= 1e-9)


def runs(points: Array, good: Array) -> list[Array]:
    """The stretches of a line (points, 2) whose points are good (points,)."""
    cuts = np.flatnonzero(np.diff(good.astype(int))) + 1
    return [
        part
        for part, kept in zip(np.split(points, cuts), np.split(good, cuts), strict=True)
        if len(kept) and kept[0]
    ]

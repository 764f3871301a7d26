"""Random graphs in plain NumPy: the definition that native code is held to, bit for bit."""

from __future__ import annotations

from math import log1p

import numpy as np

from spikeloom.engines.wiring.arrays import ARRAYS, Array, draw_below, draw_unit
from spikeloom.engines.wiring.draw import Draw
from spikeloom.engines.wiring.formulas import logarithm

Graph = tuple[Array, Array]
"""indptr int64 (rows + 1,) and targets uint32 (nnz,), sorted within a row."""


class ReferenceWiring:
    """`Wiring` in NumPy.

    >>> indptr, targets = ReferenceWiring().skip(1, 3, 4, 1.0, shift=0)
    >>> indptr, targets
    (array([0, 3, 6, 9]), array([1, 2, 3, 0, 2, 3, 0, 1, 3], dtype=uint32))
    """

    def skip(
        self, key: int, sources: int, targets: int, probability: float, shift: int | None,
        first: int = 0,
    ) -> Graph:  # fmt: skip
        """Each pair with one probability: draw j of a row is the gap to its next target."""
        if not probability or not sources:
            return from_pairs(np.empty(0, np.int64), np.empty(0, np.int64), sources)
        rows = np.arange(first, first + sources)
        widths = allowed(rows, targets, shift)
        place = np.full(sources, -1, np.int64)
        factor = skip_factor(probability)
        found: list[tuple[Array, Array]] = []
        j = 0
        while rows.size:
            with np.errstate(over="ignore"):  # beyond the last target, however far
                gap = logarithm(ARRAYS, draw_unit(key, rows, j)) * factor
            place = place + 1 + np.minimum(gap, float(targets)).astype(np.int64)
            keep = place < widths
            rows, place, widths = rows[keep], place[keep], widths[keep]
            found.append((rows - first, around(place, rows, shift)))
            j += 1
        heads, ends = (np.concatenate(x) for x in zip(*found, strict=True))
        return from_pairs(heads, ends, sources)

    def pick(
        self, key: int, rows: int, columns: int, count: int, multapses: bool, shift: int | None,
        transpose: bool, first: int = 0,
    ) -> Graph:  # fmt: skip
        """`count` columns for each row; the result is that graph or, if asked, its transpose."""
        chosen = [np.empty(0, np.int64)]
        for row in range(first, first + rows):
            n = int(allowed(np.array([row]), columns, shift)[0])
            if multapses:
                picked = draw_below(key, row, np.arange(count), n)
            else:
                picked = distinct(key, row, count, n)
            chosen.append(around(picked, np.full(count, row), shift))
        heads, ends = np.repeat(np.arange(rows), count), np.concatenate(chosen)
        return from_pairs(ends, heads, columns) if transpose else from_pairs(heads, ends, rows)

    def pairs(
        self, key: int, sources: int, targets: int, total: int, multapses: bool, shift: int | None
    ) -> Graph:
        """`total` pairs out of all that are allowed, which are numbered row by row."""
        first, last = diagonal(sources, targets, shift)
        count = sources * targets - (last - first)
        if multapses:
            number = draw_below(key, 0, np.arange(total), count)
        else:
            number = distinct(key, 0, total, count)
        rows, columns = unrank(number, sources, targets, shift)
        return from_pairs(rows, columns, sources)

    def values(self, key: int, draw: Draw, count: int, dtype: str) -> Array:
        """One value for each synapse; whole numbers are rounded to the nearest."""
        made = np.empty(count, dtype)
        for start in range(0, count, CHUNK):
            index = np.arange(start, min(start + CHUNK, count))
            value = draw.values(key, index)
            made[start : start + CHUNK] = np.rint(value) if made.dtype.kind == "u" else value
        return made


CHUNK = 1 << 16


def skip_factor(probability: float) -> float:
    """1 / log(1 - p), which turns the logarithm of a uniform number into a geometric gap."""
    # Never infinite, since the logarithm may be 0.
    return max(1 / log1p(-probability), -1e300) if probability < 1 else -0.0


def diagonal(sources: int, targets: int, shift: int | None) -> tuple[int, int]:
    """The rows, first to last, whose own neuron (column row + shift) is among the targets."""
    if shift is None:
        return 0, 0
    first = min(max(0, -shift), sources)
    return first, max(first, min(sources, targets - shift))


def allowed(rows: Array, columns: int, shift: int | None) -> Array:
    """How many columns a row may choose from: all, or all but its own neuron."""
    if shift is None:
        return np.full(rows.shape, columns, np.int64)
    own = rows + shift
    return columns - ((own >= 0) & (own < columns)).astype(np.int64)


def around(columns: Array, rows: Array, shift: int | None) -> Array:
    """Columns counted without a row's own neuron → columns counted with it."""
    if shift is None:
        return columns
    own = rows + shift
    return columns + ((own >= 0) & (columns >= own))


def unrank(number: Array, sources: int, targets: int, shift: int | None) -> Graph:
    """Numbers of pairs, counted row by row over those that are allowed → their rows and columns."""
    first, last = diagonal(sources, targets, shift)
    full, narrow = first * targets, (last - first) * (targets - 1)
    middle, after = number - full, number - full - narrow
    width = np.where((middle >= 0) & (after < 0), max(targets - 1, 1), targets)
    base = np.where(middle < 0, 0, np.where(after < 0, first, last))
    rest = np.where(middle < 0, number, np.where(after < 0, middle, after))
    rows = base + rest // width
    return rows, around(rest % width, rows, shift)


def distinct(key: int, row: int, count: int, n: int) -> Array:
    """`count` different numbers below n, sorted: draws of a row until enough of them are new.

    Where more than half is wanted, the draws say which numbers are left out.
    """
    few = n - count if 2 * count > n else count
    seen = np.empty(0, np.int64)
    drawn = 0
    while True:
        values, at = np.unique(seen, return_index=True)
        if values.size >= few:
            break
        more = np.arange(drawn, drawn + max(2 * (few - values.size), 16))
        drawn += more.size
        seen = np.concatenate([seen, draw_below(key, row, more, n)])
    values = np.sort(seen[np.sort(at)[:few]])
    if few == count:
        return values
    keep = np.ones(n, bool)
    keep[values] = False
    return np.flatnonzero(keep)


def from_pairs(heads: Array, ends: Array, rows: int) -> Graph:
    """Pairs in any order as rows, each sorted by where it leads."""
    order = np.lexsort((ends, heads))
    indptr = np.zeros(rows + 1, np.int64)
    np.cumsum(np.bincount(heads, minlength=rows), out=indptr[1:])
    return indptr, ends[order].astype(np.uint32)

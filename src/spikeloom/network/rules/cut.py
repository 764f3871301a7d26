"""A part of a random graph: the synapses that end on some targets, with the bits of the whole.

Every draw has its place (key, row, number), so a part can be drawn without the rest where rows are
targets; where rows are sources, some rows are drawn at a time and what is not wanted is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from spikeloom.engines.wiring.arrays import Array, draw_below
from spikeloom.engines.wiring.choose import Wiring
from spikeloom.engines.wiring.draw import Draw
from spikeloom.engines.wiring.reference import Graph, diagonal, from_pairs, unrank

AT_ONCE = 1 << 22
"""Synapses that are drawn together, about."""
Ranges = Sequence[tuple[int, int]]
"""Targets that are wanted: first and the one after the last of each range, ascending."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Builds what ends on some targets of the graphs that another builder would build.

    Arguments:
        whole: The other builder.
        within: Targets that are wanted.

    >>> from spikeloom.engines.wiring import wiring
    >>> Cut(wiring("reference"), [(1, 3)]).skip(7, 2, 4, 1.0, None)
    (array([0, 2, 4]), array([1, 2, 1, 2], dtype=uint32))
    """

    whole: Wiring
    within: Ranges

    def skip(
        self, key: int, sources: int, targets: int, probability: float, shift: int | None,
        first: int = 0,
    ) -> Graph:  # fmt: skip
        """Each pair with one probability."""
        return self._by_rows(
            sources,
            probability * targets,
            lambda low, rows: self.whole.skip(key, rows, targets, probability, shift, first + low),
        )

    def pick(
        self, key: int, rows: int, columns: int, count: int, multapses: bool, shift: int | None,
        transpose: bool, first: int = 0,
    ) -> Graph:  # fmt: skip
        """A fixed number of columns for each row, or the transpose of that graph."""
        pick = self.whole.pick
        if not transpose:
            return self._by_rows(
                rows,
                count,
                lambda low, some: pick(
                    key, some, columns, count, multapses, shift, False, first + low
                ),
            )
        parts = [
            (
                low,
                pick(key, high - low, columns, count, multapses, shift, True, first + low),
            )
            for low, high in self.within
        ]
        return _merged(parts, columns)

    def pairs(
        self, key: int, sources: int, targets: int, total: int, multapses: bool, shift: int | None
    ) -> Graph:
        """A fixed number of pairs."""
        if not multapses:  # which pairs are new depends on all that came before
            return kept(self.whole.pairs(key, sources, targets, total, False, shift), self.within)
        first, last = diagonal(sources, targets, shift)
        heads, ends = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for low in range(0, total, AT_ONCE):
            index = np.arange(low, min(low + AT_ONCE, total))
            number = draw_below(key, 0, index, sources * targets - (last - first))
            rows, columns = unrank(number, sources, targets, shift)
            mine = inside(columns, self.within)
            heads.append(rows[mine])
            ends.append(columns[mine])
        return from_pairs(np.concatenate(heads), np.concatenate(ends), sources)

    def values(self, key: int, draw: Draw, count: int, dtype: str) -> Array:
        """One random value for each synapse of the whole graph."""
        return self.whole.values(key, draw, count, dtype)

    def _by_rows(self, rows: int, mean: float, draw: Callable[[int, int], Graph]) -> Graph:
        counts, ends = [np.zeros(1, np.int64)], [np.empty(0, np.uint32)]
        for low, some in _blocks(rows, mean):
            indptr, targets = kept(draw(low, some), self.within)
            counts.append(np.diff(indptr))
            ends.append(targets)
        return np.cumsum(np.concatenate(counts)), np.concatenate(ends)


def inside(targets: Array, within: Ranges) -> Array:
    """Which targets are wanted."""
    found = np.zeros(len(targets), bool)
    for low, high in within:
        found |= (targets >= low) & (targets < high)
    return found


def kept(graph: Graph, within: Ranges) -> Graph:
    """What ends on some targets of a graph."""
    indptr, targets = graph
    mine = inside(targets, within)
    if mine.all():
        return graph
    before = np.zeros(len(mine) + 1, np.int64)
    np.cumsum(mine, out=before[1:])
    return before[indptr], targets[mine]


def _blocks(rows: int, mean: float) -> Iterator[tuple[int, int]]:
    each = max(1, int(AT_ONCE / max(mean, 1.0)))
    for low in range(0, rows, each):
        yield low, min(each, rows - low)


def _merged(parts: Sequence[tuple[int, Graph]], rows: int) -> Graph:
    """Graphs whose targets, counted from a number on, lie one behind the other."""
    if len(parts) == 1:
        ((low, (indptr, targets)),) = parts
        return indptr, targets + np.uint32(low)
    counts = [np.diff(indptr) for _, (indptr, _) in parts] or [np.zeros(rows, np.int64)]
    total = np.zeros(rows + 1, np.int64)
    np.cumsum(np.sum(counts, axis=0), out=total[1:])
    merged = np.empty(total[-1], np.uint32)
    begin = total[:-1].copy()
    for (low, (indptr, targets)), many in zip(parts, counts, strict=False):
        place = np.repeat(begin - indptr[:-1], many) + np.arange(len(targets))
        merged[place] = targets + np.uint32(low)
        begin += many
    return total, merged

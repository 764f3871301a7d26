"""Counts of spikes in bins, when a bin may begin in one piece of a run and end in a later one."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.network.measures.measure import Spikes

Array = np.ndarray[Any, np.dtype[Any]]


class Bins:
    """Bins of some steps.

    Arguments:
        width: Steps of a bin.
        rest: Counts of the bin that is not full yet, (rows,); changed in place.

    >>> rest = np.zeros(2, np.int64)
    >>> first = Spikes(np.array([0, 1, 3]), np.array([0, 1, 1]), 0, 4)
    >>> Bins(3, rest).fill(first, first.ids).tolist(), rest.tolist()
    ([[1, 1]], [0, 1])
    >>> second = Spikes(np.array([5]), np.array([1]), 4, 7)
    >>> Bins(3, rest).fill(second, second.ids).tolist(), rest.tolist()
    ([[0, 2]], [0, 0])
    """

    def __init__(self, width: int, rest: Array) -> None:
        self._width, self._rest = width, rest

    def fill(self, spikes: Spikes, rows: Array) -> Array:
        """Full bins that a piece completes, (bins, rows).

        Arguments:
            spikes: The piece.
            rows: In which row each spike is counted.
        """
        first, size = spikes.first // self._width, len(self._rest)
        bins = spikes.last // self._width - first
        place = (spikes.steps // self._width - first) * size + rows
        counts = np.bincount(place, minlength=(bins + 1) * size).reshape(bins + 1, size)
        counts[0] += self._rest
        self._rest[:] = counts[bins]
        return counts[:bins]

"""Where the rows of a projection pass the borders between threads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from spikeloom.engines.cpu.network.memory import Array

AT_ONCE = 1 << 22
"""Synapses that are looked at together."""


def row_bounds(indptr: Array, targets: Array, borders: Sequence[int]) -> list[Array]:
    """Where each row begins, where it passes each border between threads, and where it ends.

    >>> row_bounds(np.array([0, 3]), np.array([1, 5, 9]), [0, 4, 10])
    [array([0]), array([1]), array([3])]
    """
    starts = np.ascontiguousarray(indptr[:-1], np.int64)
    ends = np.ascontiguousarray(indptr[1:], np.int64)
    inner = [starts.copy() for _ in borders[1:-1]]
    # Targets below a border are counted by a running sum, some rows at a time to save memory.
    rows = np.searchsorted(starts, np.arange(0, targets.size + 1, AT_ONCE))
    for low, high in pairwise([0, *rows.tolist(), len(starts)]):
        if low == high:
            continue
        begin = int(starts[low])
        some = targets[begin : ends[high - 1]]
        for border, passed in zip(borders[1:-1], inner, strict=True):
            below = np.concatenate([[0], np.cumsum(some < border)])
            mine = slice(low, high)
            passed[mine] += below[ends[mine] - begin] - below[starts[mine] - begin]
    return [starts, *inner, ends]

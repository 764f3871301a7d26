"""Curves of very many points, thinned out so that nothing that could be seen is lost."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
MOST = 4000
"""Points of one curve: more than a page has columns."""


def thinned(times: Array, *values: Array, most: int = MOST) -> tuple[Array, ...]:
    """The same curves with at most about `most` points: the extremes of each stretch, in order.

    Arguments:
        times: (T,).
        values: Curves over them, (T,) each; all keep the same times.
        most: Points to keep.

    >>> t = np.arange(10_000.0)
    >>> spike = np.where(t == 4321, 1.0, 0.0)
    >>> thin_t, thin = thinned(t, spike, most=100)
    >>> len(thin_t) <= 110, thin.max(), thin_t[thin.argmax()]
    (True, np.float64(1.0), np.float64(4321.0))
    """
    size = len(times)
    if size <= most:
        return (times, *values)
    width = -(-2 * len(values) * size // most)
    whole = size // width * width
    keep = [np.array([0, size - 1]), np.arange(whole, size, max(width // 2, 1))]
    starts = np.arange(0, whole, width)
    for curve in values:
        blocks = np.nan_to_num(curve[:whole]).reshape(-1, width)
        keep += [starts + blocks.argmin(axis=1), starts + blocks.argmax(axis=1)]
    kept = np.unique(np.concatenate(keep))
    return (times[kept], *(curve[kept] for curve in values))

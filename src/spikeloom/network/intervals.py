"""Intervals between the spikes of each neuron, and how much they vary."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def gaps(times: Array, ids: Array) -> tuple[Array, Array]:
    """Every interval between two spikes of a neuron, and whose it is, neuron by neuron.

    >>> lengths, owners = gaps(np.array([1.0, 2.0, 4.0, 5.0]), np.array([0, 1, 0, 1]))
    >>> lengths.tolist(), owners.tolist()
    ([3.0, 3.0], [0, 1])
    """
    order = np.argsort(ids, kind="stable")
    who, between = ids[order], np.diff(times[order])
    same = who[1:] == who[:-1]
    return between[same], who[1:][same]


def cv(times: Array, ids: Array, size: int) -> tuple[Array, Array]:
    """Number of intervals of each neuron, and their coefficient of variation; NaN for none."""
    lengths, who = gaps(times, ids)
    number = np.bincount(who, minlength=size)
    count = np.maximum(number, 1)
    mean = np.bincount(who, lengths, size) / count
    spread = np.bincount(who, (lengths - mean[who]) ** 2, size) / count
    with np.errstate(invalid="ignore"):
        return number, np.sqrt(spread) / np.where(number > 0, mean, np.nan)


def cv2(times: Array, ids: Array, size: int) -> tuple[Array, Array]:
    """Number of intervals of each neuron, and the mean of 2|b − a|/(a + b) over neighbours."""
    return _neighbours(times, ids, size, lambda a, b: 2 * np.abs(b - a) / (a + b))


def lv(times: Array, ids: Array, size: int) -> tuple[Array, Array]:
    """Number of intervals of each neuron, and the mean of 3(a − b)²/(a + b)² over neighbours."""
    return _neighbours(times, ids, size, lambda a, b: 3 * ((a - b) / (a + b)) ** 2)


def _neighbours(times: Array, ids: Array, size: int, what: Any) -> tuple[Array, Array]:
    lengths, who = gaps(times, ids)
    pair = who[1:] == who[:-1]
    values = what(lengths[:-1][pair], lengths[1:][pair])
    pairs = np.bincount(who[1:][pair], minlength=size)
    total = np.bincount(who[1:][pair], values, size)
    with np.errstate(invalid="ignore"):
        return np.bincount(who, minlength=size), total / np.where(pairs > 0, pairs, np.nan)

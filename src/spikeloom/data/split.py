"""Divide examples into two parts, the same way on every machine and with every library version."""

from __future__ import annotations

import numpy as np


def mix(counter: np.ndarray, key: int = 0) -> np.ndarray:
    """Scramble counters into 64 random-looking bits each: number in, number out, no state.

    Arguments:
        counter: Non-negative integers, any shape.
        key: Selects one of 2^64 streams.
    Returns:
        uint64 array of the same shape.
    Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators"
        (the output function of SplitMix64).

    >>> [hex(int(word)) for word in mix(np.arange(1, 3))]
    ['0xe220a8397b1dcdaf', '0x6e789e6aa1b965f4']
    """
    with np.errstate(over="ignore"):  # arithmetic modulo 2^64 is the point
        word = (counter.astype(np.uint64) + np.uint64(key)) * np.uint64(0x9E3779B97F4A7C15)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return word ^ (word >> np.uint64(31))


def stratified(targets: np.ndarray, fraction: float, key: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Divide examples so that every class keeps its share in both parts.

    Example i draws the number mix(i, key); within each class the examples with the smallest
    numbers (a `fraction` of them, rounded) form the second part. NumPy's own shuffles may change
    between versions; this one cannot.

    Arguments:
        targets: int array (n,), the class of each example.
        fraction: Share of the second part, 0 to 1.
        key: Another key gives another division.
    Returns:
        Indices of the first and of the second part, each in ascending order.

    >>> first, second = stratified(np.array([0, 0, 0, 0, 1, 1, 1, 1]), 0.25)
    >>> len(first), len(second)
    (6, 2)
    """
    draw = mix(np.arange(len(targets)), key)
    chosen = np.zeros(len(targets), dtype=bool)
    for label in np.unique(targets):
        members = np.flatnonzero(targets == label)
        order = members[np.argsort(draw[members], kind="stable")]
        chosen[order[: round(fraction * len(members))]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)

r"""Poisson numbers by their place: the same seed, source, step and neuron give the same number.

A draw compares 53 random bits with a table of the distribution function,
``count = #{k : u >= 2⁵³ P(X <= k)}``: exact to 2⁻⁵³, and the same whole number in any engine. The
bits are those of SplitMix64, with a stream of its own for each source and step:

    key(source, step) = mix(mix(mix(seed + G) + (source + 1) G) + (step + 1) G)
    u(neuron) = mix(key + (neuron + 1) G) >> 11

Source: Steele, Lea & Flood 2014, OOPSLA (SplitMix64).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
GOLDEN = 0x9E3779B97F4A7C15
MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
LAST = 31
BITS = 53
_MASK = (1 << 64) - 1


def mix(z: int) -> int:
    """The finaliser of SplitMix64 on one 64-bit number.

    >>> hex(mix(GOLDEN))
    '0xe220a8397b1dcdaf'
    """
    z &= _MASK
    for shift, factor in MIX:
        z = ((z ^ (z >> shift)) * factor) & _MASK
    return z ^ (z >> LAST)


def source_key(seed: int, entity: int) -> int:
    """What sets one source of one run apart."""
    return mix(mix(seed + GOLDEN) + (entity + 1) * GOLDEN)


def poisson_table(rates: Array) -> tuple[Array, Array]:
    """Distribution functions of the different rates, as whole numbers.

    Arguments:
        rates: Means, one number or (N,).

    Returns:
        int64 (different rates, K), each row rising to 2⁵³ at its end; and the row of each rate.
    """
    different, rows = np.unique(np.asarray(rates, np.float64), return_inverse=True)
    lines = [_line(float(rate)) for rate in different] or [_line(0.0)]
    width = max(len(line) for line in lines)
    table = np.full((len(lines), width), 1 << BITS, np.int64)
    for row, line in zip(table, lines, strict=True):
        row[: len(line)] = line
    return table, rows.reshape(np.shape(rates)).astype(np.int64)


def poisson_counts(
    table: Array, rows: Array, key: int, step: int, size: int, first: int = 0
) -> Array:
    """Numbers of spikes of all neurons in one step, int64 (N,).

    Arguments:
        table, rows: From `poisson_table`.
        key: From `source_key`.
        step: Which step.
        size: Number of neurons N.
        first: Number of the first of them.
    """
    start = (mix(key + (step + 1) * GOLDEN) + first * GOLDEN) & _MASK
    with np.errstate(over="ignore"):
        z = np.uint64(start) + np.arange(1, size + 1, dtype=np.uint64) * np.uint64(GOLDEN)
        for shift, factor in MIX:
            z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
        z ^= z >> np.uint64(LAST)
    u = (z >> np.uint64(64 - BITS)).astype(np.int64)
    return (u[:, None] >= np.broadcast_to(table[rows], (size, table.shape[1]))).sum(axis=1)


def _line(rate: float) -> list[int]:
    """2⁵³ P(X <= k) for k = 0, 1, … until it is 2⁵³."""
    whole = 1 << BITS
    if rate == 0:
        return [whole]
    line, total, k = [], 0.0, 0
    while True:
        p = math.exp(k * math.log(rate) - rate - math.lgamma(k + 1))
        total += p
        line.append(min(round(total * whole), whole))
        # Beyond the mean the rest is less than p k / (k - rate); nothing of it is left to draw.
        if k > rate and p * k / (k - rate) * whole < 0.5:
            break
        k += 1
    line[-1] = whole
    return line

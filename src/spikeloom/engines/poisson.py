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

from spikeloom.engines.wiring.arrays import ARRAYS
from spikeloom.engines.wiring.formulas import exponential
from spikeloom.errors import NumericsError

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
    u = uniform_bits(key, step, size, first)
    return (u[:, None] >= np.broadcast_to(table[rows], (size, table.shape[1]))).sum(axis=1)


def uniform_bits(key: int, step: int, size: int, first: int = 0) -> Array:
    """The 53 random bits of each neuron in one step, int64 (N,)."""
    start = (mix(key + (step + 1) * GOLDEN) + first * GOLDEN) & _MASK
    with np.errstate(over="ignore"):
        z = np.uint64(start) + np.arange(1, size + 1, dtype=np.uint64) * np.uint64(GOLDEN)
        for shift, factor in MIX:
            z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
        z ^= z >> np.uint64(LAST)
    return (z >> np.uint64(64 - BITS)).astype(np.int64)


def varying_counts(rates: Array, key: int, step: int, first: int = 0) -> Array:
    """Numbers of spikes in one step at rates that change from step to step, int64 (N,).

    The distribution function is summed up as far as the draw reaches, in the same operations in
    every engine: P(0) = e^-rate, P(k) = P(k - 1) rate / k.

    Arguments:
        rates: Means (N,), at most `MOST_VARYING`.
        key: From `source_key`.
        step: Which step.
        first: Number of the first neuron.
    """
    u = uniform_bits(key, step, len(rates), first).astype(np.float64) * 2.0**-BITS
    p = exponential(ARRAYS, -rates)
    below, count = p.copy(), np.zeros(len(rates), np.int64)
    k = 0.0
    while True:
        # Where hardly anything is left the sum no longer grows, and might stay below the draw.
        above = (u >= below) & ((rates > k) | (p > LEAST))
        if not above.any():
            return count
        count += above
        k += 1.0
        p = p * (rates / k)
        below = below + p


def checked_means(means: Array, first: int) -> Array:
    """The means (T, …) of the steps from `first` on, if they can be drawn from.

    Raises:
        NumericsError: One of them is negative, NaN or too large.
    """
    bad = ~((means >= 0) & (means <= MOST_VARYING))
    if bad.any():
        step = first + int(np.argmax(bad.reshape(len(means), -1).any(axis=1)))
        raise NumericsError(
            f"Poisson source: the mean of step {step} is {means[bad].flat[0]:g} spikes.",
            hint=f"a rate over time must give 0 to {MOST_VARYING:g} spikes a step",
        )
    return means


MOST_VARYING = 500.0
"""Largest mean in one step of a rate that changes over time."""
LEAST = 1e-18
"""Probabilities below this, beyond the mean, are none."""


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

"""Distances between two spike trains whose times lie on no grid."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def edit_distance(one: Array, other: Array, cost: float) -> float:
    """Victor and Purpura's distance: the cheapest way to turn one train into the other.

    Adding or removing a spike costs 1, moving it by t costs `cost` t.

    Arguments:
        one, other: Times in order, (n,) and (m,).
        cost: Of moving a spike by one unit of time.

    Source: Victor & Purpura 1996, Journal of Neurophysiology 76:1310, appendix 1.

    >>> edit_distance(np.array([5.0]), np.array([15.0]), 0.1)
    1.0
    """
    # A dynamic programme, a row at a time: moves of the row before, then additions.
    row = np.arange(len(other) + 1, dtype=np.float64)
    count = np.arange(len(other) + 1)
    for spike in one:
        kept = np.minimum(row[1:] + 1, row[:-1] + cost * np.abs(other - spike))
        best = np.concatenate(([row[0] + 1], kept))
        # Then spikes of the other train may be added one by one, each for 1.
        row = np.minimum.accumulate(best - count) + count
    return float(row[-1])


def filter_distance(one: Array, other: Array, tau: float) -> float:
    r"""Van Rossum's squared distance, 1/τ ∫ (f − g)² dt of the trains filtered by exp(−t/τ).

    With sums over spikes it is ½ (Σᵢⱼ e^{−|aᵢ−aⱼ|/τ} + Σᵢⱼ e^{−|bᵢ−bⱼ|/τ}) − Σᵢⱼ e^{−|aᵢ−bⱼ|/τ}.
    One spike too many costs ½, two trains of one spike each, t apart, 1 − exp(−t/τ).

    Arguments:
        one, other: Times, (n,) and (m,).
        tau: Time constant of the filter.

    Source: van Rossum 2001, Neural Computation 13:751, equations 2.1 to 2.3.

    >>> round(filter_distance(np.array([5.0]), np.array([15.0]), 10.0), 9)  # 1 - exp(-1)
    0.632120559
    """

    def shared(a: Array, b: Array) -> float:
        return float(np.exp(-np.abs(a[:, None] - b[None, :]) / tau).sum())

    return max(0.5 * (shared(one, one) + shared(other, other)) - shared(one, other), 0.0)

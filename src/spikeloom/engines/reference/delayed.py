"""Delayed sums, obvious and slow: what every faster way to compute them is compared with."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def interpolated_shares(delay: float, depth: int) -> Array:
    """Share of each step m = 0 … depth of a delay d, in steps: max(0, 1 - |m - d|).

    >>> interpolated_shares(1.25, 3)
    array([0.  , 0.75, 0.25, 0.  ])
    """
    return np.maximum(0.0, 1.0 - np.abs(np.arange(depth + 1) - delay))


def gaussian_shares(delay: float, depth: int, sigma: float) -> Array:
    """Share of each step of a delay: exp(-(m - d)²/(2 sigma²)), divided by their sum.

    >>> gaussian_shares(1.0, 2, 1e-3)
    array([0., 1., 0.])
    """
    curve = np.exp(-0.5 * ((np.arange(depth + 1) - delay) / sigma) ** 2)
    return np.asarray(curve / curve.sum())


def send(x: Array, weight: Array, shares: Array) -> Array:
    """``y_i[t] = sum_j w_ij sum_m k_ij[m] x_j[t - m]`` in float64, silence before t = 0.

    Arguments:
        x: Input (time, batch, in).
        weight: Weights (out, in).
        shares: Shares k (out, in, depth + 1).

    Returns:
        Output (time, batch, out).

    >>> x = np.eye(3)[:1].T[:, :, None]  # one spike at t = 0
    >>> send(x, np.full((1, 1), 2.0), np.array([[[0, 0.5, 0.5]]]))[:, 0, 0]
    array([0., 1., 1.])
    """
    steps, batch, sources = x.shape
    y = np.zeros((steps, batch, len(weight)))
    for t in range(steps):
        for i in range(len(weight)):
            for j in range(sources):
                for m in range(min(t + 1, shares.shape[2])):
                    y[t, :, i] += weight[i, j] * shares[i, j, m] * x[t - m, :, j]
    return y

"""Weights on a grid, so that their sums are exact and the order of summation does not matter.

What arrives at a neuron in one step is a sum of weights, each of them once. Let B be the largest
sum of sizes of weights that any neuron can get, and q = 2^(e - 52) with 2^(e - 1) <= B < 2^e. If
every weight is a multiple of q, so is every partial sum, and none exceeds 2^53 q: each of them is
a float64. So atomic additions give the same bits in whatever order they happen.

The weights move by q / 2 at most, which is 2^-52 of B; float32 weights above 2^-28 of B do not
move at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikeloom.engines.network_plan import ProjectionPlan

Array = np.ndarray[Any, np.dtype[Any]]


def grid_of(projections: Sequence[ProjectionPlan], size: int) -> float:
    """The distance q of the grid for all that arrives at one channel; 0 for no grid.

    Arguments:
        projections: All that end there.
        size: Neurons of the target.

    >>> one = ProjectionPlan(0, 0, "x", np.array([0, 2]), np.array([0, 0]), np.array(3.0), 0)
    >>> grid_of([one], 1) == 2.0 ** (3 - 52)
    True
    """
    sums = np.zeros(size)
    for p in projections:
        sizes = np.broadcast_to(np.abs(np.asarray(p.weights, np.float64)), p.targets.shape)
        sums += np.bincount(p.targets, sizes, size)
    most = float(np.max(sums, initial=0.0))
    if most == 0.0 or not np.isfinite(most):
        return 0.0
    return float(np.ldexp(1.0, int(np.frexp(most)[1]) - 52))


def on_grid(values: Array, grid: float) -> Array:
    """The nearest points of the grid, float64."""
    wide = np.asarray(values, np.float64)
    return wide.copy() if grid == 0.0 else np.rint(wide / grid) * grid

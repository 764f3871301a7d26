"""Inputs of the neuron benchmark, the same for every side."""

from __future__ import annotations

import numpy as np


def separated_drive(
    steps: int, batch: int, features: int, *, decay: float, seed: int, margin: float = 1e-3
) -> np.ndarray:
    r"""Random input under which no potential comes close to the threshold.

    Two correct float32 programs may round a potential to either side of the threshold; one spike
    more then changes everything after it. So the input is drawn first and then moved, wherever

    .. math:: h_t = d\,v_{t-1} + x_t, \qquad v_t = h_t\,[h_t < 1]

    comes within `margin` of 1: every correct program must find the very same spikes.

    Arguments:
        steps, batch, features: Shape of the result, time first.
        decay: d, the part of the potential that is left after one step.
        seed: Same seed, same numbers.
        margin: Smallest distance from the threshold.
    Returns:
        x, float32 (steps, batch, features), mostly in 0 to 0.35.

    >>> separated_drive(4, 2, 3, decay=0.9, seed=1).shape
    (4, 2, 3)
    """
    random = np.random.default_rng(seed)
    drive = random.random((steps, batch, features), dtype=np.float32) * np.float32(0.35)
    potential = np.zeros((batch, features))
    for now in drive:
        charged = decay * potential + now
        close = np.abs(charged - 1) < margin
        now += np.where(close, np.where(charged >= 1, margin, -margin), 0).astype(np.float32)
        charged = decay * potential + now
        potential = np.where(charged >= 1, 0.0, charged)
    return drive


def upstream_gradient(steps: int, batch: int, features: int, *, seed: int) -> np.ndarray:
    """Random gradient of the output, float32 (steps, batch, features).

    >>> upstream_gradient(4, 2, 3, seed=1).dtype.name
    'float32'
    """
    random = np.random.default_rng([seed, 1])
    return random.standard_normal((steps, batch, features), dtype=np.float32)

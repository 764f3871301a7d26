"""What an event engine gives: spikes with the state at each, and gradients for these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
MOST = 100_000
"""Spikes of one neuron in one run, beyond which something is wrong."""


@dataclass(frozen=True, eq=False)
class Record:
    """The spikes of a layer.

    Arguments:
        count: int64 (batch, neurons).
        times: float64 (batch, neurons, room), spikes in order; beyond the count it has no meaning.
        states: float64 (batch, neurons, room, n), z just before each reset.
        place: int64 (batch, neurons, room): 2 e for a spike on the way to event e of its sample,
            2 e + 1 for one that event e itself set off.
        end: float64 (batch, neurons, n), z at the end of the run.
    """

    count: Array
    times: Array
    states: Array
    place: Array
    end: Array


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients of a loss by all that a layer reads; those of the matrices on request.

    Arguments:
        times: (events,), by the time of each arrival.
        weights: (neurons, sources).
        A, r, R, b, z: As in `EventSystem`, or None.
        clipped: Spikes whose slope was below the smallest allowed one.
    """

    times: Array
    weights: Array
    A: Array | None = None
    r: Array | None = None
    R: Array | None = None
    b: Array | None = None
    z: Array | None = None
    clipped: int = 0

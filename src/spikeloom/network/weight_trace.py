"""Weights of some synapses over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.equations.quantity import Unit
from spikeloom.network.recording.column import Rows
from spikeloom.network.sampled import Sampled

Array = np.ndarray[Any, np.dtype[Any]]


class WeightTrace(Sampled):
    """Weights of some synapses, sampled. What is in a file is read when it is asked for.

    Arguments:
        times: Times of the samples in ms, (samples,).
        values: In `unit`, (samples, synapses).
        unit: Unit of the synapse's impulse.
        name: Name of the connection.
        sources: Source of each synapse, counted in its own population, (synapses,).
        targets: Target of each, likewise.

    >>> import numpy as np
    >>> from spikeloom import pA
    >>> found = WeightTrace(
    ...     np.array([100.0, 200.0]),
    ...     np.array([[50.0, 50.0], [52.0, 47.0]]),
    ...     pA,
    ...     "exc -> exc",
    ...     np.array([0, 1]),
    ...     np.array([1, 0]),
    ... )
    >>> found
    weights of exc -> exc: 2 synapses, 2 samples in pA
    >>> found.between(100.0).values.tolist()
    [[52.0, 47.0]]
    """

    def __init__(
        self, times: Rows, values: Rows, unit: Unit, name: str, sources: Array, targets: Array
    ) -> None:
        super().__init__(times, values, unit)
        self.name = name
        self.sources = sources
        self.targets = targets

    def between(self, start: float | None = None, stop: float | None = None) -> WeightTrace:
        """The samples after `start` and up to `stop`, in ms; only these are read from a file.

        Raises:
            ParameterError: `start` is after `stop`.
        """
        times, values = self._cut(f"weights of {self.name}", start, stop)
        return WeightTrace(times, values, self.unit, self.name, self.sources, self.targets)

    def __repr__(self) -> str:
        return self._told(f"weights of {self.name}: ", "synapse")

"""Weights of some synapses over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.equations.quantity import Unit
from spikeloom.network.recording.column import Column, Part, Rows, column

Array = np.ndarray[Any, np.dtype[Any]]


class WeightTrace:
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
        self._times, self._values = column(times), column(values)
        self.unit = unit
        self.name = name
        self.sources = sources
        self.targets = targets

    @property
    def times(self) -> Array:
        """Times of the samples in ms, (samples,)."""
        return self._times.read()

    @property
    def values(self) -> Array:
        """The weights in `unit`, (samples, synapses)."""
        return self._values.read()

    @property
    def size(self) -> int:
        """Number of synapses."""
        return self._values.width[0]

    def __len__(self) -> int:
        return len(self._times)

    def between(self, start: float | None = None, stop: float | None = None) -> WeightTrace:
        """The samples after `start` and up to `stop`, in ms; only these are read from a file."""
        low = 0 if start is None else self._times.after(start + 1e-9 * max(abs(start), 1.0))
        high = len(self) if stop is None else self._times.after(stop + 1e-9 * max(abs(stop), 1.0))
        cut: list[Column] = [Part(rows, low, high) for rows in (self._times, self._values)]
        return WeightTrace(cut[0], cut[1], self.unit, self.name, self.sources, self.targets)

    def __repr__(self) -> str:
        synapses, samples = self.size, len(self)
        unit = f" in {self.unit}" if str(self.unit) else ""
        return (
            f"weights of {self.name}: {synapses:,} synapse{'s' * (synapses != 1)}, "
            f"{samples:,} sample{'s' * (samples != 1)}{unit}"
        )

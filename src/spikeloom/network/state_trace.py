"""A state of some neurons over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.equations.quantity import Unit
from spikeloom.errors import ParameterError
from spikeloom.network.recording.column import Column, Part, Rows, column

Array = np.ndarray[Any, np.dtype[Any]]


class StateTrace:
    """A state of some neurons, sampled. What is in a file is read when it is asked for.

    Arguments:
        times: Times of the samples in ms, (samples,).
        values: In `unit`, (samples, neurons).
        unit: Unit that the model declares for the state.
        state: Name of the state.
        parts: Name and number of neurons of each recorded part, in the order of the values.

    >>> import numpy as np
    >>> from spikeloom import mV
    >>> trace = StateTrace(
    ...     np.array([1.0, 2.0, 3.0]), np.array([[-65.0], [-64.0], [-63.0]]), mV, "v"
    ... )
    >>> trace.between(1.0, 2.0)
    v of 1 neuron, 1 sample in mV
    """

    def __init__(
        self,
        times: Rows,
        values: Rows,
        unit: Unit,
        state: str,
        parts: tuple[tuple[str, int], ...] = (),
    ) -> None:
        self._times, self._values = column(times), column(values)
        self.unit = unit
        self.state = state
        self.parts = parts

    @property
    def times(self) -> Array:
        """Times of the samples in ms, (samples,)."""
        return self._times.read()

    @property
    def values(self) -> Array:
        """The samples in `unit`, (samples, neurons)."""
        return self._values.read()

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self._values.width[0]

    def __len__(self) -> int:
        return len(self._times)

    def between(self, start: float | None = None, stop: float | None = None) -> StateTrace:
        """The samples after `start` and up to `stop`, in ms; only these are read from a file.

        Raises:
            ParameterError: `start` is after `stop`.
        """
        if start is not None and stop is not None and not start <= stop:
            raise ParameterError(f"{self.state}: {start:g} to {stop:g} ms is no time.")
        low = 0 if start is None else self._times.after(start + 1e-9 * max(abs(start), 1.0))
        high = len(self) if stop is None else self._times.after(stop + 1e-9 * max(abs(stop), 1.0))
        cut: list[Column] = [Part(rows, low, high) for rows in (self._times, self._values)]
        return StateTrace(cut[0], cut[1], self.unit, self.state, self.parts)

    def __repr__(self) -> str:
        neurons, samples = self.size, len(self)
        unit = f" in {self.unit}" if str(self.unit) else ""
        return (
            f"{self.state} of {neurons:,} neuron{'s' * (neurons != 1)}, "
            f"{samples:,} sample{'s' * (samples != 1)}{unit}"
        )

"""What samples over time have in common, whatever was sampled."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.equations.quantity import Unit
from spikeloom.errors import ParameterError
from spikeloom.network.recording.column import Column, Part, Rows, column

Array = np.ndarray[Any, np.dtype[Any]]


class Sampled:
    """Samples over time. What is in a file is read when it is asked for.

    Arguments:
        times: Times of the samples in ms, (samples,).
        values: In `unit`, (samples, things).
        unit: Unit of the values.
    """

    def __init__(self, times: Rows, values: Rows, unit: Unit) -> None:
        self._times, self._values = column(times), column(values)
        self.unit = unit

    @property
    def times(self) -> Array:
        """Times of the samples in ms, (samples,)."""
        return self._times.read()

    @property
    def values(self) -> Array:
        """The samples in `unit`: a row for each time, a column for each thing."""
        return self._values.read()

    @property
    def size(self) -> int:
        """Number of things that were sampled: columns of the values."""
        return self._values.width[0]

    def __len__(self) -> int:
        return len(self._times)

    def _cut(self, what: str, start: float | None, stop: float | None) -> tuple[Column, Column]:
        """Times and values after `start` and up to `stop`, in ms."""
        if start is not None and stop is not None and not start <= stop:
            raise ParameterError(f"{what}: {start:g} to {stop:g} ms is no time.")
        low = 0 if start is None else self._times.after(start + 1e-9 * max(abs(start), 1.0))
        high = len(self) if stop is None else self._times.after(stop + 1e-9 * max(abs(stop), 1.0))
        return Part(self._times, low, high), Part(self._values, low, high)

    def _told(self, what: str, thing: str) -> str:
        """A line that says how much there is."""
        count, samples = self.size, len(self)
        unit = f" in {self.unit}" if str(self.unit) else ""
        return (
            f"{what}{count:,} {thing}{'s' * (count != 1)}, "
            f"{samples:,} sample{'s' * (samples != 1)}{unit}"
        )

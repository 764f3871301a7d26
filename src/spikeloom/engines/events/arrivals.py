"""The events that reach a layer: for every sample a list of (time, source, size)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.errors import NumericsError, ShapeError

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Events of a batch, sorted by time within each sample.

    Arguments:
        offsets: int64 (batch + 1,): sample s has the events offsets[s] to offsets[s + 1] - 1.
        times: float64 (events,), not falling within a sample, from 0 on.
        source: int64 (events,), the column of the weights that each event goes through.
        size: float64 (events,), a factor of the weight.

    Raises:
        ShapeError: Arrays of different lengths.
        NumericsError: A time that is negative, no number, or earlier than the one before.
    """

    offsets: Array
    times: Array
    source: Array
    size: Array

    def __post_init__(self) -> None:
        count = self.times.shape
        if self.source.shape != count or self.size.shape != count or self.offsets[-1] != count[0]:
            raise ShapeError(
                f"arrivals: times {count}, sources {self.source.shape}, sizes {self.size.shape} and"
                f" {self.offsets[-1]} events in all do not belong together."
            )
        if not np.isfinite(self.times).all() or (self.times < 0).any():
            raise NumericsError("arrivals: every time must be a number from 0 on.")
        falls = np.flatnonzero(np.diff(self.times) < 0) + 1
        if np.setdiff1d(falls, self.offsets).size:
            raise NumericsError("arrivals: the times of a sample must not fall.")

    def check(self, sources: int, duration: float) -> None:
        """Raise unless every event goes through a column that there is, before the run ends.

        Raises:
            ShapeError: A source that the weights do not have.
            NumericsError: The run has no length, or an event comes after its end.
        """
        if not 0 <= duration < np.inf:
            raise NumericsError(f"arrivals: the run must have a length, got {duration!r}.")
        if not len(self.times):
            return
        low, high = int(self.source.min()), int(self.source.max())
        if low < 0 or high >= sources:
            raise ShapeError(
                f"arrivals: sources must lie in 0 to {sources - 1}, got {low} to {high}.",
                hint="the weights are (neurons, sources)",
            )
        if self.times.max() > duration:
            raise NumericsError(
                f"arrivals: an event at {self.times.max():g} comes after the end of the run at"
                f" {duration:g}."
            )

    @property
    def batch(self) -> int:
        """Samples."""
        return self.offsets.shape[0] - 1

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

    @property
    def batch(self) -> int:
        """Samples."""
        return self.offsets.shape[0] - 1

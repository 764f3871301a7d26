"""A state of some neurons around moments: before and after each spike, for example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spikeloom.equations.quantity import Unit
from spikeloom.network.recording.column import Rows, column

Array = np.ndarray[Any, np.dtype[Any]]


class Windows:
    """Samples of a state around moments. What is in a file is read when it is asked for.

    The sample at offset 0 is the state at the end of the step of the moment: at a spike, after the
    reset. Where a window begins before the run or ends after it, its samples there are NaN.

    Arguments:
        times: The moments in ms, (windows,).
        ids: Which of the watched neurons it was each time, (windows,).
        values: In `unit`, (windows, samples, neurons).
        offsets: Time of each sample after the moment in ms, (samples,).
        unit: Unit that the model declares for the state.
        state: Name of the state.
        around: What the moments are, in words.
        parts: Name and number of neurons of each recorded part.
        neurons: Names of the neurons, where they are few.

    >>> import numpy as np
    >>> from spikeloom import mV
    >>> values = np.array([[[-50.0], [-65.0]], [[-52.0], [-65.0]]])
    >>> found = Windows(
    ...     np.array([3.0, 9.0]),
    ...     np.zeros(2, int),
    ...     values,
    ...     np.array([-1.0, 0.0]),
    ...     mV,
    ...     "v",
    ...     "spikes of exc[0]",
    ... )
    >>> found
    v of 1 neuron in 2 windows of -1 to 0 ms around spikes of exc[0], in mV
    >>> found.average()[:, 0].tolist()
    [-51.0, -65.0]
    """

    def __init__(
        self,
        times: Rows,
        ids: Rows,
        values: Rows,
        offsets: Array,
        unit: Unit,
        state: str,
        around: str,
        parts: tuple[tuple[str, int], ...] = (),
        neurons: tuple[str, ...] = (),
    ) -> None:
        self._times, self._ids, self._values = column(times), column(ids), column(values)
        self.offsets = offsets
        self.unit = unit
        self.state = state
        self.around = around
        self.parts = parts
        self.neurons = neurons

    @property
    def times(self) -> Array:
        """The moments in ms, (windows,)."""
        return self._times.read()

    @property
    def ids(self) -> Array:
        """Which of the watched neurons it was each time, (windows,)."""
        return self._ids.read()

    @property
    def values(self) -> Array:
        """The samples in `unit`, (windows, samples, neurons)."""
        return self._values.read()

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self._values.width[1]

    def __len__(self) -> int:
        return len(self._times)

    def average(self) -> Array:
        """Mean over windows, (samples, neurons): the triggered average; NaN where there is none."""
        return self._mean(lambda values: values)

    def spread(self) -> Array:
        """Standard deviation over windows, (samples, neurons)."""
        mean = self.average()
        return np.sqrt(self._mean(lambda values: (values - mean) ** 2))

    def _mean(self, of: Callable[[Array], Array]) -> Array:
        """Mean of something over windows, computed on some of them at a time."""
        count, total = np.zeros(self._values.width), np.zeros(self._values.width)
        step = max(1, (1 << 22) // max(1, total.size))
        for low in range(0, len(self), step):
            part = of(self._values.read(low, min(low + step, len(self))).astype(np.float64))
            there = np.isfinite(part)
            count += there.sum(axis=0)
            total += np.where(there, part, 0).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return total / count

    def __repr__(self) -> str:
        neurons, windows = self.size, len(self)
        unit = f", in {self.unit}" if str(self.unit) else ""
        span = f"{self.offsets[0]:g} to {self.offsets[-1]:g} ms"
        return (
            f"{self.state} of {neurons:,} neuron{'s' * (neurons != 1)} in {windows:,} "
            f"window{'s' * (windows != 1)} of {span} around {self.around}{unit}"
        )

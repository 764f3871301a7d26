"""A state of some neurons over time."""

from __future__ import annotations

from spikeloom.equations.quantity import Unit
from spikeloom.network.recording.column import Rows
from spikeloom.network.sampled import Sampled


class StateTrace(Sampled):
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
        super().__init__(times, values, unit)
        self.state = state
        self.parts = parts

    def between(self, start: float | None = None, stop: float | None = None) -> StateTrace:
        """The samples after `start` and up to `stop`, in ms; only these are read from a file.

        Raises:
            ParameterError: `start` is after `stop`.
        """
        times, values = self._cut(self.state, start, stop)
        return StateTrace(times, values, self.unit, self.state, self.parts)

    def __repr__(self) -> str:
        return self._told(f"{self.state} of ", "neuron")

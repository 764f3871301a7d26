"""How often each neuron fires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.network.measures.measure import Measure, Spikes
from spikeloom.network.recording.collector import Stored

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class NeuronRates:
    """Number of spikes of each neuron over some time.

    Arguments:
        counts: Spikes of each neuron, (neurons,).
        start: Beginning of the time, in ms.
        stop: Its end.
        parts: Name and number of neurons of each recorded part.

    >>> NeuronRates(np.array([3, 0, 1]), 0.0, 500.0, (("exc", 2), ("inh", 1)))
    firing rates of exc + inh: 3 neurons in 0 to 500 ms, mean 2.67 Hz, 1 silent
    """

    counts: Array = field(repr=False)
    start: float
    stop: float
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def rates(self) -> Array:
        """Spikes per second of each neuron in Hz, (neurons,); NaN over no time."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.counts / np.float64((self.stop - self.start) / 1000)

    def mean(self) -> float:
        """Spikes per neuron and second, in Hz."""
        return float(np.mean(self.rates))

    def __repr__(self) -> str:
        names = " + ".join(name for name, _ in self.parts) or "neurons"
        silent = int((self.counts == 0).sum())
        return (
            f"firing rates of {names}: {len(self.counts):,} neurons in {self.start:g} to "
            f"{self.stop:g} ms, mean {self.mean():.3g} Hz, {silent:,} silent"
        )


@dataclass(frozen=True)
class FiringRates(Measure[NeuronRates]):
    """The rate of each neuron, counted while the network runs.

    >>> FiringRates().name
    'firing rates'
    """

    name: ClassVar[str] = "firing rates"

    def begin(self, sizes: tuple[int, ...], dt: Quantity) -> dict[str, Array]:
        return {"counts": np.zeros(sum(sizes), np.int64)}

    def take(
        self, state: dict[str, Array], numbers: Mapping[str, Any], spikes: Spikes
    ) -> Mapping[str, Array]:
        state["counts"] += np.bincount(spikes.ids, minlength=len(state["counts"]))
        return {}

    @staticmethod
    def value(stored: Stored) -> NeuronRates:
        return NeuronRates(stored.state["counts"], stored.start, stored.stop, stored.parts)

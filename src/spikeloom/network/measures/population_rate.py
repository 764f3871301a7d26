"""How often a population fires, over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.network.measures.binned import Bins
from spikeloom.network.measures.measure import Measure, Spikes, bin_steps
from spikeloom.network.recording.collector import Layout, Stored
from spikeloom.network.recording.column import Rows, column

Array = np.ndarray[Any, np.dtype[Any]]


class RateCurve:
    """Spikes per neuron and second in each bin, for each part of what was recorded.

    Arguments:
        counts: Spikes of each part in each bin, (bins, parts).
        bin: Width of a bin in ms.
        start: When the first bin begins, in ms.
        parts: Name and number of neurons of each part.

    >>> curve = RateCurve(np.array([[4], [0], [2]]), 10.0, 0.0, (("exc", 20),))
    >>> curve
    population rate of exc: 3 bins of 10 ms, mean 10 Hz
    >>> curve.times.tolist(), curve.rates[:, 0].tolist()
    ([5.0, 15.0, 25.0], [20.0, 0.0, 10.0])
    """

    def __init__(
        self, counts: Rows, bin: float, start: float, parts: tuple[tuple[str, int], ...]
    ) -> None:
        self._counts = column(counts)
        self.bin = bin
        self.start = start
        self.parts = parts

    @property
    def times(self) -> Array:
        """Middle of each bin in ms, (bins,)."""
        return self.start + self.bin * (np.arange(len(self)) + 0.5)

    @property
    def counts(self) -> Array:
        """Spikes of each part in each bin, (bins, parts)."""
        return self._counts.read()

    @property
    def rates(self) -> Array:
        """Rate of each part in Hz, (bins, parts)."""
        return self.counts * (1000.0 / (self.bin * np.array([size for _, size in self.parts])))

    @property
    def total(self) -> Array:
        """Rate over all parts in Hz, (bins,)."""
        size = sum(size for _, size in self.parts)
        return self.counts.sum(axis=1) * (1000.0 / (self.bin * size))

    def __len__(self) -> int:
        return len(self._counts)

    def __repr__(self) -> str:
        names = " + ".join(name for name, _ in self.parts)
        mean = float(np.mean(self.total)) if len(self) else float("nan")
        return (
            f"population rate of {names}: {len(self):,} bins of {self.bin:g} ms, mean {mean:.3g} Hz"
        )


@dataclass(frozen=True)
class PopulationRate(Measure[RateCurve]):
    """The rate of each recorded part over time, binned while the network runs.

    Arguments:
        bin: Width of the bins, a whole number of steps. A rest at the end that fills no bin is
            left out; a spike at the end of a bin belongs to it.

    >>> from spikeloom import ms
    >>> PopulationRate(5 * ms).name
    'population rate'
    """

    bin: Quantity

    name: ClassVar[str] = "population rate"

    def check(self, size: int, dt: Quantity) -> None:
        bin_steps("PopulationRate", self.bin, dt)

    def numbers(self, dt: Quantity) -> dict[str, Any]:
        return {"bin": bin_steps("PopulationRate", self.bin, dt)}

    def begin(self, sizes: tuple[int, ...], dt: Quantity) -> dict[str, Array]:
        ends = np.cumsum(sizes)
        return {"rest": np.zeros(len(sizes), np.int64), "ends": ends}

    def layouts(self, sizes: tuple[int, ...], dt: Quantity) -> Mapping[str, Layout]:
        return {"counts": Layout("int64", (len(sizes),), "", "spikes of each part in each bin")}

    def take(
        self, state: dict[str, Array], numbers: Mapping[str, Any], spikes: Spikes
    ) -> Mapping[str, Array]:
        part = np.searchsorted(state["ends"], spikes.ids, side="right")
        return {"counts": Bins(numbers["bin"], state["rest"]).fill(spikes, part)}

    @staticmethod
    def value(stored: Stored) -> RateCurve:
        width = stored.about["bin"] * stored.dt
        return RateCurve(stored.columns["counts"], width, stored.start, stored.parts)

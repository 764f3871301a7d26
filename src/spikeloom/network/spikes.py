"""The spikes of some neurons over some time, and what is usually measured on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikeloom.errors import ParameterError

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class SpikeTrains:
    """Spikes in order of time, then of neuron. All times are plain numbers in ms.

    Arguments:
        times: Time of each spike: the end of the step in which it happened, (spikes,).
        ids: Which of the recorded neurons fired, 0 to size - 1, (spikes,).
        size: Number of recorded neurons.
        start: Beginning of the recording.
        stop: Its end.
        parts: Name and number of neurons of each recorded part, in the order of `ids`.

    >>> import numpy as np
    >>> trains = SpikeTrains(np.array([10.0, 20.0, 30.0]), np.array([0, 1, 0]), 2, 0.0, 100.0)
    >>> trains.rate(), trains.train(0).tolist(), trains.rates().tolist()
    (15.0, [10.0, 30.0], [20.0, 10.0])
    """

    times: Array = field(repr=False)
    ids: Array = field(repr=False)
    size: int
    start: float
    stop: float
    parts: tuple[tuple[str, int], ...] = ()

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        names = " + ".join(name for name, _ in self.parts) or "spikes"
        return (
            f"{names}: {len(self):,} spikes of {self.size:,} neurons in {self.start:g} to "
            f"{self.stop:g} ms, {self.rate():.3g} Hz"
        )

    def train(self, neuron: int) -> Array:
        """Spike times of one neuron in ms."""
        return self.times[self.ids == neuron]

    def between(self, start: float | None = None, stop: float | None = None) -> SpikeTrains:
        """The spikes after `start` and up to `stop`, in ms.

        Raises:
            ParameterError: That time was not recorded.
        """
        begin = self.start if start is None else float(start)
        end = self.stop if stop is None else float(stop)
        slack = 1e-9 * max(abs(self.stop), 1.0)
        if begin < self.start - slack or end > self.stop + slack or begin > end:
            raise ParameterError(
                f"spikes: {begin:g} to {end:g} ms is not within the recording, "
                f"{self.start:g} to {self.stop:g} ms."
            )
        low, high = np.searchsorted(self.times, [begin + slack, end + slack])
        return SpikeTrains(
            self.times[low:high], self.ids[low:high], self.size, begin, end, self.parts
        )

    @property
    def counts(self) -> Array:
        """Number of spikes of each neuron, (size,)."""
        return np.bincount(self.ids, minlength=self.size)

    def rate(self) -> float:
        """Spikes per neuron and second; NaN over no time."""
        duration = (self.stop - self.start) / 1000
        return len(self) / (self.size * duration) if duration > 0 else float("nan")

    def rates(self) -> Array:
        """Spikes per second of each neuron, (size,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.counts / np.float64((self.stop - self.start) / 1000)

    def cv(self, fewest: int = 3) -> float:
        """Coefficient of variation of the intervals between spikes, mean over neurons.

        Arguments:
            fewest: Neurons with fewer intervals are left out; NaN if all are.
        """
        order = np.argsort(self.ids, kind="stable")
        who, gaps = self.ids[order], np.diff(self.times[order])
        same = who[1:] == who[:-1]
        who, gaps = who[1:][same], gaps[same]
        count = np.bincount(who, minlength=self.size)
        use = count >= max(fewest, 1)
        if not use.any():
            return float("nan")
        n = np.maximum(count, 1)
        mean = np.bincount(who, gaps, self.size) / n
        spread = np.bincount(who, (gaps - mean[who]) ** 2, self.size) / n
        return float(np.mean(np.sqrt(spread[use]) / mean[use]))

    def population_rate(self, bin: float = 1.0) -> tuple[Array, Array]:
        """Spikes per neuron and second in each bin.

        Arguments:
            bin: Width in ms; a rest at the end that fills no bin is left out.
        Returns:
            Middle of each bin in ms, and the rate in Hz.
        """
        if not bin > 0:
            raise ParameterError(f"population_rate: bin must be above 0 ms, got {bin:g}.")
        number = int((self.stop - self.start) / bin + 1e-9)
        # Spikes lie on the edges of steps: half a step of tolerance keeps them from flickering
        # between two bins by rounding. A spike at the end of a bin belongs to it.
        place = np.ceil((self.times - self.start) / bin - 1e-6).astype(np.int64) - 1
        hits = np.bincount(place[(place >= 0) & (place < number)], minlength=number)
        middle = self.start + bin * (np.arange(number) + 0.5)
        return middle, hits * (1000.0 / (bin * max(self.size, 1)))

    def peak_frequency(
        self, low: float = 5.0, high: float = 400.0, bin: float = 0.5, smooth: float = 6.0
    ) -> float:
        """The strongest rhythm of the population rate, in Hz; NaN where there is too little.

        Arguments:
            low: Lowest frequency looked at.
            high: Highest.
            bin: Width of the bins of the rate in ms.
            smooth: The spectrum is averaged over this many Hz.
        """
        rate = self.population_rate(bin)[1]
        if len(rate) < 8 or not rate.any():
            return float("nan")
        power = np.abs(np.fft.rfft(rate - rate.mean())) ** 2
        frequency = np.fft.rfftfreq(len(rate), bin / 1000)
        width = max(1, round(smooth / frequency[1]))
        power = np.convolve(power, np.ones(width) / width, mode="same")
        use = (frequency >= low) & (frequency <= high)
        return float(frequency[use][np.argmax(power[use])]) if use.any() else float("nan")

"""The spikes of some neurons over some time, and what is usually measured on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.network import intervals
from spikeloom.network.recording.column import Part, Rows, column

if TYPE_CHECKING:
    from spikeloom.network.measures import CorrelationMatrix, PowerSpectrum

Array = np.ndarray[Any, np.dtype[Any]]
EDGE = 1e-6
"""Spikes lie on the edges of steps: this part of a bin keeps them from flickering by rounding."""


class SpikeTrains:
    """Spikes in order of time, then of neuron. All times are plain numbers in ms.

    What is in a file is read when it is asked for; `between` reads nothing outside its times.

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

    def __init__(
        self,
        times: Rows,
        ids: Rows,
        size: int,
        start: float,
        stop: float,
        parts: tuple[tuple[str, int], ...] = (),
    ) -> None:
        self._times, self._ids = column(times), column(ids)
        self.size = size
        self.start = start
        self.stop = stop
        self.parts = parts

    @property
    def times(self) -> Array:
        """Time of each spike in ms, (spikes,)."""
        return self._times.read()

    @property
    def ids(self) -> Array:
        """Which of the recorded neurons fired, (spikes,)."""
        return self._ids.read()

    def __len__(self) -> int:
        return len(self._times)

    def __repr__(self) -> str:
        names = " + ".join(name for name, _ in self.parts) or "spikes"
        return (
            f"{names}: {len(self):,} spikes of {self.size:,} neurons in {self.start:g} to "
            f"{self.stop:g} ms, {self.rate():.3g} Hz"
        )

    def train(self, neuron: int) -> Array:
        """Spike times of one neuron in ms."""
        return self.times[self.ids == neuron]

    def trains(self) -> list[Array]:
        """Spike times of every neuron in ms, one array each."""
        ids = self.ids
        order = np.argsort(ids, kind="stable")
        ends = np.cumsum(np.bincount(ids, minlength=self.size))[:-1]
        return np.split(self.times[order], ends)

    def of(self, neurons: Sequence[int] | Array | slice) -> SpikeTrains:
        """The spikes of some of the neurons, which are counted anew from 0 in the order given.

        Raises:
            ParameterError: There is no such neuron, or one is named twice.
        """
        chosen = np.arange(self.size)[neurons] if isinstance(neurons, slice) else neurons
        chosen = np.atleast_1d(np.asarray(chosen))
        inside = chosen.dtype.kind in "iu" and np.all((chosen >= 0) & (chosen < self.size))
        if not inside or len(np.unique(chosen)) != len(chosen):
            raise ParameterError(
                f"spikes: neurons must be different numbers from 0 to {self.size - 1}."
            )
        place = np.full(self.size, -1)
        place[chosen] = np.arange(len(chosen))
        ids = place[self.ids]
        here = ids >= 0
        times, ids = self.times[here], ids[here]
        order = np.lexsort((ids, times))
        return SpikeTrains(times[order], ids[order], len(chosen), self.start, self.stop)

    def by_part(self) -> dict[str, SpikeTrains]:
        """The spikes of each recorded part by its name, neurons counted from 0."""
        times, ids = self.times, self.ids
        found: dict[str, SpikeTrains] = {}
        low = 0
        for name, size in self.parts:
            here = (ids >= low) & (ids < low + size)
            part = ((name, size),)
            found[name] = SpikeTrains(
                times[here], ids[here] - low, size, self.start, self.stop, part
            )
            low += size
        return found

    def between(self, start: float | None = None, stop: float | None = None) -> SpikeTrains:
        """The spikes after `start` and up to `stop`, in ms.

        Raises:
            ParameterError: That time was not recorded.
        """
        begin = self.start if start is None else float(start)
        end = self.stop if stop is None else float(stop)
        slack = 1e-9 * max(abs(self.stop), 1.0)
        if not (self.start - slack <= begin <= end <= self.stop + slack):
            raise ParameterError(
                f"spikes: {begin:g} to {end:g} ms is not within the recording, "
                f"{self.start:g} to {self.stop:g} ms."
            )
        low, high = self._times.after(begin + slack), self._times.after(end + slack)
        cut = Part(self._times, low, high), Part(self._ids, low, high)
        return SpikeTrains(*cut, self.size, begin, end, self.parts)

    @property
    def counts(self) -> Array:
        """Number of spikes of each neuron, (size,)."""
        total = np.zeros(self.size, np.int64)
        for ids in self._ids.pieces():
            total += np.bincount(ids, minlength=self.size)
        return total

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
        number, values = intervals.cv(self.times, self.ids, self.size)
        return _mean(values[number >= max(fewest, 1)])

    def cv2(self, fewest: int = 3) -> float:
        """Mean variation of neighbouring intervals, 2|b − a|/(a + b), mean over neurons.

        Unlike `cv` it does not count slow changes of the rate. Arguments as there.

        Source: Holt et al. 1996, eq. 2.
        """
        number, values = intervals.cv2(self.times, self.ids, self.size)
        return _mean(values[number >= max(fewest, 2)])

    def lv(self, fewest: int = 3) -> float:
        """Local variation of intervals, 3(a − b)²/(a + b)², mean over neurons; as `cv2`.

        Source: Shinomoto et al. 2003, eq. 2.2.
        """
        number, values = intervals.lv(self.times, self.ids, self.size)
        return _mean(values[number >= max(fewest, 2)])

    def binned(self, bin: float = 1.0) -> Array:
        """Spikes of each neuron in each bin, (bins, size).

        Arguments:
            bin: Width in ms; a rest at the end that fills no bin is left out. A spike at the end
                of a bin belongs to it.
        """
        number, place = self._bins("binned", bin)
        here = place < number
        flat = place[here] * self.size + self.ids[here]
        return np.bincount(flat, minlength=number * self.size).reshape(number, self.size)

    def population_rate(self, bin: float = 1.0) -> tuple[Array, Array]:
        """Spikes per neuron and second in each bin.

        Arguments:
            bin: Width in ms, as in `binned`.
        Returns:
            Middle of each bin in ms, and the rate in Hz.
        """
        number, place = self._bins("population_rate", bin)
        hits = np.bincount(place[place < number], minlength=number)
        middle = self.start + bin * (np.arange(number) + 0.5)
        return middle, hits * (1000.0 / (bin * max(self.size, 1)))

    def fano(self, bin: float) -> float:
        """Variance over mean of the counts in bins, mean over the neurons that fired."""
        counts = self.binned(bin)
        mean = counts.mean(axis=0)
        return _mean(counts.var(axis=0)[mean > 0] / mean[mean > 0])

    def correlation(self, bin: float) -> CorrelationMatrix:
        """Correlations of the counts of all pairs of neurons.

        Arguments:
            bin: Width in ms, as in `binned`.
        """
        from spikeloom.network.measures import CorrelationMatrix

        counts = self.binned(bin)
        with np.errstate(invalid="ignore", divide="ignore"):
            matrix = np.atleast_2d(np.corrcoef(counts, rowvar=False))
        mean, variance = counts.mean(axis=0), counts.var(axis=0)
        return CorrelationMatrix(matrix, mean, variance, bin, len(counts), self.parts)

    def spectrum(self, bin: float = 1.0, segment: float = 1000.0) -> PowerSpectrum:
        """Power spectrum of the rate of all neurons by Welch's method, as `Spectrum` does it.

        Arguments:
            bin: Width of the bins of the rate in ms.
            segment: Length of a segment in ms, an even number of bins.
        """
        from spikeloom.network.measures import PowerSpectrum
        from spikeloom.network.measures.spectrum import welch

        rate = self.population_rate(bin)[1][:, None]
        names = " + ".join(name for name, _ in self.parts)
        parts = ((names, self.size),) if names else ()
        return PowerSpectrum(*welch(rate, bin, segment), parts)

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

    def van_rossum(self, tau: float) -> Array:
        """Van Rossum's distance of every pair of trains, (size, size), by Elephant.

        One spike more in one of two equal trains is a distance of 1.

        Arguments:
            tau: Time constant in ms.

        Source: van Rossum 2001, "A novel spike distance".
        """
        from spikeloom.network.distances import van_rossum

        return van_rossum(self, tau)

    def victor_purpura(self, cost: float) -> Array:
        """Victor and Purpura's distance of every pair of trains, (size, size), by Elephant.

        Arguments:
            cost: Of moving a spike by 1 ms; to add or remove one costs 1.

        Source: Victor & Purpura 1996, "Nature and precision of temporal coding".
        """
        from spikeloom.network.distances import victor_purpura

        return victor_purpura(self, cost)

    def to_neo(self) -> list[Any]:
        """One `neo.SpikeTrain` of each neuron, annotated with its population and number."""
        from spikeloom.network.neo_export import spike_trains

        return spike_trains(self, "spikes")

    @classmethod
    def from_neo(cls, trains: Sequence[Any], name: str = "neurons") -> SpikeTrains:
        """Spikes from a list of `neo.SpikeTrain`, such as ``segment.spiketrains`` of a recording.

        Arguments:
            trains: One of each neuron, all of the same time.
            name: Of the neurons.

        Raises:
            DataError: They do not begin and end together.
        """
        from spikeloom.network.neo_export import from_neo

        return from_neo(trains, name)

    def _bins(self, what: str, bin: float) -> tuple[int, Array]:
        """Number of whole bins, and the bin of each spike."""
        if not bin > 0:
            raise ParameterError(f"{what}: bin must be above 0 ms, got {bin:g}.")
        number = int((self.stop - self.start) / bin + 1e-9)
        place = np.ceil((self.times - self.start) / bin - EDGE).astype(np.int64) - 1
        return number, np.maximum(place, 0)


def _mean(values: Array) -> float:
    return float(np.mean(values)) if len(values) else float("nan")

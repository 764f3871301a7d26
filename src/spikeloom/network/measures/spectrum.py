"""Rhythms of a population: the power spectrum of its rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.network.grid import whole_steps
from spikeloom.network.measures.binned import Bins
from spikeloom.network.measures.measure import Measure, Spikes, bin_steps
from spikeloom.network.recording.collector import Stored

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class PowerSpectrum:
    """Power spectral density of the rate of each part of what was recorded, one-sided.

    The integral over frequencies is the variance of the rate.

    Arguments:
        frequencies: In Hz, (frequencies,).
        power: In Hz²/Hz, (frequencies, parts); NaN where there was no whole segment.
        segments: How many segments were averaged.
        parts: Name and number of neurons of each part.

    >>> found = PowerSpectrum(np.array([0.0, 10.0, 20.0]), np.array([[0.0], [3.0], [1.0]]), 7)
    >>> found, found.peak()
    (spectrum of neurons: 0 to 20 Hz in steps of 10 Hz, 7 segments, peak at 10 Hz, 10.0)
    """

    frequencies: Array = field(repr=False)
    power: Array = field(repr=False)
    segments: int
    parts: tuple[tuple[str, int], ...] = ()

    def peak(self, low: float = 0.0, high: float = float("inf"), part: int = 0) -> float:
        """The frequency with the most power, in Hz; NaN without a whole segment.

        Arguments:
            low: Lowest frequency to look at, in Hz; the constant part never counts.
            high: Highest.
            part: Of which part.
        """
        use = (self.frequencies > 0) & (self.frequencies >= low) & (self.frequencies <= high)
        if not self.segments or not use.any():
            return float("nan")
        return float(self.frequencies[use][np.argmax(self.power[use, part])])

    def __repr__(self) -> str:
        names = " + ".join(name for name, _ in self.parts) or "neurons"
        f = self.frequencies
        return (
            f"spectrum of {names}: 0 to {f[-1]:g} Hz in steps of {f[1]:g} Hz, "
            f"{self.segments:,} segments, peak at {self.peak():g} Hz"
        )


@dataclass(frozen=True)
class Spectrum(Measure[PowerSpectrum]):
    """The power spectrum of the rate of each recorded part, by Welch's method, while it runs.

    The rate is cut into segments that overlap by half; of each the mean is taken away and a Hann
    window laid over it; the squares of the Fourier transforms are averaged.

    Arguments:
        bin: Width of the bins of the rate, a whole number of steps; half its inverse is the
            highest frequency.
        segment: Length of a segment, an even number of bins; its inverse is the step between two
            frequencies.

    Source: Welch 1967, "The use of fast Fourier transform for the estimation of power spectra".

    >>> Spectrum(1 * ms, segment=100 * ms).name
    'spectrum'
    """

    bin: Quantity
    segment: Quantity = 1000 * ms

    name: ClassVar[str] = "spectrum"

    def check(self, size: int, dt: Quantity) -> None:
        self.numbers(dt)

    def numbers(self, dt: Quantity) -> dict[str, Any]:
        bin = bin_steps("Spectrum", self.bin, dt)
        steps = whole_steps("Spectrum: segment", self.segment, dt)
        if steps % (2 * bin) or steps < 4 * bin:
            raise ParameterError(
                f"Spectrum: segment must be an even number of bins, at least 4; got {self.segment} "
                f"with bins of {self.bin}."
            )
        return {"bin": bin, "segment": steps // bin}

    def begin(self, sizes: tuple[int, ...], dt: Quantity) -> dict[str, Array]:
        length, parts = self.numbers(dt)["segment"], len(sizes)
        return {
            "ends": np.cumsum(sizes),
            "rest": np.zeros(parts, np.int64),
            "tail": np.zeros((length, parts), np.int64),
            "filled": np.array(0),
            "segments": np.array(0),
            "power": np.zeros((length // 2 + 1, parts)),
        }

    def take(
        self, state: dict[str, Array], numbers: Mapping[str, Any], spikes: Spikes
    ) -> Mapping[str, Array]:
        part = np.searchsorted(state["ends"], spikes.ids, side="right")
        counts = Bins(numbers["bin"], state["rest"]).fill(spikes, part)
        tail, length, low = state["tail"], numbers["segment"], 0
        while low < len(counts):
            filled = int(state["filled"])
            room = min(length - filled, len(counts) - low)
            tail[filled : filled + room] = counts[low : low + room]
            state["filled"] += room
            low += room
            if filled + room == length:
                state["power"] += squares(tail)
                state["segments"] += 1
                tail[: length // 2] = tail[length // 2 :].copy()
                state["filled"][...] = length // 2
        return {}

    @staticmethod
    def value(stored: Stored) -> PowerSpectrum:
        bin_ms, length = stored.about["bin"] * stored.dt, stored.about["segment"]
        total, segments = stored.state["power"], int(stored.state["segments"])
        # Counts become rates in Hz by 1000 / (bin · neurons).
        rates = total * (1000 / (bin_ms * np.array([size for _, size in stored.parts]))) ** 2
        frequencies, power = density(rates, segments, length, bin_ms)
        return PowerSpectrum(frequencies, power, segments, stored.parts)


def welch(rate: Array, bin: float, segment: float) -> tuple[Array, Array, int]:
    """Welch's method on what is there already.

    Arguments:
        rate: One column each, (bins, columns).
        bin: Width of the bins in ms.
        segment: Length of a segment in ms.

    Returns:
        Frequencies, power of each column and number of segments, as in `PowerSpectrum`.

    Raises:
        ParameterError: A segment is no even number of bins.
    """
    length = round(segment / bin) if bin > 0 else 0
    if length < 4 or length % 2 or abs(length * bin - segment) > 1e-6 * bin:
        raise ParameterError(
            f"spectrum: segment must be an even number of bins, at least 4; got {segment:g} ms "
            f"with bins of {bin:g} ms."
        )
    starts = range(0, len(rate) - length + 1, length // 2)
    total = np.zeros((length // 2 + 1, rate.shape[1]))
    for low in starts:
        total += squares(rate[low : low + length])
    frequencies, power = density(total, len(starts), length, bin)
    return frequencies, power, len(starts)


def density(total: Array, segments: int, length: int, bin: float) -> tuple[Array, Array]:
    """Frequencies in Hz, and the mean of squared amplitudes as a density over them.

    Arguments:
        total: Sum over segments, (frequencies, columns).
        segments: How many there were.
        length: Bins of a segment.
        bin: Width of the bins in ms.
    """
    # All frequencies but the first and the last stand for their negative ones as well.
    sides = np.full((length // 2 + 1, 1), 2.0)
    sides[[0, -1]] = 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = bin / 1000 / np.sum(hann(length) ** 2) / np.float64(segments)
        return np.fft.rfftfreq(length, bin / 1000), total * sides * scale


def hann(length: int) -> Array:
    """Hann's window, periodic.

    >>> hann(4).round(12).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def squares(counts: Array) -> Array:
    """Squared Fourier amplitudes of one segment, (frequencies, parts)."""
    window = hann(len(counts))[:, None]
    flat = counts - counts.mean(axis=0)
    return np.abs(np.fft.rfft(flat * window, axis=0)) ** 2

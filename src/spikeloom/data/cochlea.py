"""A gammatone filter bank: how far each place along the basilar membrane swings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.data.levels import Scale, check_bands, check_sound, check_top
from spikeloom.errors import ParameterError

ORDER = 4
WIDTH = 1.019
"""Bandwidth of a fourth-order filter by that of the ear, Patterson et al. 1987."""
TOP = 0.45
"""Highest centre by the sampling rate, where none is asked for."""


@dataclass(frozen=True)
class Gammatone:
    """Sound to the envelopes of gammatone filters, in [0, 1] on a logarithmic scale.

    A filter with centre f is four one-pole filters in a row, each with the complex pole
    exp((-2 pi b + 2 pi i f) / rate) and b = 1.019 ERB(f), ERB(f) = 24.7 (1 + 0.00437 f) Hz. The
    magnitude of its output is the envelope; its square, averaged over each hop, is the power that
    `Scale` turns into values. Centres are evenly spaced in E(f) = 21.4 log10(1 + 0.00437 f).

    Arguments:
        bands: How many filters.
        low_hz: Centre of the first.
        high_hz: Centre of the last; None is 0.45 of the sampling rate.
        hop_ms: From one frame to the next.
        scale: What is 1 and what is 0.
    Raises:
        ParameterError: A number is out of range.
    Source: Patterson, Nimmo-Smith, Holdsworth & Rice 1987; Glasberg & Moore 1990, Hearing
        Research 47 (ERB); Hohmann 2002, Acta Acustica 88 (complex one-pole form).

    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000)
    >>> bank = Gammatone(bands=32)
    >>> frames = bank(tone, 8000)
    >>> place = int(frames.sum(0).argmax())
    >>> frames.shape, round(float(bank.centres(8000)[place]))
    ((100, 32), 999)
    """

    bands: int = 64
    low_hz: float = 80.0
    high_hz: float | None = None
    hop_ms: float = 5.0
    scale: Scale = Scale(range_db=60.0)

    def __post_init__(self) -> None:
        check_bands("Gammatone", self.bands, self.low_hz, self.high_hz, self.hop_ms)
        if self.low_hz <= 0:
            raise ParameterError(f"Gammatone: low_hz must be positive, got {self.low_hz}.")

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest value that comes out."""
        return (0.0, 1.0)

    def centres(self, rate: int) -> np.ndarray:
        """Centre of each filter in Hz at a sampling rate."""
        top = TOP * rate if self.high_hz is None else self.high_hz
        check_top("Gammatone", self.low_hz, top, rate)
        low, high = (21.4 * np.log10(1 + 0.00437 * f) for f in (self.low_hz, top))
        return (10 ** (np.linspace(low, high, self.bands) / 21.4) - 1) / 0.00437

    def __call__(self, sound: np.ndarray, rate: int) -> np.ndarray:
        """Sound (samples,) in [-1, 1] at a rate in Hz -> float32 array (frames, bands)."""
        from scipy.signal import lfilter

        check_sound("Gammatone", sound)
        hop = max(round(self.hop_ms * rate / 1000), 1)
        count = -(-len(sound) // hop)
        wave = np.zeros(count * hop, np.complex128)  # one-pole filters in a row stay exact
        wave[: len(sound)] = sound
        power = np.empty((count, self.bands))
        for band, centre in enumerate(self.centres(rate)):
            width = WIDTH * 24.7 * (1 + 0.00437 * centre)
            pole = np.exp((-2 * np.pi * width + 2j * np.pi * centre) / rate)
            out = wave
            for _ in range(ORDER):
                out = lfilter([1 - abs(pole)], [1, -pole], out)
            swing = 2 * np.abs(out)  # of a real sound, half lies at negative frequencies
            power[:, band] = (swing.reshape(count, hop) ** 2).mean(1)
        return self.scale(power)

"""Log-mel spectrograms: how loud a sound is in bands as wide as the ear hears them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.data.levels import Scale, check_bands, check_sound, check_top
from spikeloom.errors import ParameterError


@dataclass(frozen=True)
class LogMel:
    """Sound to frames of band levels in [0, 1], on a logarithmic scale.

    Windows of `window_ms` (Hann) are taken every `hop_ms`; the power spectrum of each goes
    through triangular filters whose centres are evenly spaced in mel,
    mel(f) = 2595 log10(1 + f / 700). With level L in dB and reference L0 a value is

        y = clip(1 + (L - L0) / range_db, 0, 1).

    Arguments:
        bands: How many filters.
        low_hz: Lower edge of the first filter.
        high_hz: Upper edge of the last; None is half the sampling rate.
        window_ms: Length of a window.
        hop_ms: From one frame to the next.
        range_db: From the reference down to the level that gives 0.
        reference: ``"peak"``: the loudest band of the recording is 1, so that it does not matter
            how near the microphone was; ``"full scale"``: a full-scale tone is about 1.
        quiet_db: Level under full scale below which a peak is no reference: silence stays silent.
    Raises:
        ParameterError: A number is out of range.
    Source: S. Davis & P. Mermelstein 1980, IEEE Trans. ASSP 28(4); O'Shaughnessy 1987 (mel).

    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000).astype(np.float32)
    >>> frames = LogMel(bands=20)(tone, 8000)
    >>> frames.shape, int(frames[50].argmax())
    ((99, 20), 8)
    """

    bands: int = 40
    low_hz: float = 60.0
    high_hz: float | None = None
    window_ms: float = 25.0
    hop_ms: float = 10.0
    range_db: float = 80.0
    reference: str = "peak"
    quiet_db: float = -50.0

    def __post_init__(self) -> None:
        check_bands("LogMel", self.bands, self.low_hz, self.high_hz, self.hop_ms)
        if not 0 < self.window_ms < float("inf"):
            raise ParameterError(f"LogMel: window_ms must be positive, got {self.window_ms}.")
        self._scale()

    def _scale(self) -> Scale:
        return Scale(self.range_db, self.reference, self.quiet_db)

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest value that comes out."""
        return (0.0, 1.0)

    def __call__(self, sound: np.ndarray, rate: int) -> np.ndarray:
        """Sound (samples,) in [-1, 1] at a rate in Hz -> float32 array (frames, bands).

        Raises:
            ShapeError: Not one row of at least one sample.
            ParameterError: The sampling rate is too low for the bands.
        """
        check_sound("LogMel", sound)
        width = max(round(self.window_ms * rate / 1000), 2)
        hop = max(round(self.hop_ms * rate / 1000), 1)
        window = np.hanning(width + 1)[:-1]
        count = max(-(-(len(sound) - width) // hop), 0) + 1  # the last one may reach past the end
        padded = np.zeros((count - 1) * hop + width)
        padded[: len(sound)] = sound[: len(padded)]
        pieces = np.lib.stride_tricks.sliding_window_view(padded, width)[::hop]
        size = 1 << (width - 1).bit_length()
        power = np.abs(np.fft.rfft(pieces * window, size)) ** 2 * (2 / window.sum()) ** 2
        return self._scale()(power @ self.filters(rate, size).T)

    def filters(self, rate: int, size: int) -> np.ndarray:
        """Weights (bands, size // 2 + 1) of the frequencies of a spectrum of `size` points."""
        top = rate / 2 if self.high_hz is None else self.high_hz
        check_top("LogMel", self.low_hz, top, rate)
        mel = np.linspace(_mel(self.low_hz), _mel(top), self.bands + 2)
        edges = 700 * (10 ** (mel / 2595) - 1)
        lower, centre, upper = edges[:-2, None], edges[1:-1, None], edges[2:, None]
        hertz = np.arange(size // 2 + 1) * rate / size
        weights = np.minimum((hertz - lower) / (centre - lower), (upper - hertz) / (upper - centre))
        weights = np.maximum(weights, 0)
        # A filter narrower than the spectrum's grid may catch no point: it takes the nearest.
        for row in np.flatnonzero(weights.sum(1) == 0):
            weights[row, np.argmin(np.abs(hertz - centre[row]))] = 1
        return weights


def _mel(hertz: float) -> float:
    return 2595 * float(np.log10(1 + hertz / 700))

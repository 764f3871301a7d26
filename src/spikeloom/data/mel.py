"""Log-mel spectrograms: how loud a sound is in bands as wide as the ear hears them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.errors import ParameterError, ShapeError

FLOOR = 1e-12
"""Power that counts as nothing, so that digital silence has a logarithm."""


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

    def __post_init__(self) -> None:
        positive = {"window_ms": self.window_ms, "hop_ms": self.hop_ms, "range_db": self.range_db}
        for name, value in positive.items():
            if not 0 < value < float("inf"):
                raise ParameterError(f"LogMel: {name} must be positive, got {value}.")
        if self.bands < 1:
            raise ParameterError(f"LogMel: bands must be at least 1, got {self.bands}.")
        if not self.low_hz >= 0 or (self.high_hz is not None and not self.high_hz > self.low_hz):
            raise ParameterError(
                "LogMel: low_hz must be 0 or more and high_hz above it, "
                f"got {self.low_hz} and {self.high_hz}."
            )
        if self.reference not in ("peak", "full scale"):
            raise ParameterError(
                f"LogMel: reference must be 'peak' or 'full scale', got {self.reference!r}."
            )

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
        level = power @ self.filters(rate, size).T
        top = float(level.max()) if self.reference == "peak" else 1.0
        if top <= FLOOR:  # silence: there is no peak to measure from
            return np.zeros(level.shape, np.float32)
        told = 1 + 10 * np.log10(np.maximum(level, FLOOR) / top) / self.range_db
        return np.clip(told, 0, 1).astype(np.float32)

    def filters(self, rate: int, size: int) -> np.ndarray:
        """Weights (bands, size // 2 + 1) of the frequencies of a spectrum of `size` points."""
        top = rate / 2 if self.high_hz is None else self.high_hz
        if top > rate / 2 or top <= self.low_hz:
            raise ParameterError(
                f"LogMel: bands up to {top:g} Hz from {self.low_hz:g} Hz need a sampling rate of "
                f"more than {2 * max(top, self.low_hz):g} Hz, got {rate} Hz.",
                hint="lower high_hz, or take recordings of a higher rate",
            )
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


def check_sound(who: str, sound: np.ndarray) -> None:
    """Refuse what is not one row of finite samples."""
    if sound.ndim != 1 or not len(sound):
        raise ShapeError(
            f"{who}: a sound must be (samples,) with at least one sample, got {sound.shape}.",
            hint="one recording, one channel at a time",
        )
    if not np.isfinite(sound).all():
        raise ParameterError(f"{who}: the sound contains NaN or infinity.")


def _mel(hertz: float) -> float:
    return 2595 * float(np.log10(1 + hertz / 700))

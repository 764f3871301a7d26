"""From the power in each band to values in [0, 1] on a logarithmic scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.errors import ParameterError, ShapeError

FLOOR = 1e-30
"""Power that counts as nothing, so that digital silence has a logarithm."""


@dataclass(frozen=True)
class Scale:
    """How loud is 1, and how much quieter is 0: y = clip(1 + (L - L0) / range_db, 0, 1).

    Arguments:
        range_db: From the reference L0 down to the level that gives 0.
        reference: ``"peak"``: L0 is the loudest band of the recording, so that it does not matter
            how near the microphone was; ``"full scale"``: L0 is a full-scale tone.
        quiet_db: Level under full scale below which a peak is no reference: silence stays silent.

    >>> Scale(range_db=40.0)(np.array([[1.0, 0.01, 1e-9]])).tolist()
    [[1.0, 0.5, 0.0]]
    """

    range_db: float = 80.0
    reference: str = "peak"
    quiet_db: float = -50.0

    def __post_init__(self) -> None:
        if not 0 < self.range_db < float("inf"):
            raise ParameterError(f"range_db must be positive, got {self.range_db}.")
        if self.reference not in ("peak", "full scale"):
            raise ParameterError(
                f"reference must be 'peak' or 'full scale', got {self.reference!r}."
            )

    def __call__(self, power: np.ndarray) -> np.ndarray:
        """Power (frames, bands), a full-scale tone being about 1 -> float32 of that shape."""
        top = 1.0
        if self.reference == "peak":
            top = max(float(power.max(initial=0.0)), 10 ** (self.quiet_db / 10))
        told = 1 + 10 * np.log10(np.maximum(power, FLOOR) / top) / self.range_db
        return np.clip(told, 0, 1).astype(np.float32)


def check_bands(who: str, bands: int, low_hz: float, high_hz: float | None, hop_ms: float) -> None:
    """Refuse a filter bank that is none."""
    if bands < 1:
        raise ParameterError(f"{who}: bands must be at least 1, got {bands}.")
    if not 0 < hop_ms < float("inf"):
        raise ParameterError(f"{who}: hop_ms must be positive, got {hop_ms}.")
    if not low_hz >= 0 or (high_hz is not None and not high_hz > low_hz):
        raise ParameterError(
            f"{who}: low_hz must be 0 or more and high_hz above it, got {low_hz} and {high_hz}."
        )


def check_top(who: str, low_hz: float, high_hz: float, rate: int) -> None:
    """Refuse bands that a sampling rate cannot hold."""
    if high_hz > rate / 2 or high_hz <= low_hz:
        raise ParameterError(
            f"{who}: bands from {low_hz:g} Hz up to {high_hz:g} Hz need a sampling rate of more "
            f"than {2 * max(high_hz, low_hz):g} Hz, got {rate} Hz.",
            hint="lower high_hz, or take recordings of a higher rate",
        )


def check_sound(who: str, sound: np.ndarray) -> None:
    """Refuse what is not one row of finite samples."""
    if sound.ndim != 1 or not len(sound):
        raise ShapeError(
            f"{who}: a sound must be (samples,) with at least one sample, got {sound.shape}.",
            hint="one recording, one channel at a time",
        )
    if not np.isfinite(sound).all():
        raise ParameterError(f"{who}: the sound contains NaN or infinity.")

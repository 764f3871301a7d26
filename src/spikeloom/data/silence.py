"""Leave out the silence before and after a sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.data.fsdd import Front
from spikeloom.data.levels import check_sound
from spikeloom.data.mel import LogMel
from spikeloom.errors import ParameterError

STEP_MS = 10.0
"""Length of the pieces whose loudness is compared."""


@dataclass(frozen=True)
class Trimmed:
    """A sound from where it begins to where it ends, through a filter bank.

    The power of pieces of 10 ms, each the mean with its two neighbours, is compared with the
    loudest: the sound begins with the first piece that is less than ``below_db`` quieter and ends
    with the last. People cut their recordings differently; a word that fills half of a
    recording would otherwise fill half of the frames it is stretched to.

    Arguments:
        front: The filter bank.
        below_db: How far under the loudest piece silence begins.
        margin_ms: What is kept before and after.
    Raises:
        ParameterError: A number is out of range.
    Source: end points from energy alone, the first step of L. Rabiner & M. Sambur 1975, Bell
        Syst. Tech. J. 54(2).

    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000)
    >>> late = np.concatenate([np.zeros(8000), tone, np.zeros(2000)])
    >>> Trimmed(margin_ms=20.0).cut(late, 8000).shape  # a piece longer at both ends: neighbours
    (4480,)
    """

    front: Front = LogMel()
    below_db: float = 40.0
    margin_ms: float = 20.0

    def __post_init__(self) -> None:
        if not 0 < self.below_db < float("inf"):
            raise ParameterError(f"Trimmed: below_db must be positive, got {self.below_db}.")
        if not 0 <= self.margin_ms < float("inf"):
            raise ParameterError(f"Trimmed: margin_ms must be 0 or more, got {self.margin_ms}.")

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest value that comes out."""
        return self.front.bounds

    def __call__(self, sound: np.ndarray, rate: int) -> np.ndarray:
        """Sound (samples,) at a rate in Hz -> what the filter bank makes of its middle."""
        return self.front(self.cut(sound, rate), rate)

    def cut(self, sound: np.ndarray, rate: int) -> np.ndarray:
        """The sound without silence at its ends; whole if it is short or silent throughout.

        Raises:
            ShapeError: Not one row of at least one sample.
            ParameterError: NaN or infinity.
        """
        check_sound("Trimmed", sound)
        step = max(round(STEP_MS * rate / 1000), 1)
        count = len(sound) // step
        if count < 4:
            return sound
        pieces = np.asarray(sound[: count * step], np.float64).reshape(count, step)
        power = np.convolve((pieces**2).mean(1), np.full(3, 1 / 3), "same")
        loud = np.flatnonzero(power > power.max() * 10 ** (-self.below_db / 10))
        if not len(loud):
            return sound
        margin = round(self.margin_ms * rate / 1000)
        first, last = int(loud[0]) * step - margin, (int(loud[-1]) + 1) * step + margin
        return sound[max(first, 0) : last]

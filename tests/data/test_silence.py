"""Silence before and after a sound is left out, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom.data import LogMel, Trimmed
from spikeloom.errors import ParameterError, ShapeError

RATE = 8000
TONE = np.sin(2 * np.pi * 500 * np.arange(2400) / RATE)


def test_however_much_silence_the_same_word_is_left() -> None:
    hiss = 1e-4 * np.random.default_rng(0).standard_normal(12000)
    for before, after in ((800, 800), (4000, 800), (800, 5600)):
        sound = hiss[: before + len(TONE) + after].copy()
        sound[before : before + len(TONE)] += TONE
        kept = Trimmed().cut(sound, RATE)
        assert len(kept) == len(TONE) + 2 * (80 + 160)  # a neighbour and the margin
        assert np.abs(kept[160 + 80 : 160 + 80 + len(TONE)]).max() > 0.5


def test_quiet_parts_within_a_word_stay() -> None:
    gap = np.concatenate([TONE, np.zeros(4000), TONE])
    assert len(Trimmed().cut(gap, RATE)) == len(gap)
    fade = TONE * np.linspace(1, 0.02, len(TONE))  # down to -34 dB
    assert len(Trimmed(below_db=40.0).cut(fade, RATE)) == len(fade)
    assert len(Trimmed(below_db=10.0).cut(fade, RATE)) < len(fade)


def test_what_is_short_or_silent_stays_whole() -> None:
    for sound in (np.zeros(8000), np.ones(1), TONE[:300]):
        assert len(Trimmed().cut(sound, RATE)) == len(sound)
        assert Trimmed(LogMel(bands=20))(sound, RATE).shape[1] == 20


def test_bad_input_is_named() -> None:
    with pytest.raises(ParameterError, match="below_db"):
        Trimmed(below_db=0.0)
    with pytest.raises(ParameterError, match="margin_ms"):
        Trimmed(margin_ms=-1.0)
    with pytest.raises(ParameterError, match="NaN"):
        Trimmed()(np.array([0.0, np.nan]), RATE)
    with pytest.raises(ShapeError, match="samples"):
        Trimmed()(np.zeros((2, 100)), RATE)
    assert Trimmed(LogMel()).bounds == (0.0, 1.0)

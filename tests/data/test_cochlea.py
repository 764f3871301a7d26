"""Sound to spikes: a tone excites one place, places follow pitch, and silence says nothing."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom.data import Coded, Gammatone, LIFBands, LogMel, Scale
from spikeloom.errors import DataError, ParameterError, ShapeError
from spikeloom.nn.encode import BSA, Delta, Latency, StepForward

RATE = 8000
SECONDS = 0.4
FRONTS = [
    LIFBands(),
    LIFBands(LogMel(bands=40, range_db=60, hop_ms=5)),
    Coded(LogMel(bands=40, range_db=40), Delta(0.2)),
    Coded(Gammatone(scale=Scale(range_db=20)), Delta(0.2)),
    Coded(Gammatone(scale=Scale(range_db=20)), BSA()),
    Coded(Gammatone(scale=Scale(range_db=20)), StepForward(0.2)),
]


def tone(hertz: float, rate: int = RATE) -> np.ndarray:
    """A tone after 50 ms of silence, faded in over 20 ms: an edge is a sound of all pitches."""
    time = np.arange(int(SECONDS * rate)) / rate
    fade = np.clip((np.minimum(time, SECONDS - time) - 0.05) / 0.02, 0, 1)
    return 0.5 * np.sin(np.pi / 2 * fade) ** 2 * np.sin(2 * np.pi * hertz * time)


def spikes_by_band(front, sound: np.ndarray, rate: int = RATE) -> np.ndarray:
    spikes = np.abs(front(sound, rate))
    return spikes.reshape(-1, spikes.shape[-1]).sum(0)


@pytest.mark.parametrize("front", FRONTS, ids=repr)
def test_a_tone_excites_one_place(front) -> None:
    counts = spikes_by_band(front, tone(1000))
    place, reach = int(counts.argmax()), len(counts) / 10
    near = np.abs(np.arange(len(counts)) - place) <= reach
    assert counts.sum() >= 10
    assert counts[near].sum() >= 0.8 * counts.sum()


@pytest.mark.parametrize("front", FRONTS, ids=repr)
def test_places_follow_the_logarithm_of_the_pitch(front) -> None:
    places = []
    for hertz in np.geomspace(250, 3400, 8):  # up to where 8 kHz of sampling reach
        counts = spikes_by_band(front, tone(hertz))
        places.append((counts * np.arange(len(counts))).sum() / counts.sum())
    assert (np.diff(places) > 0).all()


def test_places_up_to_4_khz_where_the_rate_allows() -> None:
    front = LIFBands(Gammatone(hop_ms=1.0, high_hz=6000))
    places = []
    for hertz in np.geomspace(250, 4000, 9):
        counts = spikes_by_band(front, tone(hertz, 16000), 16000)
        places.append((counts * np.arange(len(counts))).sum() / counts.sum())
    steps = np.diff(places)
    assert (steps > 0).all() and steps.max() < 3 * steps.min()


@pytest.mark.parametrize("front", FRONTS, ids=repr)
@pytest.mark.parametrize("noise", [0.0, 3e-5])
def test_silence_says_nothing(front, noise: float) -> None:
    """Also the silence of a microphone: noise of the last of 16 bits."""
    silence = noise * np.random.default_rng(1).normal(size=int(SECONDS * RATE))
    said = spikes_by_band(front, silence).sum()
    assert said <= 0.01 * spikes_by_band(front, tone(1000)).sum()


@pytest.mark.parametrize("rate, low", [(8000, 80.0), (16000, 40.0), (44100, 20.0)])
def test_filters_pass_their_centre_and_are_stable(rate: int, low: float) -> None:
    bank = Gammatone(bands=16, low_hz=low, scale=Scale(range_db=100, reference="full scale"))
    centres = bank.centres(rate)
    assert (np.diff(centres) > 0).all() and centres[0] == pytest.approx(low)
    for band in (0, 7, 15):
        sound = np.sin(2 * np.pi * centres[band] * np.arange(rate) / rate)
        frames = bank(sound, rate)
        assert frames[-10:, band].mean() == pytest.approx(1, abs=0.02)  # 0 dB of a range of 100
        assert frames[-10:].mean(0).argmax() == band
    assert np.isfinite(bank(np.ones(rate), rate)).all()


def test_the_bandwidth_is_that_of_the_ear() -> None:
    bank = Gammatone(bands=1, low_hz=1000, high_hz=1001, scale=Scale(100, "full scale"))
    erb = 24.7 * (1 + 0.00437 * 1000)
    aside = 1000 + 1.019 * erb  # one pole each: 1 + 1 in the denominator, four times: 12.04 dB
    sound = np.sin(2 * np.pi * aside * np.arange(RATE) / RATE)
    assert (1 - bank(sound, RATE)[-10:].mean()) * 100 == pytest.approx(12.04, abs=0.5)


def test_scales_and_banks_that_are_none() -> None:
    for wrong in (
        lambda: Gammatone(bands=0),
        lambda: Gammatone(low_hz=0),
        lambda: Gammatone(high_hz=10),
        lambda: Gammatone(hop_ms=0),
        lambda: Gammatone(high_hz=5000)(np.ones(9), RATE),
        lambda: Gammatone()(np.full(9, np.nan), RATE),
        lambda: Scale(range_db=0),
        lambda: Scale(reference="loud"),
        lambda: LIFBands(tau_ms=0),
        lambda: LIFBands(drive=-1),
    ):
        with pytest.raises(ParameterError):
            wrong()
    with pytest.raises(ShapeError, match="at least one sample"):
        Gammatone()(np.zeros(0), RATE)
    with pytest.raises(DataError, match="must keep the"):
        Coded(LogMel(), Latency(9))(tone(1000), RATE)
    for front in FRONTS:
        assert eval(repr(front)) == front


def test_one_sample_is_a_sound() -> None:
    assert Gammatone()(np.ones(1), RATE).shape == (1, 64)
    assert LIFBands()(np.ones(1), RATE).shape == (1, 64)

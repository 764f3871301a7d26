"""Measures on trains whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom.errors import ParameterError
from spikeloom.network import SpikeTrains


def trains(*each: np.ndarray, stop: float = 1000.0) -> SpikeTrains:
    times = np.concatenate(each)
    ids = np.repeat(np.arange(len(each)), [len(x) for x in each])
    order = np.lexsort((ids, times))
    return SpikeTrains(times[order], ids[order], len(each), 0.0, stop)


def test_a_regular_train_has_no_variation() -> None:
    regular = trains(np.arange(10.0, 1001.0, 10.0), np.arange(20.0, 1001.0, 20.0))
    assert regular.rate() == 75 and regular.rates().tolist() == [100, 50]
    assert regular.cv() == pytest.approx(0, abs=1e-12)


def test_a_poisson_train_varies_by_one() -> None:
    rng = np.random.default_rng(1)
    found = trains(*(np.cumsum(rng.exponential(10, 2000)) for _ in range(20)), stop=1e5)
    assert found.cv() == pytest.approx(1, abs=0.02)  # more than five standard errors


def test_two_intervals_by_hand() -> None:
    assert trains(np.array([0.0, 10.0, 40.0])).cv(fewest=2) == pytest.approx(0.5)
    assert np.isnan(trains(np.array([0.0, 10.0, 40.0])).cv())


def test_a_rhythm_is_found() -> None:
    rng = np.random.default_rng(2)
    beats = np.arange(25.0, 1000.0, 25.0)
    found = trains(*(np.sort(beats + rng.normal(0, 2, len(beats))) for _ in range(50)))
    assert found.peak_frequency() == pytest.approx(40, abs=3)


def test_bins_hold_their_right_edge() -> None:
    middle, rate = trains(np.array([0.1, 0.5, 1.0, 1.1, 2.0]), stop=2.0).population_rate(1.0)
    assert middle.tolist() == [0.5, 1.5] and rate.tolist() == [3000, 2000]


def test_a_part_in_time() -> None:
    part = trains(np.array([1.0, 2.0, 3.0]), stop=4.0).between(1.0, 3.0)
    assert part.times.tolist() == [2, 3] and part.rate() == 1000
    with pytest.raises(ParameterError, match="not within"):
        part.between(0.0, 3.0)


def test_nothing_is_no_error() -> None:
    nothing = SpikeTrains(np.empty(0), np.empty(0, np.int64), 3, 0.0, 0.0)
    assert np.isnan(nothing.rate()) and np.isnan(nothing.cv())
    assert np.isnan(nothing.peak_frequency()) and nothing.counts.tolist() == [0, 0, 0]

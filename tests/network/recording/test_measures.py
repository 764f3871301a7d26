"""Statistics on the fly: equal to those of stored spikes, however the run is cut into pieces."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import welch
from tests.network.helpers import small

import spikeloom as sl
from spikeloom import ms
from spikeloom.engines.network_run import NetworkRun
from spikeloom.network.recording.collector import Frame
from spikeloom.network.recording.of_measures import MeasureWish, measured
from spikeloom.network.recording.recording import Recording
from spikeloom.network.result import Recorder
from spikeloom.network.view import Group

DT = 0.1 * ms
MEASURES: tuple[sl.Measure[Any], ...] = (
    sl.FiringRates(),
    sl.PopulationRate(0.7 * ms),
    sl.Intervals(),
    sl.Correlation(0.5 * ms),
    sl.Spectrum(0.2 * ms, segment=2 * ms),
)


class _Plan:
    """As much of a plan as a recording looks at."""

    def __init__(self, size: int) -> None:
        self.populations = [type("P", (), {"size": size, "senders": size})()]


def fed(
    measure: sl.Measure[Any], steps: np.ndarray, ids: np.ndarray, size: int, cuts: list[int]
) -> Any:
    """What a measure says of given spikes that come in pieces."""
    population = sl.Network(DT).population(size, sl.LIF(), name="exc")
    half = population[: size // 2], population[size // 2 :]
    wish = MeasureWish(Group(half), measure, DT)
    frame = Frame(0.1, cuts[0], "float64", None, None)  # pyright: ignore[reportArgumentType]
    recording = Recording(_Plan(size), [Recorder("exc", "x", "", wish)], frame)  # pyright: ignore[reportArgumentType]
    for low, high in pairwise(cuts):
        here = (steps >= low) & (steps < high)
        recording.add(NetworkRun(low, high - low, ((steps[here], ids[here]),), (), ()), 0.0)
    return measured(recording.stored()[0])


def random_spikes(seed: int, size: int, length: int, first: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    fired = rng.random((length, size)) < rng.uniform(0, 0.2, size)
    steps, ids = np.nonzero(fired)
    return steps + first, ids


def arrays(value: Any) -> dict[str, np.ndarray]:
    names = ("counts", "number", "means", "cvs", "cv2s", "lvs", "matrix", "variances", "power")
    return {n: getattr(value, n) for n in names if hasattr(value, n)}


@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(2, 7),
    first=st.integers(0, 50),
    lengths=st.lists(st.integers(0, 60), min_size=1, max_size=8),
)
@settings(max_examples=40)
def test_pieces_do_not_matter_to_a_bit(
    seed: int, size: int, first: int, lengths: list[int]
) -> None:
    cuts = [first, *(first + np.cumsum(lengths)).tolist()]
    steps, ids = random_spikes(seed, size, cuts[-1] - first, first)
    for measure in MEASURES:
        whole = arrays(fed(measure, steps, ids, size, [first, cuts[-1]]))
        pieces = arrays(fed(measure, steps, ids, size, cuts))
        assert whole
        for name, values in whole.items():
            np.testing.assert_array_equal(pieces[name], values, err_msg=f"{measure.name}: {name}")


def test_they_equal_what_is_computed_from_stored_spikes() -> None:
    net, exc, inh = small()
    spikes = net.record(exc + inh)
    keys = [net.record(exc + inh, m) for m in MEASURES]
    late = net.record(exc + inh, sl.Intervals(), since=20 * ms)
    result = net.run(150 * ms)
    trains = result[spikes]
    rates, curve, gaps, pairs, rhythm = (result[key] for key in keys)
    np.testing.assert_array_equal(rates.rates, trains.rates())
    assert rates.mean() == pytest.approx(trains.rate(), rel=1e-12)
    times, rate = trains.population_rate(0.7)
    np.testing.assert_allclose(curve.times, times, rtol=1e-12)
    np.testing.assert_allclose(curve.total, rate, rtol=1e-12)
    parts = trains.by_part()
    for k, part in enumerate(("exc", "inh")):
        np.testing.assert_allclose(curve.rates[:, k], parts[part].population_rate(0.7)[1])
    assert gaps.cv() == pytest.approx(trains.cv(), rel=1e-12)
    assert gaps.cv2() == pytest.approx(trains.cv2(), rel=1e-12)
    assert gaps.lv() == pytest.approx(trains.lv(), rel=1e-12)
    assert result[late].cv() == pytest.approx(trains.between(20.0).cv(), rel=1e-12)
    offline = trains.correlation(0.5)
    np.testing.assert_allclose(pairs.matrix, offline.matrix, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(pairs.fano, offline.fano, rtol=1e-12)
    assert np.nanmean(pairs.fano) == pytest.approx(trains.fano(0.5), rel=1e-12)
    of_exc = parts["exc"].spectrum(0.2, 2.0)
    np.testing.assert_allclose(rhythm.frequencies, of_exc.frequencies)
    np.testing.assert_allclose(rhythm.power[:, 0], of_exc.power[:, 0], rtol=1e-10, atol=1e-12)
    assert rhythm.segments == of_exc.segments == 149


def test_the_spectrum_is_welchs() -> None:
    rng = np.random.default_rng(5)
    times = np.sort(rng.integers(1, 40_000, 5000)) * 0.1 - 0.05
    trains = sl.SpikeTrains(times, rng.integers(0, 20, 5000), 20, 0.0, 4000.0)
    found = trains.spectrum(1.0, 200.0)
    rate = trains.population_rate(1.0)[1]
    frequencies, power = welch(rate, 1000.0, nperseg=200, detrend="constant")
    np.testing.assert_allclose(found.frequencies, frequencies)
    np.testing.assert_allclose(found.power[:, 0], power, rtol=1e-12, atol=1e-12 * power.max())
    # Of Poisson spikes it is flat: rate / neurons, twice for the one side that is kept.
    flat = found.power[2:-1, 0].mean()
    assert flat == pytest.approx(2 * trains.rate() / 20, rel=0.1)


def test_a_rhythm_is_found() -> None:
    net = sl.Network(DT, engine="reference")
    cells = net.population(5, sl.LIF(), name="cells", I=0.2 * sl.nA)
    rhythm = net.record(cells, sl.Spectrum(1 * ms, segment=200 * ms))
    found = net.run(1000 * ms)[rhythm]
    assert found.peak() == pytest.approx(36.0, abs=5)  # every 27.8 ms
    assert found.peak(200, 300) >= 200 and np.isnan(found.peak(9000, 9001))


def test_regular_and_sparse_trains_have_exact_intervals() -> None:
    steps = np.arange(0, 1_000_000, 100)
    found = fed(sl.Intervals(), steps, np.zeros_like(steps), 3, [0, 1_000_000])
    assert found.number.tolist() == [9999, 0, 0]
    assert found.cvs[0] == 0 and np.isnan(found.cvs[1]) and found.means[0] == pytest.approx(10)
    assert found.cv() == 0 and found.mean() == pytest.approx(10)
    # One part in a million of variation is not lost to rounding.
    odd = steps.copy()
    odd[1::2] += 1
    jitter = fed(sl.Intervals(), odd, np.zeros_like(steps), 3, [0, 1_000_000])
    assert jitter.cvs[0] == pytest.approx(np.std(np.diff(odd)) / np.mean(np.diff(odd)), rel=1e-12)


def test_nothing_is_no_error() -> None:
    none = np.empty(0, np.int64)
    for measure in MEASURES:
        for cuts in ([0, 0], [0, 1000]):
            value = fed(measure, none, none, 4, cuts)
            assert repr(value)
    silent = fed(sl.Correlation(1 * ms), none, none, 4, [0, 1000])
    assert np.isnan(silent.mean()) and silent.bins == 100 and np.isnan(silent.matrix).all()
    assert np.isnan(fed(sl.Spectrum(1 * ms), none, none, 4, [0, 1000]).peak())

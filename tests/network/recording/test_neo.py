"""Results in Neo and back, and our numbers against Elephant's."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.network.helpers import small

import spikeloom as sl
from spikeloom import ms, mV
from spikeloom.equations.quantity import NAMED
from spikeloom.errors import DataError, ParameterError
from spikeloom.network.neo_export import unit_text

neo = pytest.importorskip("neo")
pq = pytest.importorskip("quantities")
pytest.importorskip("elephant")


@pytest.fixture(scope="module")
def ran() -> SimpleNamespace:
    net, exc, inh = small()
    synapses = net.connect(exc, exc, sl.Delta(), sl.OneToOne(), weight=0.1 * mV, name="own")
    keys = SimpleNamespace(
        spikes=net.record(exc + inh),
        volts=net.record(exc[:3], "v", every=0.4 * ms),
        around=net.record(exc[:2], "v", around=exc[:4], before=1 * ms, after=2 * ms),
        weights=net.record(synapses, every=5 * ms),
        rate=net.record(exc + inh, sl.PopulationRate(2 * ms)),
        gaps=net.record(exc, sl.Intervals()),
    )
    result = net.run(100 * ms)
    return SimpleNamespace(result=result, keys=keys, block=result.to_neo())


def test_a_block_holds_everything_with_units(ran: SimpleNamespace) -> None:
    segment = ran.block.segments[0]
    trains, trace = ran.result[ran.keys.spikes], ran.result[ran.keys.volts]
    assert len(segment.spiketrains) == trains.size
    assert segment.spiketrains[41].annotations["population"] == "inh"
    assert segment.spiketrains[41].annotations["neuron"] == 1
    signals = segment.analogsignals
    volts = next(s for s in signals if s.annotations.get("recorded") == "exc[0:3]")
    assert volts.units == pq.mV and volts.name == "v"
    np.testing.assert_array_equal(volts.magnitude, trace.values)
    np.testing.assert_allclose(volts.times.rescale("ms").magnitude, trace.times)
    windows = [s for s in signals if "moment" in s.annotations]
    found = ran.result[ran.keys.around]
    assert len(windows) == len(found)
    np.testing.assert_array_equal(windows[1].magnitude, found.values[1])
    assert float(windows[1].t_start.rescale("ms")) == pytest.approx(found.times[1] - 1)
    weights = next(s for s in signals if s.name == "weights")
    assert weights.array_annotations["target"].tolist() == list(range(40))
    rate = next(s for s in signals if s.units == pq.Hz)
    np.testing.assert_allclose(rate.magnitude, ran.result[ran.keys.rate].rates)
    assert (
        ran.block.annotations["seed"] == 1 and "intervals" in ran.block.annotations["measures"][0]
    )


def test_spikes_come_back(ran: SimpleNamespace) -> None:
    trains = ran.result[ran.keys.spikes]
    back = sl.SpikeTrains.from_neo(ran.block.segments[0].spiketrains, "all")
    np.testing.assert_array_equal(back.times, trains.times)
    np.testing.assert_array_equal(back.ids, trains.ids)
    assert (back.size, back.start, back.stop) == (50, 0.0, trains.stop)


def test_it_goes_through_a_file_of_neo(ran: SimpleNamespace, tmp_path: Path) -> None:
    """MATLAB's format is one that Neo writes without further packages."""
    path = tmp_path / "block.mat"
    plain = neo.Block()
    segment = neo.Segment()
    plain.segments.append(segment)
    source = ran.block.segments[0]
    segment.spiketrains.extend(source.spiketrains[:5])
    segment.analogsignals.append(source.analogsignals[0])
    neo.io.NeoMatlabIO(str(path)).write_block(plain)
    read = neo.io.NeoMatlabIO(str(path)).read_block().segments[0]
    back = sl.SpikeTrains.from_neo(read.spiketrains)
    np.testing.assert_allclose(back.times, ran.result[ran.keys.spikes].of(range(5)).times)
    np.testing.assert_allclose(read.analogsignals[0].magnitude, ran.result[ran.keys.volts].values)


def test_every_unit_has_a_name_in_neo() -> None:
    for name, unit in NAMED.items():
        value = pq.Quantity(1.0, unit_text(unit)).simplified
        si = pq.Quantity(1.0, unit_text(_si(name))).simplified
        assert value.dimensionality == si.dimensionality
        assert float(value / si) == pytest.approx(10.0 ** float(unit.power)), name


def _si(name: str) -> sl.Unit:
    """The unit of the same kind without a prefix; for an area and a concentration their own."""
    own = NAMED[name]
    for other in NAMED.values():
        if other.dims == own.dims and other.power == 0:
            return other
    metre = NAMED["metre"]
    return metre**2 if name in ("cm2", "um2") else NAMED["mole"] / metre**3


@pytest.fixture(scope="module")
def poisson() -> sl.SpikeTrains:
    """Spikes in the middle of steps: on an edge, Elephant counts them in the other bin."""
    rng = np.random.default_rng(3)
    times = np.sort(rng.choice(20_000, 900, replace=False)) * 0.1 + 0.05
    return sl.SpikeTrains(times, rng.integers(0, 8, 900), 8, 0.0, 2000.0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_our_numbers_are_elephants(poisson: sl.SpikeTrains) -> None:
    from elephant import conversion, spectral, spike_train_correlation, statistics

    trains = poisson.to_neo()
    gaps = [statistics.isi(t) for t in trains]
    assert poisson.cv() == pytest.approx(np.mean([statistics.cv(g) for g in gaps]), rel=1e-12)
    assert poisson.cv2() == pytest.approx(np.mean([statistics.cv2(g) for g in gaps]), rel=1e-12)
    assert poisson.lv() == pytest.approx(np.mean([statistics.lv(g) for g in gaps]), rel=1e-12)
    rates = [float(statistics.mean_firing_rate(t).rescale("Hz")) for t in trains]
    np.testing.assert_allclose(poisson.rates(), rates, rtol=1e-12)
    binned = conversion.BinnedSpikeTrain(trains, bin_size=5 * pq.ms)
    np.testing.assert_array_equal(poisson.binned(5.0).T, binned.to_array())
    matrix = spike_train_correlation.correlation_coefficient(binned)
    np.testing.assert_allclose(poisson.correlation(5.0).matrix, matrix, rtol=1e-10, atol=1e-12)
    counts = poisson.binned(5.0)
    of_one = np.mean([np.var(c) / np.mean(c) for c in counts.T])
    assert poisson.fano(5.0) == pytest.approx(of_one, rel=1e-12)
    across = statistics.fanofactor(trains)
    totals = poisson.counts
    assert across == pytest.approx(totals.var() / totals.mean(), rel=1e-12)
    rate = statistics.time_histogram(trains, 1 * pq.ms, output="rate")
    ours = poisson.population_rate(1.0)[1]
    np.testing.assert_allclose(rate.rescale("Hz").magnitude[:, 0], ours, rtol=1e-12)
    signal = neo.AnalogSignal(ours, units="Hz", sampling_rate=1000 * pq.Hz)
    frequencies, power = spectral.welch_psd(signal, len_segment=200, overlap=0.5)
    found = poisson.spectrum(1.0, 200.0)
    np.testing.assert_allclose(found.frequencies, frequencies.magnitude, atol=1e-12)
    np.testing.assert_allclose(found.power[:, 0], power.magnitude[0], rtol=1e-10, atol=1e-12)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_distances_have_their_limits() -> None:
    times, ids = np.array([10.0, 12.0, 30.0]), np.array([0, 1, 0])
    trains = sl.SpikeTrains(times, ids, 2, 0.0, 100.0)
    assert trains.victor_purpura(0.0)[0, 1] == pytest.approx(1)  # |2 - 1|
    assert trains.victor_purpura(100.0)[0, 1] == pytest.approx(3)  # 2 + 1
    assert trains.victor_purpura(0.1)[0, 1] == pytest.approx(1 + 0.2)
    far = trains.van_rossum(1e-3)[0, 1]
    assert far**2 == pytest.approx(3, rel=1e-6)
    one_more = sl.SpikeTrains(np.array([5.0]), np.array([0]), 2, 0.0, 100.0)
    assert one_more.van_rossum(10.0)[0, 1] == pytest.approx(1, rel=1e-9)
    for wrong in (0, -1, float("nan")):
        with pytest.raises(ParameterError, match="above 0"):
            trains.van_rossum(wrong)


def test_what_is_no_spike_train_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match="no spike trains"):
        sl.SpikeTrains.from_neo([])
    with pytest.raises(ParameterError, match=r"neo\.SpikeTrain is needed"):
        sl.SpikeTrains.from_neo([np.array([1.0, 2.0])])
    two = [neo.SpikeTrain([1.0], units="s", t_stop=stop) for stop in (2.0, 3.0)]
    with pytest.raises(DataError, match="begin and end"):
        sl.SpikeTrains.from_neo(two)
    monkeypatch.setitem(sys.modules, "neo", None)
    trains = sl.SpikeTrains(np.array([1.0]), np.array([0]), 1, 0.0, 2.0)
    with pytest.raises(ParameterError, match=r"spikeloom\[analysis\]"):
        trains.to_neo()

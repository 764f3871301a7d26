"""What is kept when, and around what: told from a recording of everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.network.helpers import small

import spikeloom as sl
from spikeloom import ms, mV
from spikeloom.errors import SpikeloomError
from spikeloom.network import advance


def cut_into(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Let pieces of a run never be longer than so many steps."""
    monkeypatch.setattr(advance, "PIECE", 1e-9)
    monkeypatch.setattr(advance, "min", lambda *x: min(*x, steps), raising=False)


@pytest.mark.parametrize("steps", [1, 7, 1000])
def test_windows_are_cut_from_the_whole_trace(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    cut_into(monkeypatch, steps)
    net, exc, inh = small()
    whole, spikes = net.record(exc[:2] + inh[4], "v"), net.record(exc[[3, 5]])
    around = net.record(
        exc[:2] + inh[4], "v", around=exc[[3, 5]], before=9 * ms, after=15 * ms, every=0.3 * ms
    )
    result = net.run(40 * ms)
    found, all_of_it, fired = result[around], result[whole].values, result[spikes]
    assert len(found) == len(fired) > 2
    np.testing.assert_array_equal(found.times, fired.times)
    np.testing.assert_array_equal(found.ids, fired.ids)
    np.testing.assert_allclose(found.offsets, 0.3 * np.arange(-30, 51))
    at = np.rint(fired.times / 0.1).astype(int) - 1
    for k, step in enumerate(at):
        for j, offset in enumerate(range(-90, 151, 3)):
            place = step + offset
            if 0 <= place < 400:
                np.testing.assert_array_equal(found.values[k, j], all_of_it[place])
            else:
                assert np.all(np.isnan(found.values[k, j]))
    assert np.isnan(found.values).any()  # some window reaches over an end
    np.testing.assert_allclose(found.average(), np.nanmean(found.values, axis=0))
    np.testing.assert_allclose(found.spread(), np.nanstd(found.values, axis=0), atol=1e-12)


@pytest.mark.parametrize("steps", [1, 13, 1000])
def test_a_recorder_can_begin_later(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    cut_into(monkeypatch, steps)
    net, exc, inh = small()
    level = -51.2 * mV
    whole, v = net.record(exc + inh), net.record(exc, "v")
    late = net.record(exc + inh, since=12 * ms)
    fired = net.record(exc + inh, since=exc[2])
    crossed = net.record(exc, "v", since=sl.Crossing(exc[1], "v", level), every=0.2 * ms)
    never = net.record(inh, since=1000 * ms)
    result = net.run(30 * ms)
    everything = result[whole]
    np.testing.assert_array_equal(result[late].times, everything.between(12.0).times)
    assert result[late].start == pytest.approx(12) and result[late].stop == pytest.approx(30)
    begin = everything.train(2)[0]
    np.testing.assert_array_equal(result[fired].times, everything.between(begin).times)
    values = result[v].values[:, 1]
    up = np.flatnonzero((values[:-1] < -51.2) & (values[1:] >= -51.2))[0] + 1
    assert 0 < up < 250
    expected = [t for t in range(up + 1, 300) if t % 2 == 0]
    np.testing.assert_array_equal(result[crossed].values, result[v].values[expected])
    assert len(result[never]) == 0 and result[never].start == result[never].stop == 30
    assert np.isnan(result[never].rate())


def test_windows_around_times_and_crossings() -> None:
    net, exc, _ = small()
    v = net.record(exc[0], "v")
    at = net.record(exc[0], "v", around=[0.0, 5.0, 2.0] * ms, before=1 * ms, after=1 * ms)
    up = net.record(exc[0], "v", around=sl.Crossing(exc[0], "v", -51 * mV), after=0.2 * ms)
    down = net.record(
        exc[0], "v", around=sl.Crossing(exc[0], "v", -51 * mV, falling=True), before=0.1 * ms
    )
    result = net.run(20 * ms)
    values = result[v].values[:, 0]
    found = result[at]
    assert found.times.tolist() == [0.0, 2.0, 5.0]
    assert np.isnan(found.values[0, :11]).all()  # before the network's life, and its first instant
    np.testing.assert_array_equal(found.values[0, 11:, 0], values[:10])
    np.testing.assert_array_equal(found.values[1, :, 0], values[9:30])
    ups = np.flatnonzero((values[:-1] < -51) & (values[1:] >= -51)) + 1
    downs = np.flatnonzero((values[:-1] > -51) & (values[1:] <= -51)) + 1
    assert len(ups) > 0 and len(downs) > 0
    np.testing.assert_allclose(result[up].times, (ups + 1) * 0.1)
    np.testing.assert_allclose(result[down].times, (downs + 1) * 0.1)


def test_a_crossing_at_the_seam_of_two_runs_is_seen() -> None:
    def crossings(pieces: list[int]) -> list[float]:
        net, exc, _ = small()
        around = net.record(exc[:9], "v", around=sl.Crossing(exc, "v", -51 * mV), after=0.1 * ms)
        return [t for n in pieces for t in net.run(n * 0.1 * ms)[around].times.tolist()]

    whole = crossings([60])
    assert len(whole) > 5
    assert crossings([1] * 60) == whole


@pytest.mark.parametrize("engine", ["reference", "cpu"])
def test_weights_are_copied_in_the_order_of_the_projection(engine: Any) -> None:
    net = sl.Network(0.1 * ms, dtype="float64", engine=engine)
    a = net.population(3, sl.LIF(), name="a", I=[0.3, 0.25, 0.2] * sl.nA)
    b = net.population(2, sl.LIF(), name="b", I=0.22 * sl.nA)
    synapse, rule = sl.ExponentialCurrent(), sl.PairSTDP(scale=100 * sl.pA)
    learns = net.connect(a, b + a, synapse, sl.AllToAll(), weight=50 * sl.pA, learning=rule)
    fixed = net.connect(b, a, synapse, sl.AllToAll(), weight=10 * sl.pA)
    every, some = net.record(learns, every=10 * ms), net.record(learns, every=10 * ms, which=[9, 4])
    static = net.record(fixed, every=25 * ms, since=30 * ms)
    assert every.what == "weights"
    result = net.run(90.1 * ms)
    last = result[every].values[-1]
    np.testing.assert_allclose(last, np.asarray(learns.weights.value), rtol=1e-12)
    assert np.ptp(last) > 0
    np.testing.assert_array_equal(result[some].values, result[every].values[:, [4, 9]])
    np.testing.assert_array_equal(result[every].sources, learns.sources)
    np.testing.assert_array_equal(result[some].targets, learns.targets[[4, 9]])
    assert result[static].times.tolist() == pytest.approx([50.1, 75.1])
    assert np.all(result[static].values == 10) and result[static].unit == sl.pA
    assert repr(result.weights["a -> b + a"]) if len(result.weights) == 1 else True


def test_recorders_are_found_by_what_they_say() -> None:
    net, exc, _ = small()
    volts, late = net.record(exc, "v"), net.record(exc, "v", since=1 * ms)
    rate = net.record(exc, sl.PopulationRate(1 * ms))
    result = net.run(3 * ms)
    assert len(result[volts]) == 30 and len(result[late]) == 20
    assert result.states["v of exc since 1 ms"] is result[late]
    assert result.measures[exc] is result[rate]
    with pytest.raises(SpikeloomError, match="recorded 2 times"):
        result.states[exc]
    with pytest.raises(SpikeloomError, match="before the run"):
        result[net.record(exc)]
    with pytest.raises(SpikeloomError, match=r"result\.spikes\[exc\]"):
        result[exc]  # pyright: ignore[reportArgumentType]


class _Odd:
    pass


MISTAKES: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "what": (lambda n, a: n.record(a, 3), "a measure is needed"),
    "class": (lambda n, a: n.record(a, sl.Intervals), r"Intervals\(\)"),
    "every of spikes": (lambda n, a: n.record(a, every=1 * ms), "for states"),
    "every of a measure": (lambda n, a: n.record(a, sl.Intervals(), every=1 * ms), "for states"),
    "windows of spikes": (lambda n, a: n.record(a, around=a, after=1 * ms), "are for states"),
    "before alone": (lambda n, a: n.record(a, "v", before=1 * ms), "around something"),
    "no length": (lambda n, a: n.record(a, "v", around=a), "no length"),
    "negative": (lambda n, a: n.record(a, "v", around=a, after=-1 * ms), "negative"),
    "between": (lambda n, a: n.record(a, "v", around=a, after=0.05 * ms), "whole number"),
    "since": (lambda n, a: n.record(a, since=_Odd()), "since must be a time"),
    "since when": (lambda n, a: n.record(a, since=-1 * ms), "from 0 on"),
    "since nan": (lambda n, a: n.record(a, since=float("nan") * ms), "finite"),
    "since what": (lambda n, a: n.record(a, since=1 * mV), "must be a time"),
    "since between": (lambda n, a: n.record(a, since=0.05 * ms), "whole number"),
    "no times": (lambda n, a: n.record(a, "v", around=[] * ms, after=1 * ms), "times"),
    "crossing": (lambda n, a: n.record(a, since=sl.Crossing(a, "u", 1 * mV)), "no state 'u'"),
    "level": (lambda n, a: n.record(a, since=sl.Crossing(a, "v", 1 * ms)), "must be a voltage"),
    "levels": (
        lambda n, a: n.record(a, since=sl.Crossing(a, "v", [1, 2] * mV)),
        "one finite number",
    ),
    "stranger": (lambda n, a: n.record(a, since=sl.Network().population(1, sl.LIF())), "another"),
    "bin": (lambda n, a: n.record(a, sl.PopulationRate(0.05 * ms)), "whole number"),
    "bin 0": (lambda n, a: n.record(a, sl.Correlation(0 * ms)), "at least dt"),
    "bin unit": (lambda n, a: n.record(a, sl.PopulationRate(1 * mV)), "must be a time"),
    "bin number": (lambda n, a: n.record(a, sl.PopulationRate(1)), "must be a time"),
    "segment": (lambda n, a: n.record(a, sl.Spectrum(1 * ms, segment=7 * ms)), "even number"),
    "many": (
        lambda n, a: n.record(n.population(5000, sl.LIF(), name="b"), sl.Correlation(1 * ms)),
        "take a sample",
    ),
    "which": (lambda n, a: n.record(a, "v", which=[1]), "of a projection"),
    "weights": (lambda n, a: n.record(_synapses(n, a), "v", every=1 * ms), "can be kept"),
    "how often": (lambda n, a: n.record(_synapses(n, a)), "say how often"),
    "synapses": (lambda n, a: n.record(_synapses(n, a), every=1 * ms, which=[9]), "0 to 5"),
    "mask": (lambda n, a: n.record(_synapses(n, a), every=1 * ms, which=[True]), "shape"),
}


def _synapses(net: Any, a: Any) -> Any:
    return net.connect(a, a, sl.ExponentialCurrent(), sl.AllToAll(), weight=1 * sl.pA)


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told(what: str) -> None:
    net = sl.Network(0.1 * ms, engine="reference")
    a = net.population(3, sl.LIF(), name="a")
    do, words = MISTAKES[what]
    with pytest.raises(SpikeloomError, match=words):
        do(net, a)

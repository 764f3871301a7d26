"""Populations that fire by themselves, as a user makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import neo
import numpy as np
import pytest
import quantities as pq

import spikeloom as sl
from spikeloom.errors import ParameterError, ShapeError, SpikeloomError, UnitError

# Several tests look at sources that are recorded and connected to nothing.
pytestmark = pytest.mark.filterwarnings("ignore:.*connected to nothing")
ENGINES = ("reference", "cpu")
MS = sl.ms


def counter(net: sl.Network, size: int = 1) -> sl.Population:
    """Neurons that add up all that arrives, and never fire."""
    return net.population(size, sl.PerfectIF(theta=1e9 * sl.mV), name="counter", v=0 * sl.mV)


def into(net: sl.Network, source: Any, target: Any, rule: Any = None, **options: Any) -> None:
    """One mV for each spike."""
    rule = sl.AllToAll() if rule is None else rule
    net.connect(source, target, sl.Delta(), rule, **{"weight": 1 * sl.mV, **options})


@pytest.mark.parametrize("engine", ENGINES)
def test_given_spikes_come_exactly_at_their_times(engine: Any) -> None:
    rng = np.random.Generator(np.random.Philox(1))
    steps = np.sort(rng.choice(np.arange(1, 1000), 200, replace=False))
    ids = rng.integers(0, 70, 200)
    net = sl.Network(0.1 * MS, engine=engine)
    given = net.source(sl.GivenSpikes(steps * 0.1 * MS, ids), size=70, name="given")
    spikes = net.record(given)
    found = net.run(100 * MS).spikes[spikes]
    assert np.array_equal(np.rint(found.times / 0.1), steps)
    assert np.array_equal(found.times, steps * 0.1)  # to the last bit
    assert np.array_equal(found.ids, ids) and found.size == 70


def test_a_time_between_two_steps_is_rounded_up() -> None:
    net = sl.Network(0.5 * MS, engine="reference")
    spikes = net.record(
        net.source(sl.GivenSpikes([0.01, 0.5000000001, 0.51, 3.0] * MS, [0, 1, 2, 0]))
    )
    assert net.run(5 * MS).spikes[spikes].times.tolist() == [0.5, 0.5, 1.0, 3.0]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_delta_step_is_exactly_its_weight(engine: Any) -> None:
    """At the right step: a spike at t kicks at t + delay, and is seen at the end of that step."""
    net = sl.Network(0.1 * MS, dtype="float64", engine=engine)
    one = net.source(sl.GivenSpikes([2.0] * MS), name="one")
    target = counter(net, 3)
    for k, delay in enumerate((0.0, 0.1, 1.5)):
        into(net, one, target[k], weight=0.7 * sl.mV, delay=delay * MS)
    volts = net.record(target, "v")
    trace = net.run(5 * MS).states[volts]
    for k, delay in enumerate((0.0, 0.1, 1.5)):
        after = trace.times > 2.0 + delay + 0.05
        assert np.all(trace.values[~after, k] == 0.0)
        np.testing.assert_allclose(trace.values[after, k], 0.7, rtol=0, atol=1e-12)


def test_spikes_come_from_runs_lists_and_neo() -> None:
    lists = sl.GivenSpikes([[1, 5] * MS, [] * MS, [2.5] * MS])
    pairs = sl.GivenSpikes([5, 1, 2.5][::-1] * MS, [0, 0, 2][::-1], size=3)
    trains = [neo.SpikeTrain(t * pq.ms, t_stop=10) for t in ([1.0, 5.0], [], [2.5])]
    segment = neo.Segment()
    segment.spiketrains.extend(trains)
    net = sl.Network(0.1 * MS, engine="reference")
    spikes = net.record(net.source(lists))
    earlier = net.run(10 * MS).spikes[spikes]
    alike = [pairs, sl.GivenSpikes(trains), sl.GivenSpikes(segment), sl.GivenSpikes(earlier)]
    assert all(each == lists and hash(each) == hash(lists) for each in alike)
    in_seconds = neo.SpikeTrain([0.001, 0.005] * pq.s, t_stop=1)
    assert sl.GivenSpikes(in_seconds).times.tolist() == [1.0, 5.0]
    assert sl.GivenSpikes([[1, 2], [3, 4]] * MS).size == 2
    assert sl.GivenSpikes([] * MS).size == 1
    assert repr(lists) == "GivenSpikes(3 spikes of 3 neurons, 1 to 5 ms)"


@pytest.mark.parametrize("engine", ENGINES)
def test_regular_spikes(engine: Any) -> None:
    net = sl.Network(0.1 * MS, engine=engine)
    period = np.array([10.0, 2.5, 0.1, 1 / 3])
    clock = net.source(sl.RegularSpikes(period * MS), name="clock")
    late = net.source(sl.RegularSpikes(rate=100 * sl.Hz, phase=[0.05, 3] * MS), name="late")
    a, b = net.record(clock), net.record(late)
    result = net.run(200 * MS)
    for k, each in enumerate(period):
        exact = each * np.arange(1, 200 / each + 1e-9)
        np.testing.assert_allclose(result.spikes[a].train(k), np.ceil(exact / 0.1 - 1e-6) * 0.1)
    np.testing.assert_allclose(result.spikes[b].train(0), 0.1 + 10 * np.arange(20))
    np.testing.assert_allclose(result.spikes[b].train(1), 3 + 10 * np.arange(20))


@pytest.mark.parametrize("engine", ENGINES)
def test_poisson_targets_see_the_same_train(engine: Any) -> None:
    net = sl.Network(0.1 * MS, seed=3, engine=engine, dtype="float64")
    source = net.source(sl.PoissonSpikes([5, 50, 500] * sl.Hz), name="source")
    targets = counter(net, 6)
    into(net, source, targets, sl.EdgeList([0, 0, 1, 1, 2, 2], [0, 3, 1, 4, 2, 5]))
    spikes, volts = net.record(source), net.record(targets, "v", every=100 * MS)
    result = net.run(400.1 * MS)
    last = result.states[volts].values[-1]
    counts = result.spikes[spikes].between(0, 400).counts
    np.testing.assert_allclose(last, [*counts, *counts], atol=1e-9)
    assert counts[2] > counts[1] > 0


def test_poisson_trains_have_their_rate_and_intervals() -> None:
    """Bernoulli trials: mean, variance, independence. Each is a test at 5 standard errors, so the
    whole alarms falsely about once in 10⁵ seeds; the seed is fixed."""
    net = sl.Network(0.1 * MS, seed=8)
    n, steps, chance = 400, 20_000, 0.02
    source = net.source(sl.PoissonSpikes(200 * sl.Hz), size=n, name="source")
    twin = net.source(sl.PoissonSpikes(200 * sl.Hz), size=n, name="twin")
    a, b = net.record(source), net.record(twin)
    result = net.run(steps * 0.1 * MS)
    ours, theirs = result.spikes[a], result.spikes[b]
    counts = ours.counts.astype(float)
    spread = steps * chance * (1 - chance)
    assert abs(counts.mean() - steps * chance) < 5 * np.sqrt(spread / n)
    assert abs(counts.var(ddof=1) / spread - 1) < 5 * np.sqrt(2 / (n - 1))
    assert ours.cv() == pytest.approx(np.sqrt(1 - chance), abs=5 * 0.7 / np.sqrt(counts.sum()))
    assert abs(np.corrcoef(counts, theirs.counts)[0, 1]) < 5 / np.sqrt(n)
    assert abs(np.corrcoef(counts[1:], counts[:-1])[0, 1]) < 5 / np.sqrt(n)
    # No step is preferred: χ² of 100 bins, which has mean 99 and standard deviation 14.
    bins = np.bincount((ours.times / 20 - 1e-9).astype(int), minlength=100)
    assert np.sum((bins - bins.mean()) ** 2 / bins.mean()) < 99 + 5 * 14.1


def test_poisson_rates_over_time() -> None:
    """Spikes of each eighth of the cycle, within 5 standard errors."""
    net = sl.Network(0.1 * MS, seed=5)
    rate = sl.Sine(80 * sl.Hz, 10 * sl.Hz, offset=100 * sl.Hz)
    one = net.source(sl.PoissonSpikes(rate), size=200, name="trains")
    target = counter(net, 200)
    net.poisson(target, sl.Delta(), rate=lambda t: rate_of(t), weight=1 * sl.mV)
    spikes, volts = net.record(one), net.record(target, "v", every=0.1 * MS)
    result = net.run(400 * MS)
    edges = np.arange(0, 400.1, 12.5)
    integral = 0.1 * edges - 80 / (2 * np.pi * 10) * (np.cos(0.02 * np.pi * edges) - 1)
    expected = 200 * np.diff(integral)
    trains = np.histogram(result.spikes[spikes].times - 0.05, edges)[0]
    merged = np.diff(np.concatenate([[0], result.states[volts].values.sum(axis=1)[124::125]]))
    for found in (trains, merged):
        assert np.all(np.abs(found - expected) < 5 * np.sqrt(expected))


def rate_of(t: sl.Quantity) -> sl.Quantity:
    """100 + 80 sin(2π 10 t) Hz."""
    return (100 + 80 * np.sin(2 * np.pi * (t * (10 * sl.Hz)))) * sl.Hz


def build(engine: Any, threads: int | None = None) -> tuple[sl.Network, Any]:
    net = sl.Network(0.1 * MS, seed=6, engine=engine, threads=threads)
    poisson = net.source(sl.PoissonSpikes(30 * sl.Hz), size=90, name="poisson")
    clock = net.source(sl.RegularSpikes(3 * MS), size=3, name="clock")
    cells = net.population(70, sl.LIF(), name="cells")
    synapse = sl.ExponentialCurrent()
    net.connect(poisson + clock, cells, synapse, sl.FixedProbability(0.3), weight=0.05 * sl.nA)
    net.poisson(cells, synapse, rate=rate_of, weight=0.05 * sl.nA)
    return net, net.record(poisson + clock + cells)


def test_engines_threads_and_pieces_agree(tmp_path: Path) -> None:
    net, record = build("reference")
    whole = net.run(60 * MS).spikes[record]
    assert len(whole) > 300
    for engine, threads in (("cpu", 1), ("cpu", 2), ("reference", None)):
        net, record = build(engine, threads)
        found = [net.run(d * MS).spikes[record] for d in (0.1, 20, 9.9)]
        file = net.checkpoint(tmp_path / "state")
        twin, other = net.fork(), net.fork(seed=9)
        found.append(net.run(30 * MS).spikes[record])
        fresh, again = build(engine, threads)
        fresh.restore(file)
        for late in (twin.run(30 * MS).spikes[record], fresh.run(30 * MS).spikes[again]):
            assert np.array_equal(late.times, found[-1].times)
            assert np.array_equal(late.ids, found[-1].ids)
        assert not np.array_equal(other.run(30 * MS).spikes[record].times, found[-1].times)
        np.testing.assert_array_equal(np.concatenate([f.times for f in found]), whole.times)
        np.testing.assert_array_equal(np.concatenate([f.ids for f in found]), whole.ids)


def test_sources_may_be_added_between_runs() -> None:
    net, _ = build("cpu")
    net.run(10 * MS)
    late = net.source(sl.GivenSpikes([5, 15] * MS), name="late")
    spikes = net.record(late)
    assert net.run(10 * MS).spikes[spikes].times.tolist() == [15.0]


def test_another_network_does_not_restore(tmp_path: Path) -> None:
    nets = []
    for time in (5, 6):
        net = sl.Network(0.1 * MS, engine="reference")
        net.source(sl.GivenSpikes([time] * MS))
        nets.append(net)
    file = nets[0].checkpoint(tmp_path / "state")
    with pytest.raises(SpikeloomError, match="another network"):
        nets[1].restore(file)


def test_what_looks_like_a_mistake_is_warned_of() -> None:
    net = sl.Network(0.1 * MS, engine="reference")
    often = net.source(sl.PoissonSpikes(2 * sl.kHz), size=2, name="often")
    net.source(sl.GivenSpikes([50, 60] * MS), name="late")
    into(net, often, counter(net))
    with pytest.warns(sl.network.NetworkWarning) as told:
        net.run(10 * MS)
    words = " ".join(str(w.message) for w in told)
    assert "'often' fires in 20% of all steps" in words and "0.89" in words
    assert "late: GivenSpikes(2 spikes of 1 neuron, 50 to 60 ms) begins at 50 ms" in words
    net.run(10 * MS)  # once is enough
    given = sl.Network(0.1 * MS, engine="reference")
    given.source(sl.GivenSpikes([10] * MS))
    given.run(10 * MS)  # the spike at the very end belongs to the run


MISTAKES: dict[str, tuple[Any, type[Exception], str]] = {
    "no unit": (lambda n: sl.GivenSpikes([1, 2]), UnitError, r"\[1.5, 20\] \* ms"),
    "array": (lambda n: sl.GivenSpikes(np.array([1.0])), UnitError, "unit of time"),
    "unit": (lambda n: sl.GivenSpikes([1] * sl.mV), UnitError, "unit of time"),
    "falls": (lambda n: sl.GivenSpikes([2, 1] * MS), ParameterError, "must ascend; 1 ms comes"),
    "same": (lambda n: sl.GivenSpikes([2, 2] * MS), ParameterError, "must ascend"),
    "zero": (lambda n: sl.GivenSpikes([0, 2] * MS), ParameterError, "above 0"),
    "negative": (lambda n: sl.GivenSpikes([-1, 2] * MS), ParameterError, "-1 ms"),
    "nan": (lambda n: sl.GivenSpikes([1, np.nan] * MS), ParameterError, "nan ms"),
    "ids": (lambda n: sl.GivenSpikes([1, 2] * MS, [0]), ShapeError, "one id for each"),
    "id": (lambda n: sl.GivenSpikes([1] * MS, [-1]), ParameterError, "count from 0"),
    "float id": (lambda n: sl.GivenSpikes([1] * MS, [0.5]), ParameterError, "whole numbers"),
    "beyond": (lambda n: sl.GivenSpikes([1] * MS, [7], size=7), ParameterError, "8 neurons"),
    "nobody": (lambda n: sl.GivenSpikes([]), ParameterError, "no neuron"),
    "text": (lambda n: sl.GivenSpikes("abc"), UnitError, "unit of time"),
    "one step": (
        lambda n: n.source(sl.GivenSpikes([1.01, 1.09] * MS)),
        ParameterError,
        "neuron 0 has spikes at 1.01 and 1.09 ms, within one step",
    ),
    "size": (lambda n: n.source(sl.GivenSpikes([1] * MS), size=3), ShapeError, "for 1 neurons"),
    "how many": (lambda n: n.source(sl.PoissonSpikes(1 * sl.Hz)), ParameterError, "how many"),
    "none": (lambda n: n.source(sl.PoissonSpikes(1 * sl.Hz), size=0), ParameterError, "above 0"),
    "class": (lambda n: n.source(sl.PoissonSpikes), ParameterError, "got PoissonSpikes"),
    "neuron": (lambda n: n.source(sl.LIF()), ParameterError, "PoissonSpikes"),
    "period": (lambda n: sl.RegularSpikes(), ParameterError, "a period or a rate"),
    "short": (
        lambda n: n.source(sl.RegularSpikes(0.05 * MS), size=1),
        ParameterError,
        "shorter than dt",
    ),
    "phase": (
        lambda n: n.source(sl.RegularSpikes(5 * MS, phase=sl.uniform(-5, -1) * MS), size=1),
        SpikeloomError,
        "above 0|after 0",
    ),
    "rate": (lambda n: sl.PoissonSpikes(-1 * sl.Hz), ParameterError, "negative"),
    "rate unit": (lambda n: sl.PoissonSpikes(1 * MS), UnitError, "rate"),
    "wave unit": (
        lambda n: n.source(sl.PoissonSpikes(sl.Step(1 * sl.nA)), size=1),
        UnitError,
        "must be a rate",
    ),
    "too often": (
        lambda n: n.source(sl.PoissonSpikes(11 * sl.kHz), size=1),
        ParameterError,
        "once in a step, but 1.1 spikes",
    ),
    "receives": (
        lambda n: into(n, n.source(sl.GivenSpikes([1] * MS), name="g"), n.populations[0]),
        ParameterError,
        "'g' is a source; it receives nothing",
    ),
    "driven": (
        lambda n: n.inject(n.source(sl.GivenSpikes([1] * MS)), sl.Step(1 * sl.nA)),
        ParameterError,
        "nothing flows into it",
    ),
    "state": (
        lambda n: n.record(n.source(sl.GivenSpikes([1] * MS)), "v"),
        ParameterError,
        "no state 'v'",
    ),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told(what: str) -> None:
    do, error, words = MISTAKES[what]
    net = sl.Network(0.1 * MS, engine="reference")
    if what == "receives":
        with pytest.raises(error, match=words):
            a = net.source(sl.GivenSpikes([1] * MS), name="g")
            into(net, a, a)
        return
    with pytest.raises(error, match=words):
        do(net)


def test_a_negative_rate_over_time_is_told_when_it_comes() -> None:
    for engine in ENGINES:
        net = sl.Network(0.1 * MS, engine=engine)
        net.source(sl.PoissonSpikes(sl.Ramp(10 * sl.Hz, -10 * sl.Hz, 0 * MS, 10 * MS)), size=3)
        net.run(4.9 * MS)
        with pytest.raises(SpikeloomError, match="not less than never"):
            net.run(1 * MS)


@pytest.mark.parametrize("engine", ENGINES)
def test_merged_rates_of_each_neuron_and_over_time(engine: Any) -> None:
    """Counts of neurons and of halves of the run, within 5 standard errors; a view is kept to."""
    net = sl.Network(0.1 * MS, seed=12, engine=engine, dtype="float64")
    cells = counter(net, 40)
    net.poisson(cells[::2], sl.Delta(), rate=np.arange(20) * 50 * sl.Hz, weight=1 * sl.mV, n=10)
    table = np.array([[100.0] * 10, [300.0] * 10])
    over_time = sl.Samples(table * sl.Hz, every=100 * MS)
    net.poisson(cells[1::4], sl.Delta(), rate=over_time, weight=1 * sl.mV, n=20)
    volts = net.record(cells, "v", every=0.1 * MS)
    values = net.run(200 * MS).states[volts].values
    expected = np.zeros(40)
    expected[::2] = np.arange(20) * 50 * 10 * 0.2
    expected[1::4] = (100 + 300) * 20 * 0.1
    assert np.all(np.abs(values[-1] - expected) <= 5 * np.sqrt(expected))
    assert values[-1, 0] == 0 and np.all(values[-1, 3::4] == 0)
    halves = values[999, 1::4], values[-1, 1::4] - values[999, 1::4]
    for found, mean in zip(halves, (200, 600), strict=True):
        assert abs(found.mean() - mean) < 5 * np.sqrt(mean / 10)

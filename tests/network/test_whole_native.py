"""Networks with neurons of whole numbers in native code: the reference's bits, in every way to run.

The reference steps and delivers in NumPy, one tick after another. Native code goes through blocks
of ticks in registers, delivers by kernels that were written for real numbers, and shares neurons
out between threads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.network.team import play

from spikeloom import (
    LIF,
    AdEx,
    Condition,
    Delta,
    ExponentialCurrent,
    FixedOutDegree,
    FixedProbability,
    Hz,
    Impulse,
    Input,
    LoihiNeuron,
    Network,
    Neuron,
    Param,
    PoissonSpikes,
    Sine,
    State,
    TrueNorthNeuron,
    kHz,
    ms,
    mV,
    nA,
    pA,
    uniform,
)
from spikeloom.engines.fixed.network import FixedNetwork
from spikeloom.engines.reference.network import ReferenceNetwork
from spikeloom.equations.integers import impulse, integer
from spikeloom.equations.integers import state as field
from spikeloom.errors import EngineError, NumericsError, ParameterError
from spikeloom.network import EdgeList

SHY = TrueNorthNeuron(s=(90, -2, 20, 0), b=(1, 0, 0, 0), lam=51, c=1, alpha=12, TM=3, beta=60,
                      gamma=1, kap=1)  # fmt: skip
KINDS = ("a0", "a1", "a2", "a3")


def edges(rng: np.random.Generator, sources: int, targets: int, least: int) -> dict[str, Any]:
    """Some synapses, several of one pair among them, with whole weights and delays."""
    count = sources * targets // 5
    who, whom = rng.integers(0, sources, count), rng.integers(0, targets, count)
    return {
        "rule": EdgeList(who, whom),
        "weight": rng.integers(0, 3, count),
        "delay": rng.integers(least, 15, count) * ms,
    }


def mixed(
    engine: Any,
    seed: int = 1,
    size: int = 130,
    least: int = 0,
    threads: int | None = 1,
    **more: Any,
) -> tuple[Network, list[Any]]:
    """Two kinds of whole numbers and one of real ones, all of which drive each other."""
    rng = np.random.default_rng(seed)
    net = Network(dt=1 * ms, seed=seed, engine=engine, threads=threads, **more)
    shy = net.population(size, SHY, name="shy")
    bias = rng.integers(-100, 600, 40)
    loihi = net.population(40, LoihiNeuron(bias=bias), name="loihi", v=np.arange(40) * 100)
    real = net.population(37, LIF(tau=uniform(10, 30) * ms, E=-49.2 * mV), name="real")
    source = net.source(PoissonSpikes(20 * Hz), size=30, name="source")
    for target, names in ((shy, KINDS[:3]), (loihi, ("a",))):
        for sender in (shy, loihi, real, source):
            channel = Impulse(names[rng.integers(len(names))])
            made = edges(rng, sender.size, target.size, least)
            net.connect(sender, target, channel, **made)
    for sender in (shy, loihi, real):
        made = edges(rng, sender.size, 37, least)
        real_weight = {**made, "weight": rng.normal(0, 0.2, made["weight"].size) * mV}
        net.connect(sender, real, Delta(), **real_weight)
        made = edges(rng, sender.size, 37, least)
        real_weight = {**made, "weight": rng.normal(0, 20, made["weight"].size) * pA}
        net.connect(sender, real, ExponentialCurrent(), **real_weight)
    net.connect(source, loihi, Impulse("a"), FixedProbability(0.3), weight=-2, delay=least * ms,
                stored=False)  # fmt: skip
    net.poisson(shy, Impulse("a1"), rate=rng.uniform(0, 0.4, size) * kHz, weight=1)
    net.poisson(shy, Impulse("a2"), rate=Sine(50 * Hz, 30 * Hz, offset=100 * Hz), weight=2)
    net.poisson(loihi, Impulse("a"), rate=0.5 * kHz, weight=3)
    net.poisson(real, Delta(), rate=0.3 * kHz, weight=0.3 * mV)
    net.inject(real, Sine(0.01 * nA, 50 * Hz))
    spikes = [net.record(p) for p in (shy, loihi, real)]
    traces = [net.record(shy, "v", every=3 * ms), net.record(loihi, "u"), net.record(real, "v")]
    return net, [*spikes, *traces]


def state(net: Network) -> dict[str, np.ndarray]:
    return net._ready().state_dict()


def same(a: tuple[Network, list[Any]], b: tuple[Network, list[Any]], *times: int) -> int:
    """Run both, the second in pieces; gives how many spikes there were."""
    one = a[0].run(sum(times) * ms)
    parts = [b[0].run(t * ms) for t in times]
    count = 0
    for k, (mine, yours) in enumerate(zip(a[1], b[1], strict=True)):
        found = [p[yours] for p in parts]
        if k < 3:
            assert np.array_equal(one[mine].times, np.concatenate([f.times for f in found]))
            assert np.array_equal(one[mine].ids, np.concatenate([f.ids for f in found]))
            assert one[mine].times.size > 10
            count += one[mine].times.size
        else:
            rows = np.concatenate([f.values for f in found])
            assert np.array_equal(one[mine].values, rows) and len(rows)
    left, right = state(a[0]), state(b[0])
    assert left.keys() == right.keys()
    for name, value in left.items():
        assert np.array_equal(value, right[name]), name
    return count


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**31),
    size=st.sampled_from([63, 64, 130]),
    least=st.sampled_from([0, 2]),
    threads=st.sampled_from([1, 2]),
)
def test_mixed_networks_to_the_last_bit(seed: int, size: int, least: int, threads: int) -> None:
    """Spikes, traces, states and what is on its way; one run, and two of other lengths."""
    slow = mixed("reference", seed, size, least)
    fast = mixed("auto", seed, size, least, threads)
    assert same(slow, fast, 17, 24) > 100
    assert isinstance(slow[0]._ready(), ReferenceNetwork)
    assert isinstance(fast[0]._ready(), FixedNetwork)


def test_the_comparison_finds_one_unit() -> None:
    """A planted fault: one current of one neuron is one too large after the first run."""
    slow, fast = mixed("reference"), mixed("auto")
    same(slow, fast, 20)
    u = np.asarray(fast[0].get(fast[0].populations[1], "u").value)
    fast[0].set(fast[0].populations[1], u=u + (np.arange(u.size) == 7))
    with pytest.raises(AssertionError):
        same(slow, fast, 20)


def test_a_run_saved_by_one_engine_goes_on_in_the_other(tmp_path: Path) -> None:
    for first, then in (("reference", "auto"), ("auto", "reference")):
        net, _ = mixed(first)
        net.run(19 * ms)
        net.checkpoint(tmp_path / first)
        again, whole = mixed(then), mixed(then)
        again[0].restore(tmp_path / first)
        again[0].run(21 * ms)
        whole[0].run(40 * ms)
        left, right = state(again[0]), state(whole[0])
        assert all(np.array_equal(x, right[name]) for name, x in left.items())


class Wide(Neuron):
    """States of 50 bits and weights of 40, one of them going round."""

    theta: Param = integer(1 << 44, bits=48)
    v: State = field(bits=50, overflow="saturate")
    w: State = field(bits=36, overflow="wrap")
    a: Input = impulse(bits=50)

    def tick(self, after: Self) -> None:
        after.v = self.v + self.a
        after.w = self.w + (self.a << 3)

    def fires(self) -> Condition:
        return self.v > self.theta

    def reset(self, after: Self) -> None:
        after.v = self.v - self.theta


def wide(engine: Any, weight: int = 2**40 + 2**31 + 12345) -> tuple[Network, Any]:
    net = Network(dt=1 * ms, seed=3, engine=engine)
    cells = net.population(20, Wide(), name="wide", v=np.arange(20) * 2**40)
    net.connect(cells, cells, Impulse("a"), FixedProbability(0.3), weight=weight, delay=3 * ms)
    net.poisson(cells, Impulse("a"), rate=500 * Hz, weight=2**41 + 1)
    return net, net.record(cells, "w")


def test_numbers_of_fifty_bits() -> None:
    """Wider than a float32 weight and than 32-bit code: nothing is rounded on the way."""
    runs = []
    for engine in ("reference", "auto"):
        net, trace = wide(engine)
        found = net.run(60 * ms)[trace].values
        runs.append((found, net.get(net.populations[0], "v").value))
    assert runs[0][1].max() > 2**40 and (runs[0][0] % 2 == 0).all() and runs[0][0].min() < 0
    for a, b in zip(*runs, strict=True):
        assert np.array_equal(a, b)
    net, trace = wide("auto")
    net.run(60 * ms)
    assert (np.asarray(net.get(net.populations[0], "v").value) % 5 != 0).any()


@pytest.mark.parametrize("threads", [1, 2])
def test_an_input_beyond_its_width_stops_every_engine_alike(threads: int) -> None:
    told = []
    for engine in ("reference", "auto"):
        net = Network(dt=1 * ms, seed=1, engine=engine, threads=threads)
        quiet = net.population(3, LoihiNeuron(), name="quiet")
        cells = net.population(200, SHY, name="loud")
        net.connect(cells, cells, Impulse("a2"), FixedProbability(0.5), weight=9, delay=2 * ms)
        net.connect(cells, quiet, Impulse("a"), FixedProbability(0.5), weight=1)
        with pytest.raises(NumericsError, match=r"loud, tick \d+: input 'a2'.*uint9") as error:
            net.run(200 * ms)
        told.append(str(error.value))
    assert told[0] == told[1]


def test_after_an_input_that_did_not_fit_only_a_checkpoint_helps(tmp_path: Path) -> None:
    """What ran on beyond it is no run; a saved state before it is."""

    def made(weight: int) -> tuple[Network, Any]:
        net = Network(dt=1 * ms, seed=1)
        cells = net.population(9, LoihiNeuron(bias=2000), name="cells")
        net.connect(cells, cells, Impulse("a"), FixedProbability(0.9), weight=weight)
        return net, net.record(cells)

    net, spikes = made(2**22)
    net.run(2 * ms)
    net.checkpoint(tmp_path / "before")
    for _ in range(2):
        with pytest.raises(NumericsError, match="cells, tick 4: input 'a'"):
            net.run(9 * ms)
    net.restore(tmp_path / "before")
    assert net.run(2 * ms)[spikes].times.size == 9


def test_weights_below_zero_at_an_input_without_a_sign() -> None:
    for engine in ("reference", "auto"):
        net = Network(dt=1 * ms, engine=engine)
        cells = net.population(5, TrueNorthNeuron(lam=1), name="cells")
        net.connect(cells, cells, Impulse("a0"), FixedProbability(0.9), weight=-1)
        with pytest.raises(NumericsError, match=r"cells, tick 1: input 'a0'.*got -"):
            net.run(3 * ms)


def test_a_chance_weight_that_is_not_whole_stops_the_run() -> None:
    net = Network(dt=1 * ms)
    cells = net.population(5, LoihiNeuron(bias=4000), name="cells")
    weight = uniform(0, 1)
    net.connect(cells, cells, Impulse("a"), FixedProbability(0.9), weight=weight, stored=False)
    with pytest.raises(NumericsError, match=r"input 'a' must be a whole number in int24"):
        net.run(20 * ms)
    net = Network(dt=1 * ms)
    cells = net.population(5, LoihiNeuron(), name="cells")
    net.connect(cells, cells, Impulse("a"), FixedProbability(0.9), weight=0.5, stored=False)
    with pytest.raises(ParameterError, match="must be whole"):
        net.run(1 * ms)


@pytest.mark.parametrize("value", [0.5, 2**19, -(2**19) - 1])
def test_states_that_are_no_whole_numbers_of_their_width(value: float) -> None:
    net = Network(dt=1 * ms)
    cells = net.population(5, TrueNorthNeuron(), name="cells")
    net.run(1 * ms)
    with pytest.raises(ParameterError, match=r"state 'v' must be a whole number in int20"):
        net.set(cells[2:3], v=value)
    net.run(1 * ms)


def beside(engine: Any) -> tuple[Network, Any]:
    net = Network(dt=0.1 * ms, seed=2, engine=engine)
    real = net.population(20, AdEx(), name="real", I=1 * nA)
    chip = net.population(20, LoihiNeuron(), name="chip")
    net.connect(real, chip, Impulse("a"), FixedProbability(0.5), weight=20)
    return net, net.record(real + chip)


def test_equations_with_an_exponential_beside() -> None:
    """ "auto" keeps the reference's bits, at NumPy's pace; "cpu" is native and may differ in them.

    Where exponentials differ in the last bit, spikes still fall into the same steps here.
    """
    trains = []
    for engine, kind in (
        ("reference", ReferenceNetwork),
        ("auto", ReferenceNetwork),
        ("cpu", FixedNetwork),
    ):
        net, spikes = beside(engine)
        trains.append(net.run(30 * ms)[spikes])
        assert isinstance(net._ready(), kind)
    assert trains[0].times.size > 40
    for train in trains[1:]:
        assert np.array_equal(train.times, trains[0].times)
        assert np.array_equal(train.ids, trains[0].ids)


def test_parameters_change_and_networks_grow_between_runs() -> None:
    found = []
    for engine in ("reference", "auto"):
        net, _ = mixed(engine, size=64)
        net.run(10 * ms)
        net.set(net.populations[1][:5], bias=900)
        more = net.population(9, SHY, name="more")
        net.connect(net.populations[0], more, Impulse("a2"), FixedProbability(0.4), weight=1)
        spikes = net.record(more)
        found.append((net.run(30 * ms)[spikes].times, state(net)))
    assert np.array_equal(found[0][0], found[1][0]) and found[0][0].size
    assert all(np.array_equal(x, found[1][1][name]) for name, x in found[0][1].items())


def test_processes_that_share_the_neurons() -> None:
    def seen(**more: Any) -> list[np.ndarray]:
        net, recorders = mixed("auto", **more)
        result = net.run(25 * ms, progress=False)
        return [result[r].times for r in recorders] + [result[r].values for r in recorders[3:]]

    expected = seen()
    for found in play(3, lambda team: seen(ranks=team)):
        assert isinstance(found, list), found
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_states_that_float64_would_round_are_refused() -> None:
    class Huge(Neuron):
        """One bit too many."""

        v: State = field(bits=60)
        a: Input = impulse(bits=50)

        def tick(self, after: Self) -> None:
            after.v = self.a << 9

    net = Network(dt=1 * ms)
    net.population(3, Huge(), name="huge")
    with pytest.raises(EngineError, match=r"'v' of Huge .* up to 53 bits"):
        net.run(1 * ms)


def test_rings_larger_than_a_cache() -> None:
    """Blocks of several ticks, and memory that is asked for before its turn."""
    found = []
    for engine in ("reference", "auto"):
        net = Network(dt=1 * ms, seed=8, engine=engine, threads=2)
        cells = net.population(12_001, SHY.replace(lam=3, c=0), name="many")
        rule = FixedOutDegree(9)
        net.connect(cells, cells, Impulse("a1"), rule, weight=2, delay=uniform(3, 14) * ms)
        net.connect(cells, cells, Impulse("a2"), rule, weight=1, delay=11 * ms)
        spikes = net.record(cells)
        found.append((net.run(60 * ms)[spikes], net.get(cells, "v").value))
    assert found[0][0].times.size > 20_000
    assert np.array_equal(found[0][0].ids, found[1][0].ids)
    assert np.array_equal(found[0][0].times, found[1][0].times)
    assert np.array_equal(found[0][1], found[1][1])

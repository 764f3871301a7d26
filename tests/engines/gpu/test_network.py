"""The GPU engine against the reference, and against itself cut in pieces."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.engines.network.nets import Shape, random_plan
from tests.engines.network.test_native import same_bits, same_spikes

import spikeloom as sl
from spikeloom.engines.gpu import GpuNetwork
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import Trace
from spikeloom.engines.reference.network import ReferenceNetwork
from spikeloom.errors import CheckpointError, ShapeError


def agrees(plan: NetworkPlan, steps: int, least: int = 1) -> GpuNetwork:
    """The engine after some steps in which it did what the reference does."""
    gpu, reference = GpuNetwork(plan), ReferenceNetwork(plan)
    firing = [k for k, p in enumerate(plan.populations) if p.program.states]
    states = [(k, plan.populations[k].program.states[0]) for k in firing]
    last = [plan.populations[k].size - 1 for k in firing]
    wishes = [Trace(k, n, np.array([i, 0, 0]), 7) for (k, n), i in zip(states, last, strict=True)]
    wishes += [Trace(k, name) for k, name in states]
    got, expected = gpu.run(steps, None, wishes), reference.run(steps, None, wishes)
    assert sum(when.size for when, _ in expected.spikes) >= least
    assert same_spikes(got, expected)
    for g, e in zip(got.traces, expected.traces, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-12, atol=1e-12)
    for g, e in zip(got.trace_steps, expected.trace_steps, strict=True):
        assert np.array_equal(g, e)
    ours, theirs = gpu.state_dict(), reference.state_dict()
    assert ours.keys() == theirs.keys()
    for name, array in theirs.items():
        np.testing.assert_allclose(ours[name], array, rtol=1e-12, atol=1e-12, err_msg=name)
    return gpu


def awake(shape: Shape, dtype: Any = "float64") -> NetworkPlan:
    """A random plan in which every fourth neuron is about to spike."""
    plan = random_plan(shape, dtype)
    populations = []
    for p in plan.populations:
        start = p.start.copy()
        start[0, ::4] = np.linspace(-49.9, -51, start[0, ::4].size)
        populations.append(replace(p, start=start))
    return replace(plan, populations=tuple(populations))


@pytest.mark.parametrize(
    ("shape", "steps"),
    [
        (Shape(1, (20, 15), 0.2, multiple=True, spread=True), 9),
        (Shape(1, (20, 15), 0.3, delays=-3, weights=False), 20),
        (Shape(5, (1, 33), 0.0), 20),
    ],
    ids=["everything", "one delay", "no synapses"],
)
def test_spike_for_spike_like_the_reference(shape: Shape, steps: int) -> None:
    agrees(awake(shape), steps)


def conductances(**options: Any) -> sl.Network:
    """Neurons with a dead time that excite and inhibit each other through conductances."""
    net = sl.Network(0.1 * sl.ms, seed=3, **{"dtype": "float64", **options})
    neuron = sl.Refractory(sl.ConductanceLIF(E_L=-49 * sl.mV), 0.4 * sl.ms)
    a = net.population(24, neuron, name="a", v=sl.uniform(-55, -50) * sl.mV)
    b = net.population(6, neuron, name="b", v=sl.uniform(-55, -50) * sl.mV)
    exc = sl.ExponentialConductance(E=0 * sl.mV, tau=5 * sl.ms)
    inh = sl.ExponentialConductance(E=-80 * sl.mV, tau=10 * sl.ms)
    rule = sl.FixedProbability(0.3)
    net.connect(a, a + b, exc, rule, weight=6 * sl.nS, delay=sl.uniform(0.1, 0.9) * sl.ms)
    net.connect(b, a + b, inh, rule, weight=30 * sl.nS, delay=0.2 * sl.ms)
    net.poisson(a + b, exc, rate=10 * sl.kHz, weight=3 * sl.nS)
    return net


def test_conductances() -> None:
    agrees(conductances().build(), 16, least=3)


def test_kicks_noise_trains_and_currents_over_time() -> None:
    net = sl.Network(0.1 * sl.ms, seed=3, dtype="float64")
    a = net.population(12, sl.DiffusionLIF(), name="a", v=sl.uniform(-54, -50.1) * sl.mV)
    b = net.population(20, sl.LIF(), name="b", v=sl.uniform(-60, -50.1) * sl.mV)
    given = net.source(sl.GivenSpikes([0.3, 0.3, 1.1] * sl.ms, [0, 2, 1]), size=3, name="in")
    net.connect(given, b, sl.Delta(), sl.AllToAll(), weight=4 * sl.mV, delay=0.5 * sl.ms)
    net.connect(b, a, sl.Delta(), sl.AllToAll(), weight=2 * sl.mV)
    net.inject(b, sl.Sine(0.1 * sl.nA, 300 * sl.Hz))
    agrees(net.build(), 24, least=10)


def test_pieces_give_the_same_bits_as_the_whole() -> None:
    plan = awake(Shape(1, (20, 15), 0.2, multiple=True, spread=True), "float32")
    whole, pieces = GpuNetwork(plan), GpuNetwork(plan)
    made = whole.run(11)
    assert all(when.size for when, _ in made.spikes)
    first = pieces.run(7, [False, True])
    saved = pieces.state_dict()
    again = GpuNetwork(plan, like=pieces)
    again.load_state_dict(saved)
    rest = again.run(4, None, [Trace(0, "v", every=3)])
    assert first.spikes[0][0].size == 0
    for k in (0, 1):
        assert np.array_equal(rest.spikes[k][1], made.spikes[k][1][made.spikes[k][0] >= 7])
    assert same_bits(again.state_dict(), whole.state_dict())
    assert all(x is y for x, y in zip(again.synapses, pieces.synapses, strict=True))


def test_small_logs_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = awake(Shape(1, (20,), 0.3, delays=-5))
    whole = GpuNetwork(plan)
    made = whole.run(25)
    monkeypatch.setattr("spikeloom.engines.gpu.network.LOG", 70)
    small = GpuNetwork(plan)
    assert (whole.block, small.block) == (6, 3)
    assert same_spikes(small.run(25), made)
    assert same_bits(small.state_dict(), whole.state_dict())


def test_float32_is_near() -> None:
    shape = Shape(1, (20, 15), 0.2, spread=True)
    single, double = GpuNetwork(awake(shape, "float32")), ReferenceNetwork(awake(shape))
    single.run(15)
    double.run(15)
    assert single.state(0).dtype == np.float32
    np.testing.assert_allclose(single.state(0), double.state(0), rtol=1e-5, atol=1e-4)


def test_through_network(tmp_path: Any) -> None:
    net, truth = conductances(engine="gpu"), conductances(engine="reference")
    wanted = [(n, n.record(n.populations[0])) for n in (net, truth)]
    results = [n.run(1 * sl.ms) for n, _ in wanted]
    spikes = [r.spikes[n.populations[0]] for r, (n, _) in zip(results, wanted, strict=True)]
    assert spikes[0].size == spikes[1].size > 0
    twin = net.fork()
    net.checkpoint(tmp_path / "state")
    after = net.run(0.5 * sl.ms).spikes[net.populations[0]].size
    assert twin.run(0.5 * sl.ms).spikes[net.populations[0]].size == after
    each = net.batch(2, threads=2).run(0.2 * sl.ms)  # the interpreter takes one thread at a time
    assert len({r.spikes[net.populations[0]].size for r in each}) == 1
    other = conductances(engine="gpu")
    other.restore(tmp_path / "state")
    assert other.time == pytest.approx(1.0)


def test_wrong_states_are_refused() -> None:
    gpu = GpuNetwork(random_plan(Shape(5, (3,), 0.0)))
    with pytest.raises(ShapeError, match="states must have shape"):
        gpu.set_state(0, np.zeros((1, 3)))
    with pytest.raises(CheckpointError):
        gpu.load_state_dict({})

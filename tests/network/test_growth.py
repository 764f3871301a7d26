"""Networks that change after they have run: what was there goes on as if nothing had happened."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.network.helpers import small

import spikeloom as sl
from spikeloom.errors import ParameterError, ShapeError, SpikeloomError

ENGINES: list[Any] = ["reference", "cpu"]


def bits(net: sl.Network, *members: sl.Population) -> list[bytes]:
    """Every state of some populations."""
    engine = net._ready()
    return [engine.state(p.index).tobytes() for p in members]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("when", [0.1, 3.7, 12.0])
def test_what_has_no_effect_changes_no_bit(engine: Any, when: float) -> None:
    plain, exc, inh = small(engine=engine)
    plain.run(20 * sl.ms)
    grown, e, i = small(engine=engine)
    grown.run(when * sl.ms)
    more = grown.population(700, sl.LIF(), name="more", v=sl.uniform(-60, -50) * sl.mV)
    # A delay beyond all others makes the rings longer while spikes are in them.
    grown.connect(e, more, sl.Delta(), sl.FixedProbability(0.1), weight=1 * sl.mV, delay=7 * sl.ms)
    grown.poisson(more, sl.Delta(), rate=100 * sl.Hz, weight=1 * sl.mV)
    grown.record(more, "v")
    grown.run((20 - when) * sl.ms)
    assert bits(grown, e, i) == bits(plain, exc, inh)
    assert grown.get(more, "v").shape == (700,)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_connection_that_is_added_acts_from_then_on(engine: Any) -> None:
    net = sl.Network(1 * sl.ms, dtype="float64", engine=engine)
    a = net.population(1, sl.LIF(), name="a", I=1 * sl.nA)
    b = net.population(2, sl.LIF(), name="b")
    net.connect(a, b[0], sl.Delta(), sl.AllToAll(), weight=1 * sl.mV, delay=2 * sl.ms)
    spikes = net.record(a)
    first = net.run(10 * sl.ms).spikes[spikes].times[0]
    held = net.get(b, "v")
    assert held.to(sl.mV)[0] > -65 and held.to(sl.mV)[1] == -65
    net.connect(a, b[1], sl.Delta(), sl.AllToAll(), weight=1 * sl.mV, delay=20 * sl.ms)
    np.testing.assert_array_equal(net.get(b, "v").to(sl.mV), held.to(sl.mV))
    v = net.record(b, "v")
    result = net.run(60 * sl.ms)
    after = result.spikes[spikes].times[0]
    assert first < 10 < after
    arrived = result.states[v].times[np.argmax(result.states[v].values[:, 1] > -65)]
    # Only spikes from then on travel along it: the end of its step, its delay, the next sample.
    assert arrived == after + 20 + 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_new_receptor_starts_empty_and_the_rest_stays(engine: Any) -> None:
    net, exc, inh = small(engine=engine)
    net.run(8 * sl.ms)
    before = {name: net.get(exc, name).value for name in ("v", "exc_i", "inh_i")}
    net.connect(
        inh, exc, sl.ExponentialConductance(), sl.AllToAll(), weight=1 * sl.nS, receptor="new"
    )
    for name, values in before.items():
        np.testing.assert_array_equal(net.get(exc, name).value, values)
    assert not np.any(net.get(exc, "new_g").value)
    net.run(30 * sl.ms)
    assert np.any(net.get(exc, "new_g").value)


@pytest.mark.parametrize("engine", ENGINES)
def test_parameters_change_between_runs(engine: Any) -> None:
    """A leak towards rest, first with one time constant and then with another."""
    net = sl.Network(0.1 * sl.ms, dtype="float64", engine=engine)
    a = net.population(3, sl.LIF(tau=10 * sl.ms), name="a", v=-55 * sl.mV)
    net.run(5 * sl.ms)
    net.set(a[1:], tau=20 * sl.ms)
    net.run(5 * sl.ms)
    expected = -65 + 10 * np.exp([-1.0, -0.75, -0.75])
    np.testing.assert_allclose(net.get(a, "v").to(sl.mV), expected, rtol=1e-12)
    np.testing.assert_array_equal(net.get(a, "tau").to(sl.ms), [10, 20, 20])
    net.set(a, tau=5 * sl.ms, I=0.1 * sl.nA)  # 10 mV above rest in the end
    net.run(100 * sl.ms)
    np.testing.assert_allclose(net.get(a, "v").to(sl.mV), -55, atol=1e-6)
    np.testing.assert_array_equal(net.get(a, "I").to(sl.pA), [100, 100, 100])


def test_parameters_can_be_set_before_the_first_run() -> None:
    def made(late: bool) -> sl.Network:
        net = sl.Network(engine="reference")
        tau = [10.0, 20.0, 20.0] * sl.ms
        a = net.population(3, sl.LIF() if late else sl.LIF(tau=tau), name="a", v=-55 * sl.mV)
        if late:
            net.set(a[0], tau=10 * sl.ms)
            net.set(a, v=[-50.5, -52.0, -55.0] * sl.mV)
        else:
            net.set(a[:2], v=[-50.5, -52.0] * sl.mV)
        net.run(3 * sl.ms)
        return net

    one, other = made(True), made(False)
    assert bits(one, *one.populations) == bits(other, *other.populations)


def test_a_parameter_drawn_once_is_not_drawn_again() -> None:
    net = sl.Network(engine="reference", seed=4)
    a = net.population(20, sl.LIF(tau=sl.normal(20, 2) * sl.ms), name="a")
    before = net.get(a, "tau").to(sl.ms)
    net.run(1 * sl.ms)
    net.set(a, v=sl.uniform(-60, -50) * sl.mV)
    net.set(a, R=sl.normal(100, 10) * sl.MOhm)
    other = net.fork(seed=9)
    for each in (net, other):
        np.testing.assert_array_equal(each.get(a, "tau").to(sl.ms), before)
    other.set(a, v=sl.uniform(-60, -50) * sl.mV)
    net.set(a, v=sl.uniform(-60, -50) * sl.mV)
    assert np.all(net.get(a, "v").value != other.get(a, "v").value)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_refused_addition_leaves_nothing_behind(engine: Any) -> None:
    plain, exc, inh = small(engine=engine)
    plain.run(9 * sl.ms)
    net, e, i = small(engine=engine)
    net.run(4 * sl.ms)
    synapse = sl.ExponentialCurrent(tau=7 * sl.ms)
    with pytest.raises(ShapeError, match="one for each of the"):
        net.connect(e, i, synapse, sl.AllToAll(), weight=[1.0, 2.0] * sl.pA, name="bad")
    with pytest.raises(SpikeloomError, match="as many sources as targets"):
        net.connect(e, i, synapse, sl.OneToOne(), weight=1 * sl.pA, name="bad")
    with pytest.raises(ShapeError, match="one number or 40"):
        net.set(e, E_L=[1.0, 2.0] * sl.mV)
    with pytest.raises(ShapeError, match="one number or 3"):
        net.population(3, sl.LIF(tau=[1.0, 2.0] * sl.ms), name="bad")
    with pytest.raises(ParameterError, match="negative"):
        net.connect(e, i, synapse, sl.AllToAll(), weight=1 * sl.pA, delay=-1 * sl.ms)
    assert len(net.populations) == 2
    net.run(5 * sl.ms)
    assert bits(net, e, i) == bits(plain, exc, inh)
    net.connect(e, i, synapse, sl.AllToAll(), weight=1 * sl.pA, name="bad")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_branch_grows_by_itself(engine: Any) -> None:
    net, exc, inh = small(engine=engine)
    net.run(4 * sl.ms)
    branch = net.fork()
    more = branch.population(5, sl.LIF(), name="more")
    branch.connect(more, exc, sl.Delta(), sl.AllToAll(), weight=1 * sl.mV)
    branch.connect(exc, exc, sl.ExponentialCurrent(tau=1 * sl.ms), sl.AllToAll(), weight=1 * sl.pA)
    assert len(net.populations) == 2 and len(branch.populations) == 3
    assert net.build().populations[0].channels == ("exc", "inh")
    plain, e, i = small(engine=engine)
    plain.run(9 * sl.ms)
    net.run(5 * sl.ms)
    branch.run(5 * sl.ms)
    assert bits(net, exc, inh) == bits(plain, e, i)
    assert bits(branch, exc) != bits(plain, e)


@pytest.mark.parametrize("engine", ENGINES)
def test_another_seed_changes_what_is_random_from_then_on(engine: Any) -> None:
    net, exc, inh = small(engine=engine)
    net.run(4 * sl.ms)
    same, other, back = net.fork(), net.fork(seed=7), net.fork(seed=1)
    for each in (net, same, other, back):
        each.run(6 * sl.ms)
    assert bits(same, exc, inh) == bits(net, exc, inh) == bits(back, exc, inh)
    assert bits(other, exc) != bits(net, exc)
    ours, theirs = net.build().projections, other.build().projections
    assert all(a is b for a, b in zip(ours, theirs, strict=True))


def test_warnings_are_said_once() -> None:
    net = sl.Network(engine="reference")
    net.population(2, sl.LIF(), name="exc")
    net.population(2, sl.LIF(), name="alone")
    with pytest.warns(sl.NetworkWarning):
        net.run(1 * sl.ms)
    net.set(net.populations[0], tau=5 * sl.ms)
    net.run(1 * sl.ms)  # a second warning would be an error here

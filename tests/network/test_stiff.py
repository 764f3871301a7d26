"""Networks of stiff neurons: an implicit step with a reason, or an error that says what to do."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import spikeloom as sl
from spikeloom.compile import RK4, ROS2, ExponentialEuler
from spikeloom.errors import NumericsError, NumericsWarning, ParameterError

MS, NS = sl.ms, sl.nS
LEAKY = sl.AdEx(g=30_000 * NS)
"""A membrane time constant of a hundredth of a millisecond."""
DRIVE = 300 * sl.nA


@pytest.mark.parametrize("engine", ["cpu", "reference"])
def test_a_stiff_population_takes_the_implicit_step_that_simulate_takes(engine: str) -> None:
    net = sl.Network(dt=0.1 * MS, dtype="float64", engine=engine)
    cells = net.population(3, LEAKY, name="leaky", I=DRIVE)
    usual = net.population(2, sl.Izhikevich(), name="usual")
    volts = net.record(cells, "v")
    said = net.explain().splitlines()
    assert said[0].startswith("leaky: 3 AdEx by LinearlyImplicitEuler(): the equations are stiff")
    assert said[1] == "usual: 2 Izhikevich by RK4(): some rate is nonlinear in its own state"
    assert "needs at most 0.025 ms" in net.explain(cells)
    assert "some rate is nonlinear" in net.explain(usual[:1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sl.NetworkWarning)
        got = net.run(5 * MS).states[volts].values[:, 0]
    alone = sl.simulate(LEAKY, 5 * MS, I=DRIVE)
    assert alone.method == "LinearlyImplicitEuler()"
    np.testing.assert_allclose(got, alone.traces["v"][:, 0], rtol=1e-12)


def test_a_population_with_receptors_and_one_that_becomes_stiff_later() -> None:
    net = sl.Network(dt=0.1 * MS, engine="cpu")
    cells = net.population(4, sl.AdEx(), name="cells", I=1 * sl.nA)
    net.connect(cells, cells, sl.ExponentialConductance(), sl.AllToAll(), weight=1 * NS)
    assert "RK4()" in net.explain()
    net.set(cells[0], g=30_000 * NS)  # one neuron of four is enough
    assert "LinearlyImplicitEuler" in net.explain()
    net.run(2 * MS)


def test_a_named_method_is_refused_with_a_step_and_a_way_out() -> None:
    net = sl.Network(dt=0.1 * MS, engine="cpu")
    net.population(3, LEAKY, name="leaky", method=RK4())
    with pytest.raises(NumericsError, match=r"dt = 0.1 ms is too large for RK4\(\)") as error:
        net.build()
    assert "a stable step is 0.025 ms" in str(error.value.hint)
    assert "ROS2()" in str(error.value.hint)
    with pytest.raises(NumericsError, match="too large"):
        net.explain()
    fine = sl.Network(dt=0.1 * MS, engine="cpu")
    fine.population(3, LEAKY, name="leaky", method=ROS2())
    fine.build()


def test_explaining_a_population_of_another_network() -> None:
    net, other = sl.Network(), sl.Network()
    cells = other.population(1, sl.LIF())
    with pytest.raises(ParameterError, match="another network"):
        net.explain(cells)
    assert net.explain() == ""


def test_whole_numbers_and_sources_have_no_method() -> None:
    net = sl.Network(dt=1 * MS)
    net.population(2, sl.LoihiNeuron(), name="chip")
    net.source(sl.PoissonSpikes(10 * sl.Hz), size=5, name="noise")
    first, second = net.explain().splitlines()
    assert first == "chip: 2 LoihiNeuron, in whole numbers from tick to tick"
    assert second.startswith("noise: 5 PoissonSpikes")
    assert "loihi" in net.explain(net.populations[0]).lower()


def network(dt: float, **more: object) -> sl.Network:
    net = sl.Network(dt=dt * MS, engine="cpu")
    net.population(2, sl.HodgkinHuxley(), name="squid", **more)
    return net


def test_spike_times_that_depend_on_dt_are_told_once_for_each_population() -> None:
    net = network(0.1)
    with pytest.warns(NumericsWarning, match=r"'squid'.*dt = 0.1 ms.*half the step puts spike"):
        net.run(1 * MS)
    net.run(1 * MS)  # and never again: a warning is an error here
    network(0.01).run(1 * MS)
    network(0.1, method=ExponentialEuler()).run(1 * MS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NumericsWarning)
        network(0.1).run(1 * MS)

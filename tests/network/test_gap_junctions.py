"""Gap junctions, as a user makes them: against fine integration, closed forms and invariants."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.reference_values import Known, within

import spikeloom as sl
from spikeloom.compile import RK4, ExponentialEuler
from spikeloom.errors import NumericsError, ParameterError, UnitError

ENGINES = ("reference", "cpu")
MS = sl.ms
G = 0.1
"""Conductance per area between two squid axons, in mS/cm²."""


def squid(t: float, y: Any) -> Any:
    """Two Hodgkin-Huxley neurons, written out anew; 10 µA/cm² flow into the first."""
    d = np.empty(8)
    for k, current in enumerate((10.0, 0.0)):
        v, m, h, n = y[4 * k : 4 * k + 4]
        ionic = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)
        d[4 * k] = current + G * (y[4 - 4 * k] - v) - ionic
        rates = (
            (0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10)), 4 * np.exp(-(v + 65) / 18), m),
            (0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10)), h),
            (0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10)), 0.125 * np.exp(-(v + 65) / 80), n),
        )
        d[4 * k + 1 : 4 * k + 4] = [a * (1 - x) - b * x for a, b, x in rates]
    return d


@cache
def exact() -> Any:
    """20 ms of the pair by an integrator with error control."""
    net, cells = pair(0.05, "reference")
    start = [np.asarray(net.get(cells, name).value) for name in "vmhn"]
    y0 = np.stack(start, axis=1).ravel()
    options: Any = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-11, "dense_output": True}
    return solve_ivp(squid, (0, 20), y0, **options).sol


def pair(dt: float, engine: Any) -> tuple[sl.Network, sl.Population]:
    net = sl.Network(dt * MS, dtype="float64", engine=engine)
    density = sl.uA / sl.cm2
    cells = net.population(2, sl.HodgkinHuxley(), method=RK4(), I=[10, 0] * density, name="axon")
    net.gap_junctions(cells, cells, sl.AllToAll(), conductance=G * sl.mS / sl.cm2)
    return net, cells


def error(dt: float, engine: Any = "cpu") -> float:
    """Largest distance from the fine integration over 20 ms, as a part of the range of v."""
    net, cells = pair(dt, engine)
    volts = net.record(cells, "v")
    trace = net.run(20 * MS).states[volts]
    expected = exact()(trace.times)[[0, 4]].T
    assert np.ptp(expected) > 110 and expected[:, 1].max() > 30  # both fire
    return float(np.abs(trace.values - expected).max() / np.ptp(expected))


def test_a_pair_of_squid_axons_follows_a_fine_integration() -> None:
    """To 1e-4 of the range at dt = 0.0125 ms; the error falls with dt²."""
    errors = [error(dt) for dt in (0.05, 0.025, 0.0125)]
    assert errors[-1] < 1e-4
    slopes = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(slopes > 1.9), slopes


def test_the_pair_in_numpy_too() -> None:
    assert error(0.025, "reference") == pytest.approx(error(0.025), rel=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_charge_is_conserved_and_differences_decay(engine: Any) -> None:
    """Two capacitors and a conductor: what one loses the other gains."""
    capacities = np.array([100.0, 250.0])
    net = sl.Network(0.05 * MS, dtype="float64", engine=engine)
    neuron = sl.PerfectIF(C=capacities * sl.pF, theta=1e9 * sl.mV)
    cells = net.population(2, neuron, v=[-80, -50] * sl.mV, name="cells")
    net.gap_junctions(cells[0], cells[1], sl.AllToAll(), conductance=5 * sl.nS)
    volts = net.record(cells, "v")
    trace = net.run(40 * MS).states[volts]
    charge = trace.values @ capacities
    np.testing.assert_allclose(charge, charge[0], rtol=1e-13)
    decay = np.exp(-5 * (1 / 100 + 1 / 250) * trace.times)
    np.testing.assert_allclose(trace.values[:, 1] - trace.values[:, 0], 30 * decay, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_alike_stays_alike_to_the_last_bit(engine: Any, dtype: Any) -> None:
    """Nothing flows between equal potentials: all is as it is without junctions."""
    found = []
    for joined in (False, True):
        net = sl.Network(0.1 * MS, engine=engine, dtype=dtype)
        cells = net.population(20, sl.LIF(), I=0.2 * sl.nA, name="cells")
        if joined:
            net.gap_junctions(cells, cells, sl.AllToAll(), conductance=2 * sl.nS)
        spikes, volts = net.record(cells), net.record(cells, "v")
        result = net.run(100 * MS)
        found.append((result.spikes[spikes].times, result.states[volts].values))
    assert len(found[0][0]) > 40
    assert np.array_equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1])


def test_junctions_synchronise() -> None:
    """Twenty axons that begin apart fire together with junctions, and not without."""
    spread = []
    for conductance in (0.0, 0.3):
        net = sl.Network(0.05 * MS, seed=2)
        start = sl.uniform(-75, -55) * sl.mV
        density = sl.uA / sl.cm2
        cells = net.population(20, sl.HodgkinHuxley(), v=start, I=10 * density, name="axon",
                               method=ExponentialEuler())  # fmt: skip
        conductance_per_area = conductance * sl.mS / sl.cm2
        net.gap_junctions(cells, cells, sl.FixedProbability(0.3), conductance=conductance_per_area)
        spikes = net.record(cells)
        trains = net.run(150 * MS).spikes[spikes]
        last = [trains.train(k)[-1] for k in range(20)]
        spread.append(float(np.ptp(last)))
    assert spread[0] > 1 and spread[1] < 0.1, spread


@pytest.mark.parametrize("engine", ENGINES)
def test_two_populations_in_their_own_units(engine: Any) -> None:
    """nA and pA: what flows out of one flows into the other."""
    net = sl.Network(0.1 * MS, dtype="float64", engine=engine)
    a = net.population(3, sl.LIF(E=-65 * sl.mV), name="a", v=-60 * sl.mV)
    b = net.population(2, sl.PerfectIF(C=200 * sl.pF), name="b", v=-70 * sl.mV)
    net.gap_junctions(
        a[1:] + b, b, sl.EdgeList([0, 1, 3], [1, 1, 0]), conductance=[1, 2, 3] * sl.nS
    )
    plan = net.build()
    total = {(c.source.population, c.target.population): c for c in plan.couplings}
    assert set(total) == {(0, 1), (1, 0), (1, 1)}
    np.testing.assert_allclose(total[0, 1].conductance, [1.0, 2.0])  # pA/mV
    np.testing.assert_allclose(total[1, 0].conductance, [1e-3, 2e-3])  # nA/mV
    assert total[1, 0].sources.tolist() == [1, 1] and total[0, 1].sources.tolist() == [1, 2]
    np.testing.assert_allclose(total[1, 1].conductance, [3.0, 3.0])
    volts = net.record(a, "v"), net.record(b, "v")
    states = net.run(0.1 * MS).states
    va, vb = states[volts[0]].values[0], states[volts[1]].values[0]
    assert va[0] > va[1] > va[2]  # the more it is joined, the faster it falls
    out = 200 * (vb.sum() + 140) / 0.1  # pA into b
    mean = (-60 + va[1:]) / 2 - (-70 + vb[1]) / 2
    assert out == pytest.approx(np.sum([1, 2] * mean), rel=1e-2)


def edges(net: sl.Network) -> set[tuple[int, int]]:
    (c,) = net.build().couplings
    rows = np.repeat(np.arange(len(c.indptr) - 1), np.diff(c.indptr))
    found = list(zip(rows.tolist(), c.sources.tolist(), strict=True))
    assert len(set(found)) == len(found)
    return set(found)


def joined(
    rule: Any, size: int = 60, conductance: Any = 0.001 * sl.nS, **places: Any
) -> sl.Network:
    net = sl.Network(0.1 * MS, engine="reference", seed=3)
    cells = net.population(size, sl.LIF(), name="cells", **places)
    net.gap_junctions(cells, cells, rule, conductance=conductance)
    return net


def test_every_pair_is_joined_once() -> None:
    everyone = edges(joined(sl.AllToAll()))
    assert everyone == {(i, j) for i in range(60) for j in range(60) if i != j}
    some = edges(joined(sl.FixedProbability(0.2), size=200))
    assert some == {(j, i) for i, j in some}
    pairs = 200 * 199 / 2  # 5 standard deviations: a false alarm in 10⁶ seeds; the seed is fixed
    assert abs(len(some) / 2 - 0.2 * pairs) < 5 * np.sqrt(0.2 * 0.8 * pairs)
    listed = edges(joined(sl.EdgeList([0, 5], [3, 2])))
    assert listed == {(0, 3), (3, 0), (5, 2), (2, 5)}
    near = sl.Distance(sl.GaussianProfile(1.0, 30.0))
    close = edges(joined(near, positions=np.arange(60) * 10.0))
    assert close == {(j, i) for i, j in close}
    assert np.mean([abs(i - j) for i, j in close]) < 6


def test_both_directions_of_a_junction_have_its_conductance() -> None:
    matrix = np.arange(16.0).reshape(4, 4) / 1000
    net = joined(sl.AllToAll(), 4, matrix * sl.nS)
    (c,) = net.build().couplings
    made = np.zeros((4, 4))
    rows = np.repeat(np.arange(4), np.diff(c.indptr))
    made[rows, c.sources] = c.conductance
    upper = np.triu(matrix, 1)
    np.testing.assert_allclose(made, (upper + upper.T) / 1000)  # µS is nA/mV
    net = joined(sl.FixedProbability(0.3), 50, sl.uniform(1, 2) * sl.pS)
    (c,) = net.build().couplings
    made = np.zeros((50, 50))
    made[np.repeat(np.arange(50), np.diff(c.indptr)), c.sources] = c.conductance
    assert np.array_equal(made, made.T) and np.std(made[made > 0]) > 0


def test_junctions_may_be_added_between_runs() -> None:
    net = sl.Network(0.1 * MS)
    cells = net.population(2, sl.LIF(), v=[-65, -60] * sl.mV, name="cells")
    net.run(1 * MS)
    before = np.diff(net.get(cells, "v").value)
    net.gap_junctions(cells, cells, sl.AllToAll(), conductance=20 * sl.nS)
    net.run(1 * MS)
    assert np.diff(net.get(cells, "v").value) < 0.9 * before * np.exp(-1 / 20)


def mistake(**changes: Any) -> None:
    net = sl.Network(0.1 * MS, engine="reference")
    cells = net.population(3, sl.LIF(), name="cells")
    source = net.source(sl.GivenSpikes([1] * MS), name="source")
    given = {"first": cells, "second": cells, "rule": sl.AllToAll(), "conductance": 1 * sl.nS}
    given |= {k: source if v == "source" else v for k, v in changes.items()}
    net.gap_junctions(given.pop("first"), given.pop("second"), given.pop("rule"), **given)
    net.build()


MISTAKES: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "unit": ({"conductance": 1 * sl.mV}, UnitError, "conductance"),
    "density": ({"conductance": 1 * sl.mS / sl.cm2}, UnitError, "conductance"),
    "plain": ({"conductance": 1}, UnitError, "needs a unit"),
    "negative": ({"conductance": -1 * sl.nS}, ParameterError, "must not be negative"),
    "nan": ({"conductance": np.nan * sl.nS}, ParameterError, "finite"),
    "rule": ({"rule": sl.AllToAll}, ParameterError, "rule is needed, got AllToAll"),
    "state": ({"of": "u"}, ParameterError, "no state 'u'"),
    "inflow": ({"into": "J"}, ParameterError, "no inflow 'J'"),
    "source": ({"second": "source"}, ParameterError, "nothing flows into it"),
    "itself": ({"rule": sl.EdgeList([1], [1])}, ParameterError, "joined to itself"),
    "strong": ({"conductance": 1 * sl.mS}, NumericsError, r"too strong for dt = 0.1 ms(.|\n)*take"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told(what: str) -> None:
    changes, error, words = MISTAKES[what]
    with pytest.raises(error, match=words):
        mistake(**changes)


def test_steady_coupling_ratio(reference: Known) -> None:
    """g / (g_L + g) of a potential crosses a junction in the long run."""
    neuron = sl.ConductanceLIF(C=200 * sl.pF, g_L=10 * sl.nS, E_L=0 * sl.mV, theta=1e6 * sl.mV)
    net = sl.Network(0.1 * MS, dtype="float64", engine="reference")
    cells = net.population(2, neuron, v=[0, 0] * sl.mV, I=[100, 0] * sl.pA, name="cells")
    net.gap_junctions(cells[0], cells[1], sl.AllToAll(), conductance=2 * sl.nS)
    volts = net.record(cells, "v")
    v = net.run(600 * MS).states[volts].values[-1]
    reference("gap junction", "coupling ratio, g 2 nS, leak 10 nS", 0.166667, v[1] / v[0],
              within(1e-6), "g / (g_L + g)")  # fmt: skip

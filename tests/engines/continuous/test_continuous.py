"""Engines without time steps: closed forms, each other, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.compile import RK4
from spikeloom.compile.motion import motion
from spikeloom.engines import Adaptive, Precise, exact_spikes, simulate
from spikeloom.equations import Cell, Input, Neuron, Param, Refractory, State, inflow, state
from spikeloom.equations.units import MOhm, cm2, ms, mV, nA, nS, one, pA, uA
from spikeloom.errors import CompileError, NumericsError, ParameterError
from spikeloom.models import (
    ALIF,
    GLIF,
    LIF,
    SRM0,
    AdEx,
    ConductanceLIF,
    CubaLIF,
    Delta,
    DiffusionLIF,
    EscapeLIF,
    ExponentialConductance,
    FitzHughNagumo,
    HodgkinHuxley,
    LeakyIntegrator,
    MihalasNiebur,
    PerfectIF,
    ProbabilisticLIF,
    TwoCompartment,
)

BOTH = pytest.mark.parametrize("engine", [Precise(), Adaptive()], ids=["precise", "adaptive"])
PLAIN: dict[str, Any] = {"E": 0 * mV, "theta": 15 * mV, "R": 1 * MOhm}


class Resonator(Neuron):
    """A damped oscillation: linear, with complex eigenvalues."""

    w: Param = 0.5 / ms
    v: State = state(one)
    u: State = state(one)
    I: Input = inflow(one / ms)

    def flow(self, d: Any) -> None:
        d.v = -self.v / (20 * ms) - self.w * self.u + self.I
        d.u = self.w * self.v - self.u / (20 * ms)

    def fires(self) -> Any:
        return self.v >= 1

    def reset(self, after: Any) -> None:
        after.v = 0.0


@BOTH
def test_a_refractory_period_lasts_as_long_as_it_says(engine: Any) -> None:
    """Neither the spike nor the period is rounded to the grid of 1 ms."""
    cell = Refractory(LIF(**PLAIN), 2.3 * ms)
    run = simulate(cell, 200 * ms, dt=1 * ms, I=20 * nA, engine=engine)
    expected = 20 * np.log(4) + np.arange(6) * (20 * np.log(4) + 2.3)
    assert run.train() == pytest.approx(expected, abs=1e-6)
    if isinstance(engine, Precise):
        assert run.train() == pytest.approx(expected, rel=1e-13)


@BOTH
def test_a_run_in_two_parts_is_one(engine: Any) -> None:
    """Also when it is cut while the neuron rests; states, spikes and the rest go on."""
    cell = Refractory(AdEx() if isinstance(engine, Adaptive) else LIF(), 5 * ms)
    drive = {"I": 1 * nA} if isinstance(engine, Adaptive) else {"I": 0.4 * nA}
    whole = simulate(cell, 60 * ms, engine=engine, **drive)
    assert len(whole.train()) > 1
    cut = float(np.floor(whole.train()[0]) + 2) * ms
    one = simulate(cell, cut, engine=engine, **drive)
    assert one.state["refractory"][0] > 0
    two = simulate(cell, 60 * ms - cut, engine=engine, state=one.state, first=one.steps, **drive)
    joined = np.concatenate([one.train(), two.train()])
    assert joined == pytest.approx(whole.train(), abs=1e-7)
    rows = np.concatenate([one.traces["v"], two.traces["v"]])
    assert rows == pytest.approx(whole.traces["v"], abs=1e-4)


@pytest.mark.parametrize(
    ("neuron", "drive"),
    [(LIF(), {"I": 0.3 * nA}), (PerfectIF(), {"I": 300 * pA}), (ALIF(), {"I": 0.4 * nA}),
     (TwoCompartment(), {"I": 500 * pA, "I_d": 100 * pA}), (SRM0(), {"I": 0.2 * nA})],
    ids=lambda x: type(x).__name__ if isinstance(x, Neuron) else "",
)  # fmt: skip
def test_both_agree_with_the_search_for_events(neuron: Any, drive: Any) -> None:
    """A second way to the same times, written for training by exact spikes."""
    known = exact_spikes(neuron, 155 * ms, **drive).train()
    assert len(known) > 3
    assert simulate(neuron, 155 * ms, engine=Precise(), **drive).train() == pytest.approx(
        known, rel=1e-11
    )
    assert simulate(neuron, 155 * ms, engine=Adaptive(), **drive).train() == pytest.approx(
        known, abs=1e-6
    )


@BOTH
def test_arrivals_act_when_they_come(engine: Any) -> None:
    """A kick at 3 ms, and one at 5 ms that fires the cell at once."""
    kicks = np.zeros((100, 1))
    kicks[[30, 50], 0] = 7.5
    run = simulate(Cell(LIF(**PLAIN), s=Delta()), 10 * ms, s=kicks * mV, engine=engine)
    v = 7.5 * np.exp(-2 / 20)
    assert v + 7.5 < 15
    assert run.train().tolist() == []
    assert run.traces["v"][49, 0] == pytest.approx(v, rel=1e-7)
    kicks[50] = 9.0
    run = simulate(Cell(LIF(**PLAIN), s=Delta()), 10 * ms, s=kicks * mV, engine=engine)
    assert run.train().tolist() == [5.0]
    assert run.traces["v"][50, 0] == 0.0


@BOTH
def test_inputs_that_change_and_differ(engine: Any) -> None:
    """Steps of current for three cells at once, against the exact step of the grid."""
    generator = np.random.default_rng(1)
    current = np.repeat(generator.uniform(0.0, 0.25, (8, 3)), 25, axis=0)
    cell = CubaLIF(theta=100 * mV)
    kick = np.where(np.arange(200)[:, None] % 60 == 10, 0.5, 0.0) * np.ones((1, 3))
    grid = simulate(cell, 20 * ms, size=3, x=kick * nA)
    found = simulate(cell, 20 * ms, size=3, x=kick * nA, engine=engine)
    assert found.traces["v"] == pytest.approx(grid.traces["v"], abs=1e-7)
    plain = simulate(LIF(theta=0 * mV), 20 * ms, size=3, I=current * nA)
    found = simulate(LIF(theta=0 * mV), 20 * ms, size=3, I=current * nA, engine=engine)
    assert found.traces["v"] == pytest.approx(plain.traces["v"], abs=1e-7)
    assert found.times.tolist() == plain.times.tolist()


@given(
    drive=st.floats(0.02, 0.4),
    w=st.floats(0.1, 2.0),
)
@settings(max_examples=8)
def test_an_oscillating_neuron_misses_no_peak(drive: float, w: float) -> None:
    cell = Resonator(w=w / ms)
    a = simulate(cell, 40 * ms, I=drive * one / ms, engine=Precise()).train()
    b = simulate(cell, 40 * ms, I=drive * one / ms, engine=Adaptive()).train()
    if len(a) == len(b):  # a peak that just touches may fall either way by rounding
        assert a == pytest.approx(b, abs=1e-5)
    else:
        assert abs(len(a) - len(b)) <= 1
    fine = simulate(cell, 40 * ms, dt=0.01 * ms, I=drive * one / ms, record=()).counts[0]
    assert abs(int(fine) - len(a)) <= 1


def test_jacobian_is_the_derivative_of_the_rates() -> None:
    from spikeloom.compile.bind import coefficients
    from spikeloom.compile.values import numbers
    from spikeloom.engines.continuous.cell import NumberCell

    for neuron in (HodgkinHuxley(), AdEx(), FitzHughNagumo(), GLIF.level(5)):
        moving = motion(neuron)
        coefs, start = coefficients(moving, numbers(neuron, size=1), 1.0)
        cell = NumberCell(moving, {n: float(np.ravel(v)[0]) for n, v in coefs.items()})
        x = np.array([float(np.ravel(start[n])[0]) for n in moving.flowing]) + 0.3
        inputs = [1.0] * len(moving.inputs)
        found = cell.jacobian(x, inputs, False)
        for j in range(cell.size):
            h = np.zeros(cell.size)
            h[j] = 1e-6
            slope = (cell.rates(x + h, inputs, False) - cell.rates(x - h, inputs, False)) / 2e-6
            assert found[:, j] == pytest.approx(slope, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("solver", ["DOP853", "LSODA", "Radau", "BDF", "RK45"])
def test_all_solvers_agree(solver: Any) -> None:
    tolerance = 1e-6 if solver in ("BDF", "RK45", "Radau") else 1e-9
    engine = Adaptive(solver, rtol=tolerance, atol=tolerance)
    train = simulate(AdEx(), 30 * ms, I=1 * nA, engine=engine, record=()).train()
    assert train == pytest.approx([11.7916, 25.3761], abs=1e-2 if tolerance > 1e-9 else 1e-3)


def test_conductances_and_wrappers() -> None:
    """A cell with a synapse, refractory: against a very fine fixed step."""
    cell = Cell(Refractory(ConductanceLIF(), 5 * ms), g=ExponentialConductance())
    kicks = np.zeros((300, 1))
    kicks[::20] = 40.0
    run = simulate(cell, 30 * ms, g=kicks * nS, engine=Adaptive())
    fine = np.zeros((12000, 1))
    fine[::800] = 40.0
    grid = simulate(cell, 30 * ms, dt=0.0025 * ms, g=fine * nS, method=RK4())
    assert len(run.train()) > 1
    assert run.train() == pytest.approx(grid.train(), abs=0.011)


def test_a_model_without_spikes() -> None:
    run = simulate(LeakyIntegrator(), 10 * ms, I=0.1 * nA, engine=Precise())
    assert run.traces["v"][-1, 0] == pytest.approx(-10 * np.expm1(-10 / 20), rel=1e-12)
    assert run.spike_ids.size == 0


@BOTH
@pytest.mark.parametrize(("size", "steps"), [(0, 5), (1, 0), (2, 1)])
def test_small_sizes(engine: Any, size: int, steps: int) -> None:
    run = simulate(LIF(), steps * 0.1 * ms, size=size, I=0.3 * nA, engine=engine)
    assert run.traces["v"].shape == (steps, size)
    assert run.state["v"].shape == (size,)


@BOTH
@pytest.mark.parametrize("neuron", [DiffusionLIF(), EscapeLIF(), ProbabilisticLIF()])
def test_what_has_no_continuous_form_is_refused(engine: Any, neuron: Any) -> None:
    with pytest.raises(CompileError, match="continuous time"):
        simulate(neuron, 10 * ms, engine=engine)


def test_mistakes_are_refused() -> None:
    with pytest.raises(CompileError, match="linear"):
        simulate(HodgkinHuxley(), 10 * ms, engine=Precise())
    with pytest.raises(ParameterError, match="no method"):
        simulate(LIF(), 10 * ms, engine=Precise(), method=RK4())
    with pytest.raises(ParameterError, match="no solver"):
        Adaptive("Euler")  # pyright: ignore[reportArgumentType]
    for bad in (0, -1, 2, True, "small", np.nan):
        with pytest.raises(ParameterError, match="rtol"):
            Adaptive(rtol=bad)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ParameterError, match="record"):
        simulate(LIF(), 10 * ms, engine=Precise(), record="u")
    with pytest.raises(NumericsError, match="1000 spikes"):
        simulate(LIF(), 10 * ms, I=1e9 * nA, engine=Precise())
    stuck = LIF(E=-40 * mV)  # its reset lies above the threshold
    with pytest.raises(NumericsError, match="fire for ever"):
        simulate(stuck, 10 * ms, engine=Precise())


def test_a_state_that_explodes_is_told() -> None:
    class Explodes(Neuron):
        x: State = state(one, start=1.0)

        def flow(self, d: Any) -> None:
            d.x = self.x**2 / (1 * ms)

    with pytest.raises(NumericsError, match=r"without bound|no step"):
        simulate(Explodes(), 5 * ms, engine=Adaptive())


def test_reset_with_a_maximum_and_a_moving_threshold() -> None:
    cell = MihalasNiebur.pattern("tonic bursting")
    run = simulate(cell, 500 * ms, dt=1 * ms, I=2 * mV / ms, engine=Precise(), record=())
    assert len(run.train()) == 24
    assert run.train()[:3] == pytest.approx([14.6947, 17.0727, 19.6828], abs=1e-4)


def test_a_rise_is_counted_once_and_leaves_the_states_alone() -> None:
    run = simulate(HodgkinHuxley(), 40 * ms, I=10 * uA / cm2, engine=Adaptive())
    assert run.train() == pytest.approx([1.9012, 16.8227, 31.4719], abs=1e-3)
    assert run.method.startswith("Adaptive(")
    late = simulate(HodgkinHuxley(), 40 * ms, dt=0.01 * ms, method=RK4(), I=10 * uA / cm2)
    assert run.traces["v"][:, 0] == pytest.approx(late.traces["v"][9::10, 0], abs=1e-3)


def test_a_distribution_gives_each_neuron_its_own_train() -> None:
    tau = np.array([10.0, 20.0, 30.0])
    run = simulate(LIF(tau=tau * ms), 100 * ms, size=3, I=0.2 * nA, engine=Precise())
    for k in range(3):
        assert run.train(k)[0] == pytest.approx(tau[k] * np.log(4), rel=1e-12)
    assert (np.diff(run.spike_times) >= 0).all()

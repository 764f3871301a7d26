"""Implicit steps: order, stability, derivatives, and when they are chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom.compile import (
    RK4,
    RODAS3,
    ROS2,
    ExponentialEuler,
    LinearlyImplicitEuler,
    bind,
    choose_method,
    compile_neuron,
)
from spikeloom.compile.values import numbers
from spikeloom.engines import explain, simulate
from spikeloom.engines.cpu import CPU
from spikeloom.engines.reference import Reference
from spikeloom.equations import Neuron, Param, Refractory, State, state
from spikeloom.equations.units import cm2, kHz, ms, mV, nA, nS, one, uA
from spikeloom.errors import CompileError, NumericsError, UnitError
from spikeloom.models import (
    LIF,
    AdEx,
    ATan,
    DiffusionLIF,
    FitzHughNagumo,
    HodgkinHuxley,
    MorrisLecar,
)
from spikeloom.testing import assert_close

METHODS = [(LinearlyImplicitEuler(), 1), (ROS2(), 2), (RODAS3(), 3)]
STEPS = 0.5 ** np.arange(2, 7)
LEAKY = AdEx(g=30_000 * nS)
"""A membrane time constant of a hundredth of a millisecond."""


class VanDerPol(Neuron):
    """The textbook case of stiffness: slow everywhere but at two jumps."""

    mu: Param = 1000 * kHz
    x: State = state(one, start=2.0)
    y: State = state(one, start=-0.66)

    def flow(self, d: Any) -> None:
        d.x = self.y / ms
        d.y = self.mu * ((1 - self.x**2) * self.y - self.x)


CASES = {
    "fitzhugh": (FitzHughNagumo(theta=9.0), {"I": 0.5}, 8, 1.0),
    "hodgkin": (HodgkinHuxley(theta=100 * mV), {"I": 2 * uA / cm2}, 4, 0.25),
}


@pytest.mark.parametrize("case", sorted(CASES))
@pytest.mark.parametrize(("method", "order"), METHODS, ids=repr)
def test_order(method: Any, order: int, case: str) -> None:
    cell, drive, until, unit = CASES[case]
    fine = simulate(cell, until * ms, dt=unit * STEPS[-1] / 8 * ms, method=RK4(), **drive).state
    found = []
    for step in STEPS:
        run = simulate(cell, until * ms, dt=unit * step * ms, method=method, **drive).state
        found.append(max(abs(float(run[n][0] - fine[n][0])) for n in fine))
    slope = float(np.polyfit(np.log(STEPS), np.log(found), 1)[0])
    assert slope == pytest.approx(order, abs=0.35)


@pytest.mark.parametrize(("method", "order"), METHODS, ids=repr)
def test_a_time_constant_far_below_the_step_is_damped_at_once(method: Any, order: int) -> None:
    """L-stability: what decays within 10⁻⁴ of a step is gone after a few of them."""
    fast = LIF(tau=1e-5 * ms, theta=0 * mV)
    v = simulate(fast, 1 * ms, I=0.1 * nA, method=method).traces["v"][:, 0]
    assert v[-1] == pytest.approx(-55, abs=1e-6)
    assert np.abs(v + 55).max() < 20


@pytest.mark.parametrize("engine", [CPU("float64"), CPU("float32")], ids=lambda e: e.dtype)
@pytest.mark.parametrize("method", [ROS2(), RODAS3()], ids=repr)
def test_native_code_does_the_same(method: Any, engine: Any) -> None:
    drive = {"I": np.linspace(-5, 30, 63) * uA / cm2, "size": 63}
    truth = simulate(HodgkinHuxley(), 1 * ms, dt=0.05 * ms, method=method, engine=Reference(),
                     **drive)  # fmt: skip
    found = simulate(HodgkinHuxley(), 1 * ms, dt=0.05 * ms, method=method, engine=engine, **drive)
    tolerance = 1e-11 if engine.dtype == "float64" else 1e-4
    for name, rows in truth.traces.items():
        assert_close(name, found.traces[name], rows, relative=tolerance)


@pytest.mark.parametrize("neuron", [FitzHughNagumo(), HodgkinHuxley(), LEAKY], ids=repr)
def test_the_backward_block_is_the_derivative_of_an_implicit_step(neuron: Any) -> None:
    """Also through the Jacobian: second derivatives, exprel'' among them."""
    program = compile_neuron(neuron, ROS2(), surrogate=ATan(), smooth=True)
    bound = bind(program, numbers(neuron, ATan(), size=1), 0.05)
    engine, drive = Reference(), {"I": np.full((3, 1, 1), 3.0)}
    start = bound.initial(1, 1)
    weights = np.random.default_rng(0).normal(size=start.shape)

    def loss(state: Any) -> float:
        run = engine.forward(program, bound.coefs, drive, state, 3)
        return float((run.state * weights).sum())

    kept = engine.forward(program, bound.coefs, drive, start, 3, checkpoint_every=1)
    assert kept.checkpoints is not None
    got = engine.backward(program, bound.coefs, drive, kept.checkpoints, 1, None, weights).state
    for s in range(len(start)):
        h = np.zeros_like(start)
        h[s] = 1e-5 * max(1.0, abs(float(start[s, 0, 0])))
        slope = (loss(start + h) - loss(start - h)) / (2 * float(h[s, 0, 0]))
        assert float(got[s, 0, 0]) == pytest.approx(slope, rel=2e-5, abs=1e-7)


def test_exprel_has_a_second_derivative_everywhere() -> None:
    from spikeloom.compile.derivative import derivative
    from spikeloom.compile.emit import emit
    from spikeloom.compile.graph import Graph
    from spikeloom.compile.numeric import exprel1, run_block

    g = Graph()
    x = g.leaf("x")
    node = derivative(g, g.apply("exprel1", x), x)
    points = np.array([-30.0, -2.0, -0.6, -0.5, -0.499, -1e-8, 0.0, 1e-3, 0.499, 0.5, 1.7, 30.0])
    found = run_block(emit(g, {"y": node}), {"x": points})["y"]
    h = 1e-5
    assert found == pytest.approx((exprel1(points + h) - exprel1(points - h)) / (2 * h), rel=1e-7)
    assert found[6] == pytest.approx(1 / 3, rel=1e-15)


def test_a_refractory_neuron_stands_still_under_an_implicit_step() -> None:
    cell = Refractory(AdEx(), 5 * ms)
    run = simulate(cell, 30 * ms, dt=0.01 * ms, I=1 * nA, method=ROS2())
    first = round(float(run.train()[0]) / 0.01)
    assert (run.traces["v"][first - 1 : first + 498, 0] == -70.6).all()
    assert run.train()[0] == pytest.approx(11.7916, abs=0.02)


def test_stiff_equations_choose_an_implicit_step_and_say_why() -> None:
    assert choose_method(LEAKY).method == "RK4()"
    choice = choose_method(LEAKY, 0.1 * ms)
    assert choice.method == "LinearlyImplicitEuler()"
    assert "stiff" in choice.reason
    assert "0.025 ms" in choice.reason
    run = simulate(LEAKY, 5 * ms, I=300 * nA, record=("v",))
    assert (run.method, run.reason) == (choice.method, choice.reason)
    assert len(run.spike_ids) == 0
    # The reason for first order: an inner stage of the second order jumps over the threshold.
    assert len(simulate(LEAKY, 5 * ms, I=300 * nA, method=ROS2()).spike_ids) == 1
    fine = simulate(LEAKY, 5 * ms, dt=0.001 * ms, I=300 * nA)
    assert fine.method == "RK4()"
    assert run.state["v"][0] == pytest.approx(fine.state["v"][0], abs=1e-2)
    assert "stiff" in explain(LEAKY, dt=0.1 * ms)
    assert "stiff" not in explain(LEAKY, dt=0.01 * ms)


def test_an_explicit_method_that_was_asked_for_is_refused_where_it_explodes() -> None:
    with pytest.raises(NumericsError, match="too large") as caught:
        simulate(LEAKY, 5 * ms, method=RK4())
    assert "ROS2()" in str(caught.value)
    with pytest.raises(UnitError, match="one time"):
        choose_method(LEAKY, 3 * mV)


def test_a_stiff_oscillator_runs_at_a_step_that_no_explicit_method_survives() -> None:
    cell = VanDerPol()
    with pytest.raises(NumericsError, match="too large"):
        simulate(cell, 0.5 * ms, dt=0.01 * ms, method=RK4())
    slow = simulate(cell, 0.5 * ms, dt=0.01 * ms, method=ROS2()).state["x"][0]
    fine = simulate(cell, 0.5 * ms, dt=1e-5 * ms, method=RK4(), record=()).state["x"][0]
    assert slow == pytest.approx(fine, abs=1e-3)


def test_choices_of_the_library() -> None:
    assert choose_method(LIF()).reason == "all rates are linear, so the step is exact"
    assert choose_method(HodgkinHuxley(), 0.1 * ms).method == "ExponentialEuler()"
    assert choose_method(MorrisLecar(), 0.1 * ms).method == "RK4()"


def test_noise_has_no_implicit_step() -> None:
    with pytest.raises(CompileError, match="without noise"):
        compile_neuron(DiffusionLIF(), ROS2())


def test_an_implicit_step_of_second_order_beats_exponential_euler_on_spikes() -> None:
    """Hodgkin-Huxley at 0.1 ms: 4.8 ms late by spike 7 with the one, on the grid with the other."""
    trains = [
        simulate(HodgkinHuxley(), 100 * ms, method=method, I=10 * uA / cm2, record=()).train()
        for method in (ROS2(), ExponentialEuler())
    ]
    assert trains[0][6] == pytest.approx(90.0178, abs=0.1)
    assert trains[1][6] == pytest.approx(94.789, abs=0.1)

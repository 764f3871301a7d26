"""Steps with noise: which method and why, Itô and Stratonovich, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
import pytest
from scipy.integrate import quad_vec
from scipy.linalg import expm

from spikeloom.compile import (
    RK4,
    Euler,
    EulerMaruyama,
    Exact,
    ExponentialEuler,
    Heun,
    Milstein,
    Program,
    SequentialEuler,
    bind,
    compile_neuron,
)
from spikeloom.compile.explain import explain
from spikeloom.compile.graph import Node
from spikeloom.compile.methods import Flow, Point
from spikeloom.compile.numeric import run_block
from spikeloom.compile.spread import lower_factor
from spikeloom.compile.values import numbers
from spikeloom.compile.verify import verify
from spikeloom.equations import (
    Input,
    Neuron,
    Noise,
    Param,
    Refractory,
    State,
    exp,
    inflow,
    noise,
    sqrt,
    state,
)
from spikeloom.equations.units import ms, mV, one
from spikeloom.errors import CompileError, ParameterError, VerificationError
from spikeloom.models import (
    LIF,
    OULIF,
    ATan,
    DiffusionLIF,
    EscapeLIF,
    LeakyIntegrator,
    ProbabilisticLIF,
)


class Growth(Neuron):
    """dx = a x dt + b x dW, in the sense of Itô."""

    a: Param = 0.3 / ms
    b: Param = 0.7
    x: State = state(one, start=1)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.x = self.a * self.x + self.b / sqrt(1 * ms) * self.x * self.xi


class Stirred(Neuron):
    """dx = a x dt + b x dW, in the sense of Stratonovich."""

    a: Param = 0.3 / ms
    b: Param = 0.7
    x: State = state(one, start=1)
    xi: Noise = noise(stratonovich=True)

    def flow(self, d: Self) -> None:
        d.x = self.a * self.x + self.b / sqrt(1 * ms) * self.x * self.xi


class Curved(Neuron):
    """A rate that is nonlinear in its own state; the noise may be, too."""

    x: State = state(one)
    y: State = state(one)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.x = (1 - exp(self.x)) / ms
        d.y = -self.y / ms + (1 + self.x) / sqrt(1 * ms) * self.xi


class Driven(Neuron):
    """Noise whose size comes from outside."""

    x: State = state(one)
    s: Input = inflow(one)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.x = -self.x / ms + self.s / sqrt(1 * ms) * self.xi


class Both(Neuron):
    """One noise that enters two states, and two that enter one."""

    x: State = state(one)
    y: State = state(one)
    common: Noise = noise()
    own: Noise = noise()

    def flow(self, d: Self) -> None:
        root = sqrt(1 * ms)
        d.x = -self.x / ms + (3 * self.common + 4 * self.own) / root
        d.y = -2 * self.y / ms + 5 * self.common / root


def one_step(neuron: Any, method: Any, dt: float, **leaves: float) -> dict[str, float]:
    """States after one step from the start, for given random numbers."""
    program = compile_neuron(neuron, method, given_noise=True)
    bound = bind(program, numbers(neuron), dt)
    given = {f"state:{n}": bound.start[n] for n in program.states}
    given |= {f"coef:{n}": v for n, v in bound.coefs.items()}
    given |= {f"input:{n}": leaves.get(n.rpartition(".")[2], 0.0) for n in program.inputs}
    return {n: float(x) for n, x in run_block(program.forward, given).items()}


@pytest.mark.parametrize(
    ("neuron", "method", "why", "random"),
    [
        (DiffusionLIF(), "Exact()", "exact in distribution", ("normal:xi",)),
        (OULIF(), "Exact()", "exact in distribution", ("normal:v", "normal:xi")),
        (Driven(), "ExponentialEuler()", "strong order 1", ("normal:xi",)),
        (Growth(), "ExponentialEuler()", "strong order one half", ("normal:xi",)),
        (Curved(), "Heun()", "strong order 1", ("normal:xi",)),
        (EscapeLIF(), "Exact()", "linear", ("uniform:draw1",)),
        (Both(), "Exact()", "exact in distribution", ("normal:x", "normal:y")),
    ],
    ids=lambda x: repr(x)[:24],
)
def test_the_method_and_its_reason(neuron: Any, method: str, why: str, random: Any) -> None:
    program = compile_neuron(neuron)
    assert program.method == method
    assert why in program.reason
    assert program.random == random


def test_additive_noise_on_a_nonlinear_rate_keeps_runge_and_kutta() -> None:
    class Cubic(Neuron):
        x: State = state(one)
        xi: Noise = noise()

        def flow(self, d: Self) -> None:
            d.x = (self.x - self.x**3) / ms + self.xi / sqrt(1 * ms)

    program = compile_neuron(Cubic())
    assert program.method == "RK4()" and "strong order 1" in program.reason


def test_text_and_back_and_a_program_that_lies() -> None:
    program = compile_neuron(Refractory(OULIF(), 2 * ms), surrogate=ATan())
    assert Program.from_json(program.to_json()) == program
    for random in ((), ("normal:v",), ("normal:v", "normal:v"), ("gamma:v",), ("normal:a b",)):
        with pytest.raises(VerificationError):
            verify(replace(program, random=random))


def test_the_step_is_shown_with_what_it_draws() -> None:
    text = explain(compile_neuron(OULIF()))
    assert "each step, with N_v standard normal, N_xi standard normal" in text
    assert "U_draw1 uniform between 0 and 1" in explain(compile_neuron(EscapeLIF()))


@pytest.mark.parametrize("method", [Milstein(), EulerMaruyama(), ExponentialEuler()], ids=repr)
def test_ito_methods_convert_a_stratonovich_model(method: Any) -> None:
    """The drift of an Itô reading is larger by b² x / 2."""
    as_ito = Growth(a=(0.3 + 0.7**2 / 2) / ms)
    for n in (-1.0, 0.3):
        found = one_step(Stirred(), method, 0.2, xi=n)
        assert found == pytest.approx(one_step(as_ito, method, 0.2, xi=n))


@pytest.mark.parametrize("method", [Heun(), RK4()], ids=repr)
def test_stratonovich_methods_convert_an_ito_model(method: Any) -> None:
    as_stratonovich = Stirred(a=(0.3 - 0.7**2 / 2) / ms)
    found = one_step(Growth(), method, 0.2, xi=0.8)
    assert found == pytest.approx(one_step(as_stratonovich, method, 0.2, xi=0.8))


def test_steps_by_hand() -> None:
    dt, n, b = 0.2, 0.9, 0.7
    w = np.sqrt(dt) * n
    euler = 1 + 0.3 * dt + b * w
    assert one_step(Growth(), EulerMaruyama(), dt, xi=n)["state:x"] == pytest.approx(euler)
    assert one_step(Growth(), Euler(), dt, xi=n)["state:x"] == pytest.approx(euler)
    milstein = euler + b * b / 2 * (w * w - dt)
    assert one_step(Growth(), Milstein(), dt, xi=n)["state:x"] == pytest.approx(milstein)
    spread = np.sqrt((np.exp(2 * 0.3 * dt) - 1) / (2 * 0.3))
    exponential = np.exp(0.3 * dt) + b * spread * n
    assert one_step(Growth(), ExponentialEuler(), dt, xi=n)["state:x"] == pytest.approx(exponential)


def covariance(a: Any, g: Any, dt: float) -> Any:
    """∫ e^{As} G Gᵀ e^{Aᵀs} ds by adaptive quadrature."""
    made, _ = quad_vec(lambda s: (p := expm(a * s) @ g) @ p.T, 0, dt, epsrel=1e-13, epsabs=0)
    return made


@pytest.mark.parametrize("dt", [1e-3, 0.1, 30.0])
def test_the_noise_of_a_linear_step_has_the_exact_covariance(dt: float) -> None:
    """From a step far below every time constant to one far above them."""
    v, i = 1 / 20, 1 / 5
    a = np.array([[-v, 100 * v], [0, -i]])
    g = np.array([[0.0], [0.1 * np.sqrt(2 * i)]])
    columns = _columns(OULIF(E=0 * mV, theta=1e9 * mV), dt, ("xi", "v"))
    found = columns @ columns.T
    assert np.allclose(found, covariance(a, g, dt), rtol=1e-10, atol=0)


def _columns(neuron: Any, dt: float, names: tuple[str, ...]) -> Any:
    """What each random number adds to each state in one step."""
    program = compile_neuron(neuron, given_noise=True)
    still = one_step(neuron, None, dt)
    moved = [one_step(neuron, None, dt, **{name: 1.0}) for name in names]
    states = [f"state:{n}" for n in program.states]
    return np.array([[m[s] - still[s] for m in moved] for s in states])


def test_shared_noise_and_sums_of_noises() -> None:
    found = _columns(Both(), 0.7, ("x", "y"))
    a, g = np.diag([-1.0, -2.0]), np.array([[3.0, 4.0], [5.0, 0.0]])
    assert np.allclose(found @ found.T, covariance(a, g, 0.7), rtol=1e-10)


def test_the_factor_keeps_its_digits_on_long_chains() -> None:
    """The last of four states in a row has a variance of the order dt⁷, far below rounding of 1."""
    a = np.diag(np.full(4, -1.0)) + np.diag(np.ones(3), -1)
    dt = 0.01
    g = np.zeros((4, 4))
    g[0, 0] = np.sqrt(dt)
    lower = lower_factor(a * dt, g)
    wanted = covariance(a, np.eye(4)[:, :1], dt)
    assert np.allclose(lower @ lower.T, wanted, rtol=1e-9, atol=0)
    assert np.all(np.diag(lower) > 0)


def test_the_factor_of_many_neurons_and_of_dependent_states() -> None:
    a = np.array([[[-1.0, 0], [0, -1.0]], [[-300.0, 0], [0, -300.0]]])
    g = np.array([[1.0, 0], [1.0, 0]])  # both states feel the same: rank 1
    lower = lower_factor(a, g)
    for k, rate in enumerate((1.0, 300.0)):
        wanted = -np.expm1(-2 * rate) / (2 * rate)
        assert np.allclose(lower[k] @ lower[k].T, wanted, rtol=1e-10)


def test_a_coefficient_that_is_no_number_is_named() -> None:
    values = {**numbers(OULIF()), "tau": 1e-320}
    with pytest.raises(ParameterError, match="not finite"):
        bind(compile_neuron(OULIF()), values, 0.1)


def test_a_refractory_neuron_has_noise_in_what_is_not_held() -> None:
    program = compile_neuron(Refractory(OULIF(), 2 * ms), given_noise=True)
    bound = bind(program, {**numbers(OULIF()), "period": 2.0}, 0.1)
    given: dict[str, Any] = {f"coef:{n}": v for n, v in bound.coefs.items()}
    given |= {f"state:{n}": bound.start[n] for n in program.states}
    given |= {"input:I": 0.0, "input:normal.v": 1.0, "input:normal.xi": 1.0}
    rests = run_block(program.forward, {**given, "state:refractory": 3.0})
    assert float(rests["state:v"]) == -65.0
    assert float(rests["state:i"]) == pytest.approx(0.1 * np.sqrt(-np.expm1(-2 * 0.1 / 5)))


def test_noise_is_a_constant_for_gradients() -> None:
    """The adjoint of a step against differences, random numbers held."""
    program = compile_neuron(Growth(), Milstein())
    assert "grad:normal:xi" not in program.backward.names
    leaves = {"state:x": 1.3, "normal:xi": -0.4}
    coefs = {f"coef:{n}": 0.37 + 0.1 * k for k, n in enumerate(program.coefs)}
    back = run_block(program.backward, {**leaves, **coefs, "grad:state:x": 1.0, "grad:out": 0.0})
    for name in ("state:x", *coefs):
        width = 1e-6
        ends = [
            run_block(program.forward, {**leaves, **coefs, name: {**leaves, **coefs}[name] + h})
            for h in (-width, width)
        ]
        slope = float(ends[1]["state:x"] - ends[0]["state:x"]) / (2 * width)
        assert float(back[f"grad:{name}"]) == pytest.approx(slope, rel=1e-6)


def test_the_gradient_of_a_random_spike_is_that_of_its_probability() -> None:
    program = compile_neuron(EscapeLIF(), surrogate=ATan(), given_noise=True)
    bound = bind(program, numbers(EscapeLIF(), ATan()), 0.1)
    leaves: dict[str, Any] = {f"coef:{n}": v for n, v in bound.coefs.items()}
    leaves |= {"state:v": -50.0, "input:I": 0.0, "input:uniform.draw1": 0.9}
    back = run_block(program.backward, {**leaves, "grad:out": 1.0, "grad:state:v": 0.0})
    decay = np.exp(-0.1 / 20)
    rate = 0.1 * np.exp((-65 + 15 * decay + 50) / 2)
    wanted = np.exp(-rate * 0.1) * 0.1 * rate / 2 * decay
    assert float(back["grad:state:v"]) == pytest.approx(wanted)
    gated = compile_neuron(ProbabilisticLIF(), surrogate=ATan())
    assert gated.random == ("uniform:draw1",)


class Deaf:
    """A method from before there was noise."""

    def step(self, flow: Flow, start: Point) -> dict[str, Node]:
        g = flow.graph
        return {n: g.add(start[n], g.mul(flow.dt, r)) for n, r in flow.rates(start).items()}


@pytest.mark.parametrize(
    ("neuron", "method", "word"),
    [
        (Growth(), Exact(), "parameters alone"),
        (Driven(), Exact(), "parameters alone"),
        (Growth(), SequentialEuler(), "depends on no state"),
        (DiffusionLIF(), Deaf(), "without noise"),
        (Curved(), ExponentialEuler(), "linear"),
    ],
    ids=["exact", "exact driven", "sequential", "deaf", "exponential"],
)
def test_what_does_not_suit_the_noise_is_refused(neuron: Any, method: Any, word: str) -> None:
    with pytest.raises(CompileError, match=word):
        compile_neuron(neuron, method)


def test_models_without_noise_are_as_they_were() -> None:
    for neuron in (LIF(), LeakyIntegrator()):
        assert compile_neuron(neuron, Milstein()).forward == compile_neuron(neuron, Euler()).forward
        assert compile_neuron(neuron).random == ()
        assert compile_neuron(neuron, given_noise=True) == compile_neuron(neuron)

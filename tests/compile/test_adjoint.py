"""The adjoint of every model, against central differences of the smoothed step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spikeloom.compile import Exact, Program, bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.engines.reference import Reference
from spikeloom.equations import Refractory
from spikeloom.equations.units import ms
from spikeloom.models import (
    ALIF,
    LIF,
    AdEx,
    ATan,
    CubaLIF,
    ExponentialIF,
    FastSigmoid,
    FitzHughNagumo,
    Gaussian,
    HodgkinHuxley,
    Izhikevich,
    LeakyIntegrator,
    Logistic,
    PerfectIF,
    QuadraticIF,
)
from spikeloom.nn.neurons.prologue import run_prologue

T, B, F = 6, 2, 3
MODELS = {
    "lif": (LIF(), 1.0, 0.4),
    "cuba_lif": (CubaLIF(), 1.0, 0.3),
    "alif": (ALIF(), 1.0, 0.4),
    "perfect_if": (PerfectIF(), 1.0, 400.0),
    "exponential_if": (ExponentialIF(), 0.5, 0.3),
    "quadratic_if": (QuadraticIF(), 0.5, 2.0),
    "adex": (AdEx(), 0.5, 900.0),
    "izhikevich": (Izhikevich(), 0.25, 15.0),
    "fitzhugh_nagumo": (FitzHughNagumo(), 0.2, 0.7),
    "hodgkin_huxley": (HodgkinHuxley(), 0.05, 15.0),
    "leaky_integrator": (LeakyIntegrator(), 1.0, 0.3),
    "refractory": (Refractory(LIF(), 2 * ms), 1.0, 0.4),
}


def setup(model: str, surrogate: Any) -> tuple[Program, dict[str, Any], float, dict[str, Any], Any]:
    neuron, dt, drive = MODELS[model]
    program = compile_neuron(neuron, surrogate=surrogate, smooth=True)
    values = numbers(neuron, surrogate)
    rng = np.random.default_rng(5)
    inputs = {n: drive * rng.normal(1, 0.3, (T, B, F)) for n in program.inputs}
    state = bind(program, values, dt).initial(B, F)
    state = state + 0.01 * np.abs(state) * rng.normal(size=state.shape)
    return program, values, dt, inputs, state


def loss(program: Program, values: Any, dt: float, inputs: Any, state: Any) -> float:
    run = Reference().forward(program, bind(program, values, dt).coefs, inputs, state, T)
    weights = np.cos(np.arange(run.out.size)).reshape(run.out.shape)
    ends = np.sin(np.arange(run.state.size) + 1).reshape(run.state.shape)
    return float((weights * run.out).sum() + (ends * run.state).sum())


def gradients(program: Program, values: Any, dt: float, inputs: Any, state: Any) -> Any:
    bound = bind(program, values, dt)
    run = Reference().forward(program, bound.coefs, inputs, state, T, checkpoint_every=4)
    weights = np.cos(np.arange(run.out.size)).reshape(run.out.shape)
    ends = np.sin(np.arange(run.state.size) + 1).reshape(run.state.shape)
    return Reference().backward(
        program, bound.coefs, inputs, run.checkpoints, 4, weights, ends,
        want_inputs=program.inputs, want_coefs=program.coefs,
    )  # fmt: skip


def central(f: Any, at: float, width: float) -> float:
    return (f(at + width) - f(at - width)) / (2 * width)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_inputs_and_first_states(model: str) -> None:
    program, values, dt, inputs, state = setup(model, ATan())
    got = gradients(program, values, dt, inputs, state)
    for name, array in inputs.items():
        for where in ((0, 0, 0), (2, 1, 1), (T - 1, 0, 2)):

            def moved(x: float, name: str = name, where: Any = where) -> float:
                changed = {n: a.copy() for n, a in inputs.items()}
                changed[name][where] = x
                return loss(program, values, dt, changed, state)

            at = array[where]
            expected = central(moved, at, 1e-5 * max(1e-3, abs(at)))
            assert got.inputs[name][where] == pytest.approx(expected, rel=2e-5, abs=2e-7)
    for s, name in enumerate(program.states):
        if name == "refractory":
            continue

        def start(x: float, s: int = s) -> float:
            changed = state.copy()
            changed[s, 1, 2] = x
            return loss(program, values, dt, inputs, changed)

        at = state[s, 1, 2]
        expected = central(start, at, 1e-5 * max(1e-2, abs(at)))
        assert got.state[s, 1, 2] == pytest.approx(expected, rel=2e-5, abs=2e-7)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_parameter(model: str) -> None:
    """Coefficient gradients from the adjoint, carried on to the parameters by torch's autograd."""
    program, values, dt, inputs, state = setup(model, ATan())
    got = gradients(program, values, dt, inputs, state)
    leaves = {
        f"param:{n}": torch.tensor(float(v), dtype=torch.float64, requires_grad=True)
        for n, v in values.items()
    }
    coefs = run_prologue(program.prologue, {**leaves, "dt": torch.tensor(dt, dtype=torch.float64)})
    total = sum(
        (float(got.coefs[n].sum()) * coefs[f"coef:{n}"] for n in program.coefs),
        start=torch.zeros(()),
    )
    total.backward()
    for name in program.params:
        if name == "period":
            continue

        def moved(x: float, name: str = name) -> float:
            return loss(program, {**values, name: x}, dt, inputs, state)

        at = float(values[name])
        expected = central(moved, at, 1e-5 * (abs(at) or 10))
        grad = leaves[f"param:{name}"].grad
        found = 0.0 if grad is None else float(grad)
        assert found == pytest.approx(expected, rel=5e-5, abs=2e-6), name


@pytest.mark.parametrize("surrogate", [ATan(), FastSigmoid(), Logistic(), Gaussian()], ids=repr)
def test_every_smooth_surrogate(surrogate: Any) -> None:
    program, values, dt, inputs, state = setup("lif", surrogate)
    got = gradients(program, values, dt, inputs, state)

    def moved(x: float) -> float:
        changed = {"I": inputs["I"].copy()}
        changed["I"][1, 0, 1] = x
        return loss(program, values, dt, changed, state)

    expected = central(moved, inputs["I"][1, 0, 1], 1e-6)
    assert got.inputs["I"][1, 0, 1] == pytest.approx(expected, rel=1e-5)


def test_detached_reset_agrees_with_autograd() -> None:
    """Without a gradient through the reset the adjoint is that of torch with a detached spike."""
    tau, theta, steps = 10.0, 1.0, 40
    neuron = _normalised(tau)
    program = compile_neuron(neuron, Exact(), surrogate=ATan(), through_reset=False)
    bound = bind(program, numbers(neuron, ATan()), 1.0)
    x = np.random.default_rng(0).normal(1.2, 1.0, (steps, 1, 5))
    run = Reference().forward(program, bound.coefs, {"I": x}, bound.initial(1, 5), steps,
                              checkpoint_every=steps)  # fmt: skip
    weights = np.cos(np.arange(x.size)).reshape(x.shape)
    got = Reference().backward(program, bound.coefs, {"I": x}, run.checkpoints, steps, weights,
                               None, want_inputs=("I",))  # fmt: skip
    given = torch.tensor(x, requires_grad=True)
    v, out, decay = torch.zeros(1, 5, dtype=torch.float64), [], float(np.exp(-1 / tau))
    for t in range(steps):
        v = decay * v + (1 - decay) * given[t]
        u = (v - theta) * np.pi  # π/2 · slope 2
        hard = (v >= theta).double()
        s = hard + (torch.atan(u) / np.pi) - (torch.atan(u) / np.pi).detach()
        v = v * (1 - hard)
        out.append(s)
    assert np.array_equal(torch.stack(out).detach().numpy().round(), run.out)
    (torch.stack(out) * torch.tensor(weights)).sum().backward()
    assert given.grad is not None
    np.testing.assert_allclose(got.inputs["I"], given.grad.numpy(), rtol=1e-9, atol=1e-12)


def _normalised(tau: float) -> LIF:
    from spikeloom.equations.units import MOhm, mV

    return LIF(tau=tau * ms, E=0 * mV, theta=1 * mV, R=1 * MOhm)

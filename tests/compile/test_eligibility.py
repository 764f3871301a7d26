"""Eligibility forwards in time, against the adjoint backwards in time, and as e-prop has it."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
import pytest
import torch
from torch import Tensor

from spikeloom.compile import bind, compile_neuron
from spikeloom.compile.eligibility import compile_eligibility
from spikeloom.compile.values import numbers
from spikeloom.engines.reference import Reference
from spikeloom.engines.reference.eligibility import ReferenceEligibility
from spikeloom.equations import Condition, Input, Neuron, Param, Refractory, State, inflow, state
from spikeloom.equations.units import MOhm, ms, mV, nA
from spikeloom.models import (
    ALIF,
    LIF,
    AdEx,
    ATan,
    CubaLIF,
    ExponentialIF,
    FitzHughNagumo,
    HodgkinHuxley,
    Izhikevich,
    LeakyIntegrator,
    PerfectIF,
    QuadraticIF,
    Triangle,
)

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
T, B, F, P = 40, 2, 3, 4


def both_ways(name: str, reset: Any, through_reset: bool) -> tuple[Any, Any, int]:
    """Gradient of the weights by traces forwards, and by the adjoint backwards."""
    neuron, dt, drive = MODELS[name]
    surrogate = ATan()
    program = compile_neuron(neuron, surrogate=surrogate, through_reset=through_reset)
    bound = bind(program, numbers(neuron, surrogate), dt)
    rng = np.random.default_rng(3)
    x = rng.random((T, B, P))
    weights = 2 * drive / P * rng.uniform(0.5, 1.5, (F, P))
    currents, errors = x @ weights.T, rng.normal(size=(T, B, F))
    source = program.inputs[0]
    start = bound.initial(B, F)
    run = Reference().forward(
        program, bound.coefs, {source: currents}, start, T, checkpoint_every=T
    )
    assert run.checkpoints is not None
    back = Reference().backward(
        program, bound.coefs, {source: currents}, run.checkpoints, T, errors, None,
        want_inputs=(source,),
    )  # fmt: skip
    traces = ReferenceEligibility(
        program,
        compile_eligibility(neuron, surrogate=surrogate, reset=reset),
        bound.coefs,
        start,
        P,
    )
    total, out = np.zeros((F, P)), np.zeros((T, B, F))
    for t in range(T):
        out[t], e = traces.step(x[t], currents[t])
        total += np.einsum("bf,bfp->fp", errors[t], e)
    np.testing.assert_array_equal(out, run.out)
    return total, np.einsum("tbf,tbp->fp", back.inputs[source], x), int(program.spikes * out.sum())


@pytest.mark.parametrize("name", MODELS)
def test_forwards_and_backwards_agree(name: str) -> None:
    forwards, backwards, spikes = both_ways(name, "whole", through_reset=True)
    assert spikes > 0 or name in ("hodgkin_huxley", "fitzhugh_nagumo", "leaky_integrator", "adex")
    np.testing.assert_allclose(forwards, backwards, rtol=1e-9, atol=1e-12 * np.abs(backwards).max())


@pytest.mark.parametrize("name", [n for n in MODELS if n != "alif"])
def test_a_detached_reset_is_that_of_the_adjoint(name: str) -> None:
    forwards, backwards, _ = both_ways(name, "detached", through_reset=False)
    np.testing.assert_allclose(forwards, backwards, rtol=1e-9, atol=1e-12 * np.abs(backwards).max())


def test_an_ignored_reset_leaves_the_flow() -> None:
    neuron = LIF(tau=10 * ms)
    found = compile_eligibility(neuron, surrogate=ATan(), reset="ignored")
    assert found.keep["v", "v"] not in found.varying
    assert compile_eligibility(neuron, surrogate=ATan()).keep["v", "v"] == "keep:v:v"
    assert "keep:v:v" in compile_eligibility(neuron, surrogate=ATan()).varying
    assert compile_eligibility(ALIF(), surrogate=ATan(), reset="ignored").states == ("v",)


class Adaptive(Neuron):
    """The unit of Bellec et al. 2020: reset by a fixed amount, threshold rising by beta."""

    tau: Param = 20 * ms
    tau_a: Param = 200 * ms
    theta: Param = 1 * mV
    jump: Param = 0.2 * mV
    v: State = state(mV)
    a: State = state(mV)
    I: Input = inflow(nA)
    R: Param = 20 * MOhm

    def flow(self, d: Self) -> None:
        d.v = (self.R * self.I - self.v) / self.tau
        d.a = -self.a / self.tau_a

    def fires(self) -> Condition:
        return self.v >= self.theta + self.a

    def reset(self, after: Self) -> None:
        after.v = self.v - self.theta
        after.a = self.a + self.jump


def test_the_identity_of_eprop() -> None:
    """dE/dW = Σ_t dE/dz · e for 4 LIF and 4 ALIF that are all connected, with BPTT by torch."""
    n, inputs, steps = 8, 3, 50
    tau, tau_a, theta = 20.0, 200.0, 1.0
    jump = np.array([0.0] * 4 + [0.2] * 4)
    neuron = Adaptive(jump=jump * mV)
    program = compile_neuron(neuron, surrogate=Triangle())
    values = numbers(neuron, Triangle(), size=n)
    bound = bind(program, values, 1.0)
    rng = np.random.default_rng(11)
    weights = rng.normal(0.6, 1.2, (n, n + inputs))
    x, goal = (rng.random((steps, 1, inputs)) < 0.4).astype(float), rng.normal(size=(steps, 1, n))

    # The network by hand in torch. What goes to other neurons and to the reset is `z`; what raises
    # the own threshold stays inside the neuron.
    w = torch.tensor(weights, requires_grad=True)
    k, ka = math.exp(-1 / tau), math.exp(-1 / tau_a)
    gain = torch.tensor(20.0 * (1 - k), dtype=torch.float64)
    v = a = z = torch.zeros(1, n, dtype=torch.float64)
    seen: list[Tensor] = []
    loss = torch.zeros((), dtype=torch.float64)
    drive: list[Tensor] = []
    for t in range(steps):
        pre = torch.cat([torch.tensor(x[t]), z], 1)
        drive.append(pre.detach())
        v, a = k * v + gain * (pre @ w.T), ka * a
        margin = (v - theta - a) / theta
        fired = Pseudo.apply(margin)
        z = fired.clone()
        z.retain_grad()
        seen.append(z)
        v, a = v - z * theta, a + fired * torch.tensor(jump)
        loss = loss + ((z - torch.tensor(goal[t])) ** 2).sum()
    loss.backward()
    assert w.grad is not None and sum(float(s.detach().sum()) for s in seen) > 40

    traces = ReferenceEligibility(
        program, compile_eligibility(neuron, surrogate=Triangle()), bound.coefs,
        bound.initial(1, n), n + inputs,
    )  # fmt: skip
    found = np.zeros_like(weights)
    for t in range(steps):
        pre = drive[t].numpy()
        spikes, e = traces.step(pre, pre @ weights.T)
        np.testing.assert_array_equal(spikes, seen[t].detach().numpy())
        learning = seen[t].grad
        assert learning is not None
        found += np.einsum("bf,bfp->fp", learning.numpy(), e)
    wanted = w.grad.numpy()
    assert np.abs(found - wanted).max() <= 1e-10 * np.abs(wanted).max()


class Pseudo(torch.autograd.Function):
    """A step whose derivative is a triangle."""

    @staticmethod
    def forward(ctx: Any, margin: Tensor) -> Tensor:
        ctx.save_for_backward(margin)
        return (margin >= 0).to(margin.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        (margin,) = ctx.saved_tensors
        return grads[0] * torch.clamp(1 - margin.abs(), min=0)

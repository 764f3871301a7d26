"""Layers of stochastic models: noise from torch's generator, constant for the gradient."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pytest
import torch

from spikeloom.compile.spread import lower_factor
from spikeloom.equations import (
    Input,
    Neuron,
    Noise,
    Param,
    State,
    inflow,
    learn,
    noise,
    sqrt,
    state,
)
from spikeloom.equations.units import kHz, ms, mV, one
from spikeloom.models import GLM, OULIF, DiffusionLIF, EscapeLIF, ProbabilisticLIF
from spikeloom.nn.neurons.prologue import OPERATIONS
from spikeloom.nn.neurons.spiking import Spiking


class Walk(Neuron):
    """Leaky readout under noise."""

    tau: Param = 10 * ms
    sigma: Param = 0.5
    v: State = state(one)
    x: Input = inflow(one)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.v = (self.x - self.v) / self.tau + self.sigma * sqrt(2 / self.tau) * self.xi


MODELS = [DiffusionLIF(), OULIF(), EscapeLIF(), GLM(), ProbabilisticLIF(), Walk()]


def run(layer: Spiking, x: torch.Tensor, seed: int = 0, **state: Any) -> Any:
    torch.manual_seed(seed)
    return layer(x, **state)


@pytest.mark.parametrize("neuron", MODELS, ids=lambda n: type(n).__name__)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_generator_of_torch_decides(neuron: Any, dtype: torch.dtype) -> None:
    layer = Spiking(neuron)
    x = torch.full((60, 3, 50), 0.16, dtype=dtype, requires_grad=True)
    (a, _), (b, _), (c, _) = run(layer, x, 1), run(layer, x, 1), run(layer, x, 2)
    assert a.dtype == dtype and torch.equal(a, b) and not torch.equal(a, c)
    assert not torch.equal(a[:, 0], a[:, 1])  # samples of a batch have noise of their own
    a.sum().backward()
    assert x.grad is not None and torch.isfinite(x.grad).all()


def test_engines_agree_on_the_same_noise() -> None:
    x = torch.full((50, 2, 9), 0.2, dtype=torch.float64)
    for neuron in (OULIF(), EscapeLIF(rho=1 * kHz)):
        (a, s), (b, t) = (run(Spiking(neuron, engine=e), x, 4) for e in ("cpu", "reference"))
        assert torch.equal(a, b) and a.sum() > 0 if neuron == EscapeLIF(rho=1 * kHz) else True
        for name in s:
            assert torch.allclose(s[name], t[name], rtol=1e-10, atol=1e-10)


def test_the_size_of_the_noise_can_be_learnt() -> None:
    """The gradient of sigma against differences, on one path of the noise."""
    x = torch.zeros(30, 2, 4, dtype=torch.float64)
    layer = Spiking(Walk(sigma=learn(0.5)))
    weight = torch.linspace(-1, 1, 240, dtype=torch.float64).reshape(30, 2, 4)
    (run(layer, x, 3)[0] * weight).sum().backward()
    (gradient,) = [p.grad for p in layer.parameters()]
    ends = [
        float((run(Spiking(Walk(sigma=s)), x, 3)[0] * weight).sum())
        for s in (0.5 - 1e-5, 0.5 + 1e-5)
    ]
    assert gradient is not None
    assert float(gradient) == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-4)


def test_the_gradient_of_random_spikes_is_that_of_their_expected_number() -> None:
    """Straight through the probability: for spikes without reset effect it is unbiased.

    One step from a known potential: d E[spike] / d I = d p / d I, to the last digit and for every
    draw, because the probability does not depend on the draw.
    """
    layer = Spiking(EscapeLIF(), dt=1 * ms)
    x = torch.full((1, 1, 1000), 3.0, dtype=torch.float64, requires_grad=True)
    y, _ = run(layer, x, 5)
    y.sum().backward()
    decay = np.exp(-1 / 20)
    rate = 0.1 * np.exp((-65 + 300 * (1 - decay) + 50) / 2)
    wanted = np.exp(-rate) * rate / 2 * 100 * (1 - decay)
    assert x.grad is not None
    assert torch.allclose(x.grad, torch.full_like(x.grad, float(wanted)))
    assert 0 < float(y.detach().mean()) < 1


@pytest.mark.slow
def test_noise_under_a_compiler_of_torch() -> None:
    layer = Spiking(DiffusionLIF(sigma=4 * mV))
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    x = torch.full((20, 2, 5), 0.15)
    torch.manual_seed(7)
    y, _ = compiled(x)
    assert torch.equal(y, run(layer, x, 7)[0])


def test_a_state_that_goes_on_draws_anew() -> None:
    layer = Spiking(Walk())
    x = torch.zeros(2, 1, 20000)
    torch.manual_seed(8)
    first, state = layer(x)
    second, _ = layer(x, state)
    step = second[0] - first[-1] * float(np.exp(-0.1))
    assert abs(float(torch.corrcoef(torch.stack([step[0], first[0, 0]]))[0, 1])) < 0.03


def test_the_factor_of_coupled_noise_in_torch_is_that_of_numpy_and_has_a_gradient() -> None:
    flow = torch.tensor(
        [[[-0.3, 2.0], [0.0, -5.0]], [[-9.0, 0.1], [0.0, -0.1]]], dtype=torch.float64
    )
    source = torch.tensor([[0.0, 0.0], [0.7, 0.2]], dtype=torch.float64)
    spread = OPERATIONS["spread"]
    assert np.allclose(spread(flow, source), lower_factor(flow.numpy(), source.numpy()), rtol=1e-9)
    flow.requires_grad_()
    one_sided = torch.tensor([[0.0, 0.0], [0.7, 0.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda a: spread(a, one_sided)[..., 1, :], (flow,), eps=1e-6)


def test_the_memory_of_the_noise_can_be_learnt() -> None:
    x = torch.full((20, 1, 3), 0.05, dtype=torch.float64)
    layer = Spiking(OULIF(tau_n=learn(5 * ms), theta=1e6 * mV))
    run(layer, x, 3)[1]["v"].sum().backward()
    (gradient,) = [p.grad for p in layer.parameters()]
    near = [OULIF(tau_n=t * ms, theta=1e6 * mV) for t in (5 - 1e-4, 5 + 1e-4)]
    ends = [float(run(Spiking(neuron), x, 3)[1]["v"].sum()) for neuron in near]
    assert gradient is not None
    # A time constant is learnt by its logarithm.
    assert float(gradient) == pytest.approx(5 * (ends[1] - ends[0]) / 2e-4, rel=1e-4)

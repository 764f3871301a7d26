"""How delays are spread over steps: against closed forms, finite differences and the reference."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spikeloom import ms
from spikeloom.engines.reference import delayed
from spikeloom.nn import Delay, Gaussian, Interpolated, SynapticDelay
from spikeloom.nn.delay.spread import bell, two_steps

DEPTH = 7
delays = st.floats(0, DEPTH, allow_subnormal=False)


@given(delays, st.floats(0.05, 20))
@settings(max_examples=50, deadline=None)
def test_shares_are_those_of_the_reference(delay: float, sigma: float) -> None:
    steps = torch.tensor(delay, dtype=torch.float64)
    curve = bell(steps, DEPTH, sigma).numpy()
    np.testing.assert_allclose(curve.sum(), 1, rtol=1e-12)
    if sigma > 0.2:  # the reference divides by a sum that underflows for narrower ones
        np.testing.assert_allclose(curve, delayed.gaussian_shares(delay, DEPTH, sigma), atol=1e-12)
    both = two_steps(steps, DEPTH).numpy()
    np.testing.assert_allclose(both, delayed.interpolated_shares(delay, DEPTH), atol=1e-12)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.5])
@pytest.mark.parametrize("delay", [0.0, 0.3, 3.0, 6.99])
def test_the_derivative_by_the_delay(delay: float, sigma: float) -> None:
    """∂k[m]/∂d = k[m]/sigma (⟨z⟩ - z[m]) with z[m] = (d - m)/sigma, and finite differences."""
    d = torch.tensor(delay, dtype=torch.float64, requires_grad=True)
    rows = [torch.autograd.grad(k, d, retain_graph=True)[0] for k in bell(d, DEPTH, sigma)]
    slope = torch.stack(rows).numpy()
    k = delayed.gaussian_shares(delay, DEPTH, sigma)
    z = (delay - np.arange(DEPTH + 1)) / sigma
    np.testing.assert_allclose(slope, k / sigma * ((k * z).sum() - z), atol=1e-12)
    h = 1e-5
    up, down = (delayed.gaussian_shares(delay + e, DEPTH, sigma) for e in (h, -h))
    np.testing.assert_allclose(slope, (up - down) / (2 * h), atol=1e-6)


def spikes(*shape: int, rate: float = 0.3, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return (torch.rand(*shape, generator=generator) < rate).to(dtype)


@pytest.mark.parametrize("spread", [Interpolated(), Gaussian(sigma=1.5 * ms)])
@pytest.mark.parametrize("rounding", ["never", "always"])
def test_synapses_are_those_of_the_reference(spread: Gaussian, rounding: str) -> None:
    layer = SynapticDelay(3, 4, max_delay=6 * ms, spread=spread, rounding=rounding).double()  # type: ignore[arg-type]
    x = spikes(15, 2, 3)
    steps = layer.delay.steps().detach().numpy()
    if rounding == "always":
        steps = np.floor(steps + 0.5)
    if rounding == "always" or isinstance(spread, Interpolated):
        shares = np.array([[delayed.interpolated_shares(d, 6) for d in row] for row in steps])
    else:
        shares = np.array([[delayed.gaussian_shares(d, 6, 1.5) for d in row] for row in steps])
    assert layer.bias is not None
    want = delayed.send(x.numpy(), layer.weight.detach().numpy(), shares)
    want = want + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x)[0].detach().numpy(), want, atol=1e-12)


@pytest.mark.parametrize("spread", [Interpolated(), Gaussian(sigma=1.5 * ms)])
def test_axons_are_synapses_of_weight_one(spread: Gaussian) -> None:
    layer = Delay(3, max_delay=6 * ms, spread=spread).double()
    x, steps = spikes(15, 2, 3), layer.delay.steps().detach().numpy()
    if isinstance(spread, Interpolated):
        shares = np.array([delayed.interpolated_shares(d, 6) for d in steps])
    else:
        shares = np.array([delayed.gaussian_shares(d, 6, 1.5) for d in steps])
    want = delayed.send(x.numpy(), np.eye(3), np.tile(shares, (3, 1, 1)).swapaxes(0, 1))
    np.testing.assert_allclose(layer(x)[0].detach().numpy(), want, atol=1e-12)


@pytest.mark.parametrize("kind", ["delay", "synaptic"])
@pytest.mark.parametrize("spread", [Interpolated(), Gaussian(sigma=1.5 * ms)])
def test_gradients_of_everything(kind: str, spread: Gaussian) -> None:
    made = (
        Delay(3, max_delay=4 * ms, spread=spread)
        if kind == "delay"
        else SynapticDelay(3, 2, max_delay=4 * ms, spread=spread)
    )
    layer = made.double()
    x = torch.randn(6, 2, 3, dtype=torch.float64, requires_grad=True)
    past = torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True)
    names = [n for n, _ in layer.named_parameters()]
    values = [p.detach().clone().requires_grad_() for _, p in layer.named_parameters()]

    def run(x: Tensor, past: Tensor, *values: Tensor) -> tuple[Tensor, Tensor]:
        given = dict(zip(names, values, strict=True))
        y, state = torch.func.functional_call(layer, given, (x, {"past": past}))
        return y, state["past"]

    assert torch.autograd.gradcheck(run, (x, past, *values))
    assert "delay.raw" in names


@pytest.mark.parametrize(("start", "sign"), [(0.0, -1.0), (2.0, -1.0), (4.0, 1.0)])
def test_a_whole_delay_has_a_derivative(start: float, sign: float) -> None:
    """A delay that starts at a whole step, or at a bound, is not stuck there."""
    layer = Delay(1, max_delay=4 * ms, start=start * ms)
    x = torch.zeros(8, 1, 1)
    x[0 if sign < 0 else 1 - 1] = 1.0
    y, _ = layer(x)
    y[int(start)].sum().backward()
    grad = layer.get_parameter("delay.raw").grad
    assert grad is not None and grad.item() == pytest.approx(4 * sign)

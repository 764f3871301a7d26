"""DECOLLE: local losses, nothing across layers, and patterns that it learns."""

from __future__ import annotations

import math

import pytest
import torch
from tests.train.rules.nets import Soft, assert_same, grads_of, net_of, objective_of, samples
from torch import Tensor
from torch.nn import functional

from spikeloom.nn import Sequential
from spikeloom.train import DECOLLE


class Step(torch.autograd.Function):
    """A threshold at 1 with the derivative of ATan."""

    @staticmethod
    def forward(ctx: object, u: Tensor) -> Tensor:
        ctx.save_for_backward(u)  # type: ignore[attr-defined]
        return (u >= 1).to(u.dtype)

    @staticmethod
    def backward(ctx: object, *grads: Tensor) -> Tensor:
        (u,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return grads[0] / (1 + (math.pi * (u - 1)) ** 2)


def by_hand(net: Sequential, rule: DECOLLE, x: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """U = W P + b p + R with P, p, R numbers, and autograd of each local loss at each step."""
    decay, gain = math.exp(-1 / 20), 20 * -math.expm1(-1 / 20)
    layers = [net.get_submodule(f"linear{k}") for k in (1, 2)]
    traces = [torch.zeros(len(x), n, dtype=torch.float64) for n in (6, 10)]
    ones = [0.0, 0.0]
    resets = [torch.zeros(len(x), n, dtype=torch.float64) for n in (10, 8)]
    total: dict[str, Tensor] = {}
    for now in x.transpose(0, 1):
        for k, layer in enumerate(layers):
            traces[k] = decay * traces[k] + gain * now
            ones[k] = decay * ones[k] + gain
            resets[k] = decay * resets[k]
            potential = traces[k] @ layer.weight.T + ones[k] * layer.bias + resets[k]
            spikes = Step.apply(potential)
            fixed = rule.readout(f"spiking{k + 1}", spikes.shape[1], 3, spikes)
            loss = functional.cross_entropy(spikes @ fixed.T, targets) / x.shape[1]
            found = torch.autograd.grad(loss, [layer.weight, layer.bias])
            for name, grad in zip(("weight", "bias"), found, strict=True):
                key = f"linear{k + 1}.{name}"
                total[key] = total.get(key, torch.zeros_like(grad)) + grad
            now = spikes.detach()
            resets[k] = resets[k] - now
    return total


def test_gradients_are_those_of_local_losses() -> None:
    rule, net = DECOLLE(seed=3), net_of(Soft(), Soft())
    x, targets = samples()
    found = grads_of(rule, objective_of(net), x, targets)
    wanted = by_hand(net, rule, x, targets)
    assert_same(found, wanted, 1e-10)


def test_nothing_comes_from_later_layers() -> None:
    net = net_of(Soft(), Soft())
    x, targets = samples()
    before = grads_of(DECOLLE(), objective_of(net), x, targets)
    with torch.no_grad():
        net.get_submodule("linear2").weight.neg_()
        net.get_submodule("linear3").weight.mul_(5)
    after = grads_of(DECOLLE(), objective_of(net), x, targets)
    for name in ("linear1.weight", "linear1.bias"):
        assert torch.equal(before[name], after[name])
    assert not torch.equal(before["linear2.weight"], after["linear2.weight"])


def test_burn_in_teaches_nothing_and_fills_the_traces() -> None:
    net = net_of(Soft(), Soft())
    x, targets = samples(steps=20)
    whole = grads_of(DECOLLE(), objective_of(net), x, targets)
    first = grads_of(DECOLLE(), objective_of(net), x[:, :8], targets)
    late = grads_of(DECOLLE(burn_in=8), objective_of(net), x, targets)
    for name in whole:
        torch.testing.assert_close(12 * late[name], 20 * whole[name] - 8 * first[name])


@pytest.mark.parametrize("bad", [{"burn_in": -1}, {"burn_in": 1.5}, {"seed": -1}, {"reset": "x"}])
def test_bad_options(bad: dict[str, object]) -> None:
    from spikeloom.errors import ParameterError

    with pytest.raises(ParameterError, match=next(iter(bad))):
        DECOLLE(**bad)  # type: ignore[arg-type]

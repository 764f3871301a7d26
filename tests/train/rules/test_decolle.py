"""DECOLLE: local losses, nothing across layers, and patterns that it learns."""

from __future__ import annotations

import math

import pytest
import torch
from tests.train.rules.nets import Soft, assert_same, grads_of, leaky, net_of, objective_of, samples
from torch import Tensor, nn
from torch.nn import functional

from spikeloom.equations.units import Hz, MOhm, ms
from spikeloom.errors import ParameterError
from spikeloom.models import FastSigmoid
from spikeloom.nn import Sequential, Spiking, scale_to_rate
from spikeloom.nn.encode import Frames
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import MembraneMean
from spikeloom.train import DECOLLE, evaluate, fit


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


def patterns(samples_each: int, seed: int) -> tuple[Tensor, Tensor]:
    """Ten classes of 100 channels with two spikes each in 100 steps, each moved by 2 ms (sd)."""
    shape = torch.Generator().manual_seed(0)
    times = 5 + 90 * torch.rand(10, 100, 2, generator=shape)
    own = torch.Generator().manual_seed(seed)
    labels = torch.arange(10).repeat(samples_each)
    moved = times[labels] + 2 * torch.randn(len(labels), 100, 2, generator=own)
    x = torch.zeros(len(labels), 100, 100)
    x.scatter_(1, moved.round().clamp(0, 99).long().permute(0, 2, 1), 1.0)
    return x, labels


@pytest.mark.slow
def test_three_layers_learn_patterns_of_spikes() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        neuron = Soft(tau=10 * ms, R=10 * MOhm)
        net = Sequential(
            nn.Linear(100, 60), Spiking(neuron, FastSigmoid()),
            nn.Linear(60, 60), Spiking(neuron, FastSigmoid()),
            nn.Linear(60, 10), leaky(),
        )  # fmt: skip
    known = patterns(30, 1)
    scale_to_rate(net, Frames()(known[0]), 50 * Hz, 1 * ms)
    fit(
        net, known, loss=CrossEntropy(MembraneMean()), encode=Frames(), batch_size=20,
        optimizer=torch.optim.Adam(net.parameters(), lr=3e-3), epochs=10, rule=DECOLLE(),
        validation=None, show="quiet",
    )  # fmt: skip
    found = evaluate(
        net, patterns(10, 2), readout=MembraneMean(), encode=Frames(), dt=1 * ms, show="quiet"
    )
    assert found.accuracy >= 0.9


@pytest.mark.parametrize("bad", [{"burn_in": -1}, {"burn_in": 1.5}, {"seed": -1}, {"reset": "x"}])
def test_bad_options(bad: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match=next(iter(bad))):
        DECOLLE(**bad)  # type: ignore[arg-type]

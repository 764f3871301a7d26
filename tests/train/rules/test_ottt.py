"""OTTT against back-propagation with resets detached, in gradients and in memory."""

from __future__ import annotations

import math

import pytest
import torch
from tests.train.rules.nets import (
    Soft,
    assert_same,
    grads_of,
    leaky,
    net_of,
    objective_of,
    samples,
)
from torch import Tensor, nn

from spikeloom.equations.units import MOhm, ms, mV
from spikeloom.models import LIF
from spikeloom.nn import Sequential, Spiking
from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import MembraneMean
from spikeloom.train import BPTT, DECOLLE, OTTT, EProp, Rule
from spikeloom.train.loop.step import Objective


class EachStep(CrossEntropy):
    """Mean over time of the cross-entropy of each step, which OTTT makes small."""

    def __call__(self, y: Tensor, targets: Tensor) -> Tensor:
        return torch.stack([super(EachStep, self).__call__(now[None], targets) for now in y]).mean()


def cosine(one: Tensor, other: Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), dim=0))


@pytest.mark.parametrize("last", ["spikes", "leaky"])
def test_last_layer_is_bptt_and_hidden_ones_point_its_way(last: str) -> None:
    end = Spiking(Soft(), through_reset=False) if last == "spikes" else leaky()
    brief = Soft(tau=2 * ms, R=2 * MOhm)
    net = net_of(brief, brief, last=end, sizes=(6, 30, 20, 3))
    x, targets = samples(steps=12)
    exact = grads_of(BPTT(), objective_of(net, EachStep(MembraneMean())), x, targets)
    local = grads_of(OTTT(), objective_of(net), x, targets)
    assert_same(local, exact, 1e-10, "linear3.weight", "linear3.bias")
    if last == "spikes":
        for name in ("linear1.weight", "linear2.weight"):
            assert cosine(local[name], exact[name]) >= 0.8, name


def test_loss_and_outputs_are_those_of_the_network() -> None:
    net = net_of(Soft(), Soft())
    objective = objective_of(net, EachStep(MembraneMean()))
    x, targets = samples()
    loss, y = OTTT().gradients(objective, x, targets, 0)
    with torch.no_grad():
        wanted, outputs = objective(x, targets, 0)
    torch.testing.assert_close(loss, wanted, rtol=1e-12, atol=0)
    torch.testing.assert_close(y, outputs, rtol=1e-12, atol=1e-14)


def test_traces_by_hand() -> None:
    """λ a + x times the surrogate's derivative, in torch without spikeloom."""
    net = net_of(sizes=(6, 3), last=Spiking(Soft(), through_reset=False))
    x, targets = samples(steps=9)
    for traces in (True, False):
        found = grads_of(OTTT(traces=traces), objective_of(net), x, targets)["linear1.weight"]
        layer = net.get_submodule("linear1")
        decay, gain = math.exp(-1 / 20), 20 * -math.expm1(-1 / 20)
        v = torch.zeros(5, 3, dtype=torch.float64)
        a, total = torch.zeros(5, 6, dtype=torch.float64), torch.zeros(3, 6, dtype=torch.float64)
        for now in x.transpose(0, 1):
            v = decay * v + gain * layer(now)
            a = decay * a + now if traces else now
            z = (v >= 1).double()
            soft = z.softmax(1) - torch.nn.functional.one_hot(targets, 3)
            slope = 1 / (1 + (math.pi * (v - 1)) ** 2)
            total += (soft / 5 / 9 * slope * gain).T @ a
            v = v - z
        torch.testing.assert_close(found, total.detach(), rtol=1e-9, atol=1e-12)


def test_a_reset_that_clears_needs_a_trace_for_each_synapse() -> None:
    """With detached resets the last layer is exact for neurons that reset to rest, too."""
    hard = LIF(tau=20 * ms, R=20 * MOhm, E=0 * mV, theta=1 * mV)
    net = net_of(hard, last=Spiking(hard, through_reset=False), sizes=(6, 10, 3))
    x, targets = samples()
    exact = grads_of(BPTT(), objective_of(net, EachStep(MembraneMean())), x, targets)
    local = grads_of(OTTT(reset="detached"), objective_of(net), x, targets)
    assert_same(local, exact, 1e-10, "linear2.weight", "linear2.bias")
    ignored = grads_of(OTTT(), objective_of(net), x, targets)
    assert not torch.allclose(ignored["linear2.weight"], exact["linear2.weight"], rtol=1e-3)


def conv_net() -> Sequential:
    torch.manual_seed(0)
    return Sequential(
        nn.Conv2d(1, 4, 3).double(),
        nn.AvgPool2d(2),
        Spiking(Soft(), through_reset=False),
        nn.Flatten(),
        nn.Linear(36, 3).double(),
        Spiking(Soft(), through_reset=False),
    )


def test_convolutions_have_the_gradient_of_the_unrolled_matrix() -> None:
    """One convolution and its neurons: OTTT's gradient is that of BPTT, bias and pooling too."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Sequential(
            nn.Conv2d(1, 3, 3).double(),
            nn.AvgPool2d(6),
            Spiking(Soft(), through_reset=False),
            nn.Flatten(),
        )
    x = torch.rand(5, 12, 1, 8, 8, generator=torch.Generator().manual_seed(1)).double() * 4
    targets = torch.arange(5) % 3
    exact = grads_of(BPTT(), objective_of(net, EachStep(MembraneMean())), x, targets)
    # the last module without neurons is a stage of its own, with nothing to learn
    local = grads_of(OTTT(), objective_of(net), x, targets)
    assert_same(local, exact, 1e-10)


@pytest.mark.parametrize("rule", [OTTT(), DECOLLE()])
def test_convolutional_networks_train(rule: Rule) -> None:
    with torch.random.fork_rng():
        net = conv_net()
    x = torch.rand(4, 6, 1, 8, 8, generator=torch.Generator().manual_seed(1)).double() * 4
    found = grads_of(rule, objective_of(net), x, torch.arange(4) % 3)
    assert set(found) == {n for n, _ in net.named_parameters()}
    assert all(bool(torch.isfinite(g).all()) and float(g.abs().max()) > 0 for g in found.values())


@pytest.mark.parametrize("rule", [OTTT(), DECOLLE(), EProp(), EProp(loss="step")], ids=repr)
def test_memory_does_not_grow_with_time(rule: Rule) -> None:
    """Bytes that torch holds at once, at T = 20 and 200, beside three blocks of outputs."""
    outputs = 3 * 180 * 8 * 3 * 8
    short, long = (peak(rule, steps) for steps in (20, 200))
    assert short > 0 and long - outputs <= 1.1 * short
    if isinstance(rule, OTTT):
        short, long = (peak(BPTT(), steps) for steps in (20, 200))
        assert long - outputs > 3 * short  # the measure sees what grows


def peak(rule: Rule, steps: int) -> int:
    """Most bytes of tensors alive at once in one call."""
    objective = Objective(
        net_of(Soft(), sizes=(40, 60, 3)), CrossEntropy(MembraneMean()), ConstantCurrent(steps)
    )
    x = 3 * torch.rand(8, 40, generator=torch.Generator().manual_seed(8)).double()
    targets = torch.arange(8) % 3
    grads_of(rule, objective, x, targets)
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as profile:
        rule.gradients(objective, x, targets, 0)
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    now = most = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        now += event.nbytes()
        most = max(most, now)
    return most

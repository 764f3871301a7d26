"""Standardised weights, and norms folded into weights."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from spikeloom import Hz, ms
from spikeloom.errors import ParameterError
from spikeloom.nn import (
    LIF,
    Sequential,
    StepBatchNorm,
    TimeBatchNorm,
    ann_twin,
    fold_norms,
    scale_to_rate,
    spiking_work,
    standardise,
)

LAYERS = [
    lambda: nn.Linear(40, 6),
    lambda: nn.Conv2d(3, 6, 3),
    lambda: nn.Conv1d(4, 6, 3, groups=2, bias=False),
    lambda: nn.Conv3d(2, 6, 2),
]


@pytest.mark.parametrize("make", LAYERS)
def test_each_neuron_has_weights_of_mean_zero_and_chosen_size(make):
    layer = standardise(make(), scale=1.5)
    flat = layer.weight.flatten(1)
    torch.testing.assert_close(flat.mean(1), torch.zeros(6), atol=1e-6, rtol=0)
    torch.testing.assert_close(flat.square().sum(1), torch.full((6,), 2.25), rtol=1e-3, atol=0)


def test_the_current_has_the_chosen_variance():
    torch.manual_seed(0)
    layer = standardise(nn.Linear(400, 50, bias=False), scale=2.0)
    y = layer(torch.randn(2000, 400))
    # The variance of 100,000 values with mean 4 has standard error 4 sqrt(2 / 1e5) = 0.018.
    assert abs(float(y.detach().var()) - 4.0) < 0.1


def test_shifting_and_scaling_the_weights_changes_nothing():
    layer = standardise(nn.Linear(40, 6).double())
    x = torch.randn(5, 40, dtype=torch.float64)
    before = layer(x)
    with torch.no_grad():
        original = layer.get_parameter("parametrizations.weight.original")
        original.mul_(3.0).add_(1.0)
    torch.testing.assert_close(layer(x), before, rtol=1e-3, atol=1e-3)


def test_gradients_are_exact():
    layer = standardise(nn.Linear(5, 3).double())
    x = torch.randn(4, 5, dtype=torch.float64)
    names = [n for n, _ in layer.named_parameters()]
    values = [p.detach().clone().requires_grad_() for p in layer.parameters()]

    def call(*given):
        return torch.func.functional_call(layer, dict(zip(names, given, strict=True)), (x,))

    assert torch.autograd.gradcheck(call, values)
    assert "parametrizations.weight.0.gain" in names


def test_it_works_as_a_layer_of_a_network():
    torch.manual_seed(1)
    net = Sequential(standardise(nn.Linear(8, 30)), LIF(tau=5 * ms), nn.Linear(30, 3))
    assert net.names[0] == "linear1"
    x = torch.rand(20, 4, 8) * 2
    constant = x[:1].expand(20, 4, 8)
    assert net.trace(constant)[2]["linear1"].stride(0) == 0
    work = spiking_work(net, x, net.trace(x)[2])
    assert work.multiply_accumulates == 20 * 8 * 30
    (gain,) = scale_to_rate(net, x, 100 * Hz, 1 * ms)
    assert gain.reached
    twin = ann_twin(net, seed=1)
    assert torch.equal(twin[0].weight, ann_twin(net, seed=1)[0].weight)
    assert not torch.equal(twin[0].weight, ann_twin(net, seed=2)[0].weight)
    again = copy.deepcopy(net)
    again.load_state_dict(net.state_dict())
    assert torch.equal(again(x)[0], net(x)[0])


def test_what_cannot_be_standardised():
    with pytest.raises(ParameterError, match="no weights"):
        standardise(nn.ReLU())
    with pytest.raises(ParameterError, match="already"):
        standardise(standardise(nn.Linear(2, 2)))
    with pytest.raises(ParameterError, match="above 0"):
        standardise(nn.Linear(2, 2), scale=0.0)


def trained() -> Sequential:
    torch.manual_seed(0)
    inner = Sequential(
        nn.Conv2d(6, 4, 1, bias=False),
        TimeBatchNorm(4, scale=4.0),
        LIF(tau=2 * ms),
        names=["conv", "norm", "lif"],
    )
    net = Sequential(
        standardise(nn.Conv2d(2, 6, 3)), nn.BatchNorm2d(6), LIF(tau=2 * ms), inner, nn.Flatten(),
        nn.Linear(16, 5), TimeBatchNorm(5, scale=9.0), LIF(tau=2 * ms), TimeBatchNorm(5),
        nn.Linear(5, 3), StepBatchNorm(3, 4),
        names=["conv", "norm", "lif", "inner", "flat", "fc", "fcnorm", "lif2", "loose", "out", "b"],
    ).double()  # fmt: skip
    for _ in range(3):
        net(torch.rand(7, 4, 2, 4, 4, dtype=torch.float64) * 5)
    for norm in net.modules():  # a norm is one of many maps: not only its first
        if isinstance(norm, nn.modules.batchnorm._BatchNorm) and norm.bias is not None:
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.uniform_(norm.bias, -0.5, 0.5)
    return net.eval()


def test_folded_norms_give_the_same_answers():
    net = trained()
    before = copy.deepcopy(net.state_dict())
    folded = fold_norms(net)
    assert folded.names == ("conv", "lif", "inner", "flat", "fc", "lif2", "loose", "out", "b")
    assert folded.get_submodule("inner").names == ("conv", "lif")
    x = torch.rand(7, 4, 2, 4, 4, dtype=torch.float64) * 5
    (y, state, kept), (z, after, ours) = net.trace(x), folded.trace(x)
    torch.testing.assert_close(z, y, rtol=1e-5, atol=1e-9)
    torch.testing.assert_close(after["lif"]["v"], state["lif"]["v"], rtol=1e-5, atol=1e-9)
    assert ours["lif2"].sum() > 0 and torch.equal(ours["inner.lif"], kept["inner.lif"])
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())


def test_only_networks_of_ours_are_folded():
    with pytest.raises(ParameterError, match="Sequential"):
        fold_norms(nn.Sequential(nn.Linear(2, 2)))


def test_a_norm_without_running_statistics_is_named():
    net = Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3, track_running_stats=False))
    with pytest.raises(ParameterError, match="batchnorm1d1"):
        fold_norms(net)

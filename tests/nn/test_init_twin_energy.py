from __future__ import annotations

import pytest
import torch
from torch import nn

from spikeloom.equations.units import Hz, ms
from spikeloom.errors import NumericsError, ParameterError
from spikeloom.nn import (
    EnergyConstants,
    Sequential,
    ann_twin,
    plain_work,
    scale_to_rate,
    spiking_work,
)
from spikeloom.nn.encode import ConstantCurrent, Rate
from spikeloom.nn.weights import fan_out


@pytest.fixture
def net(stand_in):
    torch.manual_seed(1)
    return Sequential(
        nn.Linear(20, 50),
        stand_in(),
        nn.Linear(50, 40),
        stand_in(),
        nn.Linear(40, 3),
        stand_in(spikes=False),
        names=("w1", "h1", "w2", "h2", "w3", "out"),
    )


def rates(net, x):
    _, _, kept = net.trace(x)
    return {name: float(kept[name].detach().mean()) * 1000 for name in ("h1", "h2")}


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_every_layer_reaches_the_target_from_any_start(net, scale):
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(scale)
    x = ConstantCurrent(steps=20)(torch.rand(64, 20))
    last = net.w3.weight.clone()
    reports = scale_to_rate(net, x, 60 * Hz, 1 * ms)
    assert [(r.weights, r.spikes, r.reached) for r in reports] == [
        ("w1", "h1", True),
        ("w2", "h2", True),
    ]
    for report, rate in zip(reports, rates(net, x).values(), strict=True):
        assert rate == pytest.approx(60, rel=0.05)
        assert rate == pytest.approx(report.rate_hz, rel=1e-6)
    assert torch.equal(net.w3.weight, last), "the readout is left alone"


def test_an_unreachable_rate_warns_and_does_no_harm(net):
    with torch.no_grad():
        net.w1.bias.zero_()
    before = net.w1.weight.clone()
    with pytest.warns(UserWarning, match="h1 reaches 0 Hz"):
        scale_to_rate(net, torch.zeros(5, 3, 20), 60 * Hz, 1 * ms)
    assert torch.equal(net.w1.weight, before)


def test_bad_calibration(net):
    x = torch.rand(5, 3, 20)
    for target in (0 * Hz, 2000 * Hz, -5 * Hz):
        with pytest.raises(ParameterError, match="target"):
            scale_to_rate(net, x, target, 1 * ms)
    with pytest.raises(ParameterError, match="empty"):
        scale_to_rate(net, x[:, :0], 50 * Hz, 1 * ms)
    with pytest.raises(NumericsError):
        scale_to_rate(net, x / 0, 50 * Hz, 1 * ms)


def test_the_twin_has_the_same_sizes_and_its_own_weights(net):
    twin = ann_twin(net, seed=4)
    assert [type(layer) for layer in twin] == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert sum(p.numel() for p in twin.parameters()) == sum(p.numel() for p in net.parameters())
    again = ann_twin(net, seed=4)
    assert all(
        torch.equal(a, b) for a, b in zip(twin.parameters(), again.parameters(), strict=True)
    )
    assert not torch.equal(twin[0].weight, net.w1.weight)
    assert not torch.equal(twin[0].weight, ann_twin(net, seed=5)[0].weight)
    assert twin(torch.rand(7, 20)).shape == (7, 3)
    with pytest.raises(ParameterError):
        ann_twin(Sequential(nn.ReLU()))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(4, 7), (4,)),
        (nn.Conv2d(1, 3, 3), (1, 5, 6)),
        (nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2), (2, 7, 7)),
        (nn.Conv1d(2, 3, 2), (2, 9)),
    ],
)
def test_fan_out_counts_each_synapse(layer, shape):
    reach = fan_out(layer, shape)
    with torch.no_grad():
        layer.weight.fill_(1.0)
        layer.bias.zero_()
        for place in range(reach.numel()):
            x = torch.zeros(1, *shape)
            x.view(-1)[place] = 1.0
            assert float((layer(x) != 0).sum()) == float(reach.view(-1)[place])


def test_work_by_hand(net):
    x = ConstantCurrent(steps=10)(torch.rand(4, 20))
    _, _, kept = net.trace(x)
    work = spiking_work(net, x, kept)
    h1, h2 = (float(kept[name].detach().sum()) / 4 for name in ("h1", "h2"))
    assert work.synaptic_events == pytest.approx(h1 * 40 + h2 * 3)
    assert work.multiply_accumulates == 20 * 50, "a constant input is multiplied once"
    assert work.neuron_updates == 10 * (50 + 40 + 3)
    dense = spiking_work(net, x.contiguous(), kept)
    assert dense.multiply_accumulates == 10 * 20 * 50
    spikes = Rate(steps=10)(torch.rand(4, 20))
    events = spiking_work(net, spikes, net.trace(spikes)[2])
    assert events.multiply_accumulates == 0


def test_energy_of_published_constants(net):
    twin = ann_twin(net)
    work = plain_work(twin, torch.rand(9, 20))
    macs = 20 * 50 + 50 * 40 + 40 * 3
    assert (work.synaptic_events, work.multiply_accumulates) == (0, macs)
    assert work.energy_nj(EnergyConstants()) == pytest.approx(macs * 4.6 / 1000)
    assert "Horowitz" in EnergyConstants().source

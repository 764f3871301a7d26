"""Fluctuation-driven initialisation: against the closed form, and what it is for."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from spikeloom import models, ms
from spikeloom.errors import NumericsError, ParameterError
from spikeloom.nn import LIF, Sequential, Spiking, TimeBatchNorm, fluctuation_driven
from spikeloom.nn.fluctuation import subthreshold


def spread(v):
    return float(v.var((0, 1), correction=0).mean().sqrt())


def test_the_potential_of_a_leaky_neuron():
    """v[n] = a v[n-1] + (1 - a) I[n], a = exp(-dt / tau), and the threshold at 1."""
    torch.manual_seed(0)
    current = torch.randn(40, 2, 3, dtype=torch.float64)
    found = subthreshold(LIF(tau=7 * ms), current)
    a, v = math.exp(-1 / 7), torch.zeros(2, 3, dtype=torch.float64)
    for n, now in enumerate(current):
        v = a * v + (1 - a) * now
        assert torch.allclose(found[n], v, rtol=0, atol=1e-9)


def test_sigma_of_poisson_inputs():
    """Bernoulli inputs of rate p through weights of variance s2: sigma^2 is known per step."""
    torch.manual_seed(1)
    sources, p, tau = 400, 0.05, 10.0
    layer = nn.Linear(sources, 300, bias=False)
    nn.init.normal_(layer.weight, std=0.3)
    with torch.no_grad():
        layer.weight -= layer.weight.mean(1, keepdim=True)
    x = (torch.rand(400, 16, sources) < p).float()
    v = subthreshold(LIF(tau=tau * ms), layer(x).detach())[100:]
    a = math.exp(-1 / tau)
    weight = layer.weight.detach()
    wanted = float(weight.pow(2).sum(1).mean()) * p * (1 - p) * (1 - a) ** 2 / (1 - a * a)
    # The weights of a neuron sum to 0, so its mean is 0 and needs no estimate.
    assert float(v.pow(2).mean()) == pytest.approx(wanted, rel=0.05)


@pytest.mark.parametrize("xi", [1.0, 2.0, 3.0])
def test_the_threshold_lies_where_it_was_asked_for(xi):
    torch.manual_seed(2)
    net = Sequential(nn.Linear(50, 80), LIF(tau=10 * ms), nn.Linear(80, 20), LIF())
    x = (torch.rand(60, 8, 50) < 0.1).float()
    told = fluctuation_driven(net, x, xi)
    assert [t.reached for t in told] == [True, True]
    kept = net.trace(x)[2]
    for part, each in zip([p for p in kept.passed if p.name in ("spiking1", "spiking2")], told,
                          strict=True):  # fmt: skip
        v = subthreshold(part.layer, part.inputs[0].detach())
        assert (1 - float(v.mean())) / spread(v) == pytest.approx(xi, rel=1e-3)
        assert spread(v) == pytest.approx(each.sigma, rel=1e-3)


def test_rates_of_four_layers_become_reasonable():
    torch.manual_seed(3)
    widths = (60, 100, 100, 100, 100)
    layers = [
        part for i in range(4) for part in (nn.Linear(widths[i], widths[i + 1]), LIF(tau=20 * ms))
    ]
    net = Sequential(*layers)
    x = (torch.rand(100, 8, 60) < 0.02).float()
    before = [float(net.trace(x)[2][f"spiking{i}"].detach().mean()) * 1000 for i in (1, 2, 3, 4)]
    assert before[-1] == 0, "as torch draws them, nothing arrives at the end"
    fluctuation_driven(net, x, 2.0)
    after = [float(net.trace(x)[2][f"spiking{i}"].detach().mean()) * 1000 for i in (1, 2, 3, 4)]
    assert all(2 < rate < 100 for rate in after), after


@pytest.mark.parametrize("model", [models.ALIF(), models.AdEx(), models.HodgkinHuxley()])
def test_any_neuron(model):
    torch.manual_seed(4)
    net = Sequential(nn.Linear(30, 20), Spiking(model, dt=0.05 * ms))
    (told,) = fluctuation_driven(net, (torch.rand(60, 4, 30) < 0.1).float(), 1.0)
    assert told.reached
    assert float(net((torch.rand(60, 4, 30) < 0.1).float())[0].detach().sum()) > 0


def test_what_is_left_alone():
    net = Sequential(nn.Linear(5, 4), TimeBatchNorm(4), LIF())
    assert fluctuation_driven(net, torch.rand(6, 3, 5)) == ()
    silent = Sequential(nn.Linear(5, 4, bias=False), LIF())
    before = silent.layers[0][1].weight.clone()
    with pytest.warns(UserWarning, match="left as it was"):
        (told,) = fluctuation_driven(silent, torch.zeros(6, 3, 5))
    assert not told.reached and "left as it was" in str(told)
    assert torch.equal(before, silent.layers[0][1].weight)


def test_ends_of_recordings():
    torch.manual_seed(5)
    net = Sequential(nn.Linear(5, 40), LIF())
    other = Sequential(nn.Linear(5, 40), LIF())
    other.load_state_dict(net.state_dict())
    x = torch.rand(9, 2, 5)
    ends = torch.tensor([4, 4])
    (a,) = fluctuation_driven(net, x, lengths=ends)
    (b,) = fluctuation_driven(other, x[:4])
    assert a.gain == pytest.approx(b.gain)


def test_bad_input():
    net = Sequential(nn.Linear(5, 4), LIF())
    for xi in (0, -1.0, math.nan, math.inf, "2", True):
        with pytest.raises(ParameterError, match="xi"):
            fluctuation_driven(net, torch.rand(6, 3, 5), xi)
    with pytest.raises(ParameterError, match="empty"):
        fluctuation_driven(net, torch.rand(6, 0, 5))
    with pytest.raises(NumericsError):
        fluctuation_driven(net, torch.full((6, 1, 5), torch.inf))

"""e-prop of recurrent layers: exact where nothing is left out, and the task of the paper."""

from __future__ import annotations

import math

import pytest
import torch
from tests.train.rules.nets import Soft, assert_same, grads_of, leaky, objective_of, samples
from torch import Tensor, nn

from spikeloom.equations.units import Hz, MOhm, ms, mV
from spikeloom.errors import ParameterError
from spikeloom.models import ALIF, LeakyIntegrator, Triangle
from spikeloom.nn import Recurrent, Sequential, Spiking
from spikeloom.nn.encode import Frames
from spikeloom.nn.loss import MeanSquare, RateBand
from spikeloom.nn.readout import Direct
from spikeloom.train import BPTT, DECOLLE, OTTT, EProp, Rule
from spikeloom.train.loop.step import Objective


def recurrent_net(scale: float, delay: int = 1) -> Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(4)
        net = Sequential(
            nn.Linear(6, 10).double(),
            Recurrent(Soft(), features=10, bias=True, delay=delay, through_reset=False).double(),
            nn.Linear(10, 3).double(),
            leaky(),
        )
        with torch.no_grad():
            net.get_submodule("linear1").weight.mul_(2)
            net.get_submodule("recurrent1").weight.mul_(scale)
    return net


@pytest.mark.parametrize("delay", [1, 3])
def test_silent_synapses_have_the_gradient_of_bptt(delay: int) -> None:
    """With recurrent weights of 0 no path is left out, and theirs is a gradient as well."""
    objective = objective_of(recurrent_net(0.0, delay))
    x, targets = samples()
    exact, local = (grads_of(r, objective, x, targets) for r in (BPTT(), EProp()))
    assert set(local) == set(exact)
    assert_same(local, exact, 1e-10)


def test_recurrent_gradients_point_the_way_of_bptt() -> None:
    objective = objective_of(recurrent_net(1.0))
    x, targets = samples()
    exact, local = (grads_of(r, objective, x, targets) for r in (BPTT(), EProp()))
    for name in ("linear2.weight", "linear2.bias"):
        torch.testing.assert_close(local[name], exact[name], rtol=1e-9, atol=1e-12)
    for name in ("linear1.weight", "recurrent1.weight"):
        one, other = local[name].flatten(), exact[name].flatten()
        assert not torch.allclose(one, other, rtol=1e-3)
        assert float(torch.nn.functional.cosine_similarity(one, other, dim=0)) > 0.7


@pytest.mark.parametrize("rule", [OTTT(), DECOLLE()])
def test_rules_for_feed_forward_networks_say_so(rule: Rule) -> None:
    x, targets = samples()
    with pytest.raises(ParameterError, match=r"feed-forward[\s\S]*EProp"):
        grads_of(rule, objective_of(recurrent_net(1.0)), x, targets)


def test_adaptive_thresholds_learn() -> None:
    """ALIF and a slow adaptation: every gradient is finite and not zero."""
    neuron = ALIF(tau=20 * ms, R=20 * MOhm, E=0 * mV, theta=1 * mV, jump=0.3 * mV)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Sequential(
            nn.Linear(6, 8), Recurrent(neuron, features=8), nn.Linear(8, 3), leaky()
        ).double()
    x, targets = samples()
    x = 4 * x
    found = grads_of(EProp(feedback="random"), objective_of(net), x, targets)
    assert all(float(g.abs().max()) > 0 and bool(torch.isfinite(g).all()) for g in found.values())


class Course(MeanSquare):
    """Normalised mean squared error of a course over time."""

    def __call__(self, y: Tensor, targets: Tensor) -> Tensor:
        goal = targets.T[:, :, None]
        return ((y - goal) ** 2).sum() / ((goal - goal.mean()) ** 2).sum()


@pytest.mark.slow
def test_pattern_generation() -> None:
    """100 neurons learn a sum of four sines from frozen noise, with random feedback."""
    steps, n = 1000, 100
    generator = torch.Generator().manual_seed(5)
    time = torch.arange(steps) / 1000
    goal = torch.zeros(steps)
    for period in (1.0, 0.5, 0.333, 0.2):
        size, phase = torch.rand(2, generator=generator)
        goal = goal + (0.5 + 1.5 * size) * torch.sin(2 * math.pi * (time / period + phase))
    goal = goal / goal.abs().max()
    x = (torch.rand(1, steps, n, generator=generator) < 0.05).float()
    with torch.random.fork_rng():
        torch.manual_seed(6)
        neuron = Soft(tau=30 * ms, R=1 * MOhm, theta=0.03 * mV)
        net = Sequential(
            nn.Linear(n, n, bias=False),
            Recurrent(neuron, Triangle(), features=n, mask=~torch.eye(n, dtype=torch.bool)),
            nn.Linear(n, 1),
            Spiking(LeakyIntegrator(tau=30 * ms, R=5 * MOhm)),
        )
        with torch.no_grad():
            for name in ("linear1", "recurrent1"):
                net.get_submodule(name).weight.normal_(0, n**-0.5)
    objective = Objective(
        net, Course(Direct()), Frames(), (RateBand(12 * Hz, 12 * Hz, 1 * ms, weight=1500.0),)
    )
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    seen: list[float] = []
    for draw in range(200):
        optimizer.zero_grad()
        EProp(feedback="random").gradients(objective, x, goal[None], draw)
        optimizer.step()
        with torch.no_grad():
            y, _, kept = net.trace(objective.block(x, 0))
        seen.append(float(objective.loss(y, goal[None])))
    rate = 1000 * float(kept["recurrent1"].mean())
    assert seen[99] <= 0.12 and seen[199] <= 0.06, (seen[99], seen[199])
    assert 8 <= rate <= 16, rate

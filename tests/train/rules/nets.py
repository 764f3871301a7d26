"""Small networks and gradients that the tests of rules share."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor, nn

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import MOhm, ms, mV, nA
from spikeloom.models import LeakyIntegrator
from spikeloom.nn import Sequential, Spiking
from spikeloom.nn.encode import Frames
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import MembraneMean
from spikeloom.train import Rule
from spikeloom.train.loop.step import Objective


class Soft(Neuron):
    """Leaky integrate-and-fire with a reset by subtraction, as OTTT and e-prop have it."""

    tau: Param = 20 * ms
    theta: Param = 1 * mV
    R: Param = 20 * MOhm
    v: State = state(mV)
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        d.v = (self.R * self.I - self.v) / self.tau

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.v - self.theta


def leaky() -> Spiking:
    return Spiking(LeakyIntegrator(tau=15 * ms, R=15 * MOhm))


def net_of(*neurons: Any, sizes: tuple[int, ...] = (6, 10, 8, 3), last: Any = None) -> Sequential:
    """Linear and neurons in turn, float64; the last neurons are a leaky readout."""
    layers: list[nn.Module] = []
    with torch.random.fork_rng():
        torch.manual_seed(4)
        for n, m, neuron in zip(sizes, sizes[1:], (*neurons, None), strict=False):
            layers.append(nn.Linear(n, m).double())
            with torch.no_grad():
                layers[-1].weight.mul_(2.0)
            spiking = neuron if isinstance(neuron, Spiking) else None
            if neuron is not None and spiking is None:
                spiking = Spiking(neuron, through_reset=False)
            layers.append(spiking or last or leaky())
    return Sequential(*layers)


def objective_of(net: nn.Module, loss: Any = None, **more: Any) -> Objective:
    return Objective(net, loss or CrossEntropy(MembraneMean()), Frames(), **more)


def samples(steps: int = 30, batch: int = 5, size: int = 6) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(8)
    x = (torch.rand(batch, steps, size, generator=generator) < 0.4).double()
    return x, torch.arange(batch) % 3


def grads_of(rule: Rule, objective: Objective, x: Tensor, targets: Tensor) -> dict[str, Tensor]:
    objective.net.zero_grad()
    rule.gradients(objective, x, targets, 0)
    named = objective.net.named_parameters()
    return {n: p.grad.clone() for n, p in named if p.grad is not None}


def assert_same(one: dict[str, Tensor], other: dict[str, Tensor], rtol: float, *only: str) -> None:
    """Equal up to rtol of the largest entry of each gradient."""
    for name in only or other:
        scale = float(other[name].abs().max())
        assert scale > 0, name
        worst = float((one[name] - other[name]).abs().max())
        assert worst <= rtol * scale, f"{name}: {worst / scale:.2e}"

"""Layers in unusual surroundings: names that torch uses itself, layers made in inference mode."""

from __future__ import annotations

from typing import Self

import torch

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, learn, state
from spikeloom.equations.units import ms, mV
from spikeloom.nn.neurons.spiking import Spiking


class Named(Neuron):
    """A neuron whose parameters are called like methods and with double underscores."""

    tau__m: Param = 20 * ms
    half: Param = 1.0
    type: Param = 1 * mV
    v: State = state(mV)
    I: Input = inflow(mV)

    def flow(self, d: Self) -> None:
        d.v = (self.half * self.I - self.v) / self.tau__m

    def fires(self) -> Condition:
        return self.v >= self.type

    def reset(self, after: Self) -> None:
        after.v = 0


def test_names_of_torch_are_names_of_parameters() -> None:
    layer = Spiking(Named(half=learn(2.0), tau__m=5 * ms))
    y, _ = layer(torch.ones(20, 1, 3))
    y.sum().backward()
    (learnt,) = layer.parameters()
    assert y.sum() > 0 and learnt.grad is not None and learnt.grad != 0
    again = Spiking(Named(half=learn(1.0), tau__m=9 * ms))
    again.load_state_dict(layer.state_dict())
    assert torch.equal(again(torch.ones(20, 1, 3))[0], y)


def test_a_layer_made_in_inference_mode_works() -> None:
    x = torch.ones(20, 1, 3)
    with torch.inference_mode():
        layer = Spiking(Named(tau__m=5 * ms))
        inside = layer(x)[0]
    assert torch.equal(inside, Spiking(Named(tau__m=5 * ms))(x)[0])

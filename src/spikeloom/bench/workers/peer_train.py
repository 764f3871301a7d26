# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The peers' networks of `spikeloom.bench.train`. Runs in the peers' environment.

All compute h = decay * v + x, a spike where h passes 1, v = h without and 0 after a spike, with
the slope 1 / (1 + |h - 1|)^2 and no gradient through the reset. Time is folded into the batch for
layers without state, and what a constant current passes before the first neurons runs once; only
the neurons see steps. The variants:

eager   each library's own layers (SpikingJelly: its multi-step mode)
last    the same, convolutions with the channels innermost
step    as `last`, with the step of the neurons under torch.compile
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import train_side
from torch import nn
from torch.nn import functional

SPEC, DECAY = train_side.SPEC, train_side.DECAY
COMPILED = SPEC["variant"] == "step"

Step = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""Input and potential to spikes and potential."""


class Unrolled(nn.Module):
    """A step looped over time; with weights, spikes come back through them one step later."""

    def __init__(self, step: Step, neurons: int = 0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(neurons, neurons)) if neurons else None
        self.inner = torch.compile(self.recurring(step) if neurons else step) if COMPILED else None
        self.plain = self.recurring(step) if neurons else step

    @staticmethod
    def recurring(step: Step) -> Any:
        def joined(x: torch.Tensor, v: torch.Tensor, z: torch.Tensor, w: torch.Tensor) -> Any:
            return step(x + functional.linear(z, w), v)

        return joined

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        step = self.inner or self.plain
        z = v = torch.zeros_like(x[0])
        spikes: list[torch.Tensor] = []
        for now in x.unbind(0):
            z, v = step(now, v) if self.weight is None else step(now, v, z, self.weight)
            z = z.to(x.dtype)  # snnTorch's spikes are float32 even in the proof in float64
            spikes.append(z)
        return torch.stack(spikes)


def snntorch(kind: str, *sizes: int) -> nn.Module:
    # It resets at the start of the next step, by the spike of this one: the same sequence. Its
    # RLeaky also drops the input of that step when it resets to zero, so its Leaky is looped.
    from snntorch import Leaky, surrogate

    slope = surrogate.fast_sigmoid(1.0)
    return Unrolled(Leaky(beta=DECAY, reset_mechanism="zero", spike_grad=slope), *sizes)


def spikingjelly(kind: str, *sizes: int) -> nn.Module:
    # Its multi-step mode has a backward pass of its own; a recurrent layer can only be looped.
    from spikingjelly.activation_based import functional as jelly
    from spikingjelly.activation_based import neuron, surrogate

    tau, slope = 1 / (1 - DECAY), surrogate.SuperSpike(1.0)

    def step(x: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return jelly.lif_step(x, v, tau, False, 1.0, 0.0, slope, True)

    if sizes or COMPILED:
        return Unrolled(step, *sizes)
    return neuron.LIFNode(
        tau, decay_input=False, surrogate_function=slope, detach_reset=True, step_mode="m"
    )


def norse(kind: str, *sizes: int) -> nn.Module:
    # Its Euler step weighs the input with 1 - decay (see `scale` below). Its recurrent layers have
    # a synaptic current of one step more, so the step of its box neuron is looped.
    from norse.torch.functional import lif_box

    def detached(z: Any, v: Any, reset: Any, threshold: Any) -> torch.Tensor:
        z = z.detach()
        return (1 - z) * v + z * reset

    values = lif_box.LIFBoxParameters(
        tau_mem_inv=torch.tensor(1 - DECAY), reset_method=detached, alpha=torch.tensor(1.0)
    )

    def step(x: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        z, state = lif_box.lif_box_feed_forward_step(
            x, lif_box.LIFBoxFeedForwardState(v=v), values, 1.0
        )
        return z, state.v

    return Unrolled(step, *sizes)


NEURONS = {"snntorch": snntorch, "spikingjelly": spikingjelly, "norse": norse}[SPEC["side"]]


def make(dtype: torch.dtype) -> tuple[list[nn.Module], train_side.Net]:
    layers = [
        (NEURONS if kind in ("lif", "recurrent") else train_side.torch_layer)(kind, *sizes)
        for kind, *sizes in SPEC["layers"]
    ]
    stateful = [kind in ("lif", "recurrent") for kind, *_ in SPEC["layers"]]
    whole: Any = nn.ModuleList(layers).to(dtype)
    if train_side.LAST:
        whole.to(memory_format=torch.channels_last)

    def net(x: torch.Tensor) -> torch.Tensor:
        for layer in layers:
            if hasattr(layer, "reset"):
                layer.reset()
        steps, constant = len(x), SPEC["constant"]
        y = x[0] if constant else x
        for layer, has_state in zip(layers, stateful, strict=True):
            if has_state:
                y = layer(y.unsqueeze(0).expand(steps, *y.shape) if constant else y)
                constant = False
            elif constant:
                y = layer(y)
            else:
                y = layer(y.flatten(0, 1)).unflatten(0, (steps, -1))
        return y

    return layers, net


if __name__ == "__main__":
    train_side.serve(make, scale=1 / (1 - DECAY) if SPEC["side"] == "norse" else 1.0)

# pyright: reportMissingImports=false
"""Our networks of `spikeloom.bench.train`, built and trained as a user does."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
import train_side
from torch import nn

import spikeloom as sl
from spikeloom.equations import Expr, Surrogate
from spikeloom.equations.units import MOhm, ms, mV
from spikeloom.models.neurons.lif import LIF

SPEC, DECAY = train_side.SPEC, train_side.DECAY


class Cusp(Surrogate):
    """Zenke and Ganguli (2018), as all peers have it: the slope is 1 / (1 + |u|)^2."""

    def soft(self, u: Expr) -> Expr:
        return u / (1 + abs(u))


def layer(kind: str, *sizes: int) -> nn.Module:
    from math import log

    # R makes the exact step v' = decay * v + x: the peers add their input as it is.
    cell = LIF(tau=-1 / log(DECAY) * ms, R=1 / (1 - DECAY) * MOhm, E=0 * mV, theta=1 * mV)
    options: dict[str, Any] = {"dt": 1 * ms, "width": 1 * mV, "through_reset": False}
    if kind == "lif":
        return sl.nn.Spiking(cell, Cusp(), **options)
    if kind == "recurrent":
        return sl.nn.Recurrent(cell, Cusp(), features=sizes[0], **options)
    return train_side.torch_layer(kind, *sizes)


def make(dtype: torch.dtype) -> tuple[list[nn.Module], train_side.Net]:
    layers = [layer(*told) for told in SPEC["layers"]]
    net: Any = sl.nn.Sequential(*layers).to(dtype)
    if any(kind == "conv" for kind, *_ in SPEC["layers"]):
        net = net.to(memory_format=torch.channels_last)
    return layers, lambda x: net(x)[0]


@cache
def operands() -> list[tuple[nn.Conv2d, torch.Tensor, torch.Tensor]]:
    """Each convolution, input and gradient of its output in a training step of the network."""
    found: list[tuple[nn.Conv2d, torch.Tensor, torch.Tensor]] = []
    side = train_side.Side(make, torch.float32, 1.0, False)
    size = tuple(side.x.shape[-2:])
    for kind, *sizes in SPEC["layers"]:
        if kind == "pool":
            size = (size[0] // sizes[0], size[1] // sizes[0])
        if kind == "conv":
            # A constant current passes the first one once.
            count = len(side.labels) * (SPEC["steps"] if found else 1)
            conv: Any = train_side.torch_layer(kind, *sizes)
            conv = conv.to(memory_format=torch.channels_last)
            x = (torch.rand(count, sizes[0], *size) < 0.1).float()
            x = x.to(memory_format=torch.channels_last).requires_grad_(bool(found))
            found.append((conv, x, torch.randn_like(conv(x))))
    return found


def convolutions() -> None:
    """The convolutions of a training step alone, forward and backward."""
    for conv, x, grad in operands():
        x.grad = None
        conv(x).backward(grad)


if __name__ == "__main__":
    train_side.serve(make, transposed=False, convolutions=convolutions)

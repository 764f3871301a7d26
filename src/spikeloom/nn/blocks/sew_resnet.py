"""SEW-ResNet18: the deep spiking network that image benchmarks use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import nn

from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.nn.blocks.residual import SEW, Connect
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.neurons.short import LIF


def sew_resnet18(
    classes: int,
    *,
    channels: int = 3,
    width: int = 64,
    connect: Connect = "add",
    stem: Literal["large", "small"] = "large",
    neuron: Callable[[], nn.Module] | None = None,
) -> Sequential:
    """A ResNet-18 whose blocks join spikes: four stages of two blocks, strides 1, 2, 2, 2.

    Arguments:
        classes: Outputs, scores of each step: read them with ``MembraneMean()``.
        channels: Of the images.
        width: Channels of the first stage, doubled with each further one.
        connect: How shortcuts join, as for `SEW`.
        stem: ``"large"`` begins with a 7 x 7 convolution of stride 2 and a pool, for images of 224
            pixels; ``"small"`` with a 3 x 3 convolution, for those of 32.
        neuron: Makes the neuron layers; None is ``LIF(tau=2 * ms)``.

    Returns:
        A network (time, batch, channels, height, width) -> (time, batch, classes).

    Raises:
        ParameterError: A size below 1, or no such stem.

    Source: Fang, Yu, Chen, Huang, Masquelier & Tian 2021, NeurIPS 34, table 2.

    >>> net = sew_resnet18(10, width=4, stem="small")
    >>> net.names
    ('conv', 'norm', 'neurons', 'block1', 'block2', 'block3', 'block4', 'block5', 'block6', \
'block7', 'block8', 'pool', 'flat', 'out')
    """
    for what, size in (("classes", classes), ("channels", channels), ("width", width)):
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ParameterError(f"sew_resnet18: {what} must be a whole number >= 1, got {size!r}.")
    if stem not in ("large", "small"):
        raise ParameterError(
            f"sew_resnet18: no stem is called {stem!r}.", hint="take 'large' or 'small'"
        )
    make = neuron or (lambda: LIF(tau=2 * ms))
    large = stem == "large"
    layers: dict[str, nn.Module] = {
        "conv": nn.Conv2d(channels, width, 7, 2, 3, bias=False)
        if large
        else nn.Conv2d(channels, width, 3, 1, 1, bias=False),
        "norm": nn.BatchNorm2d(width),
        "neurons": make(),
    }
    if large:
        layers["shrink"] = nn.MaxPool2d(3, 2, 1)
    before = width
    for place in range(8):
        after, stride = width * 2 ** (place // 2), 2 if place in (2, 4, 6) else 1
        layers[f"block{place + 1}"] = _block(before, after, stride, connect, make)
        before = after
    layers |= {
        "pool": nn.AdaptiveAvgPool2d(1),
        "flat": nn.Flatten(),
        "out": nn.Linear(before, classes),
    }
    return Sequential(*layers.values(), names=list(layers))


def _block(
    before: int, after: int, stride: int, connect: Connect, make: Callable[[], nn.Module]
) -> SEW:
    body = Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False),
        nn.BatchNorm2d(after),
        make(),
        nn.Conv2d(after, after, 3, 1, 1, bias=False),
        nn.BatchNorm2d(after),
        make(),
        names=["conv1", "norm1", "neurons1", "conv2", "norm2", "neurons2"],
    )
    if before == after and stride == 1:
        return SEW(body, connect=connect)
    shortcut = Sequential(
        nn.Conv2d(before, after, 1, stride, bias=False),
        nn.BatchNorm2d(after),
        make(),
        names=["conv", "norm", "neurons"],
    )
    return SEW(body, shortcut, connect=connect)

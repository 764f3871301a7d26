"""Convolutions, batch norm and pooling between layers of neurons."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import nn

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.blocks.channels_first import ChannelsFirst
from spikeloom.nn.blocks.fields import Fields
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.train.recipes.architectures.architecture import Neurons, check_share, check_sizes


@dataclass(frozen=True)
class Conv:
    """Stages of convolution, pooling, batch norm and neurons, then weights to the classes.

    A stage pools the currents before the norm and the neurons: the largest current of a patch
    drives one neuron, and only those neurons are computed. Batch norm counts time as more batch
    and has no bias before it. An image shown as a constant current passes the first convolution,
    pool and norm once, not once for each step.

    Arguments:
        channels: Output channels of each stage.
        kernels: Width of each stage's kernel, odd; borders are padded so that the size stays.
        pools: Width of each stage's pool; 1 is none.
        hidden: Neurons of fully connected hidden layers after the stages.
        dropout: Share of the inputs of each fully connected layer left out in training.
        axes: 2 for images (height, width), with axes of channels before them: (channels, height,
            width), or (frames, polarities, height, width) where a network sees all frames of
            an event camera at once. 1 for signals (length,) or (length, channels). So data
            sets hold them.
        fields: ``(channels, neurons)``: the last channels of a signal are single numbers, each told
            by so many neurons besides (see `spikeloom.nn.Fields`); () is none.

    Raises:
        ParameterError: Sizes that do not fit each other.

    >>> Conv(channels=(16, 32), kernels=(5, 3), pools=(2, 2))
    Conv(channels=(16, 32), kernels=(5, 3), pools=(2, 2), hidden=(), dropout=0.0, axes=2, fields=())
    """

    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    pools: tuple[int, ...]
    hidden: tuple[int, ...] = ()
    dropout: float = 0.0
    axes: int = 2
    fields: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("channels", "kernels", "pools", "hidden", "fields"):
            check_sizes("Conv", name, getattr(self, name))
        check_share("Conv", "dropout", self.dropout)
        stages = len(self.channels)
        if not stages or len(self.kernels) != stages or len(self.pools) != stages:
            raise ParameterError(
                f"Conv: every stage needs channels, a kernel and a pool, got {self!r}.",
                hint="three tuples of the same length: channels=(16, 32), kernels=(3, 3), "
                "pools=(2, 2)",
            )
        if any(width % 2 == 0 for width in self.kernels):
            raise ParameterError(
                f"Conv: kernels must be odd, got {self.kernels}.",
                hint="an even kernel has no centre to keep the size",
            )
        if self.fields and (len(self.fields) != 2 or self.axes != 1):
            raise ParameterError(
                f"Conv: fields are two numbers, and for signals (axes=1) alone, got {self!r}.",
                hint="fields=(2, 8): eight neurons for each of the last two channels",
            )
        if self.axes not in (1, 2):
            raise ParameterError(f"Conv: axes must be 1 or 2, got {self.axes!r}.")

    def build(self, shape: tuple[int, ...], classes: int, neurons: Neurons) -> Sequential:
        """Layers ``conv1, pool1, norm1, hidden1, ..., flat, weights1, ..., output``.

        Raises:
            ShapeError: The samples are no images (or signals), or smaller than the pools.
        """
        what = "images (height, width)" if self.axes == 2 else "signals (length,)"
        most = self.axes + (2 if self.axes == 2 else 1)
        if not self.axes <= len(shape) <= most:
            raise ShapeError(
                f"Conv: samples must be {what}, with channels or without, got {shape}.",
                hint=f"axes={self.axes} counts the axes of space",
            )
        layers: dict[str, nn.Module] = {}
        if len(shape) == self.axes:
            layers["channel"] = nn.Unflatten(1, (1, shape[0]))
            shape = (1, *shape)
        elif self.axes == 1:
            layers["channels"] = ChannelsFirst()
            shape = shape[::-1]
        elif len(shape) == most:
            layers["channels"] = nn.Flatten(1, 2)
            shape = (shape[0] * shape[1], *shape[2:])
        before, space = shape[0], shape[1:]
        if self.fields:
            if before <= self.fields[0]:
                raise ShapeError(
                    f"Conv: fields={self.fields} of samples with {before} channels leave no signal."
                )
            layers["fields"] = Fields(*self.fields)
            before += prod(self.fields)
        convolution, pooling, norm = _KINDS[self.axes]
        stages = zip(self.channels, self.kernels, self.pools, strict=True)
        for place, (after, kernel, pool) in enumerate(stages, start=1):
            layers[f"conv{place}"] = convolution(
                before, after, kernel, padding=kernel // 2, bias=False
            )
            if pool > 1:
                layers[f"pool{place}"] = pooling(pool)
                space = tuple(size // pool for size in space)
            layers[f"norm{place}"] = norm(after)
            layers[f"hidden{place}"] = neurons.hidden_layer()
            before = after
        if not prod(space):
            raise ShapeError(
                f"Conv: samples of {shape} are smaller than the pools {self.pools} together.",
                hint="take smaller pools, or fewer",
            )
        layers["flat"] = nn.Flatten()
        sizes = [before * prod(space), *self.hidden, classes]
        for place in range(1, len(sizes)):
            if self.dropout:
                layers[f"dropout{place}"] = nn.Dropout(self.dropout)
            layers[f"weights{place}"] = nn.Linear(sizes[place - 1], sizes[place])
            if place < len(sizes) - 1:
                layers[f"hidden{len(self.channels) + place}"] = neurons.hidden_layer()
        layers["output"] = neurons.output_layer()
        net = Sequential(*layers.values(), names=list(layers))
        # Convolutions of torch are up to twice as fast on CPUs with the channels innermost.
        inner: Any = {"memory_format": torch.channels_last}
        return net.to(**inner) if self.axes == 2 else net


_KINDS = {
    1: (nn.Conv1d, nn.MaxPool1d, nn.BatchNorm1d),
    2: (nn.Conv2d, nn.MaxPool2d, nn.BatchNorm2d),
}

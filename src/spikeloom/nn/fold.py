"""Stateless torch modules over a block of time: fold time into batch, call, unfold."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.channels_first import ChannelsFirst
from spikeloom.nn.pooling import pool

PER_SAMPLE = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.Flatten,
    nn.Identity,
    nn.ReLU,
    nn.AvgPool1d,
    nn.AvgPool2d,
    nn.MaxPool1d,
    nn.MaxPool2d,
    nn.Unflatten,
    ChannelsFirst,
)
"""Modules whose answer to one sample depends on nothing else: no batch statistics, no chance.

For an input that does not change in time they need to run only once.
"""
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
"""Of a batch of two or more they too: the mean and the variance of all its steps are those of one
of them (n / (n - 1) in the running variance aside)."""


def is_constant(x: Tensor) -> bool:
    """Whether all time steps of a block are the same memory, as `ConstantCurrent` makes them.

    >>> import torch
    >>> is_constant(torch.zeros(2, 3).expand(5, 2, 3)), is_constant(torch.zeros(5, 2, 3))
    (True, False)
    """
    return x.shape[0] > 1 and x.stride(0) == 0


def apply_folded(name: str, layer: nn.Module, x: Tensor) -> Tensor:
    """Call a stateless module on (time, batch, *features) as if time were more batch.

    An input that is the same at every step goes through a per-sample module once; the result
    is again a view that repeats one step.

    Arguments:
        name: Name of the layer, for messages.
        layer: Any torch module with the call ``y = layer(x)``.
        x: Input (time, batch, *features).

    Returns:
        Output (time, batch, *features).

    Raises:
        ShapeError: The features or their precision do not fit the layer.
        ParameterError: The module gives more than a tensor.
    """
    check_features(name, layer, x)
    steps, batch = x.shape[:2]
    once = type(layer) in PER_SAMPLE or (type(layer) in NORMS and batch > 1)
    if once and is_constant(x):
        y = run_layer(layer, x[0])
        return y.unsqueeze(0).expand(steps, *y.shape)
    y = run_layer(layer, x.flatten(0, 1))
    if not isinstance(y, Tensor):
        raise ParameterError(
            f"{name}: {type(layer).__name__} gives {type(y).__name__}, not one tensor.",
            hint="wrap it in a module that returns its output alone",
        )
    return y.unflatten(0, (steps, batch))


def run_layer(layer: nn.Module, x: Tensor) -> Any:
    """Call a stateless module on (batch, *features); pooling by our own kernels where they can."""
    pooled = pool(layer, x)
    return layer(x) if pooled is None else pooled


def check_features(name: str, layer: nn.Module, x: Tensor) -> None:
    """Compare the features of a block with what a linear or convolution layer takes.

    Raises:
        ShapeError: With the shape that was expected, the shape that came, and the likely reason.
    """
    if isinstance(layer, nn.Linear):
        want, axis, rank = layer.in_features, -1, None
    elif isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        rank = 2 + len(layer.kernel_size) + 1
        want, axis = layer.in_channels, 2
    else:
        return
    if x.dtype != layer.weight.dtype and not torch.is_autocast_enabled():
        raise ShapeError(
            f"{name}: the input is {x.dtype}, the weights are {layer.weight.dtype}.",
            hint="bring both to one precision: x.float(), or net.double()",
        )
    came = tuple(x.shape)
    if (rank is None or len(came) == rank) and came[axis] == want:
        return
    shape = f"(time, batch, {want})" if rank is None else _conv_shape(want, rank)
    raise ShapeError(
        f"{name}: {type(layer).__name__} input must be {shape}, got {came}.",
        hint=_likely_reason(want, came),
    )


def _conv_shape(channels: int, rank: int) -> str:
    space = ("depth", "height", "width")[6 - rank :] if rank < 6 else ("depth", "height", "width")
    return f"(time, batch, {', '.join((str(channels), *space))})"


def _likely_reason(want: int, came: tuple[int, ...]) -> str:
    size = 1
    for n in came[2:]:
        size *= n
    if len(came) > 3 and size == want:
        return "put torch.nn.Flatten() before this layer"
    if want in came[:2]:
        return "time comes first, features last: did you pass the axes in another order?"
    return "the layer before gives another number of features than this one takes"

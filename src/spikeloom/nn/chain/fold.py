"""Stateless torch modules over a block of time: fold time into batch, call, unfold."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.blocks.channels_first import ChannelsFirst
from spikeloom.nn.blocks.fields import Fields
from spikeloom.nn.blocks.pooling import pool
from spikeloom.nn.chain.convolve import convolution
from spikeloom.nn.chain.sparse import linear
from spikeloom.nn.lengths import valid_steps
from spikeloom.nn.neurons.held import held, hold
from spikeloom.nn.weights import WEIGHT_LAYERS, own_type

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
    Fields,
)
"""Modules whose answer to one sample depends on nothing else: no batch statistics, no chance.

For an input that does not change in time they need to run only once.
"""
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
"""Of a batch of two or more they too: the mean and the variance of all its steps are those of one
of them (n / (n - 1) in the running variance aside)."""
STEPWISE = (
    *PER_SAMPLE,
    *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d),
    *(nn.LayerNorm, nn.GroupNorm, nn.Sigmoid, nn.Tanh, nn.GELU, nn.SiLU),
)
"""Modules whose answer to one sample does not depend on other samples: padding may pass through."""
SPARSE = 0.75
"""Below this share of valid steps the padding is left out before weights are multiplied."""


def is_constant(x: Tensor) -> bool:
    """Whether all time steps of a block are the same memory, as `ConstantCurrent` makes them.

    >>> import torch
    >>> is_constant(torch.zeros(2, 3).expand(5, 2, 3)), is_constant(torch.zeros(5, 2, 3))
    (True, False)
    """
    return x.shape[0] > 1 and x.stride(0) == 0


def apply_folded(name: str, layer: nn.Module, x: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Call a stateless module on (time, batch, *features) as if time were more batch.

    An input that is the same at every step goes through a per-sample module once; the result
    is again a view that repeats one step. With lengths, a module that looks at the whole batch,
    such as a batch norm, gets the valid steps alone.

    Arguments:
        name: Name of the layer, for messages.
        layer: Any torch module with the call ``y = layer(x)``.
        x: Input (time, batch, *features).
        lengths: Valid steps of each sample (batch,), or None for all.

    Returns:
        Output (time, batch, *features); with lengths it may hold anything in the padding.

    Raises:
        ShapeError: The features or their precision do not fit the layer.
        ParameterError: The module gives more than a tensor.
    """
    check_features(name, layer, x)
    steps, batch = x.shape[:2]
    kind = own_type(layer)
    once = kind in PER_SAMPLE or (kind in NORMS and batch > 1 and lengths is None)
    if once and is_constant(x):
        step = held(x)
        return hold(run_layer(layer, x[0] if step is None else step), steps)
    rows = None if lengths is None else _valid_rows(kind, x, lengths)
    flat = x.flatten(0, 1)
    y = run_layer(layer, flat if rows is None else taken(flat, rows))
    if not isinstance(y, Tensor):
        raise ParameterError(
            f"{name}: {type(layer).__name__} gives {type(y).__name__}, not one tensor.",
            hint="wrap it in a module that returns its output alone",
        )
    if rows is not None:
        y = put_back(y, rows, steps * batch)
    return y.unflatten(0, (steps, batch))


def run_layer(layer: nn.Module, x: Tensor) -> Any:
    """Call a stateless module on (batch, *features); by our own kernels where they can."""
    found = pool(layer, x)
    if found is None:
        found = linear(layer, x)
    if found is None:
        found = convolution(layer, x)
    return layer(x) if found is None else found


def _valid_rows(kind: type[nn.Module], x: Tensor, lengths: Tensor) -> Tensor | None:
    """Which rows of time * batch a module should see; None for all of them."""
    if kind in STEPWISE:
        if not issubclass(kind, WEIGHT_LAYERS) or torch.compiler.is_compiling():
            return None
        if int(lengths.sum()) >= SPARSE * x.shape[0] * x.shape[1]:
            return None
    return valid_steps(lengths, x.shape[0]).flatten().nonzero().squeeze(1)


def taken(flat: Tensor, rows: Tensor) -> Tensor:
    """Some rows, in the memory format of all of them."""
    if flat.dim() == 4 and flat.is_contiguous(memory_format=torch.channels_last):
        return flat.permute(0, 2, 3, 1).index_select(0, rows).permute(0, 3, 1, 2)
    return flat.index_select(0, rows)


def put_back(y: Tensor, rows: Tensor, count: int) -> Tensor:
    """Rows in their old places, zeros between them, in the memory format of the rows."""
    if y.dim() == 4 and y.is_contiguous(memory_format=torch.channels_last):
        return put_back(y.permute(0, 2, 3, 1), rows, count).permute(0, 3, 1, 2)
    return y.new_zeros((count, *y.shape[1:])).index_copy(0, rows, y)


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
    precision = next(layer.parameters()).dtype
    if x.dtype != precision and not torch.is_autocast_enabled(x.device.type):
        raise ShapeError(
            f"{name}: the input is {x.dtype}, the weights are {precision}.",
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

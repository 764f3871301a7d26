"""Torch's pooling layers over a block of time, by our own kernels where they give the same bits."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from spikeloom.engines.cpu import pooling
from spikeloom.nn.neurons.eager import traced

POOLED = (nn.AvgPool2d, nn.MaxPool2d)


def pool(layer: nn.Module, x: Tensor) -> Tensor | None:
    """Pool (batch, channels, height, width), or None where torch has to do it.

    Ours: windows of 2, 3 or 4 that touch each other, no padding, dense rows in main memory. Torch's
    own kernels take as long for this as a convolution, and keep the whole input and 64 bits for
    each maximum; ours keep nothing, or one byte.

    >>> pool(nn.AvgPool2d(2), torch.arange(8.0).reshape(1, 1, 2, 4))
    tensor([[[[2.5000, 4.5000]]]])
    """
    size = _window(layer)
    if size is None or x.dim() != 4 or traced((x,)) or x.device.type != "cpu":
        return None
    if x.dtype not in (torch.float32, torch.float64) or not x.is_contiguous():
        return None
    if min(x.shape[2:]) < size or layer._forward_hooks or layer._forward_pre_hooks:
        return None
    return (Mean if type(layer) is nn.AvgPool2d else Largest).apply(x, size)


def _window(layer: Any) -> int | None:
    """Width of the windows, if they are square and touch each other."""
    kind = type(layer)
    if kind not in POOLED or layer.ceil_mode:
        return None
    sizes = (*_pair(layer.kernel_size), *_pair(layer.stride))
    if len(set(sizes)) != 1 or sizes[0] not in pooling.SIZES or any(_pair(layer.padding)):
        return None
    plain = (
        layer.divisor_override is None
        if kind is nn.AvgPool2d
        else not layer.return_indices and set(_pair(layer.dilation)) == {1}
    )
    return sizes[0] if plain else None


def _pair(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value, value)


def _planes(x: Tensor) -> Any:
    return x.detach().reshape(-1, *x.shape[2:]).numpy()


class Mean(torch.autograd.Function):
    """``apply(x, size)``: the mean of each window."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: int) -> Tensor:
        ctx.size, ctx.shape = size, x.shape
        return _forward("mean", x, size)[0]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return Spread.apply(grads[0], ctx.size, ctx.shape), None


class Spread(torch.autograd.Function):
    """The adjoint of `Mean`, which is linear: so its own adjoint is `Mean` again."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, size: int, shape: torch.Size) -> Tensor:
        ctx.size = size
        return _backward("mean_back", grad, size, shape, None)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        return Mean.apply(grads[0].contiguous(), ctx.size), None, None


class Largest(torch.autograd.Function):
    """``apply(x, size)``: the largest of each window, the first of several."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: int) -> Tensor:
        y, places = _forward("max", x, size)
        ctx.size, ctx.shape = size, x.shape
        ctx.save_for_backward(places)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (places,) = ctx.saved_tensors
        return Back.apply(grads[0], places, ctx.size, ctx.shape), None


class Back(torch.autograd.Function):
    """The adjoint of `Largest` for given places."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, places: Tensor, size: int, shape: torch.Size) -> Tensor:
        ctx.size = size
        ctx.save_for_backward(places)
        return _backward("max_back", grad, size, shape, places)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        (places,), size = ctx.saved_tensors, ctx.size
        rows, columns = places.shape[-2:]
        given = grads[0][..., : rows * size, : columns * size]
        windows = given.unflatten(-1, (columns, size)).unflatten(-3, (rows, size))
        flat = windows.transpose(-3, -2).flatten(-2)
        return flat.gather(-1, places.long().unsqueeze(-1)).squeeze(-1), None, None, None


def _forward(kind: Any, x: Tensor, size: int) -> tuple[Tensor, Tensor]:
    y = x.new_empty(*x.shape[:2], x.shape[2] // size, x.shape[3] // size)
    places = torch.empty(y.shape if kind == "max" else (0,), dtype=torch.uint8)
    found = _planes(places) if kind == "max" else None
    pooling.run(kind, size, _planes(x), _planes(y), found, torch.get_num_threads())
    return y, places


def _backward(
    kind: Any, grad: Tensor, size: int, shape: torch.Size, places: Tensor | None
) -> Tensor:
    whole = shape[2] % size == 0 and shape[3] % size == 0
    wide = grad.new_empty(shape) if whole else grad.new_zeros(shape)
    given = None if places is None else _planes(places)
    planes = _planes(grad.contiguous())
    pooling.run(kind, size, _planes(wide), planes, given, torch.get_num_threads())
    return wide

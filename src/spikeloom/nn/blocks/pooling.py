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
    last = not x.is_contiguous()
    if last and not x.is_contiguous(memory_format=torch.channels_last):
        return None
    if x.dtype not in (torch.float32, torch.float64):
        return None
    if min(x.shape[2:]) < size or layer._forward_hooks or layer._forward_pre_hooks:
        return None
    return (Mean if type(layer) is nn.AvgPool2d else Largest).apply(x, size, last)


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


class Mean(torch.autograd.Function):
    """``apply(x, size, last)``: the mean of each window; `last` where channels are innermost."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: int, last: bool) -> Tensor:
        ctx.size, ctx.shape, ctx.last = size, x.shape, last
        return _forward("mean", x, size, last)[0]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        return Spread.apply(grads[0], ctx.size, ctx.shape, ctx.last), None, None


class Spread(torch.autograd.Function):
    """The adjoint of `Mean`, which is linear: so its own adjoint is `Mean` again."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, size: int, shape: torch.Size, last: bool) -> Tensor:
        ctx.size, ctx.last = size, last
        return _backward("mean_back", grad, size, shape, None, last)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        grad = _in_order(grads[0], ctx.last)
        return Mean.apply(grad, ctx.size, ctx.last), None, None, None


class Largest(torch.autograd.Function):
    """``apply(x, size, last)``: the largest of each window, the first of several."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: int, last: bool) -> Tensor:
        y, places = _forward("max", x, size, last)
        ctx.size, ctx.shape, ctx.last = size, x.shape, last
        ctx.save_for_backward(places)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (places,) = ctx.saved_tensors
        return Back.apply(grads[0], places, ctx.size, ctx.shape, ctx.last), None, None


class Back(torch.autograd.Function):
    """The adjoint of `Largest` for given places."""

    @staticmethod
    def forward(
        ctx: Any, grad: Tensor, places: Tensor, size: int, shape: torch.Size, last: bool
    ) -> Tensor:
        ctx.size = size
        ctx.save_for_backward(places)
        return _backward("max_back", grad, size, shape, places, last)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (places,), size = ctx.saved_tensors, ctx.size
        rows, columns = places.shape[-2:]
        given = grads[0][..., : rows * size, : columns * size]
        windows = given.unflatten(-1, (columns, size)).unflatten(-3, (rows, size))
        flat = windows.transpose(-3, -2).flatten(-2)
        found = flat.gather(-1, places.long().unsqueeze(-1)).squeeze(-1)
        return found, None, None, None, None


def _forward(kind: Any, x: Tensor, size: int, last: bool) -> tuple[Tensor, Tensor]:
    shape = (*x.shape[:2], x.shape[2] // size, x.shape[3] // size)
    y = _empty(shape, x.dtype, last)
    places = _empty(shape if kind == "max" else (0, 0, 0, 0), torch.uint8, last)
    found = _planes(places, last) if kind == "max" else None
    threads = torch.get_num_threads()
    pooling.run(kind, size, _planes(x, last), _planes(y, last), found, threads, last)
    return y, places


def _backward(
    kind: Any, grad: Tensor, size: int, shape: torch.Size, places: Tensor | None, last: bool
) -> Tensor:
    wide = _empty(tuple(shape), grad.dtype, last)
    if shape[2] % size or shape[3] % size:
        wide.zero_()
    given = None if places is None else _planes(places, last)
    narrow = _planes(_in_order(grad, last), last)
    threads = torch.get_num_threads()
    pooling.run(kind, size, _planes(wide, last), narrow, given, threads, last)
    return wide


def _empty(shape: tuple[int, ...], dtype: torch.dtype, last: bool) -> Tensor:
    return torch.empty(shape, dtype=dtype, memory_format=_format(last))


def _in_order(x: Tensor, last: bool) -> Tensor:
    return x.contiguous(memory_format=_format(last))


def _format(last: bool) -> torch.memory_format:
    return torch.channels_last if last else torch.contiguous_format


def _planes(x: Tensor, last: bool) -> Any:
    """Images with the channels innermost, or one plane after another, as the kernels take them."""
    plain = x.detach()
    return (plain.permute(0, 2, 3, 1) if last else plain.reshape(-1, *x.shape[2:])).numpy()

"""Convolutions that few spikes reach: forward and weights at the cost of the spikes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv2d_input, conv2d_weight

from spikeloom.engines.cpu import convolve as engine
from spikeloom.nn.chain.few import may_be_ours
from spikeloom.nn.saving.kept import Bits, Kept
from spikeloom.nn.saving.known import few_spikes, value

SHARE = 0.25
"""Largest part of the input that may be spikes; dense convolutions win from about 0.3."""
LARGEST = 7
"""Widest weights."""


def convolution(layer: nn.Module, x: Tensor) -> Tensor | None:
    """A convolution of spikes (rows, channels, height, width), or None where torch's is better.

    Ours: square weights that move by one, an input of 0 and one other number, channels innermost.
    Sums run in another order than torch's, so results differ from its by rounding.

    >>> _ = torch.manual_seed(0)
    >>> x, layer = (torch.rand(64, 16, 20, 20) < 0.1).float(), nn.Conv2d(16, 32, 3, padding=1)
    >>> x = x.to(memory_format=torch.channels_last)
    >>> y = convolution(layer, x)
    >>> y is not None and torch.allclose(y, layer(x), atol=1e-5)
    True
    """
    if type(layer) is not nn.Conv2d or x.dim() != 4 or not may_be_ours(layer, x, layer.weight):
        return None
    if not _simple(layer) or not x.is_contiguous(memory_format=torch.channels_last):
        return None
    size, padding = layer.kernel_size[0], int(layer.padding[0])
    if min(x.shape[2:]) + 2 * padding < size:
        return None
    bits = few_spikes(x, SHARE)
    if bits is None:
        return None
    y = SpikeConvolution.apply(x, layer.weight, bits, padding)
    return y if layer.bias is None else y.add_(layer.bias.view(-1, 1, 1))


def _simple(layer: nn.Conv2d) -> bool:
    size, padding = set(layer.kernel_size), layer.padding
    if isinstance(padding, str) or layer.padding_mode != "zeros" or layer.groups != 1:
        return False
    square = len(size) == len(set(padding)) == 1 and max(size) <= LARGEST
    return square and {*layer.stride, *layer.dilation} == {1} and padding[0] < layer.kernel_size[0]


class SpikeConvolution(torch.autograd.Function):
    """``apply(x, weight, bits, padding)``: x (rows, channels, height, width), also as bits."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bits: Bits, padding: int) -> Tensor:
        rows, channels, height, width = x.shape
        size, outputs = weight.shape[-1], len(weight)
        more = 2 * padding - size + 1
        full = (rows, outputs, height + more, width + more)
        y = torch.empty(full, dtype=x.dtype, memory_format=torch.channels_last)
        planes = y.permute(0, 2, 3, 1)
        mirrored = (weight.detach() * value(bits)).flip(2, 3).permute(1, 2, 3, 0).contiguous()
        shape, threads = (height, width, channels), torch.get_num_threads()
        engine.product(bits.bits, mirrored.numpy(), planes.numpy(), shape, padding, threads)
        # Torch unpacks all or none of what it keeps, and the dense input is hardly ever asked for.
        ctx.save_for_backward(x, weight)
        ctx.bits, ctx.weight, ctx.shape, ctx.padding = bits, Kept.of(weight), x.shape, padding
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        grad, (wants_x, wants_weight, *_) = grads[0], ctx.needs_input_grad
        shape, padding, to_x, to_weight = ctx.shape, ctx.padding, None, None
        if torch.is_grad_enabled():  # create_graph=True: torch differentiates this again
            x, weight = ctx.saved_tensors
            if wants_x:
                to_x = functional.conv_transpose2d(grad, weight, padding=padding)
            if wants_weight:
                to_weight = conv2d_weight(x, list(weight.shape), grad, padding=padding)
            return to_x, to_weight, None, None
        weight = ctx.weight.get()
        grad = grad.contiguous(memory_format=torch.channels_last)
        if wants_x:
            to_x = conv2d_input(list(shape), weight, grad, padding=padding)
        if wants_weight:
            planes, size = grad.permute(0, 2, 3, 1).numpy(), weight.shape[-1]
            inside = (shape[2], shape[3], shape[1])
            found = engine.gradient(
                ctx.bits.bits, planes, size, inside, padding, torch.get_num_threads()
            )
            to_weight = torch.from_numpy(found).mul_(value(ctx.bits)).permute(3, 0, 1, 2).flip(2, 3)
        return to_x, to_weight, None, None

"""Linear layers that few spikes reach: the cost is that of the spikes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeloom.engines.cpu import sparse
from spikeloom.nn.chain.few import may_be_ours
from spikeloom.nn.saving.kept import Bits, Kept
from spikeloom.nn.saving.known import few_spikes, value

SHARE = 0.15
"""Largest part of an input that may be other than zero; dense products win from about 0.3."""
LOOKED_AT = 1 << 14
"""Numbers that are looked at to estimate that part, where they are more than two."""
NARROW = 32
"""Most outputs for which the gradient at the inputs is a sum of so few rows, not torch's product:
that is made for squarer matrices."""
LINE = 64
"""Numbers side by side that are looked at together: reading one reads its neighbours."""


def linear(layer: nn.Module, x: Tensor) -> Tensor | None:
    """A linear layer on spikes (rows, inputs), or None where torch's dense product is the better.

    Sums run in another order than torch's, so results differ from its by rounding.

    >>> _ = torch.manual_seed(0)
    >>> x, layer = (torch.rand(2048, 128) < 0.02).float(), nn.Linear(128, 64)
    >>> y = linear(layer, x)
    >>> y is not None and torch.allclose(y, layer(x), atol=1e-5)
    True
    """
    if type(layer) is not nn.Linear or x.dim() != 2 or not may_be_ours(layer, x, layer.weight):
        return None
    if not x.is_contiguous():
        return None
    bits = few_spikes(x, SHARE)
    if bits is None and not _sparse(x.detach().reshape(-1)):
        return None
    return SparseLinear.apply(x, layer.weight, layer.bias, bits)


def _sparse(x: Tensor) -> bool:
    """Whether few of the numbers are other than zero."""
    lines = x[: x.numel() // LINE * LINE].view(-1, LINE)
    some = lines[:: max(x.numel() // LOOKED_AT, 1) | 1]
    return int(some.count_nonzero()) <= SHARE * some.numel()


class SparseLinear(torch.autograd.Function):
    """``apply(x, weight, bias, bits)``: x (rows, inputs), weight (outputs, inputs).

    Arguments:
        x, weight, bias: As of `nn.Linear`; the bias may be None.
        bits: x as bits, if it holds only 0 and one other number.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, bits: Bits | None
    ) -> Tensor:
        # Torch unpacks all or none of what it keeps, and of bits the numbers are hardly asked for.
        ctx.save_for_backward(x, weight)
        ctx.bits, ctx.weight = bits, Kept.of(weight)
        turned, threads = _whole(weight.detach().t()), torch.get_num_threads()
        if bits is None:
            found = sparse.product(x.detach().numpy(), turned.numpy(), threads)
        else:
            one = value(bits)
            turned = turned if one == 1.0 else turned * one
            found = sparse.product(bits.bits, turned.numpy(), threads, len(x))
        y = torch.from_numpy(found)
        if y.shape[1] != len(weight):
            y = y[:, : len(weight)].clone(memory_format=torch.contiguous_format)
        return y if bias is None else y.add_(bias.detach())

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        grad, (wants_x, wants_weight, wants_bias, _) = grads[0], ctx.needs_input_grad
        bits: Bits | None = ctx.bits
        again = torch.is_grad_enabled()  # create_graph=True: torch differentiates this again
        saved: Any = (None, ctx.weight.get()) if bits and not again else ctx.saved_tensors
        x, weight = saved
        to_x = None
        if wants_x:
            to_x = grad @ weight if again else _to_inputs(grad, weight)
        to_bias = grad.sum(0) if wants_bias else None
        if not wants_weight:
            return to_x, None, to_bias, None
        if again:
            return to_x, grad.t() @ x, to_bias, None
        given, threads = _whole(grad).numpy(), torch.get_num_threads()
        if bits is None:
            found = torch.from_numpy(sparse.gradient(x.contiguous().numpy(), given, threads))
        else:
            inputs = weight.shape[1]
            found = torch.from_numpy(sparse.gradient(bits.bits, given, threads, inputs))
            one = value(bits)
            found = found if one == 1.0 else found.mul_(one)
        return to_x, found[:, : weight.shape[0]].t(), to_bias, None


def _to_inputs(grad: Tensor, weight: Tensor) -> Tensor:
    """Gradient (rows, outputs) times weight (outputs, inputs)."""
    dtype = str(grad.dtype).removeprefix("torch.")
    if len(weight) > NARROW or sparse.missing(weight.shape[1], dtype):
        return grad @ weight
    given, rows = grad.contiguous().numpy(), weight.detach().contiguous().numpy()
    return torch.from_numpy(sparse.product(given, rows, torch.get_num_threads()))


def _whole(rows: Tensor) -> Tensor:
    """With zeros behind each row that make its vectors whole, contiguous."""
    more = sparse.missing(rows.shape[1], str(rows.dtype).removeprefix("torch."))
    return functional.pad(rows, (0, more)) if more else rows.contiguous()

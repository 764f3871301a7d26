"""Linear layers that few spikes reach: the cost is that of the spikes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeloom.engines.cpu import sparse
from spikeloom.nn.neurons.eager import traced

SMALLEST = 1 << 18
"""Numbers of an input below which torch's dense product takes no time worth saving."""
SHARE = 0.1
"""Largest part of an input that may be other than zero; dense products win from about 0.3."""
LOOKED_AT = 1 << 16
"""Numbers that are looked at to estimate that part."""


def linear(layer: nn.Module, x: Tensor) -> Tensor | None:
    """A linear layer on spikes (rows, inputs), or None where torch's dense product is the better.

    Sums run in another order than torch's, so results differ from its by rounding.

    >>> _ = torch.manual_seed(0)
    >>> x, layer = (torch.rand(2048, 128) < 0.02).float(), nn.Linear(128, 64)
    >>> y = linear(layer, x)
    >>> y is not None and torch.allclose(y, layer(x), atol=1e-5)
    True
    """
    if type(layer) is not nn.Linear or x.dim() != 2 or x.numel() < SMALLEST:
        return None
    weight = layer.weight
    if x.dtype not in (torch.float32, torch.float64) or weight.dtype != x.dtype:
        return None
    if not (x.is_contiguous() and x.device.type == weight.device.type == "cpu"):
        return None
    if traced((x, weight)) or _watched(layer) or torch.is_autocast_enabled("cpu"):
        return None
    some = x.detach().reshape(-1)[:: max(x.numel() // LOOKED_AT, 1) | 1]
    if int(some.count_nonzero()) > SHARE * some.numel():
        return None
    y = SparseLinear.apply(x, weight)
    return y if layer.bias is None else y.add_(layer.bias)


def _watched(layer: nn.Module) -> bool:
    """Whether hooks, function transforms or forward-mode gradients must see torch's own call."""
    if layer._forward_hooks or layer._forward_pre_hooks:
        return True
    if layer._backward_hooks or layer._backward_pre_hooks:
        return True
    torch_c: Any = torch._C
    transformed = torch_c._functorch.peek_interpreter_stack() is not None
    return transformed or torch.autograd.forward_ad._current_level >= 0


class SparseLinear(torch.autograd.Function):
    """``apply(x, weight)``: x (rows, inputs) times the transpose of weight (outputs, inputs)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        turned = _whole(weight.detach().t()).numpy()
        found = sparse.product(x.detach().numpy(), turned, torch.get_num_threads())
        y = torch.from_numpy(found)
        # No view: the bias is added in place.
        return (
            y
            if y.shape[1] == len(weight)
            else y[:, : len(weight)].clone(memory_format=torch.contiguous_format)
        )

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        grad, (wants_x, wants_weight) = grads[0], ctx.needs_input_grad
        to_x = grad @ weight if wants_x else None
        if not wants_weight:
            return to_x, None
        if torch.is_grad_enabled():  # create_graph=True: torch differentiates this again
            return to_x, grad.t() @ x
        given = _whole(grad).numpy()
        found = sparse.gradient(x.contiguous().numpy(), given, torch.get_num_threads())
        return to_x, torch.from_numpy(found)[:, : len(weight)].t()


def _whole(rows: Tensor) -> Tensor:
    """With zeros behind each row that make its vectors whole, contiguous."""
    more = sparse.missing(rows.shape[1], str(rows.dtype).removeprefix("torch."))
    return functional.pad(rows, (0, more)) if more else rows.contiguous()

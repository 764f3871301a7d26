"""Axons with delays through the CPU engine, forward and backward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from spikeloom.engines.cpu import delayed
from spikeloom.nn.neurons.eager import End, traced


def fits(full: Tensor, *others: Tensor) -> bool:
    """Whether the CPU engine takes the call."""
    known = full.dtype in (torch.float32, torch.float64)
    return full.device.type == "cpu" and known and not traced((full, *others))


def shift(
    full: Tensor, before: Tensor, near: Tensor, far: Tensor, depth: int, past: bool
) -> Tensor:
    """``y_f[t] = near_f x_f[t - n_f] + far_f x_f[t - n_f - 1]``.

    Arguments:
        full: Input with its past (depth + time, batch, F).
        before: Whole steps n (F,), from 0 to depth - 1.
        near, far: Weights (F,) in the precision of the input.
        depth: Steps of the past.
        past: Whether the past has a gradient.

    Returns:
        Output (time, batch, F).

    >>> x = torch.tensor([0.0, 0, 1, 0, 0, 0]).reshape(6, 1, 1)
    >>> n, one = torch.tensor([1]), torch.ones(1)
    >>> shift(x, n, 2 * one, 3 * one, 2, False).flatten().tolist()
    [0.0, 2.0, 3.0, 0.0]
    """
    return Shift.apply(full.contiguous(), before, near, far, depth, past)


class Shift(torch.autograd.Function):
    """See `shift`."""

    @staticmethod
    def forward(
        ctx: Any, full: Tensor, before: Tensor, near: Tensor, far: Tensor, depth: int, past: bool
    ) -> Tensor:
        """The sums."""
        out = full.new_empty((full.shape[0] - depth, *full.shape[1:]))
        _shift(full, depth - 1 - before, far, near, out)
        ctx.save_for_backward(full, before, near, far)
        ctx.depth, ctx.past = depth, past
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        """The same sums backwards in time, and products for the weights."""
        with torch.no_grad():
            found = Shift.adjoint(ctx, *grads)
        if not torch.is_grad_enabled():
            return found
        return End.apply(torch.zeros((), requires_grad=True), *found)

    @staticmethod
    def adjoint(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        """Gradients in the order of the arguments."""
        full, before, near, far = ctx.saved_tensors
        depth, to_x, to_near, to_far = ctx.depth, None, None, None
        if ctx.needs_input_grad[0]:
            empty = grad.new_zeros((depth, *grad.shape[1:]))
            above = torch.cat([empty, grad, empty] if ctx.past else [grad, empty])
            to_x = torch.zeros_like(full)
            made = to_x if ctx.past else to_x[depth:]
            _shift(above, before, near, far, made)
        if ctx.needs_input_grad[2] or ctx.needs_input_grad[3]:
            first, up = (depth - 1 - before).numpy(), grad.contiguous().numpy()
            pair = delayed.weigh(full.numpy(), first, up, torch.get_num_threads())
            to_far, to_near = (torch.from_numpy(a) for a in pair)
        return to_x, None, to_near, to_far, None, None


def _shift(given: Tensor, first: Tensor, near: Tensor, far: Tensor, out: Tensor) -> None:
    x, n, a, b = (t.detach().contiguous().numpy() for t in (given, first, near, far))
    delayed.shift(x, n, a, b, out.numpy(), torch.get_num_threads())

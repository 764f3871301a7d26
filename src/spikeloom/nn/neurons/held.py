"""A block of time that repeats one step, and the way back to that step without T gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from spikeloom.nn.neurons.eager import traced


def hold(y: Tensor, steps: int) -> Tensor:
    """One step (batch, *features) as a view of so many steps; `held` finds the step again.

    Arguments:
        y: The step.
        steps: T, at least 1.

    >>> y = torch.ones(2, 3, requires_grad=True)
    >>> x = hold(y, 5)
    >>> x.shape, held(x) is y
    (torch.Size([5, 2, 3]), True)
    """
    torch_c: Any = torch._C
    if not (torch.is_grad_enabled() and y.requires_grad) or traced((y,)):
        return y.unsqueeze(0).expand(steps, *y.shape)
    if torch_c._functorch.peek_interpreter_stack() is not None:
        return y.unsqueeze(0).expand(steps, *y.shape)
    return Hold.apply(y, steps)


def held(x: Tensor) -> Tensor | None:
    """The step that `hold` repeated, or None for any other tensor.

    Whoever takes it instead of the block spares a gradient of T equal shapes and its sum.
    """
    if torch.compiler.is_compiling():
        return None
    node: Any = x.grad_fn
    return node.source if type(node) is _NODE and node.shape == x.shape else None


def one_step(x: Tensor) -> Tensor:
    """A block of one step where all its steps are one that a layer before held; else itself."""
    step = held(x)
    return x if step is None else step.unsqueeze(0)


class Hold(torch.autograd.Function):
    """``apply(y, steps)``: y at every step."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, steps: int) -> Tensor:
        x = y.unsqueeze(0).expand(steps, *y.shape)
        ctx.source, ctx.shape = y, x.shape
        return x

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0].sum(0), None


_NODE: Any = getattr(Hold, "_backward_cls")  # noqa: B009  (torch does not declare it)
"""The class of the nodes that torch makes for `Hold`."""

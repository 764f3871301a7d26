"""All of time at once: blocks of steps side by side, until no state between them changes.

A run of T steps is cut into blocks that are computed together, as if they were more batch. Only
the first block knows the state that it starts from; the others start from a guess, and in the next
pass from where the block before them has ended. When a pass starts every block from the very bits
that the block before it ends with, the blocks are one run, with the spikes, states and rounding of
one step after another. A neuron that leaks and is reset forgets, so a few passes are enough,
whatever the number of blocks. The adjoint, from block to block backwards, is found in the same way.

What is gained is width, where a device has more of it than there are neurons.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from spikeloom.nn.neurons import kernel
from spikeloom.nn.neurons.eager import Call, End, Scan
from spikeloom.nn.neurons.pieces import PATIENCE, SEGMENT


def scan_in_blocks(
    call: Call, steps: int, state: Tensor, *tensors: Tensor
) -> tuple[Tensor, Tensor]:
    """As ``Scan.apply(call, state, *tensors)``, in blocks of that many steps.

    Arguments:
        call: What does not change between forward and backward.
        steps: Steps of a block, a multiple of `SEGMENT`; what is left over is run after them.
        state: First states (S, B, F).
        tensors: Inputs (T, B, F), then learnt coefficients.
    """
    count = len(call.driven)
    inputs, coefs = tensors[:count], tensors[count:]
    whole = inputs[0].shape[0] // steps * steps
    call = replace(call, every=call.every and SEGMENT, steps=whole)
    out, after = Blocks.apply(call, steps, state, *(x[:whole] for x in inputs), *coefs)
    if whole == inputs[0].shape[0]:
        return out, after
    left = replace(call, steps=inputs[0].shape[0] - whole)
    rest, after = Scan.apply(left, after, *(x[whole:] for x in inputs), *coefs)
    return torch.cat([out, rest]), after


class Blocks(torch.autograd.Function):
    """``Blocks.apply(call, steps, state, *inputs, *learnt coefficients) -> (out, last states)``."""

    @staticmethod
    def forward(
        ctx: Any, call: Call, steps: int, state: Tensor, *tensors: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Pass after pass, until every block starts where the one before it ends."""
        inputs, coefs = call.split(tensors)
        number = inputs[call.driven[0]].shape[0] // steps
        side = {name: _fold(x, number) for name, x in inputs.items()}
        state = state.detach()
        starts = state.unsqueeze(1).expand(-1, number, -1, -1)
        for _ in range(min(number, PATIENCE)):
            out, after, kept = kernel.forward(
                call.program, call.engine, side, starts.flatten(1, 2), coefs, call.every
            )
            ends = after.unflatten(1, starts.shape[1:3])
            following = torch.cat([state.unsqueeze(1), ends[:, :-1]], 1)
            if _same_bits(following, starts):
                out, after = _unfold(out, number), ends[:, -1].contiguous()
                kept = _unfold(kept.transpose(1, 2), number).transpose(1, 2) if call.every else kept
                break
            starts = following
        else:  # such neurons remember for longer than a block: step by step, then
            out, after, kept = kernel.forward(
                call.program, call.engine, inputs, state, coefs, call.every
            )
        if call.every:
            ctx.call, ctx.number = call, number
            ctx.save_for_backward(kept, *tensors)
            ctx.set_materialize_grads(False)
        return out, after

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        """See `Scan.backward`."""
        with torch.no_grad():
            found = _adjoint(ctx, *grads)
        if not torch.is_grad_enabled():
            return found
        return End.apply(torch.zeros((), requires_grad=True), *found)


def _adjoint(ctx: Any, grad_out: Tensor | None, grad_state: Tensor | None) -> tuple[Any, ...]:
    """Gradients in the order of the arguments of `Blocks.forward`."""
    call, number = ctx.call, ctx.number
    kept, *tensors = ctx.saved_tensors
    inputs, coefs = call.split(tuple(tensors))
    if grad_out is None:
        grad_out = torch.zeros_like(tensors[0])
    if grad_state is None:
        grad_state = torch.zeros_like(kept[0])
    wanted, count = ctx.needs_input_grad[3:], len(call.driven)
    want = {
        "want_inputs": tuple(n for n, w in zip(call.driven, wanted[:count], strict=True) if w),
        "want_coefs": tuple(n for n, w in zip(call.learnt, wanted[count:], strict=True) if w),
    }
    side = {name: _fold(x, number) for name, x in inputs.items()}
    beside = _fold(kept.transpose(1, 2), number).transpose(1, 2)
    above = _fold(grad_out, number)
    ends = torch.zeros_like(grad_state).unsqueeze(1).repeat(1, number, 1, 1)
    ends[:, -1] = grad_state
    for _ in range(min(number, PATIENCE)):
        to_inputs, to_state, to_coefs = kernel.backward(
            call.program, call.engine, side, beside, coefs, call.every,
            (above, ends.flatten(1, 2)), **want,
        )  # fmt: skip
        starts = to_state.unflatten(1, ends.shape[1:3])
        following = torch.cat([starts[:, 1:], grad_state.unsqueeze(1)], 1)
        if _same_bits(following, ends):
            to_inputs = {n: _unfold(g, number) for n, g in to_inputs.items()}
            to_state = starts[:, 0]
            break
        ends = following
    else:
        to_inputs, to_state, to_coefs = kernel.backward(
            call.program, call.engine, inputs, kept, coefs, call.every,
            (grad_out, grad_state), **want,
        )  # fmt: skip
    found = [to_inputs.get(n) for n in call.driven]
    return (None, None, to_state, *found, *(to_coefs.get(n) for n in call.learnt))


def _fold(x: Tensor, number: int) -> Tensor:
    """(number * L, B, ...) -> (L, number * B, ...), block after block side by side.

    >>> _fold(torch.arange(4).reshape(4, 1), 2).tolist()
    [[0, 2], [1, 3]]
    """
    steps = x.shape[0] // number
    if x.stride(0) == 0:  # the same at each step, and a view still
        return x[0].repeat(number, *(1 for _ in x.shape[2:])).expand(steps, -1, *x.shape[2:])
    return x.unflatten(0, (number, steps)).transpose(0, 1).flatten(1, 2)


def _unfold(x: Tensor, number: int) -> Tensor:
    """The inverse of `_fold`.

    >>> _unfold(torch.tensor([[0, 2], [1, 3]]), 2).tolist()
    [[0], [1], [2], [3]]
    """
    return x.unflatten(1, (number, -1)).transpose(0, 1).flatten(0, 1)


def _same_bits(a: Tensor, b: Tensor) -> bool:
    """Equality that also holds for NaN, and tells 0 from -0."""
    kind = torch.int32 if a.dtype == torch.float32 else torch.int64
    return torch.equal(a.contiguous().view(kind), b.contiguous().view(kind))

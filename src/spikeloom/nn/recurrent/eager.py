"""Joined neurons for plain eager torch, with less overhead than a registered operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from spikeloom.nn.neurons.eager import Call, End
from spikeloom.nn.neurons.kernel import Array
from spikeloom.nn.recurrent import kernel


@dataclass(frozen=True, eq=False)
class RecurrentCall(Call):
    """What does not change between forward and backward.

    Arguments:
        into: Input that the recurrent current is added to.
        delays: Steps from a spike to its effect for each source, int64.
    """

    into: str
    delays: Array


class RecurrentScan(torch.autograd.Function):
    """``apply(call, state, past, weight, *inputs, *learnt coefficients) -> (out, last states)``."""

    @staticmethod
    def forward(
        ctx: Any, call: RecurrentCall, state: Tensor, past: Tensor, weight: Tensor, *tensors: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `spikeloom.nn.recurrent.op.recur`."""
        inputs, coefs = call.split(tensors)
        out, after, kept, bits = kernel.forward(
            call.program, call.engine, inputs, state, past, weight, coefs,
            call.into, call.delays, call.every,
        )  # fmt: skip
        if call.every:
            ctx.call = call
            ctx.save_for_backward(kept, bits, weight, *tensors)
            ctx.set_materialize_grads(False)
        return out, after

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        """See `spikeloom.nn.recurrent.op.recur_backward`."""
        with torch.no_grad():
            found = RecurrentScan.adjoint(ctx, *grads)
        if not torch.is_grad_enabled():
            return found
        return End.apply(torch.zeros((), requires_grad=True), *found)  # create_graph=True

    @staticmethod
    def adjoint(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        """Gradients in the order of the arguments of `forward`."""
        call: RecurrentCall = ctx.call
        grad_out, grad_state = grads
        kept, bits, weight, *tensors = ctx.saved_tensors
        inputs, coefs = call.split(tuple(tensors))
        if grad_out is None:
            grad_out = torch.zeros_like(tensors[0], memory_format=torch.contiguous_format)
        wanted, count = ctx.needs_input_grad[4:], len(call.driven)
        to_inputs, to_state, to_past, to_coefs, to_weight = kernel.backward(
            call.program, call.engine, inputs, kept, bits, weight, coefs,
            call.into, call.delays, call.every, (grad_out, grad_state),
            want_inputs=tuple(n for n, w in zip(call.driven, wanted[:count], strict=True) if w),
            want_coefs=tuple(n for n, w in zip(call.learnt, wanted[count:], strict=True) if w),
            want_weight=ctx.needs_input_grad[3],
        )  # fmt: skip
        found = [to_inputs.get(n) for n in call.driven]
        rest = (to_coefs.get(n) for n in call.learnt)
        return (None, to_state, to_past, to_weight, *found, *rest)

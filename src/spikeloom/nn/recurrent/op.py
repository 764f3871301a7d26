"""The torch operation behind a recurrent layer, for compilers; the same as `eager` otherwise."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from spikeloom.nn.neurons.eager import no_way_back
from spikeloom.nn.neurons.kernel import arrays, read_program
from spikeloom.nn.neurons.op import given_inputs
from spikeloom.nn.recurrent import kernel


@torch.library.custom_op("spikeloom::recur", mutates_args=())
def recur(
    inputs: list[Tensor],
    state: Tensor,
    past: Tensor,
    weight: Tensor,
    coefs: list[Tensor],
    delays: Tensor,
    program: str,
    driven: str,
    into: str,
    engine: str,
    every: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Run a Program over time, its neurons joined.

    Arguments:
        inputs: One tensor (T, B, F) for each name in `driven`.
        state: States before the first step, (S, B, F).
        past: Spikes of the last D steps before the first, oldest first, (D, B, F).
        weight: Row of weights for each source, (F, F).
        coefs: One float64 tensor, () or (F,), for each coefficient of the Program.
        delays: Steps from a spike to its effect for each source, (F,) int64, at most D.
        program: Text of the Program.
        driven: Names of the inputs that are given, joined by commas; all others are zero.
        into: Input that the recurrent current is added to.
        engine: ``cpu`` or ``reference``.
        every: Steps between the states kept for the backward pass; 0 keeps none.

    Returns:
        Spikes (T, B, F), last states (S, B, F), kept states (K, S, B, F), kept spikes (uint8).
    """
    what = read_program(program)
    return kernel.forward(
        what, engine, given_inputs(driven, inputs), state, past, weight,
        arrays(what.coefs, coefs), into, delays.numpy(), every,
    )  # fmt: skip


@recur.register_fake
def _(
    inputs: list[Tensor],
    state: Tensor,
    past: Tensor,
    weight: Tensor,
    coefs: list[Tensor],
    delays: Tensor,
    program: str,
    driven: str,
    into: str,
    engine: str,
    every: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    steps, batch, features = inputs[0].shape
    count = max((steps + every - 1) // every, 1) if every else 0
    out = torch.empty_like(inputs[0], memory_format=torch.contiguous_format)
    shape = kernel.bits_shape(engine, past.shape[0] + steps, batch, features)
    bits = state.new_empty(shape, dtype=torch.uint8)
    return out, torch.empty_like(state), state.new_empty((count, *state.shape)), bits


@torch.library.custom_op("spikeloom::recur_backward", mutates_args=())
def recur_backward(
    inputs: list[Tensor],
    kept: Tensor,
    bits: Tensor,
    weight: Tensor,
    coefs: list[Tensor],
    delays: Tensor,
    grad_out: Tensor,
    grad_state: Tensor,
    depth: int,
    program: str,
    driven: str,
    into: str,
    engine: str,
    every: int,
    want_inputs: bool,
    want_coefs: list[bool],
    want_weight: bool,
) -> list[Tensor]:
    """The adjoint of `recur`.

    Returns:
        Gradient of each input if wanted, of the first states, of the past spikes, of each wanted
        coefficient, and of the weights if wanted.
    """
    del depth
    what, given = read_program(program), given_inputs(driven, inputs)
    to_inputs, to_state, to_past, to_coefs, to_weight = kernel.backward(
        what, engine, given, kept, bits, weight, arrays(what.coefs, coefs), into, delays.numpy(),
        every, (grad_out, grad_state),
        want_inputs=tuple(given) if want_inputs else (),
        want_coefs=tuple(n for n, w in zip(what.coefs, want_coefs, strict=True) if w),
        want_weight=want_weight,
    )  # fmt: skip
    found = [*to_inputs.values(), to_state, to_past, *to_coefs.values()]
    return found if to_weight is None else [*found, to_weight]


@recur_backward.register_fake
def _(
    inputs: list[Tensor],
    kept: Tensor,
    bits: Tensor,
    weight: Tensor,
    coefs: list[Tensor],
    delays: Tensor,
    grad_out: Tensor,
    grad_state: Tensor,
    depth: int,
    program: str,
    driven: str,
    into: str,
    engine: str,
    every: int,
    want_inputs: bool,
    want_coefs: list[bool],
    want_weight: bool,
) -> list[Tensor]:
    grads = [torch.empty_like(x, memory_format=torch.contiguous_format) for x in inputs]
    past = grad_out.new_empty((depth, *grad_out.shape[1:]))
    found = [*(grads if want_inputs else []), torch.empty_like(grad_state), past]
    found += [torch.empty_like(c) for c, w in zip(coefs, want_coefs, strict=True) if w]
    return [*found, torch.empty_like(weight)] if want_weight else found


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    xs, _, past, weight, coefs, delays, program, driven, into, engine, every = inputs
    ctx.n_inputs = len(xs)
    ctx.save_for_backward(*xs, output[2], output[3], weight, delays, *coefs)
    ctx.options = (past.shape[0], program, driven, into, engine, every)
    ctx.mark_non_differentiable(output[2], output[3])
    ctx.set_materialize_grads(True)


def _backward(
    ctx: Any, grad_out: Tensor, grad_state: Tensor, _: Tensor, __: Tensor
) -> tuple[Any, ...]:
    count = ctx.n_inputs
    saved = list(ctx.saved_tensors)
    xs, (kept, bits, weight, delays), coefs = (
        saved[:count],
        saved[count : count + 4],
        saved[count + 4 :],
    )
    if not ctx.options[-1]:
        raise no_way_back()
    want_inputs = any(x.requires_grad for x in xs)
    want_coefs = [c.requires_grad for c in coefs]
    grads = recur_backward(
        xs, kept, bits, weight, coefs, delays, grad_out, grad_state,
        *ctx.options, want_inputs, want_coefs, weight.requires_grad,
    )  # fmt: skip
    waiting = iter(grads)
    to_inputs = [next(waiting) if want_inputs else None for _ in xs]
    to_state, to_past = next(waiting), next(waiting)
    to_coefs = [next(waiting) if wanted else None for wanted in want_coefs]
    to_weight = next(waiting) if weight.requires_grad else None
    return to_inputs, to_state, to_past, to_weight, to_coefs, *(None,) * 6


recur.register_autograd(_backward, setup_context=_setup)

"""The torch operation behind every neuron layer: T steps of a Program, with its exact backward.

The Program travels with the call as its own text, so that the operation needs no registry and works
in any process that torch sends a graph to. Without a compiler in play `spikeloom.nn.neurons.eager`
does the same with less overhead.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from spikeloom.nn.neurons import kernel
from spikeloom.nn.neurons.eager import no_way_back


def given_inputs(driven: str, inputs: list[Tensor]) -> dict[str, Tensor]:
    """Inputs by the names in `driven`."""
    return dict(zip(driven.split(","), inputs, strict=True)) if driven else {}


@torch.library.custom_op("spikeloom::scan", mutates_args=())
def scan(
    inputs: list[Tensor],
    state: Tensor,
    coefs: list[Tensor],
    program: str,
    driven: str,
    engine: str,
    every: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Run a Program over time.

    Arguments:
        inputs: One tensor (T, B, F) for each name in `driven`.
        state: States before the first step, (S, B, F).
        coefs: One float64 tensor, () or (F,), for each coefficient of the Program.
        program: Text of the Program.
        driven: Names of the inputs that are given, joined by commas; all others are zero.
        engine: ``cpu``, ``gpu`` or ``reference``.
        every: Steps between the states kept for the backward pass; 0 keeps none.

    Returns:
        Outputs (T, B, F), last states (S, B, F), kept states (K, S, B, F).
    """
    what = kernel.read_program(program)
    given, numbers = given_inputs(driven, inputs), kernel.arrays(what.coefs, coefs, engine)
    return kernel.forward(what, engine, given, state, numbers, every)


@scan.register_fake
def _(
    inputs: list[Tensor],
    state: Tensor,
    coefs: list[Tensor],
    program: str,
    driven: str,
    engine: str,
    every: int,
) -> tuple[Tensor, Tensor, Tensor]:
    steps = inputs[0].shape[0]
    count = max((steps + every - 1) // every, 1) if every else 0
    out = torch.empty_like(inputs[0], memory_format=torch.contiguous_format)
    return out, torch.empty_like(state), state.new_empty((count, *state.shape))


@torch.library.custom_op("spikeloom::scan_backward", mutates_args=())
def scan_backward(
    inputs: list[Tensor],
    kept: Tensor,
    coefs: list[Tensor],
    grad_out: Tensor,
    grad_state: Tensor,
    program: str,
    driven: str,
    engine: str,
    every: int,
    want_inputs: bool,
    want_coefs: list[bool],
) -> list[Tensor]:
    """The adjoint of `scan`.

    Returns:
        Gradient of each input if wanted, of the first states, and of each wanted coefficient.
    """
    what, given = kernel.read_program(program), given_inputs(driven, inputs)
    to_inputs, to_state, to_coefs = kernel.backward(
        what,
        engine,
        given,
        kept,
        kernel.arrays(what.coefs, coefs, engine),
        every,
        (grad_out, grad_state),
        want_inputs=tuple(given) if want_inputs else (),
        want_coefs=tuple(n for n, w in zip(what.coefs, want_coefs, strict=True) if w),
    )
    return [*to_inputs.values(), to_state, *to_coefs.values()]


@scan_backward.register_fake
def _(
    inputs: list[Tensor],
    kept: Tensor,
    coefs: list[Tensor],
    grad_out: Tensor,
    grad_state: Tensor,
    program: str,
    driven: str,
    engine: str,
    every: int,
    want_inputs: bool,
    want_coefs: list[bool],
) -> list[Tensor]:
    grads = [torch.empty_like(x, memory_format=torch.contiguous_format) for x in inputs]
    grads = [*(grads if want_inputs else []), torch.empty_like(grad_state)]
    return grads + [torch.empty_like(c) for c, w in zip(coefs, want_coefs, strict=True) if w]


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    xs, _, coefs, program, driven, engine, every = inputs
    ctx.n_inputs = len(xs)
    ctx.save_for_backward(*xs, output[2], *coefs)
    ctx.options = (program, driven, engine, every)
    ctx.set_materialize_grads(True)


def _backward(ctx: Any, grad_out: Tensor, grad_state: Tensor, _: Tensor) -> tuple[Any, ...]:
    n_inputs = ctx.n_inputs
    saved = list(ctx.saved_tensors)
    xs, kept, coefs = saved[:n_inputs], saved[n_inputs], saved[n_inputs + 1 :]
    program, driven, engine, every = ctx.options
    want_inputs = any(x.requires_grad for x in xs)
    want_coefs = [c.requires_grad for c in coefs]
    if not every:
        raise no_way_back()
    grads = scan_backward(
        xs, kept, coefs, grad_out, grad_state,
        program, driven, engine, every, want_inputs, want_coefs,
    )  # fmt: skip
    to_inputs = grads[:n_inputs] if want_inputs else [None] * n_inputs
    rest = grads[n_inputs if want_inputs else 0 :]
    waiting = iter(rest[1:])
    to_coefs = [next(waiting) if wanted else None for wanted in want_coefs]
    return list(to_inputs), rest[0], to_coefs, None, None, None, None


scan.register_autograd(_backward, setup_context=_setup)

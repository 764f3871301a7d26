"""The torch operation behind every neuron layer: T steps of a Program, with its exact backward.

The Program travels with the call as its own text, so that the operation needs no registry and works
in any process that torch sends a graph to.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from spikeloom.compile.program import Program
from spikeloom.errors import EngineError

if TYPE_CHECKING:
    from spikeloom.engines.cpu import CPU
    from spikeloom.engines.reference import Reference

read_program = lru_cache(maxsize=256)(Program.from_json)


def _engine(name: str, dtype: torch.dtype) -> CPU | Reference:
    if name == "reference":
        from spikeloom.engines.reference import Reference

        return Reference()
    if dtype not in (torch.float32, torch.float64):
        raise EngineError(
            f"neuron layer: the cpu engine computes in float32 or float64, got {dtype}.",
            hint="convert the input with .float() first",
        )
    from spikeloom.engines.cpu import CPU

    kind = "float32" if dtype == torch.float32 else "float64"
    return CPU(dtype=kind, threads=torch.get_num_threads())


def _arrays(names: tuple[str, ...], tensors: list[Tensor]) -> dict[str, Any]:
    return {n: t.detach().numpy() for n, t in zip(names, tensors, strict=True)}


def _given(driven: str) -> tuple[str, ...]:
    return tuple(driven.split(",")) if driven else ()


def _tensor(array: np.ndarray[Any, Any], like: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).to(like.dtype)


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
        engine: ``cpu`` or ``reference``.
        every: Steps between the states kept for the backward pass; 0 keeps none.

    Returns:
        Outputs (T, B, F), last states (S, B, F), kept states (K, S, B, F).
    """
    what, names = read_program(program), _given(driven)
    out = torch.empty_like(inputs[0], memory_format=torch.contiguous_format)
    result = _engine(engine, state.dtype).forward(
        what,
        _arrays(what.coefs, coefs),
        _arrays(names, [x.contiguous() for x in inputs]),
        state.contiguous().numpy(),
        inputs[0].shape[0],
        checkpoint_every=every or None,
        out=out.numpy(),
    )
    kept = state.new_empty((0, *state.shape))
    if result.checkpoints is not None:
        kept = _tensor(result.checkpoints, state)
    return out, _tensor(result.state, state), kept


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
    count = (steps + every - 1) // every if every else 0
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
    what, names = read_program(program), _given(driven)
    asked = tuple(n for n, wanted in zip(what.coefs, want_coefs, strict=True) if wanted)
    result = _engine(engine, kept.dtype).backward(
        what,
        _arrays(what.coefs, coefs),
        _arrays(names, [x.contiguous() for x in inputs]),
        kept.contiguous().numpy(),
        every,
        grad_out.contiguous().numpy(),
        grad_state.contiguous().numpy(),
        want_inputs=names if want_inputs else (),
        want_coefs=asked,
    )
    grads = [_tensor(result.inputs[n], kept) for n in names] if want_inputs else []
    grads.append(_tensor(result.state, kept))
    shapes = dict(zip(what.coefs, coefs, strict=True))
    for name in asked:
        grads.append(_like(torch.from_numpy(np.asarray(result.coefs[name])), shapes[name]))
    return grads


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


def _like(grad: Tensor, coef: Tensor) -> Tensor:
    """A coefficient that all neurons share collects the gradients of all of them."""
    return (grad.sum() if coef.dim() == 0 else grad).to(coef.dtype)


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
        raise EngineError(
            "neuron layer: its forward ran without gradients, so there is nothing to go back to.",
            hint="call the layer outside torch.no_grad() and torch.inference_mode()",
        )
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

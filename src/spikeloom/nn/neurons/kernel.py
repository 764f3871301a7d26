"""Tensors into an engine and out again: what the torch operation and the eager path share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor

from spikeloom.compile.program import Program
from spikeloom.errors import EngineError
from spikeloom.nn.neurons import on_device

if TYPE_CHECKING:
    from spikeloom.engines.cpu import CPU
    from spikeloom.engines.reference import Reference

Array = np.ndarray[Any, np.dtype[Any]]

read_program = lru_cache(maxsize=256)(Program.from_json)


def engine_for(name: str, dtype: torch.dtype) -> CPU | Reference:
    """The engine of a layer, with as many threads as torch uses."""
    if name == "reference":
        from spikeloom.engines.reference import Reference

        return Reference()
    if dtype not in (torch.float32, torch.float64):
        raise EngineError(
            f"neuron layer: the cpu engine computes in float32 or float64, got {dtype}.",
            hint="convert the input with .float() first",
        )
    return _cpu("float32" if dtype == torch.float32 else "float64", torch.get_num_threads())


def recurrent_engine(name: str, dtype: torch.dtype) -> tuple[Any, Any]:
    """The functions of an engine for neurons that drive each other, and the engine."""
    if name == "reference":
        from spikeloom.engines.reference import recurrent
    else:
        from spikeloom.engines.cpu import recurrent
    return recurrent, engine_for(name, dtype)


@lru_cache(maxsize=16)
def _cpu(dtype: Any, threads: int) -> CPU:
    from spikeloom.engines.cpu import CPU

    return CPU(dtype=dtype, threads=threads)


def arrays(
    names: Sequence[str], tensors: Sequence[Tensor], engine: str = "cpu"
) -> dict[str, Array]:
    """Name → the numbers of a tensor, not copied; for the GPU engine the tensor itself."""
    plain = (t.detach() for t in tensors)
    return {
        n: cast(Array, t) if engine == "gpu" else t.numpy()
        for n, t in zip(names, plain, strict=True)
    }


def forward(
    program: Program,
    engine: str,
    inputs: Mapping[str, Tensor],
    state: Tensor,
    coefs: Mapping[str, Array],
    every: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs (T, B, F), last states (S, B, F) and kept states (K, S, B, F)."""
    if engine == "gpu":
        return on_device.forward(program, inputs, state, coefs, every)
    first = next(iter(inputs.values()))
    out = torch.empty_like(first, memory_format=torch.contiguous_format)
    given = {n: over_time(x) for n, x in inputs.items()}
    result = engine_for(engine, state.dtype).forward(
        program,
        coefs,
        given,
        state.detach().contiguous().numpy(),
        first.shape[0],
        checkpoint_every=every or None,
        out=out.numpy(),
    )
    kept = result.checkpoints
    if kept is None:
        return out, tensor(result.state, state), state.new_empty((0, *state.shape))
    return out, tensor(result.state, state), tensor(kept, state)


def backward(
    program: Program,
    engine: str,
    inputs: Mapping[str, Tensor],
    kept: Tensor,
    coefs: Mapping[str, Array],
    every: int,
    grads: tuple[Tensor, Tensor | None],
    *,
    want_inputs: tuple[str, ...],
    want_coefs: tuple[str, ...],
    constant: tuple[str, ...] = (),
) -> tuple[dict[str, Tensor], Tensor, dict[str, Tensor]]:
    """Gradients of the wanted inputs, of the first states, and of the wanted coefficients.

    Arguments:
        program, engine, inputs, coefs, every: As in `forward`.
        kept: What `forward` kept.
        grads: Gradient at the outputs (T, B, F), and at the last states (S, B, F) or None.
        want_inputs, want_coefs: Names whose gradient is asked for.
        constant: Inputs that are one step at all times; their gradient (1, B, F) is summed over it.
    """
    constant = tuple(n for n in constant if n in want_inputs)
    if engine == "gpu":
        to_inputs, to_state, to_coefs = on_device.backward(
            program, inputs, kept, coefs, every, grads, want_inputs, want_coefs
        )
        summed = {n: to_inputs[n].sum(0, keepdim=True) for n in constant}
        return {**to_inputs, **summed}, to_state, to_coefs
    grad_out, grad_state = grads
    given = {n: over_time(x) for n, x in inputs.items()}
    result = engine_for(engine, kept.dtype).backward(
        program,
        coefs,
        given,
        kept.contiguous().numpy(),
        every,
        grad_out.contiguous().numpy(),
        None if grad_state is None else grad_state.contiguous().numpy(),
        want_inputs=want_inputs,
        want_coefs=want_coefs,
        constant=constant,
    )
    to_coefs = {
        # A coefficient that all neurons share collects the gradients of all of them.
        n: torch.from_numpy(np.asarray(g if coefs[n].ndim else g.sum()))
        for n, g in result.coefs.items()
    }
    to_inputs = {n: tensor(g, kept) for n, g in result.inputs.items()}
    return to_inputs, tensor(result.state, kept), to_coefs


def over_time(x: Tensor) -> Array:
    """The numbers of (T, B, F); steps may lie anywhere, so that a constant input is not copied."""
    x = x.detach()
    return (x if len(x) == 0 or x[0].is_contiguous() else x.contiguous()).numpy()


def at_every(x: Tensor, steps: int) -> Tensor:
    """An input of one step as one of so many, all of them the same memory."""
    return x if len(x) == steps else x.expand(steps, *x.shape[1:])


def tensor(array: Array, like: Tensor) -> Tensor:
    """An array as a tensor in the precision of another."""
    return torch.from_numpy(np.ascontiguousarray(array)).to(like.dtype)

"""Tensors into an engine and out again, for joined neurons."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from spikeloom.compile.program import Program
from spikeloom.engines.recurrence import Recurrence
from spikeloom.nn.neurons.kernel import Array, over_time, recurrent_engine, tensor

WORD = 64
"""The native engine keeps spikes in words of so many bits."""


def bits_shape(engine: str, steps: int, batch: int, features: int) -> tuple[int, int, int]:
    """Shape of what an engine keeps of the spikes of so many steps, uint8."""
    row = features if engine == "reference" else max(-(-features // WORD), 1) * WORD // 8
    return steps, batch, row


def forward(
    program: Program,
    engine: str,
    inputs: Mapping[str, Tensor],
    state: Tensor,
    past: Tensor,
    weight: Tensor,
    coefs: Mapping[str, Array],
    into: str,
    delays: Array,
    every: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Spikes (T, B, F), last states (S, B, F), kept states (K, S, B, F) and kept spikes (uint8)."""
    first = next(iter(inputs.values()))
    out = torch.empty_like(first, memory_format=torch.contiguous_format)
    functions, chosen = recurrent_engine(engine, state.dtype)
    result = functions.forward(
        chosen,
        program,
        coefs,
        {n: over_time(x) for n, x in inputs.items()},
        state.detach().contiguous().numpy(),
        past.detach().numpy(),
        first.shape[0],
        Recurrence(weight.detach().numpy(), into, delays),
        every=every,
        out=out.numpy(),
    )
    kept = result.checkpoints
    held = state.new_empty((0, *state.shape)) if kept is None else tensor(kept, state)
    bits = torch.from_numpy(result.bits.view(np.uint8))
    return out, tensor(result.state, state), held, bits


def backward(
    program: Program,
    engine: str,
    inputs: Mapping[str, Tensor],
    kept: Tensor,
    bits: Tensor,
    weight: Tensor,
    coefs: Mapping[str, Array],
    into: str,
    delays: Array,
    every: int,
    grads: tuple[Tensor, Tensor | None],
    *,
    want_inputs: tuple[str, ...],
    want_coefs: tuple[str, ...],
    want_weight: bool,
) -> tuple[dict[str, Tensor], Tensor, Tensor, dict[str, Tensor], Tensor | None]:
    """Gradients of the wanted inputs, first states, past spikes, wanted coefficients and weights.

    Arguments:
        program, engine, inputs, weight, coefs, into, delays, every: As in `forward`.
        kept, bits: What `forward` kept.
        grads: Gradient at the spikes (T, B, F), and at the last states (S, B, F) or None.
        want_inputs, want_coefs: Names whose gradient is asked for.
        want_weight: Whether that of the weights is.
    """
    grad_out, grad_state = grads
    functions, chosen = recurrent_engine(engine, kept.dtype)
    fired = bits.numpy()
    result = functions.backward(
        chosen,
        program,
        coefs,
        {n: over_time(x) for n, x in inputs.items()},
        kept.contiguous().numpy(),
        every,
        fired.view(np.bool_) if engine == "reference" else fired,
        grad_out.contiguous().numpy(),
        None if grad_state is None else grad_state.contiguous().numpy(),
        Recurrence(weight.detach().numpy(), into, delays),
        want_inputs=want_inputs,
        want_coefs=want_coefs,
        want_weight=want_weight,
    )
    to_coefs = {
        n: torch.from_numpy(np.asarray(g if coefs[n].ndim else g.sum()))
        for n, g in result.coefs.items()
    }
    to_inputs = {n: tensor(g, kept) for n, g in result.inputs.items()}
    to_weight = None if result.weight is None else tensor(result.weight, kept)
    return to_inputs, tensor(result.state, kept), tensor(result.past, kept), to_coefs, to_weight

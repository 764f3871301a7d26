"""What a delay remembers: the last steps of its input, as a state that goes in and comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from spikeloom.errors import ParameterError, ShapeError


def check_block(who: str, x: Any) -> None:
    """Raise unless the input is a floating (time, batch, *features)."""
    if not isinstance(x, Tensor):
        raise ParameterError(
            f"{who}: input must be a torch tensor, got {type(x).__name__}.",
            hint="convert it: torch.as_tensor(x)",
        )
    if x.dim() < 3:
        raise ShapeError(
            f"{who}: input must be (time, batch, *features), got {tuple(x.shape)}.",
            hint="time comes first; for one sample write x[:, None]",
        )
    if not x.is_floating_point():
        raise ShapeError(
            f"{who}: input must be floating point, got {x.dtype}.", hint="convert it: x.float()"
        )


def with_past(who: str, x: Tensor, state: Mapping[str, Any] | None, depth: int) -> Tensor:
    """The input with the steps before it in front: (depth + time, batch, *features).

    Arguments:
        who: Name of the layer, for messages.
        x: Input (time, batch, *features).
        state: ``{"past": (batch, depth, *features)}``, or None for silence.
        depth: Steps to look back.

    Raises:
        ParameterError: No state of such a layer.
        ShapeError: Of another batch, depth or features.

    >>> with_past("layer", torch.ones(1, 1, 1), None, 2)[:, 0, 0].tolist()
    [0.0, 0.0, 1.0]
    """
    if state is None:
        return torch.cat([x.new_zeros((depth, *x.shape[1:])), x])
    past = state.get("past") if isinstance(state, Mapping) and len(state) == 1 else None
    if not isinstance(past, Tensor):
        raise ParameterError(
            f"{who}: the state must hold one tensor, 'past'.",
            hint="give what the layer gave, y, state = layer(x); None is a fresh start",
        )
    shape = (x.shape[1], depth, *x.shape[2:])
    if past.shape != shape:
        raise ShapeError(
            f"{who}: state 'past' must be (batch, steps, *features) = {shape}, "
            f"got {tuple(past.shape)}.",
            hint="a state belongs to one batch: start the next one with state=None",
        )
    return torch.cat([past.transpose(0, 1).to(x.dtype), x])


def last_steps(full: Tensor, depth: int, lengths: Tensor | None = None) -> dict[str, Tensor]:
    """The state after a block: the last steps of each sample.

    Arguments:
        full: What `with_past` gave.
        depth: Steps to keep.
        lengths: Steps of each sample (batch,); None is all of them.
    """
    steps = full.shape[0] - depth
    if lengths is None:
        return {"past": full[steps:].transpose(0, 1).contiguous()}
    places = lengths[:, None] + torch.arange(depth, device=full.device)
    samples = torch.arange(full.shape[1], device=full.device)[:, None]
    return {"past": full[places, samples]}

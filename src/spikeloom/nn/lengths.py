"""Recordings of different length in one batch: which steps are valid, and what that means.

Sample b is valid in its steps 0 to lengths[b] - 1. What lies behind is padding: it changes no
state, reaches no loss, no norm and no rate, and gets no gradient.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from spikeloom.errors import ParameterError, ShapeError


def check_lengths(who: str, lengths: Any, steps: int, batch: int) -> Tensor:
    """The lengths as int64 (batch,), or an error that says what is wrong with them.

    Arguments:
        who: Name of the layer, for messages.
        lengths: Valid steps of each sample; 0 leaves its state as it is.
        steps, batch: Size of the block.

    Raises:
        ParameterError: Not whole numbers.
        ShapeError: Not one for each sample, below 0 or beyond the block.

    >>> check_lengths("layer", [3, 1], steps=3, batch=2).tolist()
    [3, 1]
    """
    try:
        given = torch.as_tensor(lengths)
    except (TypeError, ValueError, RuntimeError):
        given = torch.empty(1)
    if given.numel() == 0:
        given = given.to(torch.int64)
    if given.is_floating_point() or given.is_complex() or given.dtype == torch.bool:
        raise ParameterError(
            f"{who}: lengths must be whole numbers, got {_shown(lengths)}.",
            hint="one number of time steps for each sample: torch.tensor([80, 64])",
        )
    if given.shape != (batch,):
        raise ShapeError(
            f"{who}: lengths must be ({batch},), one for each sample, got {tuple(given.shape)}.",
        )
    if batch and not torch.compiler.is_compiling():
        low, high = (int(v) for v in given.aminmax())
        if low < 0 or high > steps:
            raise ShapeError(
                f"{who}: lengths must lie from 0 to {steps}, the steps of the block, got {low} to "
                f"{high}.",
                hint="lengths count time steps of this very block, after encoding",
            )
    return given.to(torch.int64)


def check_recordings(who: str, lengths: Any, steps: int, batch: int) -> Tensor:
    """As `check_lengths`, for what has no answer to a recording without a single step.

    >>> check_recordings("Rate", torch.tensor([0, 2]), 2, 2)
    Traceback (most recent call last):
    spikeloom.errors.ShapeError: Rate: sample 0 is empty: its length is 0.
      hint: leave empty recordings out of the data
    """
    given = check_lengths(who, lengths, steps, batch)
    if batch and not torch.compiler.is_compiling() and int(given.min()) == 0:
        raise ShapeError(
            f"{who}: sample {int(given.argmin())} is empty: its length is 0.",
            hint="leave empty recordings out of the data",
        )
    return given


def valid_steps(lengths: Tensor, steps: int) -> Tensor:
    """True where a step of a sample is valid, (time, batch).

    >>> valid_steps(torch.tensor([2, 1]), 3).int().tolist()
    [[1, 1], [1, 0], [0, 0]]
    """
    return torch.arange(steps, device=lengths.device).unsqueeze(1) < lengths


def silence(x: Tensor, lengths: Tensor | None, fill: float = 0.0) -> Tensor:
    """The block (time, batch, *features) with ``fill`` after the end of each sample.

    The padding itself is not looked at, so that an infinity in it does no harm.

    >>> silence(torch.ones(2, 2, 1), torch.tensor([2, 1]))[:, 1, 0].tolist()
    [1.0, 0.0]
    """
    if lengths is None:
        return x
    valid = valid_steps(lengths, x.shape[0])
    return torch.where(valid.view(*valid.shape, *[1] * (x.dim() - 2)), x, fill)


def count_steps(x: Tensor, lengths: Tensor | None) -> int | Tensor:
    """Valid steps of all samples of a block together.

    >>> (
    ...     count_steps(torch.ones(5, 2, 3), None),
    ...     int(count_steps(torch.ones(5, 1), torch.tensor([2]))),
    ... )
    (10, 2)
    """
    return x.shape[0] * x.shape[1] if lengths is None else lengths.sum()


def _shown(value: object) -> str:
    return f"{value.dtype}" if isinstance(value, Tensor) else f"{value!r}"

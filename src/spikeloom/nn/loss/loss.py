"""What a loss is, and the checks that losses share."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.readout import Readout


class Loss(Protocol):
    """A number to make small, from outputs and targets; ``readout`` turns outputs into scores.

    Only the first ``lengths[b]`` steps of sample b count; all of them without lengths.
    """

    @property
    def readout(self) -> Readout: ...

    def __call__(self, y: Tensor, targets: Tensor, lengths: Tensor | None = None) -> Tensor: ...


def check_labels(targets: Tensor, batch: int, classes: int) -> None:
    """Compare labels with the scores they belong to.

    Raises:
        ShapeError: Not one whole number for each sample.
        ParameterError: A label below 0 or not below the number of classes.
    """
    if targets.shape != (batch,) or targets.dtype != torch.int64:
        raise ShapeError(
            f"labels must be int64 of shape ({batch},), got {targets.dtype} "
            f"of shape {tuple(targets.shape)}.",
            hint="one whole number for each sample: labels.long(), without one-hot coding",
        )
    if targets.numel() == 0:
        return
    low, high = (int(v) for v in targets.aminmax())
    if low < 0 or high >= classes:
        raise ParameterError(
            f"labels must be 0 to {classes - 1} for {classes} outputs, got {low} to {high}.",
            hint="labels count from 0; the last layer needs one output for each class",
        )

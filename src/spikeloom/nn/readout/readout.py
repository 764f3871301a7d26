"""What a readout is, and the checks that readouts share."""

from __future__ import annotations

import math
from typing import Protocol

from torch import Tensor

from spikeloom.errors import ParameterError, ShapeError


class Readout(Protocol):
    """Scores (batch, classes) from outputs (time, batch, classes); the largest wins."""

    def __call__(self, y: Tensor) -> Tensor: ...

    def running(self, y: Tensor) -> Tensor:
        """Scores (time, batch, classes) as they stand after each step."""
        ...


def check_block(who: str, y: Tensor) -> None:
    """Raise `ShapeError` unless ``y`` is (time, batch, classes) with at least one step."""
    if y.dim() != 3 or y.shape[0] == 0:
        raise ShapeError(
            f"{who}: outputs must be (time, batch, classes) with at least one step, "
            f"got {tuple(y.shape)}.",
            hint="put torch.nn.Flatten() before the last layer if features have several axes",
        )


def check_scale(who: str, scale: float) -> None:
    """Raise `ParameterError` unless ``scale`` is a positive finite number."""
    if not isinstance(scale, int | float) or not 0 < scale < math.inf:
        raise ParameterError(f"{who}: scale must be a positive number, got {scale!r}.")

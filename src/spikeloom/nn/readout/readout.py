"""What a readout is, and the checks that readouts share."""

from __future__ import annotations

import math
from typing import Protocol

from torch import Tensor

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.lengths import check_recordings


class Readout(Protocol):
    """Scores (batch, classes) from outputs (time, batch, classes); the largest wins.

    Of a sample with a length, whole numbers (batch,), only its valid steps count; without lengths
    all do. A sample of length 0 has no scores and is refused.
    """

    def __call__(self, y: Tensor, lengths: Tensor | None = None) -> Tensor: ...

    def running(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Scores (time, batch, classes) as they stand after each step; after the end they stay."""
        ...


def read(readout: Readout, y: Tensor, lengths: Tensor | None) -> Tensor:
    """Scores; a readout of one's own needs to know of lengths only where there are some."""
    return readout(y) if lengths is None else readout(y, lengths)


def ends_of(who: str, y: Tensor, lengths: Tensor | None) -> Tensor | None:
    """Check the outputs and the lengths of a readout; the lengths as int64."""
    check_block(who, y)
    return None if lengths is None else check_recordings(who, lengths, *y.shape[:2])


def durations(y: Tensor, ends: Tensor | None) -> int | Tensor:
    """Valid steps of each sample in a shape that divides scores (batch, classes)."""
    return y.shape[0] if ends is None else ends.to(y.dtype).unsqueeze(1)


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

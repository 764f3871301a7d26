"""Samples that have a time axis already."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from spikeloom.nn.encode.encoder import check_samples


@dataclass(frozen=True)
class Frames:
    """Samples (batch, time, *features), such as sound or event frames, with time moved to front.

    >>> import torch
    >>> tuple(Frames()(torch.rand(4, 10, 64)).shape)
    (10, 4, 64)
    """

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Samples (batch, time, *features) -> (time, batch, *features)."""
        check_samples("Frames", x, 3, "(batch, time, *features)")
        return x.transpose(0, 1).contiguous()

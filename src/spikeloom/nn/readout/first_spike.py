"""The class that fires first."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from spikeloom.nn.lengths import silence
from spikeloom.nn.readout.readout import check_scale, ends_of


@dataclass(frozen=True)
class FirstSpike:
    """Score of a class: minus scale times the number of silent steps before its first spike.

    The count is n = sum_t prod_{u <= t} (1 - s_u): exact for spikes 0 and 1, the number of steps
    for a class that never fires, and smooth in s, so surrogate gradients pass: an early near-miss
    is pushed in proportion to the time that a spike there would have won.

    Arguments:
        scale: Scores for each step of delay.

    >>> import torch
    >>> FirstSpike()(torch.tensor([[[0.0, 1.0, 0.0]], [[1.0, 1.0, 0.0]]])).tolist()
    [[-1.0, -0.0, -2.0]]
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        check_scale("FirstSpike", self.scale)

    def __call__(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Spikes (time, batch, classes) -> scores (batch, classes)."""
        return -self.scale * self._silent(y, lengths).sum(0)

    def running(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Silent steps so far (time, batch, classes)."""
        return -self.scale * self._silent(y, lengths).cumsum(0)

    def _silent(self, y: Tensor, lengths: Tensor | None) -> Tensor:
        ends = ends_of("FirstSpike", y, lengths)
        return silence((1.0 - y).cumprod(0), ends)

"""The class that fires first."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from spikeloom.nn.readout.readout import check_block, check_scale


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

    def __call__(self, y: Tensor) -> Tensor:
        """Spikes (time, batch, classes) -> scores (batch, classes)."""
        check_block("FirstSpike", y)
        return -self.scale * (1.0 - y).cumprod(0).sum(0)

    def running(self, y: Tensor) -> Tensor:
        """Silent steps so far (time, batch, classes)."""
        check_block("FirstSpike", y)
        return -self.scale * (1.0 - y).cumprod(0).cumsum(0)

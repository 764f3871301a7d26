"""The class with the most spikes, by their number."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from spikeloom.nn.readout.readout import check_block, check_scale


@dataclass(frozen=True)
class Count:
    """Score of a class: scale times its number of spikes, scale sum_t s_t.

    Arguments:
        scale: Scores for each spike.

    Raises:
        ParameterError: ``scale`` is not positive.
        ShapeError: The outputs are not (time, batch, classes).

    >>> import torch
    >>> Count()(torch.tensor([[[1.0, 0.0]], [[1.0, 1.0]]])).tolist()
    [[2.0, 1.0]]
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        check_scale("Count", self.scale)

    def __call__(self, y: Tensor) -> Tensor:
        """Spikes (time, batch, classes) -> scores (batch, classes)."""
        check_block("Count", y)
        return self.scale * y.sum(0)

    def running(self, y: Tensor) -> Tensor:
        """Counts so far (time, batch, classes)."""
        check_block("Count", y)
        return self.scale * y.cumsum(0)

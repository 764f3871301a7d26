"""The class with the most spikes, by their number."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from spikeloom.nn.lengths import silence
from spikeloom.nn.readout.readout import check_scale, ends_of


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

    def __call__(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Spikes (time, batch, classes) -> scores (batch, classes)."""
        return self.scale * silence(y, ends_of("Count", y, lengths)).sum(0)

    def running(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Counts so far (time, batch, classes)."""
        return self.scale * silence(y, ends_of("Count", y, lengths)).cumsum(0)

"""The class that fires most."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from spikeloom.nn.lengths import silence
from spikeloom.nn.readout.readout import check_scale, durations, ends_of


@dataclass(frozen=True)
class Rate:
    """Score of a class: scale times the mean number of spikes a step, scale/T sum_t s_t.

    Arguments:
        scale: Turns rates, which lie in [0, 1], into scores that a softmax can tell apart.

    Raises:
        ParameterError: ``scale`` is not positive.
        ShapeError: The outputs are not (time, batch, classes).

    >>> import torch
    >>> Rate(scale=10.0)(torch.tensor([[[1.0, 0.0]], [[1.0, 1.0]]])).tolist()
    [[10.0, 5.0]]
    """

    scale: float = 10.0

    def __post_init__(self) -> None:
        check_scale("Rate", self.scale)

    def __call__(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Spikes (time, batch, classes) -> scores (batch, classes)."""
        ends = ends_of("Rate", y, lengths)
        if ends is None:
            return self.scale * y.mean(0)
        return self.scale * silence(y, ends).sum(0) / durations(y, ends)

    def running(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Spike counts so far over the whole duration (time, batch, classes)."""
        ends = ends_of("Rate", y, lengths)
        return (self.scale / durations(y, ends)) * silence(y, ends).cumsum(0)

"""Scores from the potentials of output neurons that do not spike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from spikeloom.nn.lengths import silence, valid_steps
from spikeloom.nn.readout.readout import check_scale, durations, ends_of


@dataclass(frozen=True)
class MembraneMean:
    """Score of a class: scale times the mean potential, scale/T sum_t v_t.

    Arguments:
        scale: Scores for each unit of potential.

    >>> MembraneMean()(torch.tensor([[[1.0, 0.0]], [[3.0, 1.0]]])).tolist()
    [[2.0, 0.5]]
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        check_scale("MembraneMean", self.scale)

    def __call__(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Potentials (time, batch, classes) -> scores (batch, classes)."""
        ends = ends_of("MembraneMean", y, lengths)
        if ends is None:
            return self.scale * y.mean(0)
        return self.scale * silence(y, ends).sum(0) / durations(y, ends)

    def running(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Mean so far (time, batch, classes)."""
        ends = ends_of("MembraneMean", y, lengths)
        steps = torch.arange(1, y.shape[0] + 1, dtype=y.dtype, device=y.device).view(-1, 1, 1)
        if ends is not None:
            steps = torch.minimum(steps, ends.to(y.dtype).unsqueeze(1))
        return self.scale * silence(y, ends).cumsum(0) / steps


@dataclass(frozen=True)
class MembraneMax:
    """Score of a class: scale times the largest potential over time, scale max_t v_t.

    Arguments:
        scale: Scores for each unit of potential.

    >>> MembraneMax()(torch.tensor([[[1.0, 0.0]], [[3.0, 1.0]]])).tolist()
    [[3.0, 1.0]]
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        check_scale("MembraneMax", self.scale)

    def __call__(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Potentials (time, batch, classes) -> scores (batch, classes)."""
        ends = ends_of("MembraneMax", y, lengths)
        return self.scale * silence(y, ends, -math.inf).amax(0)

    def running(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Largest so far (time, batch, classes)."""
        ends = ends_of("MembraneMax", y, lengths)
        return self.scale * silence(y, ends, -math.inf).cummax(0).values


@dataclass(frozen=True)
class MembraneLast:
    """Score of a class: scale times the potential after the last step.

    Arguments:
        scale: Scores for each unit of potential.

    >>> MembraneLast()(torch.tensor([[[1.0, 0.0]], [[3.0, 1.0]]])).tolist()
    [[3.0, 1.0]]
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        check_scale("MembraneLast", self.scale)

    def __call__(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Potentials (time, batch, classes) -> scores (batch, classes)."""
        ends = ends_of("MembraneLast", y, lengths)
        return self.scale * (y[-1] if ends is None else self._at(y, ends))

    def running(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Potential after each step (time, batch, classes)."""
        ends = ends_of("MembraneLast", y, lengths)
        if ends is None:
            return self.scale * y
        valid = valid_steps(ends, y.shape[0]).unsqueeze(2)
        return self.scale * torch.where(valid, y, self._at(y, ends))

    @staticmethod
    def _at(y: Tensor, ends: Tensor) -> Tensor:
        return y[ends - 1, torch.arange(y.shape[1], device=y.device)]

"""Scores from the potentials of output neurons that do not spike."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from spikeloom.nn.readout.readout import check_block, check_scale


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

    def __call__(self, y: Tensor) -> Tensor:
        """Potentials (time, batch, classes) -> scores (batch, classes)."""
        check_block("MembraneMean", y)
        return self.scale * y.mean(0)

    def running(self, y: Tensor) -> Tensor:
        """Mean so far (time, batch, classes)."""
        check_block("MembraneMean", y)
        steps = torch.arange(1, y.shape[0] + 1, dtype=y.dtype, device=y.device)
        return self.scale * y.cumsum(0) / steps.view(-1, 1, 1)


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

    def __call__(self, y: Tensor) -> Tensor:
        """Potentials (time, batch, classes) -> scores (batch, classes)."""
        check_block("MembraneMax", y)
        return self.scale * y.amax(0)

    def running(self, y: Tensor) -> Tensor:
        """Largest so far (time, batch, classes)."""
        check_block("MembraneMax", y)
        return self.scale * y.cummax(0).values


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

    def __call__(self, y: Tensor) -> Tensor:
        """Potentials (time, batch, classes) -> scores (batch, classes)."""
        check_block("MembraneLast", y)
        return self.scale * y[-1]

    def running(self, y: Tensor) -> Tensor:
        """Potential after each step (time, batch, classes)."""
        check_block("MembraneLast", y)
        return self.scale * y

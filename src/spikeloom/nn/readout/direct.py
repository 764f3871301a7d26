"""Scores of a network without time."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from spikeloom.errors import ShapeError


@dataclass(frozen=True)
class Direct:
    """The output as it is: for plain networks, whose output has no time axis.

    >>> import torch
    >>> Direct()(torch.tensor([[1.0, 2.0]])).tolist()
    [[1.0, 2.0]]
    """

    def __call__(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Scores (batch, classes) -> the same; without time there are no lengths to heed."""
        del lengths
        if y.dim() != 2:
            raise ShapeError(
                f"Direct: outputs must be (batch, classes), got {tuple(y.shape)}.",
                hint="a spiking network needs a readout over time, such as MembraneMean()",
            )
        return y

    def running(self, y: Tensor, lengths: Tensor | None = None) -> Tensor:
        """One step (1, batch, classes)."""
        return self(y, lengths).unsqueeze(0)

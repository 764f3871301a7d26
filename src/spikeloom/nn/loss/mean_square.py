"""Squared distance of a readout from its target."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from spikeloom.errors import ShapeError
from spikeloom.nn.loss.loss import check_labels
from spikeloom.nn.readout import Readout
from spikeloom.nn.readout.readout import read


@dataclass(frozen=True)
class MeanSquare:
    """Mean over batch and outputs of (readout(y) - target)^2.

    A label (whole number) asks for ``on`` at its own output and ``off`` at the others; with
    ``readout=Rate(scale=T)`` these are spike counts. Targets with a fraction are taken as they
    are, one value for each output.

    Arguments:
        readout: Scores from outputs.
        on: Wanted score of the right class.
        off: Wanted score of the others.

    >>> import torch
    >>> from spikeloom.nn.readout import Direct
    >>> float(MeanSquare(Direct())(torch.tensor([[1.0, 1.0]]), torch.tensor([0])))
    0.5
    """

    readout: Readout
    on: float = 1.0
    off: float = 0.0

    def __call__(self, y: Tensor, targets: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Outputs and labels (batch,) or values (batch, outputs) -> loss, a scalar."""
        scores = read(self.readout, y, lengths)
        if targets.is_floating_point():
            if targets.shape != scores.shape:
                raise ShapeError(
                    f"MeanSquare: targets must be {tuple(scores.shape)}, "
                    f"got {tuple(targets.shape)}."
                )
            return functional.mse_loss(scores, targets.to(scores.dtype))
        check_labels(targets, scores.shape[0], scores.shape[1])
        chosen = functional.one_hot(targets, scores.shape[1]).to(scores.dtype)
        return functional.mse_loss(scores, self.off + (self.on - self.off) * chosen)

"""Temporal efficient training: every step has to be right."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from spikeloom.errors import ParameterError
from spikeloom.nn.lengths import silence
from spikeloom.nn.loss.loss import check_labels
from spikeloom.nn.readout import MembraneMean, Readout
from spikeloom.nn.readout.readout import ends_of


@dataclass(frozen=True)
class TET:
    """Mean over time of the cross-entropy of each step, and how far each step is from a level.

    L = (1 - share) 1/T sum_t CE(y_t, label) + share 1/T sum_t mean (y_t - level)^2, where y_t are
    the outputs (potentials, or weighted spikes) of step t. The readout only decides which class
    wins; it has no part in the loss.

    Arguments:
        readout: Scores for the decision.
        share: Of the second term, from 0 to 1; 0.05 in the paper for static images.
        level: What the second term draws all outputs to: usually the threshold of the neurons.
        smoothing: Share of the target spread evenly over all classes, from 0 to below 1.

    Raises:
        ParameterError: A label out of range, or an argument outside its range.

    Source: Deng, Li, Zhang & Gu 2022, ICLR, Temporal efficient training of spiking neural network
        via gradient re-weighting, equations 9 and 11.

    >>> import torch
    >>> y = torch.tensor([[[4.0, 0.0]], [[0.0, 4.0]]])  # right in the first step, then wrong
    >>> round(float(TET(share=0.0)(y, torch.tensor([0]))), 4)
    2.0181
    """

    readout: Readout = MembraneMean()
    share: float = 0.05
    level: float = 1.0
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise ParameterError(f"TET: share must be in [0, 1], got {self.share!r}.")
        if not 0.0 <= self.smoothing < 1.0:
            raise ParameterError(f"TET: smoothing must be in [0, 1), got {self.smoothing!r}.")

    def __call__(self, y: Tensor, targets: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Outputs (time, batch, classes) and labels (batch,) -> loss, a scalar.

        Time means the valid steps of a sample; every sample weighs the same.
        """
        ends = ends_of("TET", y, lengths)
        check_labels(targets, y.shape[1], y.shape[2])
        each = targets.expand(y.shape[0], -1).flatten()
        if ends is not None:
            return self._ragged(y, each, ends)
        right = functional.cross_entropy(y.flatten(0, 1), each, label_smoothing=self.smoothing)
        if self.share == 0.0:
            return right
        return (1.0 - self.share) * right + self.share * (y - self.level).square().mean()

    def _ragged(self, y: Tensor, each: Tensor, ends: Tensor) -> Tensor:
        quiet = silence(y, ends)
        steps = functional.cross_entropy(
            quiet.flatten(0, 1), each, label_smoothing=self.smoothing, reduction="none"
        ).view(y.shape[:2])
        far = silence((quiet - self.level).square().mean(2), ends)
        total = (1.0 - self.share) * silence(steps, ends) + self.share * far
        return (total.sum(0) / ends).mean()

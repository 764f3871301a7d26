"""Cross-entropy of the softmax of a readout."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.loss.loss import check_labels
from spikeloom.nn.readout import Readout
from spikeloom.nn.readout.readout import read


@dataclass(frozen=True)
class CrossEntropy:
    """Mean over the batch of -log softmax(readout(y))[label], weighted by class if asked.

    Arguments:
        readout: Scores from outputs, such as ``MembraneMean()``.
        smoothing: Share of the target spread evenly over all classes, from 0 to below 1.
        weights: One weight for each class, above 0; the mean is then a weighted one. None: all 1.

    Raises:
        ParameterError: A label out of range, ``smoothing`` outside [0, 1), or a wrong weight.
        ShapeError: Not as many weights as classes.

    >>> import torch
    >>> from spikeloom.nn.readout import Direct
    >>> round(float(CrossEntropy(Direct())(torch.zeros(1, 4), torch.tensor([2]))), 4)
    1.3863
    """

    readout: Readout
    smoothing: float = 0.0
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.smoothing < 1.0:
            raise ParameterError(
                f"CrossEntropy: smoothing must be in [0, 1), got {self.smoothing!r}."
            )
        for place, weight in enumerate(self.weights or ()):
            if not isinstance(weight, int | float) or not 0.0 < weight < math.inf:
                raise ParameterError(
                    f"CrossEntropy: weights[{place}] must be above 0 and finite, got {weight!r}."
                )

    def __call__(self, y: Tensor, targets: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Outputs of the network and labels (batch,) -> loss, a scalar."""
        scores = read(self.readout, y, lengths)
        check_labels(targets, scores.shape[0], scores.shape[1])
        weight = None
        if self.weights is not None:
            if len(self.weights) != scores.shape[1]:
                raise ShapeError(
                    f"CrossEntropy: {len(self.weights)} weights for {scores.shape[1]} classes.",
                    hint="one weight for each class, in the order of the labels",
                )
            weight = scores.new_tensor(self.weights)
        return functional.cross_entropy(
            scores, targets, weight=weight, label_smoothing=self.smoothing
        )

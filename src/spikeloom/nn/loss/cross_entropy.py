"""Cross-entropy of the softmax of a readout."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from spikeloom.errors import ParameterError
from spikeloom.nn.loss.loss import check_labels
from spikeloom.nn.readout import Readout


@dataclass(frozen=True)
class CrossEntropy:
    """Mean over the batch of -log softmax(readout(y))[label].

    Arguments:
        readout: Scores from outputs, such as ``MembraneMean()``.
        smoothing: Share of the target spread evenly over all classes, from 0 to below 1.

    Raises:
        ParameterError: A label out of range, or ``smoothing`` outside [0, 1).

    >>> import torch
    >>> from spikeloom.nn.readout import Direct
    >>> round(float(CrossEntropy(Direct())(torch.zeros(1, 4), torch.tensor([2]))), 4)
    1.3863
    """

    readout: Readout
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.smoothing < 1.0:
            raise ParameterError(
                f"CrossEntropy: smoothing must be in [0, 1), got {self.smoothing!r}."
            )

    def __call__(self, y: Tensor, targets: Tensor) -> Tensor:
        """Outputs of the network and labels (batch,) -> loss, a scalar."""
        scores = self.readout(y)
        check_labels(targets, scores.shape[0], scores.shape[1])
        return functional.cross_entropy(scores, targets, label_smoothing=self.smoothing)

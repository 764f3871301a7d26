"""Cross-entropy of first spike times that also asks the right one to come early."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from spikeloom.errors import ParameterError
from spikeloom.nn.loss.cross_entropy import CrossEntropy
from spikeloom.nn.readout import FirstSpike, Readout


@dataclass(frozen=True)
class EarlySpike:
    r"""Cross-entropy over exp(-t/τ₀) of first spike times, plus α (exp(t_label/τ₁) - 1).

    Times t are in steps. The second term keeps the neuron of the right class from firing ever
    later, and at last not at all, where no gradient of exact spike times would bring it back.

    Arguments:
        tau: τ₀: how much later the others must fire, steps.
        late: α, weight of the second term; 0 leaves it out.
        tau_late: τ₁ of the second term, steps.

    Raises:
        ParameterError: A number that is not positive, or a label out of range.

    Source: Göltz et al. 2021, Nature Machine Intelligence 3:823; Wunderlich & Pehle 2021.

    >>> import torch
    >>> y = torch.eye(2)[:, None]  # the first class fires at once, the second a step later
    >>> right, wrong = (EarlySpike(tau=1.0)(y, torch.tensor([k])).item() for k in (0, 1))
    >>> round(right, 3), round(wrong, 3)
    (0.313, 1.313)
    """

    tau: float
    late: float = 0.0
    tau_late: float = 10.0

    def __post_init__(self) -> None:
        for name, least in (("tau", 0.0), ("tau_late", 0.0)):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not least < value < float("inf"):
                raise ParameterError(f"EarlySpike: {name} must be positive steps, got {value!r}.")
        if not isinstance(self.late, int | float) or not 0 <= self.late < float("inf"):
            raise ParameterError(f"EarlySpike: late must be 0 or more, got {self.late!r}.")

    @property
    def readout(self) -> Readout:
        """The sooner, the better."""
        return FirstSpike(1 / self.tau)

    def __call__(self, y: Tensor, targets: Tensor) -> Tensor:
        """Spikes (time, batch, classes) and labels (batch,) -> loss, a scalar."""
        loss = CrossEntropy(self.readout)(y, targets)
        if not self.late or not len(targets):
            return loss
        when = -FirstSpike()(y).gather(1, targets[:, None])
        return loss + self.late * (when / self.tau_late).expm1().mean()

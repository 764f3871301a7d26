"""Keep every neuron between a lowest and a highest firing rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from spikeloom.equations.units import Hz, Quantity, ms
from spikeloom.errors import ParameterError
from spikeloom.nn.lengths import count_steps, silence


class Regulariser(Protocol):
    """A number to make small, from the spikes of every spiking layer.

    With lengths (batch,) the spikes are 0 after the end of each sample.
    """

    def __call__(self, spikes: Mapping[str, Tensor], lengths: Tensor | None = None) -> Tensor: ...


@dataclass(frozen=True)
class RateBand:
    """weight * sum over layers of the mean over neurons of max(0, low - r)^2 + max(0, r - high)^2.

    r is the firing rate of a neuron, averaged over the valid steps of all samples, as a share of
    the largest possible rate 1/dt; so the penalty has no unit. A neuron inside the band costs
    nothing.

    Arguments:
        low: Lowest rate without a penalty.
        high: Highest rate without a penalty.
        dt: Time step of the network.
        weight: Size beside the loss.

    Raises:
        ParameterError: The band is empty.

    Source: Zenke & Vogels 2021, Neural Computation 33:899, section 4.4.

    >>> import torch
    >>> band = RateBand(low=0 * Hz, high=100 * Hz, dt=1 * ms, weight=1.0)
    >>> round(float(band({"hidden": torch.ones(10, 1, 5)})), 4)
    0.81
    """

    low: Quantity
    high: Quantity
    dt: Quantity
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= float(self.low.to(Hz)) <= float(self.high.to(Hz)):
            raise ParameterError(
                f"RateBand: need 0 <= low <= high, got low={self.low!r}, high={self.high!r}."
            )

    def __call__(self, spikes: Mapping[str, Tensor], lengths: Tensor | None = None) -> Tensor:
        """Spikes (time, batch, *features) of each layer -> penalty, a scalar."""
        if not spikes:
            raise ParameterError("RateBand: the network has no layer that spikes.")
        step = float(self.dt.to(ms)) / 1000.0
        low, high = float(self.low.to(Hz)) * step, float(self.high.to(Hz)) * step
        terms = []
        for block in spikes.values():
            rate = silence(block, lengths).sum((0, 1)) / count_steps(block, lengths)
            terms.append(((low - rate).relu().square() + (rate - high).relu().square()).mean())
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return self.weight * total

"""Keep a layer from firing in step, or make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from spikeloom.equations.units import Quantity
from spikeloom.errors import ParameterError
from spikeloom.nn.distance import check_time, filtered
from spikeloom.nn.lengths import silence


@dataclass(frozen=True)
class Synchrony:
    r"""weight * sum over layers of the mean over the batch of (chi^2 - target)^2.

    chi^2 = Var_t(mean_i u_i) / mean_i Var_t(u_i), where u_i is the spike train of neuron i
    filtered by exp(-t/tau). It is 1 if all neurons fire alike and about 1/N if N neurons fire
    independently. A layer that does not fire has none, and costs target^2.

    Arguments:
        target: Wanted chi^2, from 0 (apart) to 1 (together).
        tau: Time over which spikes count as together.
        dt: Time step of the network.
        weight: Size beside the loss.

    Raises:
        ParameterError: ``target`` outside [0, 1].

    Source: Golomb & Rinzel 1994, Physica D 72:259, equation 13; Hansel & Mato 2003, Neural
        Computation 15:1, equation 2.9.

    >>> from spikeloom.equations.units import ms
    >>> alike = torch.zeros(100, 1, 5)
    >>> alike[::10] = 1.0
    >>> round(float(Synchrony(target=0.0, tau=5 * ms, dt=1 * ms)({"hidden": alike})), 4)
    1.0
    """

    target: float
    tau: Quantity
    dt: Quantity
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.target <= 1.0:
            raise ParameterError(f"Synchrony: target must be in [0, 1], got {self.target!r}.")
        check_time("Synchrony", "tau", self.tau)
        check_time("Synchrony", "dt", self.dt)

    def __call__(self, spikes: Mapping[str, Tensor], lengths: Tensor | None = None) -> Tensor:
        """Spikes (time, batch, *features) of each layer -> penalty, a scalar."""
        if not spikes:
            raise ParameterError("Synchrony: the network has no layer that spikes.")
        terms = [
            (self.measure(block, lengths) - self.target).square().mean()
            for block in spikes.values()
        ]
        return self.weight * torch.stack(terms).sum()

    def measure(self, spikes: Tensor, lengths: Tensor | None = None) -> Tensor:
        """chi^2 of each sample (batch,) from spikes (time, batch, *features), over valid steps."""
        ratio = check_time("Synchrony", "dt", self.dt) / check_time("Synchrony", "tau", self.tau)
        steps, batch = spikes.shape[:2]
        trace = filtered(spikes.flatten(1), ratio).view(steps, batch, -1)
        together = _variance(trace.mean(2), lengths)
        alone = _variance(trace, lengths).mean(1)
        return together / alone.clamp_min(torch.finfo(spikes.dtype).eps)


def _variance(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Variance over the valid steps of (time, batch, ...), per sample."""
    if lengths is None:
        return x.var(0, correction=0)
    steps = lengths.view(-1, *[1] * (x.dim() - 2))
    mean = silence(x, lengths).sum(0) / steps
    return silence((x - mean).square(), lengths).sum(0) / steps

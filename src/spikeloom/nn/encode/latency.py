"""Intensity as time to first spike."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from spikeloom.nn.encode.encoder import check_intensity, check_samples, check_steps


@dataclass(frozen=True)
class Latency:
    """One spike for each value, the sooner the brighter: t = round((1 - x) (steps - 1)).

    Intensity 1 fires in step 0, the faintest in the last step. Intensity 0 gives no spike at all:
    darkness is silence, not a late spike.

    Arguments:
        steps: Number of time steps.

    Raises:
        ParameterError: ``steps`` below one, or a sample outside [0, 1].
        NumericsError: NaN in a sample.

    Source: Thorpe, Delorme & Van Rullen 2001, Neural Networks 14:715.

    >>> import torch
    >>> Latency(steps=3)(torch.tensor([[1.0, 0.5, 0.01, 0.0]]))[:, 0].tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]
    """

    steps: int

    def __post_init__(self) -> None:
        check_steps("Latency", self.steps)

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Samples (batch, *features) in [0, 1] -> spikes (time, batch, *features)."""
        check_samples("Latency", x, 2, "(batch, *features)")
        check_intensity("Latency", x)
        when = ((1.0 - x) * (self.steps - 1)).round().long().unsqueeze(0)
        spikes = torch.zeros((self.steps, *x.shape), dtype=x.dtype, device=x.device)
        return spikes.scatter_(0, when, (x > 0).to(x.dtype).unsqueeze(0))

    def times(self, x: Tensor, draw: int = 0) -> Tensor:
        """The exact times in steps (batch, *features), not rounded; infinity where none fires."""
        check_samples("Latency", x, 2, "(batch, *features)")
        check_intensity("Latency", x)
        exact = (1.0 - x.double()) * (self.steps - 1)
        return torch.where(x > 0, exact, torch.full_like(exact, torch.inf))

"""Every value as the time of one spike, with room before and after, and a spike for the bias."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from spikeloom.errors import ParameterError
from spikeloom.nn.encode.encoder import check_intensity, check_samples, check_steps


@dataclass(frozen=True)
class SpikeTime:
    """Every value x in [0, 1] fires once, at t = first + x (last - first); 0 is no silence.

    Times are in steps. In a block of time they are rounded to whole steps; exact engines take
    them as they are. With ``bias`` one more feature fires at that time in every sample.

    Arguments:
        steps: Length of the run.
        first, last: When 0 and 1 fire; `last` may be the earlier one.
        bias: When the extra feature fires, or None for no such feature.

    Raises:
        ParameterError: A time outside the run, or a sample outside [0, 1].

    Source: the code of Göltz et al. 2021, Nature Machine Intelligence 3:823, for Yin-Yang.

    >>> code = SpikeTime(steps=60, first=10, last=40, bias=20)
    >>> code.times(torch.tensor([[0.0, 0.5]])).tolist()
    [[10.0, 25.0, 20.0]]
    >>> code(torch.tensor([[0.0, 0.5]])).nonzero().tolist()
    [[10, 0, 0], [20, 0, 2], [25, 0, 1]]
    """

    steps: int
    first: float
    last: float
    bias: float | None = None

    def __post_init__(self) -> None:
        check_steps("SpikeTime", self.steps)
        given = {"first": self.first, "last": self.last}
        if self.bias is not None:
            given["bias"] = self.bias
        for name, value in given.items():
            fine = isinstance(value, int | float) and math.isfinite(value)
            if not fine or not 0 <= value <= self.steps - 1:
                raise ParameterError(
                    f"SpikeTime: {name} must lie in [0, {self.steps - 1}] steps, got {value!r}.",
                    hint="make the run longer with steps=...",
                )

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Samples (batch, *features) in [0, 1] -> spikes (time, batch, *features)."""
        when = self.times(x, draw).round().long().unsqueeze(0)
        spikes = torch.zeros((self.steps, *when.shape[1:]), dtype=x.dtype, device=x.device)
        return spikes.scatter_(0, when, torch.ones_like(when, dtype=x.dtype))

    def times(self, x: Tensor, draw: int = 0) -> Tensor:
        """Samples (batch, *features) in [0, 1] -> times in steps (batch, *features)."""
        check_samples("SpikeTime", x, 2, "(batch, *features)")
        check_intensity("SpikeTime", x)
        made = self.first + x.double() * (self.last - self.first)
        if self.bias is None:
            return made
        if x.dim() != 2:
            raise ParameterError("SpikeTime: a bias needs samples (batch, features).")
        return torch.cat([made, made.new_full((x.shape[0], 1), self.bias)], 1)

"""Single numbers as a population of neurons tells them, by graded currents."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from spikeloom.errors import ParameterError, ShapeError


class Fields(nn.Module):
    """Put the excitation of neurons with Gaussian fields beside the last channels of a signal.

    Neuron i of ``count`` prefers c_i = low + i (high - low)/(count - 1) and gets the current
    exp(-((x - c_i)/w)^2 / 2), w being the distance between neighbours; a value outside counts as
    the nearest inside. A difference of 0.1 is little in one current, and much between two neurons.

    Arguments:
        channels: How many of the last channels; they stay as they are, too.
        count: Neurons for each, at least 2.
        low: What the first neuron prefers.
        high: What the last prefers.

    Raises:
        ParameterError: A number out of its range.
        ShapeError: Fewer channels than told.

    Source: the fields of Bohte, Kok & La Poutre 2002, Neurocomputing 48:17, as graded currents
        instead of spike times (for those see `Population`).

    >>> layer = Fields(channels=1, count=3, low=0.0, high=2.0)
    >>> layer(torch.tensor([[[5.0], [1.0]]])).squeeze().round(decimals=2).tolist()
    [5.0, 1.0, 0.6100000143051147, 1.0, 0.6100000143051147]
    """

    def __init__(self, channels: int, count: int, *, low: float = 0.4, high: float = 1.8) -> None:
        super().__init__()
        for name, value, least in (("channels", channels, 1), ("count", count, 2)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ParameterError(
                    f"Fields: {name} must be a whole number >= {least}, got {value!r}."
                )
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ParameterError(f"Fields: need finite low < high, got {low!r} and {high!r}.")
        self.channels, self.count, self.low, self.high = channels, count, low, high

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, *space) -> (batch, channels and neurons, *space)."""
        if x.dim() < 2 or x.shape[1] < self.channels:
            raise ShapeError(
                f"Fields: samples must be (batch, {self.channels} channels or more, *space), "
                f"got {tuple(x.shape)}."
            )
        told = x[:, x.shape[1] - self.channels :].clamp(self.low, self.high).unsqueeze(2)
        centres = torch.linspace(self.low, self.high, self.count, dtype=x.dtype, device=x.device)
        away = (told - centres.view(-1, *[1] * (x.dim() - 2))) * (
            (self.count - 1) / (self.high - self.low)
        )
        return torch.cat([x, away.square().mul(-0.5).exp().flatten(1, 2)], 1)

    def extra_repr(self) -> str:
        """Arguments, for the repr."""
        return f"channels={self.channels}, count={self.count}, low={self.low}, high={self.high}"

"""A value as the spike times of neurons with overlapping receptive fields."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from spikeloom.errors import NumericsError, ParameterError, ShapeError
from spikeloom.nn.encode.encoder import check_samples, check_steps


@dataclass(frozen=True)
class Population:
    r"""Each value excites m neurons with Gaussian receptive fields; the more, the sooner.

    With R = high - low, neuron i = 1 ... m prefers mu_i = low + (2 i - 3)/2 R/(m - 2), its field
    has the width sigma = R/(beta (m - 2)), and its excitation exp(-(x - mu_i)^2/(2 sigma^2)) = e
    gives one spike in step round((1 - e)(steps - 1)), or none below ``least``.

    Arguments:
        steps: Number of time steps.
        neurons: m, neurons for each value; at least 3.
        low: Least value.
        high: Largest value.
        beta: How narrow the fields are; 1 to 2 is usual.
        least: Excitation below which a neuron stays silent, from 0 to below 1.

    Raises:
        ParameterError: An argument out of its range, or a sample outside [low, high].
        NumericsError: NaN in a sample.

    Source: Bohte, Kok & La Poutre 2002, Neurocomputing 48:17, section 4.

    >>> import torch
    >>> code = Population(steps=101, neurons=6)
    >>> spikes = code(torch.tensor([[0.375]]))  # just what the third neuron prefers
    >>> tuple(spikes.shape), spikes[0, 0, 0].tolist()
    ((101, 1, 1, 6), [0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    """

    steps: int
    neurons: int = 10
    low: float = 0.0
    high: float = 1.0
    beta: float = 1.5
    least: float = 0.1

    def __post_init__(self) -> None:
        check_steps("Population", self.steps)
        if isinstance(self.neurons, bool) or not isinstance(self.neurons, int) or self.neurons < 3:
            raise ParameterError(
                f"Population: neurons must be a whole number >= 3, got {self.neurons!r}."
            )
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ParameterError(
                f"Population: need finite low < high, got {self.low!r} and {self.high!r}."
            )
        if not 0.0 < self.beta < math.inf:
            raise ParameterError(f"Population: beta must be a positive number, got {self.beta!r}.")
        if not 0.0 <= self.least < 1.0:
            raise ParameterError(f"Population: least must be in [0, 1), got {self.least!r}.")

    def centres(self) -> Tensor:
        """What each neuron prefers (neurons,), float64."""
        places = torch.arange(1, self.neurons + 1, dtype=torch.float64)
        return self.low + (2 * places - 3) / 2 * (self.high - self.low) / (self.neurons - 2)

    @property
    def width(self) -> float:
        """Standard deviation of each field."""
        return (self.high - self.low) / (self.beta * (self.neurons - 2))

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Samples (batch, *features) -> spikes (time, batch, *features, neurons)."""
        check_samples("Population", x, 2, "(batch, *features)")
        self._check(x)
        away = (x.unsqueeze(-1) - self.centres().to(x)) / self.width
        excitation = torch.exp(-0.5 * away.square())
        when = ((1.0 - excitation) * (self.steps - 1)).round().long().unsqueeze(0)
        spikes = torch.zeros((self.steps, *excitation.shape), dtype=x.dtype, device=x.device)
        return spikes.scatter_(0, when, (excitation >= self.least).to(x.dtype).unsqueeze(0))

    def decode(self, spikes: Tensor) -> Tensor:
        """Spikes (time, batch, *features, neurons) -> values (batch, *features).

        log e is a parabola in mu, so x is where the parabola through the earliest spikes, fitted
        with the weight e^2, is highest. Without three spikes it is the mean of the centres,
        weighted by e.

        Raises:
            ShapeError: Another number of steps or neurons.
        """
        if spikes.dim() < 3 or (spikes.shape[0], spikes.shape[-1]) != (self.steps, self.neurons):
            raise ShapeError(
                f"Population: spikes must be ({self.steps}, batch, *features, {self.neurons}), "
                f"got {tuple(spikes.shape)}."
            )
        fired = spikes.sum(0) > 0
        when = spikes.argmax(0).to(spikes.dtype)
        excitation = torch.where(fired, 1.0 - when / max(self.steps - 1, 1), 0.0)
        total = excitation.sum(-1).clamp_min(torch.finfo(spikes.dtype).tiny)
        centres = self.centres().to(spikes)
        # For a Gaussian of known width, log e_i + mu_i^2/(2 s^2) is a line in mu with slope x/s^2.
        line = torch.where(fired, excitation.clamp_min(1e-9).log(), 0.0)
        line = line + torch.where(fired, 0.5 * (centres / self.width).square(), 0.0)
        weight = excitation.square()
        norm = weight.sum(-1).clamp_min(torch.finfo(spikes.dtype).tiny)
        middle = (weight * centres).sum(-1) / norm
        away = centres - middle.unsqueeze(-1)
        spread = (weight * away.square()).sum(-1)
        slope = (weight * away * line).sum(-1) / spread.clamp_min(1e-12)
        fitted = (slope * self.width**2).clamp(self.low, self.high)
        plain = (excitation * centres).sum(-1) / total
        return torch.where((fired.sum(-1) > 1) & (spread > 1e-9 * norm), fitted, plain)

    def _check(self, x: Tensor) -> None:
        if x.numel() == 0:
            return
        low, high = (float(v) for v in x.aminmax())
        if low != low or high != high:
            raise NumericsError("Population: the samples contain NaN.")
        if low < self.low or high > self.high:
            raise ParameterError(
                f"Population: values must lie in [{self.low:g}, {self.high:g}], "
                f"got {low:g} to {high:g}.",
                hint="set low and high to the range of the data",
            )

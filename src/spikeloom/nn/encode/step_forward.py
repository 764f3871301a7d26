"""A time series as ON and OFF spikes that move a baseline after it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from spikeloom.errors import NumericsError, ParameterError, ShapeError
from spikeloom.nn.encode.encoder import check_samples


@dataclass(frozen=True)
class StepForward:
    """Step-forward coding: a spike when the signal leaves the baseline by more than a threshold.

    The baseline b starts at the first value. x > b + threshold gives an ON spike and raises b by
    the threshold, x < b - threshold an OFF spike and lowers it; one spike a step at most. While the
    signal moves less than one threshold a step, b stays within two thresholds of it; a faster one
    is followed late (slope overload).

    Arguments:
        threshold: Height of a step, in the unit of the signal.

    Raises:
        ParameterError: ``threshold`` is not a positive finite number.
        NumericsError: NaN or infinity in a signal.

    Source: Kasabov et al. 2016, Neural Networks 78:1, section 2.2; Petro, Kasabov & Kiss 2020,
        IEEE Transactions on Neural Networks and Learning Systems 31:358, algorithm 3.

    >>> import torch
    >>> code = StepForward(threshold=1.0)
    >>> signal = torch.tensor([[[0.0], [1.5], [1.5], [0.2], [-0.5]]])
    >>> spikes = code(signal)
    >>> (spikes[:, 0, 0] - spikes[:, 0, 1]).flatten().tolist()
    [0.0, 1.0, 0.0, 0.0, -1.0]
    >>> code.decode(spikes, start=signal[:, 0]).flatten().tolist()
    [0.0, 1.0, 1.0, 1.0, 0.0]
    """

    threshold: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.threshold) and self.threshold > 0):
            raise ParameterError(
                f"StepForward: threshold must be a positive number, got {self.threshold!r}."
            )

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Signals (batch, time, *features) -> ON (0) and OFF (1) (time, batch, 2, *features)."""
        check_samples("StepForward", x, 3, "(batch, time, *features)")
        if not bool(torch.isfinite(x).all()):
            raise NumericsError("StepForward: the signals contain NaN or infinity.")
        x = x.transpose(0, 1)
        spikes = torch.zeros((x.shape[0], x.shape[1], 2, *x.shape[2:]), dtype=x.dtype)
        spikes = spikes.to(x.device)
        if x.shape[0] == 0:
            return spikes
        base = x[0].clone()
        for step, now in enumerate(x):
            rise = now > base + self.threshold
            fall = now < base - self.threshold
            base += self.threshold * (rise.to(x.dtype) - fall.to(x.dtype))
            spikes[step, :, 0] = rise
            spikes[step, :, 1] = fall
        return spikes

    def decode(self, spikes: Tensor, start: Tensor | float = 0.0) -> Tensor:
        """The baseline: spikes (time, batch, 2, *features) -> signals (batch, time, *features).

        Arguments:
            spikes: ON and OFF spikes.
            start: First value of each signal (batch, *features), or one for all.

        Raises:
            ShapeError: The third axis is not ON and OFF.
        """
        if spikes.dim() < 4 or spikes.shape[2] != 2:
            raise ShapeError(
                f"StepForward: spikes must be (time, batch, 2, *features), got "
                f"{tuple(spikes.shape)}."
            )
        moved = self.threshold * (spikes[:, :, 0] - spikes[:, :, 1]).cumsum(0)
        return (moved + start).transpose(0, 1)

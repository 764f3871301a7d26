"""Change signals as another electrode or another hand would."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.keys import derive_key


@dataclass(frozen=True)
class Signal:
    """Small random changes of each signal (length, channels).

    The first channels, the measured ones, are multiplied by exp(u log(1 + gain)) with u uniform in
    [-1, 1], moved together by up to ``shift`` samples (their ends are repeated) and given normal
    noise. The others, which tell intervals, are multiplied by 1 plus normal numbers of ``jitter``.

    Arguments:
        gain: Largest change of size.
        shift: Largest move, samples.
        noise: Standard deviation of the noise, in the unit of the signal.
        jitter: Relative standard deviation of the other channels.
        measured: How many channels are measured.
        seed: Same seed and same ``draw``: same changes.

    Raises:
        ParameterError: A range is negative or not finite, or no channel is measured.
        ShapeError: The samples are not (batch, length, channels), or have too few channels.

    >>> x = torch.rand(2, 8, 3)
    >>> bool(torch.equal(Signal(0.0, 0, 0.0, 0.0)(x, draw=0), x))
    True
    """

    gain: float = 0.1
    shift: int = 2
    noise: float = 0.02
    jitter: float = 0.03
    measured: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        for value in (self.gain, self.shift, self.noise, self.jitter):
            if not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise ParameterError(f"Signal: ranges must be finite and >= 0, got {self!r}.")
        if not isinstance(self.measured, int) or self.measured < 1:
            raise ParameterError(f"Signal: measured must be at least 1, got {self.measured!r}.")

    def __call__(self, x: Tensor, draw: int) -> Tensor:
        """Signals (batch, length, channels) -> changed signals of the same shape."""
        if x.dim() != 3 or x.shape[2] < self.measured:
            raise ShapeError(
                f"Signal: samples must be (batch, length, channels) with {self.measured} channels "
                f"or more, got {tuple(x.shape)}."
            )
        batch, length, channels = x.shape
        key = derive_key(self.seed, "signal", draw)
        chance = np.random.Generator(np.random.Philox(key=key))
        gain = np.exp(chance.uniform(-1.0, 1.0, (batch, 1, 1)) * math.log1p(self.gain))
        moves = chance.integers(-int(self.shift), int(self.shift) + 1, (batch, 1))
        rows = torch.from_numpy(np.clip(np.arange(length) + moves, 0, length - 1))
        noise = self.noise * chance.standard_normal((batch, length, self.measured))
        jitter = 1 + self.jitter * chance.standard_normal((batch, 1, channels))
        y = x * torch.from_numpy(jitter).to(x)
        first = slice(None), slice(None), slice(self.measured)
        measured = x[first].gather(1, rows.unsqueeze(2).expand(-1, -1, self.measured))
        y[first] = measured * torch.from_numpy(gain).to(x) + torch.from_numpy(noise).to(x)
        return y

"""Intensity as a binary number, one bit for each phase of a cycle."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.encode.encoder import check_intensity, check_samples, check_steps

MOST_BITS = 23
"""What the fraction of a 32-bit floating-point number holds."""


@dataclass(frozen=True)
class Phase:
    """The k-th step of each cycle says the k-th bit of the intensity, the heaviest first.

    With K bits, x is rounded down to m = floor(2^K x), at most 2^K - 1. In step t the phase is
    k = t mod K, there is a spike if bit K-1-k of m is set, and it counts 2^-(1 + k). So the spikes
    of one cycle sum up to m / 2^K: x to within 2^-K, or 2^-K below 1.

    Arguments:
        steps: Number of time steps; cycles follow one another until they are used up.
        bits: K, the steps of a cycle.
        weighted: Whether a spike enters the network with its weight, or as 1.

    Raises:
        ParameterError: ``steps`` below one, ``bits`` outside 1 to 23, or a sample outside [0, 1].
        NumericsError: NaN in a sample.

    Source: Kim, Kim, Huh, Lee & Choi 2018, Neurocomputing 311:373, section 3.1.

    >>> import torch
    >>> code = Phase(steps=3, bits=3)
    >>> spikes = code(torch.tensor([[0.0, 0.5, 0.875]]))
    >>> spikes[:, 0].tolist()
    [[0.0, 0.5, 0.5], [0.0, 0.0, 0.25], [0.0, 0.0, 0.125]]
    >>> code.decode(spikes).tolist()
    [[0.0, 0.5, 0.875]]
    """

    steps: int
    bits: int = 8
    weighted: bool = True

    def __post_init__(self) -> None:
        check_steps("Phase", self.steps)
        if isinstance(self.bits, bool) or not isinstance(self.bits, int):
            raise ParameterError(f"Phase: bits must be a whole number, got {self.bits!r}.")
        if not 1 <= self.bits <= MOST_BITS:
            raise ParameterError(f"Phase: bits must be 1 to {MOST_BITS}, got {self.bits}.")

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Samples (batch, *features) in [0, 1] -> spikes (time, batch, *features)."""
        check_samples("Phase", x, 2, "(batch, *features)")
        check_intensity("Phase", x)
        number = (x.double() * 2**self.bits).floor().clamp(max=2**self.bits - 1).long()
        phase = self._phase(x)
        spikes = ((number >> (self.bits - 1 - phase)) & 1).to(x.dtype)
        return spikes * self._weight(phase).to(x.dtype) if self.weighted else spikes

    def decode(self, spikes: Tensor) -> Tensor:
        """Spikes of whole cycles (time, batch, *features) -> intensities (batch, *features)."""
        if spikes.shape[0] != self.steps or self.steps % self.bits:
            raise ShapeError(
                f"Phase: decoding takes whole cycles of {self.bits} steps and all {self.steps} "
                f"steps, got {tuple(spikes.shape)}."
            )
        if not self.weighted:
            spikes = spikes * self._weight(self._phase(spikes[0])).to(spikes.dtype)
        return spikes.sum(0) / (self.steps // self.bits)

    def _phase(self, x: Tensor) -> Tensor:
        """Phase of each step, (time, 1, ..., 1) beside samples (batch, *features)."""
        steps = torch.arange(self.steps, device=x.device) % self.bits
        return steps.view(-1, *(1 for _ in x.shape))

    @staticmethod
    def _weight(phase: Tensor) -> Tensor:
        return torch.exp2(-1.0 - phase.double())

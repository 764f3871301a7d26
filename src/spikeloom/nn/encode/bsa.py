"""Ben's spiker: spikes whose filtered train comes near to a signal."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from spikeloom.errors import NumericsError, ParameterError
from spikeloom.nn.encode.encoder import check_samples

_RISE = tuple(math.sin(math.pi * (k + 0.5) / 20) ** 2 for k in range(20))
SMOOTH = tuple(value / sum(_RISE) for value in _RISE)
"""Half a period of a squared sine in 20 taps: a low pass whose taps sum to 1."""


@dataclass(frozen=True)
class BSA:
    """Ben's spiker algorithm: spike wherever taking a filter's answer away leaves less signal.

    With a filter h of n taps, in each step t compare e1 = sum_k |x[t + k] - h[k]| with
    e2 = sum_k |x[t + k]|, k = 0 ... n-1. If e1 <= e2 - threshold, there is a spike and h is taken
    from the signal. Decoding filters the spikes with h.

    Arguments:
        threshold: How much less must be left, in the unit of the signal. The result depends on it
            strongly: with taps that sum to 1, 0.85 to 0.95 suits signals from 0 to 1.
        taps: The filter, its sum 1 for signals up to 1; by default a low pass of 20 taps, half a
            period of a squared sine.

    Raises:
        ParameterError: A threshold or a filter that is not positive.
        NumericsError: NaN or infinity in a signal.

    Source: Schrauwen & Van Campenhout 2003, IJCNN, BSA, a fast and accurate spike train encoding
        scheme, pages 2825 to 2830.

    >>> import torch
    >>> code = BSA(threshold=0.9, taps=(0.25, 0.5, 0.25))
    >>> signal = torch.tensor([[[0.0], [0.25], [0.5], [0.25], [0.0]]])
    >>> spikes = code(signal)
    >>> spikes.flatten().tolist(), code.decode(spikes).flatten().tolist()
    ([0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.25, 0.5, 0.25, 0.0])
    """

    threshold: float = 0.9
    taps: tuple[float, ...] = SMOOTH

    def __post_init__(self) -> None:
        if not (math.isfinite(self.threshold) and self.threshold > 0):
            raise ParameterError(
                f"BSA: threshold must be a positive number, got {self.threshold!r}."
            )
        if not isinstance(self.taps, tuple):
            raise ParameterError(
                f"BSA: taps must be a tuple, got {type(self.taps).__name__}.",
                hint="write taps=tuple(values)",
            )
        if not all(map(math.isfinite, self.taps)) or not sum(self.taps) > 0:
            raise ParameterError("BSA: taps must be finite numbers with a sum above 0.")

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Signals (batch, time, *features), not below 0 -> spikes (time, batch, *features)."""
        check_samples("BSA", x, 3, "(batch, time, *features)")
        if x.numel() and not bool(torch.isfinite(x).all()):
            raise NumericsError("BSA: the signals contain NaN or infinity.")
        if x.numel() and float(x.min()) < 0:
            raise ParameterError(
                f"BSA: signals must not be below 0, got {float(x.min()):g}.",
                hint="shift and scale them first: (x - x.min()) / (x.max() - x.min())",
            )
        steps, h = x.shape[1], self._filter(x)
        # Zeros after the end, so that the last steps have as many values to compare.
        left = torch.cat((x.transpose(0, 1), x.new_zeros((len(h) - 1, x.shape[0], *x.shape[2:]))))
        spikes = x.new_zeros((steps, x.shape[0], *x.shape[2:]))
        for step in range(steps):
            window = left[step : step + len(h)]
            gain = (window.abs() - (window - h).abs()).sum(0)
            spikes[step] = (gain >= self.threshold).to(x.dtype)
            window -= h * spikes[step]
        return spikes

    def decode(self, spikes: Tensor) -> Tensor:
        """Spikes (time, batch, *features) -> signals (batch, time, *features)."""
        h = self._filter(spikes)
        signal = torch.zeros_like(spikes)
        for k in range(min(len(h), spikes.shape[0])):
            signal[k:] += h[k] * spikes[: spikes.shape[0] - k]
        return signal.transpose(0, 1)

    def _filter(self, x: Tensor) -> Tensor:
        return torch.tensor(self.taps, dtype=x.dtype, device=x.device).view(
            -1, *(1 for _ in x.shape[1:])
        )

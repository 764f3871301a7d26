"""Changes of a time series as ON and OFF spikes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from spikeloom.errors import ParameterError
from spikeloom.nn.encode.encoder import check_samples


@dataclass(frozen=True)
class Delta:
    """Delta modulation: an ON spike for each rise by a threshold, an OFF spike for each fall.

    The reference r starts at the first value. In each step: x - r >= threshold gives an ON spike
    and r += threshold; r - x >= threshold gives an OFF spike and r -= threshold. There is at most
    one spike a step, so a signal that moves faster than one threshold a step is followed late.

    Arguments:
        threshold: Size of a change that counts, in the unit of the signal.

    Raises:
        ParameterError: ``threshold`` is not a positive finite number.

    Source: Lichtsteiner, Posch & Delbruck 2008, IEEE J. Solid-State Circuits 43:566.

    >>> import torch
    >>> spikes = Delta(threshold=0.5)(torch.tensor([[[0.0], [0.5], [0.6], [0.0]]]))
    >>> tuple(spikes.shape)
    (4, 1, 2, 1)
    >>> spikes[:, 0, :, 0].tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]
    """

    threshold: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.threshold) and self.threshold > 0):
            raise ParameterError(
                f"Delta: threshold must be a positive number, got {self.threshold!r}."
            )

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Signals (batch, time, *features) -> ON (0) and OFF (1) (time, batch, 2, *features)."""
        check_samples("Delta", x, 3, "(batch, time, *features)")
        x = x.transpose(0, 1)
        spikes = torch.zeros((*x.shape[:2], 2, *x.shape[2:]), dtype=x.dtype, device=x.device)
        if x.shape[0] == 0:
            return spikes
        reference = x[0].clone()
        for step, now in enumerate(x):
            rise = (now - reference >= self.threshold).to(x.dtype)
            fall = (reference - now >= self.threshold).to(x.dtype)
            reference += self.threshold * (rise - fall)
            spikes[step, :, 0] = rise
            spikes[step, :, 1] = fall
        return spikes

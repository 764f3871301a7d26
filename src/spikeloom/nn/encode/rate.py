"""Intensity as firing probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spikeloom.errors import ParameterError
from spikeloom.nn.encode.encoder import check_intensity, check_samples, check_steps
from spikeloom.nn.keys import derive_key


@dataclass(frozen=True)
class Rate:
    """Independent spikes, as likely as the sample is bright: P(spike in a step) = peak x.

    This is the Bernoulli approximation of a Poisson train of rate ``peak * x / dt``; it is close
    while ``peak * x`` is small, and cannot give more than one spike a step. The random numbers
    come from a counter-based generator (Philox) with the key (seed, draw) and time as the slowest
    axis, so a longer run starts with the spikes of a shorter one.

    Arguments:
        steps: Number of time steps.
        peak: Probability of a spike in one step at intensity 1.
        seed: Same seed and same ``draw``: same spikes.

    Raises:
        ParameterError: ``steps`` below one, ``peak`` outside (0, 1], or a sample outside [0, 1].
        NumericsError: NaN in a sample.

    Source: Gerstner et al. 2014, Neuronal Dynamics, section 7.3. Generator: Salmon et al. 2011.

    >>> import torch
    >>> Rate(steps=4)(torch.tensor([[0.0, 1.0]]))[:, 0].tolist()
    [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    """

    steps: int
    peak: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_steps("Rate", self.steps)
        if not isinstance(self.peak, int | float) or not 0.0 < self.peak <= 1.0:
            raise ParameterError(f"Rate: peak must be in (0, 1], got {self.peak!r}.")

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Samples (batch, *features) in [0, 1] -> spikes (time, batch, *features)."""
        check_samples("Rate", x, 2, "(batch, *features)")
        check_intensity("Rate", x)
        chance = np.random.Generator(np.random.Philox(key=derive_key(self.seed, "rate", draw)))
        uniform = chance.random((self.steps, *x.shape), dtype=np.float32)
        return (torch.from_numpy(uniform).to(x.device) < self.peak * x).to(x.dtype)

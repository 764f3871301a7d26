"""Intensity as a burst: the brighter, the more spikes, and the closer together."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor

from spikeloom.errors import ParameterError
from spikeloom.nn.encode.encoder import check_intensity, check_samples, check_steps


@dataclass(frozen=True)
class Burst:
    """One burst for each value: n = ceil(N x) spikes, ceil(L - (L - S) x) steps apart.

    The first spike comes in step 0. Intensity 0 gives no spike.

    Arguments:
        steps: Number of time steps; every burst must fit into them.
        most: N, spikes of the brightest value.
        shortest: S, steps between the spikes of the brightest value.
        longest: L, steps between spikes as the intensity goes to 0.

    Raises:
        ParameterError: A number below one, ``longest`` below ``shortest``, too few steps, or a
            sample outside [0, 1].
        NumericsError: NaN in a sample.

    Source: Guo, Fouda, Eltawil & Salama 2021, Frontiers in Neuroscience 15:638474, section 2.1.

    >>> import torch
    >>> Burst(steps=7, most=3, shortest=2, longest=4)(torch.tensor([[0.0, 0.5, 1.0]]))[:, 0].T
    tensor([[0., 0., 0., 0., 0., 0., 0.],
            [1., 0., 0., 1., 0., 0., 0.],
            [1., 0., 1., 0., 1., 0., 0.]])
    """

    steps: int
    most: int = 5
    shortest: int = 2
    longest: int = 2

    def __post_init__(self) -> None:
        check_steps("Burst", self.steps)
        for name in ("most", "shortest", "longest"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ParameterError(f"Burst: {name} must be a whole number >= 1, got {value!r}.")
        if self.longest < self.shortest:
            raise ParameterError(
                f"Burst: longest must be at least shortest, got {self.longest} and {self.shortest}."
            )
        # n spikes begin just above x = (n - 1)/N, where they are farthest apart.
        reach = self.longest - self.shortest
        need = 1 + max(n * ceil(self.longest - reach * n / self.most) for n in range(self.most))
        if self.steps < need:
            raise ParameterError(
                f"Burst: the longest burst takes {need} steps, there are {self.steps}.",
                hint="give it more steps, fewer spikes (most) or shorter gaps (longest)",
            )

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Samples (batch, *features) in [0, 1] -> spikes (time, batch, *features)."""
        check_samples("Burst", x, 2, "(batch, *features)")
        check_intensity("Burst", x)
        count = (self.most * x).ceil()
        gap = (self.longest - (self.longest - self.shortest) * x).ceil()
        step = torch.arange(self.steps, dtype=x.dtype, device=x.device)
        step = step.view(-1, *(1 for _ in x.shape))
        return ((step % gap == 0) & (step < gap * count)).to(x.dtype)

"""The sample as a current that does not change in time."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from spikeloom.nn.encode.encoder import check_samples, check_steps


@dataclass(frozen=True)
class ConstantCurrent:
    """Every time step gets the sample itself: x(t) = x.

    The result is a view that repeats one step, so it takes no memory, and a `Sequential` computes
    its first linear layer once instead of once a step.

    Arguments:
        steps: Number of time steps.

    Raises:
        ParameterError: ``steps`` is below one.

    >>> import torch
    >>> tuple(ConstantCurrent(steps=10)(torch.rand(4, 64)).shape)
    (10, 4, 64)
    """

    steps: int

    def __post_init__(self) -> None:
        check_steps("ConstantCurrent", self.steps)

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Samples (batch, *features) -> (time, batch, *features)."""
        check_samples("ConstantCurrent", x, 2, "(batch, *features)")
        return x.unsqueeze(0).expand(self.steps, *x.shape)

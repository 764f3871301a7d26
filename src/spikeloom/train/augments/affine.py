"""Turn, stretch and move training images a little."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.keys import derive_key


@dataclass(frozen=True)
class Affine:
    """A small random affine map of each image, interpolated; what comes in from outside is 0.

    Angle, logarithm of the scale and both moves are uniform in their ranges, independent for each
    image.

    Arguments:
        turn: Largest angle to either side, degrees.
        scale: Largest stretch; 0.1 means between 1/1.1 and 1.1.
        shift: Largest move in each direction, pixels; fractions are fine.
        seed: Same seed and same ``draw``: same maps.

    Raises:
        ParameterError: A range is negative or not finite.
        ShapeError: The samples have no height and width.

    >>> still = Affine(turn=0.0, scale=0.0, shift=0.0)
    >>> x = torch.rand(2, 8, 8)
    >>> bool(torch.allclose(still(x, draw=0), x, atol=1e-6))
    True
    """

    turn: float = 5.0
    scale: float = 0.05
    shift: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        for value in (self.turn, self.scale, self.shift):
            if not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise ParameterError(f"Affine: ranges must be finite and >= 0, got {self!r}.")

    def __call__(self, x: Tensor, draw: int) -> Tensor:
        """Images (batch, ..., height, width) -> changed images; channels and steps move as one."""
        if x.dim() < 3:
            raise ShapeError(
                f"Affine: images must be (batch, ..., height, width), got {tuple(x.shape)}."
            )
        planes = x.reshape(x.shape[0], -1, *x.shape[-2:])
        batch, channels, height, width = planes.shape
        chance = np.random.Generator(np.random.Philox(key=derive_key(self.seed, "affine", draw)))
        uniform = torch.from_numpy(chance.uniform(-1.0, 1.0, (4, batch))).to(x)
        angle = uniform[0] * math.radians(self.turn)
        scale = torch.exp(uniform[1] * math.log1p(self.scale))
        across, down = scale * angle.cos(), scale * angle.sin()
        # Coordinates run from -1 to 1 over an image, so one pixel is 2 / size.
        rows = [
            torch.stack([across, -down, uniform[2] * (2 * self.shift / width)], 1),
            torch.stack([down, across, uniform[3] * (2 * self.shift / height)], 1),
        ]
        shape = [batch, channels, height, width]
        grid = functional.affine_grid(torch.stack(rows, 1), shape, align_corners=False)
        return functional.grid_sample(planes, grid, align_corners=False).reshape(x.shape)

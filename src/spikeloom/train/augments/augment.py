"""Small random changes of training images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.keys import derive_key


class Augment(Protocol):
    """Changes a batch of training samples (batch, *features); ``draw`` keys the chance in it."""

    def __call__(self, x: Tensor, draw: int) -> Tensor: ...


@dataclass(frozen=True)
class Shift:
    """Move each image by up to ``pixels`` in each direction; what comes in from outside is 0.

    Arguments:
        pixels: Largest move, in pixels.
        seed: Same seed and same ``draw``: same moves.

    Raises:
        ParameterError: The move is not a whole number of pixels, or is negative.
        ShapeError: The samples are not (batch, height, width).

    >>> moved = Shift(pixels=1)(torch.ones(5, 4, 4), draw=0)
    >>> tuple(moved.shape), bool((moved <= 1).all())
    ((5, 4, 4), True)
    """

    pixels: int
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.pixels, int) or self.pixels < 0:
            raise ParameterError(f"Shift: pixels must be a whole number >= 0, got {self.pixels!r}.")

    def __call__(self, x: Tensor, draw: int) -> Tensor:
        """Images (batch, height, width) -> moved images of the same shape."""
        if x.dim() != 3:
            raise ShapeError(f"Shift: images must be (batch, height, width), got {tuple(x.shape)}.")
        batch, height, width = x.shape
        chance = np.random.Generator(np.random.Philox(key=derive_key(self.seed, "shift", draw)))
        moves = chance.integers(-self.pixels, self.pixels + 1, size=(batch, 2))
        out = torch.zeros_like(x)
        # A whole group of images moves at once: (2 pixels + 1)^2 block copies, no index tensors.
        for dy, dx in np.unique(moves, axis=0).tolist():
            rows = torch.from_numpy(np.flatnonzero((moves == (dy, dx)).all(1)))
            piece = x[rows, max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
            out[rows, max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)] = piece
        return out

"""Mirror training images, and make several changes one after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spikeloom.errors import ParameterError
from spikeloom.nn.keys import derive_key
from spikeloom.train.augments.augment import Augment


@dataclass(frozen=True)
class Flip:
    """Mirror each sample left to right, by chance.

    Arguments:
        chance: Share of the samples that are mirrored.
        seed: Same seed and same ``draw``: the same samples.

    Raises:
        ParameterError: The chance is not between 0 and 1.

    >>> Flip(chance=1.0)(torch.tensor([[[1.0, 2.0]]]), draw=0)
    tensor([[[2., 1.]]])
    """

    chance: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.chance, int | float) or not 0 <= self.chance <= 1:
            raise ParameterError(f"Flip: chance must be from 0 to 1, got {self.chance!r}.")

    def __call__(self, x: Tensor, draw: int) -> Tensor:
        """Samples (batch, ..., width) -> samples of the same shape."""
        chance = np.random.Generator(np.random.Philox(key=derive_key(self.seed, "flip", draw)))
        chosen = torch.from_numpy(chance.random(len(x)) < self.chance).to(x.device)
        return torch.where(chosen.view(-1, *[1] * (x.dim() - 1)), x.flip(-1), x)


@dataclass(frozen=True)
class Chain:
    """Several changes, first to last.

    Arguments:
        changes: Such as ``(Affine(), Flip())``.

    Raises:
        ParameterError: One of them cannot be called.

    >>> Chain((Flip(1.0), Flip(1.0)))(torch.tensor([[[1.0, 2.0]]]), draw=0)
    tensor([[[1., 2.]]])
    """

    changes: tuple[Augment, ...]

    def __post_init__(self) -> None:
        for change in self.changes:
            if not callable(change) or isinstance(change, type):
                raise ParameterError(
                    f"Chain: {change!r} changes nothing.", hint="for example Chain((Flip(),))"
                )

    def __call__(self, x: Tensor, draw: int) -> Tensor:
        """Samples (batch, *features) -> changed samples of the same shape."""
        for change in self.changes:
            x = change(x, draw)
        return x

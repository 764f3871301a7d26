"""Fixed random matrices, drawn anew from their key whenever they are needed."""

from __future__ import annotations

import torch
from torch import Tensor

from spikeloom.nn.keys import derive_key


def random_matrix(rows: int, columns: int, size: float, like: Tensor, *key: object) -> Tensor:
    """Uniform numbers from −size to size, (rows, columns); the same key gives the same numbers.

    >>> one = random_matrix(2, 3, 1.0, torch.zeros(1), 7, "a")
    >>> bool((one == random_matrix(2, 3, 1.0, torch.zeros(1), 7, "a")).all())
    True
    """
    seed, *words = key
    generator = torch.Generator().manual_seed(derive_key(int(str(seed)), *map(str, words)))
    drawn = torch.rand(rows, columns, generator=generator, dtype=torch.float64)
    return (size * (2 * drawn - 1)).to(like.dtype).to(like.device)

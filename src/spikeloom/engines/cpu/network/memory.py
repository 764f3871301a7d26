"""Arrays whose first element lies at the start of a line of the cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.engines.cpu.call import LINE

Array = np.ndarray[Any, np.dtype[Any]]


def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """Zeros of a shape, at a multiple of 64 bytes.

    >>> aligned((3, 5), "float32").ctypes.data % 64
    0
    """
    kind = np.dtype(dtype)
    size = int(np.prod(shape)) * kind.itemsize
    block = np.zeros(size + LINE, np.uint8)
    start = -block.ctypes.data % LINE
    return block[start : start + size].view(kind).reshape(shape)


def padded_rows(values: Any, width: int, padded: int, dtype: str) -> Array:
    """Rows (K, N) as (K, padded), zeros beyond N; a single number is repeated."""
    table = aligned((len(values), padded), dtype)
    for row, value in zip(table, values, strict=True):
        row[:width] = value
    return table

"""The formulas on NumPy arrays, and the keys of random draws."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np

from spikeloom.engines.wiring.formulas import below, philox, schedule, unit_closed

Array = np.ndarray[Any, np.dtype[Any]]


class Arrays:
    """`Arithmetic` on NumPy arrays of uint64 and float64."""

    def whole(self, value: int) -> Any:
        return np.uint64(value)

    def number(self, value: float) -> Any:
        return np.float64(value)

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        return np.where(condition, yes, no)

    def as_number(self, whole: Any) -> Any:
        return np.asarray(whole).astype(np.float64)

    def split(self, x: Any) -> tuple[Any, Any]:
        bits = np.asarray(x, np.float64).view(np.uint64)
        exponent = (bits >> np.uint64(52)).astype(np.float64) - 1023.0
        mantissa = (bits & np.uint64(2**52 - 1)) | np.uint64(1023 << 52)
        return exponent, mantissa.view(np.float64)

    def power_of_two(self, k: Any) -> Any:
        return ((np.asarray(k) + 1023.0).astype(np.uint64) << np.uint64(52)).view(np.float64)

    def sqrt(self, x: Any) -> Any:
        return np.sqrt(x)

    def rint(self, x: Any) -> Any:
        return np.rint(x)


ARRAYS = Arrays()


def make_key(seed: int, entity: int | str, purpose: str) -> int:
    """64 bits that stand for what is drawn: BLAKE2b of seed, entity and purpose.

    Arguments:
        seed: The user's seed.
        entity: Who draws: the number or name of a projection.
        purpose: What for, such as ``"targets"`` or ``"weight"``.

    >>> make_key(1, "exc to inh", "targets") == make_key(2, "exc to inh", "targets")
    False
    """
    text = repr((int(seed), entity, purpose)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def halves(key: int) -> tuple[Any, Any]:
    """A key as two arrays of 32 bits, for `philox`."""
    return np.asarray(key & 0xFFFFFFFF, np.uint64), np.asarray(key >> 32, np.uint64)


def words(key: int, row: Any, index: Any) -> Array:
    """Random 64-bit words, one for each (row, index); two of them share a block of Philox.

    >>> int(words(0, 0, 0)) == 0xE169C58D6627E8D5  # the published answer for zeros
    True
    """
    row, index = np.broadcast_arrays(
        np.asarray(row).astype(np.uint64), np.asarray(index).astype(np.uint64)
    )
    with np.errstate(over="ignore"):
        even, odd = philox(ARRAYS, schedule(ARRAYS, halves(key)), index >> np.uint64(1), row)
    return np.where(index & np.uint64(1), odd, even)


def draw_below(key: int, row: Any, index: Any, n: int) -> Array:
    """Random numbers from 0 to n - 1, int64."""
    with np.errstate(over="ignore"):
        return below(ARRAYS, words(key, row, index), np.asarray(n, np.uint64)).astype(np.int64)


def draw_unit(key: int, row: Any, index: Any) -> Array:
    """Random numbers above 0 and up to 1."""
    return unit_closed(ARRAYS, words(key, row, index))

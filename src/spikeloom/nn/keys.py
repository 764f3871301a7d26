"""Keys for random draws: one integer for each (seed, counter, counter, ...).

A draw that is keyed by what it is for, not by what was drawn before, is the same at any batch
order, after any interruption, and in any process.
"""

from __future__ import annotations

import hashlib
import operator

from spikeloom.errors import ParameterError


def derive_key(seed: int, *counters: int | str) -> int:
    """A 63-bit key from a seed and counters: BLAKE2b of their text.

    Arguments:
        seed: The user's seed.
        counters: What the draw is for, such as ``("order", epoch)``.

    Returns:
        An integer from 0 to 2^63 - 1.

    Raises:
        ParameterError: The seed is not a whole number.

    >>> derive_key(0, "order", 1) == derive_key(0, "order", 1)
    True
    >>> derive_key(0, "order", 1) == derive_key(0, "order", 2)
    False
    """
    try:
        text = repr((operator.index(seed), *counters)).encode()
    except TypeError:
        raise ParameterError(f"seed must be a whole number, got {seed!r}.") from None
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") >> 1

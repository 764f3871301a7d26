"""Random whole numbers of a tick by their place: a stream of them for each name, tick and neuron.

The k-th number of b bits stands in word k // n of the stream, n = 64 // b of them to a word, the
first in the lowest bits:

    word(j, tick, neuron) = mix(mix(key + j C + (tick + 1) G) + (neuron + 1) G)

with the words and the key of `spikeloom.engines.randomness`, of which this is the case j = 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.engines.randomness import Chance, words

Array = np.ndarray[Any, np.dtype[Any]]
NEXT_WORD = 0xD1B54A32D192ED03
"""C: odd, and no small multiple of it is near one of G."""


def drawn(chance: Chance, name: str, bits: int, tick: int, size: int, k: int = 0) -> Array:
    """The k-th number of each neuron, (N,) int64.

    Arguments:
        chance: Keys, first tick and first neuron.
        name: Leaf that holds the number.
        bits: Its width.
        tick: Counted from the first.
        size: Number of neurons N.
        k: Which of the numbers of this tick.

    >>> chance = Chance({"draw:rho": 7})
    >>> [int(drawn(chance, "draw:rho", 8, 0, 1, k)[0]) for k in range(9)]
    [69, 206, 171, 126, 151, 194, 180, 184, 40]
    """
    each = 64 // bits
    key = chance.keys[name] + (k // each) * NEXT_WORD
    word = words(key, chance.step + tick, chance.first, size) >> np.uint64(bits * (k % each))
    return (word & np.uint64((1 << bits) - 1)).astype(np.int64)

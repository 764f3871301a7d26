"""Numbers over time that are made while they are needed, the same however a run is cut."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
NUMBERS = 1 << 18
"""Most numbers that are made at once, where one step does not have more."""
LONGEST = 1024
"""Most steps that are made at once."""


def digest(*arrays: Array) -> str:
    """A short text that stands for some arrays."""
    whole = blake2b(digest_size=12)
    for array in arrays:
        whole.update(f"{array.dtype} {array.shape} ".encode())
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()


class Series:
    """A number for each step, or one for each step and neuron.

    Steps are made in blocks that lie at fixed places in time, whatever part of a block is asked
    for, so that not even the order of a sum inside of `values` can depend on the pieces of a run.

    Arguments:
        values: Steps (T,), int64, to numbers (T,) or (T, width), a function of nothing else.
        width: Neurons; None for one number that all share.
        text: What it is: equal for series that are equal.

    >>> squares = Series(lambda steps: steps**2.0, text="n squared")
    >>> squares.sample(3, 2)
    array([ 9., 16.])
    """

    def __init__(
        self, values: Callable[[Array], Array], *, width: int | None = None, text: str = ""
    ) -> None:
        self._values = values
        self.width = width
        self.text = text
        block = LONGEST
        while block > 1 and block * (width or 1) > NUMBERS:
            block //= 2
        self._block = block
        self._kept: dict[int, Array] = {}

    def sample(self, first: int, count: int) -> Array:
        """The numbers of some steps, float64, (count,) or (count, width)."""
        shape = (count,) if self.width is None else (count, self.width)
        out = np.empty(shape)
        step, stop = first, first + count
        while step < stop:
            start = step // self._block * self._block
            end = min(stop, start + self._block)
            out[step - first : end - first] = self._piece(start, step, end)
            step = end
        return out

    def columns(self, chosen: Array | slice) -> Series:
        """The series of some of the neurons; itself where all share one."""
        if self.width is None:
            return self
        picked = np.arange(self.width)[chosen]
        width = len(picked)
        if width == self.width:
            return self
        text = f"{self.text} of {digest(picked)}"
        return Series(lambda steps: self._values(steps)[:, chosen], width=width, text=text)

    def _piece(self, start: int, first: int, stop: int) -> Array:
        # Networks that share a series may ask for it at once, each in a thread of its own.
        made = self._kept.get(start)
        if made is None:
            try:
                made = self._values(np.arange(start, start + self._block))
            except Exception:
                # A user's function may end where the run ends, in the middle of a block; what is
                # wrong within the part that was asked for is wrong here too.
                return self._values(np.arange(first, stop))
            last = list(self._kept.items())[-1:]
            self._kept = dict([*last, (start, made)])
        return made[first - start : stop - start]

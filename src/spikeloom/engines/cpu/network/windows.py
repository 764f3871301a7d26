"""Inputs over time in the memory of kernels: some steps at a time, written before they are needed.

The row of step n is ``n mod W``. A bundle holds the sum of all terms of one input, in up to three
shapes that the kernel adds up: one number for all neurons; numbers times a gain of each neuron; a
number for each neuron.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spikeloom.engines.cpu.network.memory import Array, aligned
from spikeloom.engines.inputs import Term

MOST_GAINS = 4
"""Terms with gains that a kernel multiplies itself; more are summed beforehand."""
BYTES = 1 << 22
"""Memory that the window of a network takes, if its rows are not longer than a block allows."""
Check = Callable[[Array, int], object]
"""Looks at means or probabilities (T, …) of the steps from some step on; raises."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a kernel must know of a bundle.

    Arguments:
        label: Tells bundles of a kernel apart.
        whole: Whether there is one number for all neurons.
        gains: How many terms have gains.
        dense: Whether there is a number for each neuron.
        junctions: Whether gap junctions add a number for each neuron, anew in each step.
    """

    label: str
    whole: bool = False
    gains: int = 0
    dense: bool = False
    junctions: bool = False

    @property
    def slots(self) -> tuple[str, ...]:
        """Addresses that the kernel is given."""
        names = ["whole"] * self.whole + ["course", "gains"] * (self.gains > 0)
        names += ["dense"] * self.dense + ["junctions"] * self.junctions
        return tuple(f"{name}:{self.label}" for name in names)


class Window(Protocol):
    """Something that is written some steps before kernels read it."""

    @property
    def row_bytes(self) -> int:
        """Bytes of one step."""
        ...

    def allocate(self, steps: int) -> None:
        """Make room for some steps."""
        ...

    def fill(self, first: int, count: int) -> None:
        """Write the rows of some steps, no more than there is room for."""
        ...


class Bundle:
    """All terms of one input of one population.

    Arguments:
        label: Tells it apart from other bundles of the same kernel.
        terms: What is summed.
        size, padded: Neurons, and with padding.
        dtype: Of the numbers.
        check: Looks at the sums before they are used.
        scale: What everything is multiplied by.
        junctions: Whether gap junctions add to it.
    """

    def __init__(
        self,
        label: str,
        terms: Sequence[Term],
        size: int,
        padded: int,
        dtype: str,
        check: Check | None = None,
        scale: float = 1.0,
        junctions: bool = False,
    ) -> None:
        shared = [term for term in terms if term.shared]
        narrow = [term for term in terms if not term.shared and term.series.width is None]
        if check and len(terms) > 1 and len(shared) < len(terms):
            shared, narrow = [], []  # only sums can be checked
        elif len(narrow) > MOST_GAINS:
            narrow = []
        self._shared, self._narrow = shared, narrow
        self._wide = [term for term in terms if term not in shared and term not in narrow]
        self.shape = Shape(label, bool(shared), len(narrow), bool(self._wide), junctions)
        self._size, self._padded, self._dtype = size, padded, dtype
        self._check, self._scale = check, scale
        gains = aligned((len(narrow), padded), dtype)
        for row, term in zip(gains, narrow, strict=True):
            row[slice(size) if term.ids is None else term.ids] = term.gain * scale
        self._memory = {"gains": gains, "junctions": aligned((padded * junctions,), dtype)}

    @property
    def junctions(self) -> Array:
        """What flows through gap junctions, (padded,)."""
        return self._memory["junctions"]

    @property
    def row_bytes(self) -> int:
        """Bytes of one step."""
        numbers = 1 + self.shape.gains + self.shape.dense * self._padded
        return numbers * np.dtype(self._dtype).itemsize

    def allocate(self, steps: int) -> None:
        """Make room for some steps."""
        self._memory["whole"] = aligned((steps,), self._dtype)
        self._memory["course"] = aligned((steps, self.shape.gains), self._dtype)
        if self.shape.dense:
            self._memory["dense"] = aligned((steps, self._padded), self._dtype)

    @property
    def addresses(self) -> dict[str, int]:
        """Of each slot of the kernel."""
        return {slot: self._memory[slot.partition(":")[0]].ctypes.data for slot in self.shape.slots}

    def fill(self, first: int, count: int) -> None:
        """Write the rows of some steps, no more than there is room for."""
        rows = np.arange(first, first + count) % len(self._memory["whole"])
        if self._shared:
            sums = sum(term.series.sample(first, count) * term.gain for term in self._shared)
            self._look(np.asarray(sums), first)
            self._memory["whole"][rows] = sums * self._scale
        for k, term in enumerate(self._narrow):
            course = term.series.sample(first, count)
            ends = np.array([np.min(term.gain), np.max(term.gain)])
            self._look(course[:, None] * ends, first)
            self._memory["course"][rows, k] = course
        if self._wide:
            # Some rows at a time, so that what is summed stays in the cache.
            at_once = max(1, (1 << 17) // self._size)
            for low in range(0, count, at_once):
                some = np.zeros((min(at_once, count - low), self._size))
                for term in self._wide:
                    term.add(some, first + low)
                self._look(some, first + low)
                self._memory["dense"][rows[low : low + at_once], : self._size] = some * self._scale

    def _look(self, values: Array, first: int) -> None:
        if self._check is not None:
            self._check(values, first)


def room(windows: Sequence[Window], most: int, least: int) -> int:
    """Steps that the windows of a network hold: a power of two, the same for all."""
    row = sum(window.row_bytes for window in windows) or 1
    steps = most
    while steps > least and steps * row > BYTES:
        steps //= 2
    return steps

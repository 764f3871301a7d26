"""What the kernel of a tree is written for, and the words that it is given."""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.compile.mechanism import Mechanism

GROUP = 16
"""Slots of a membrane begin at multiples of this, so that every vector of it is whole."""

NUMBERS = ("steps", "size", "slots", "joints", "joint", "currents", "watched", "probes", "every",
           "wait")  # fmt: skip
ADDRESSES = (
    *("consts", "v", "e", "r", "d", "capacity", "order", "parent", "axial", "f", "q"),
    *("where", "given", "looked", "seen", "fired", "spikes", "places", "traces"),
)
OF_PART = ("count", "first", "x", "scalars", "columns")
OF_POINT = ("many", "node", "held", "rate", "slope", "arrivals")
COUNTS = ("count", "first", "many")


@dataclass(frozen=True)
class PartShape:
    """One mechanism in a kernel.

    Arguments:
        mechanism: What it computes.
        columns: Coefficients that differ from compartment to compartment.
    """

    mechanism: Mechanism
    columns: tuple[str, ...]

    @property
    def text(self) -> str:
        """Short, and equal for equal code."""
        return f"{self.mechanism.key}:{','.join(self.columns)}"


@dataclass(frozen=True)
class TreeShape:
    """A kernel.

    Arguments:
        dtype: ``float32`` or ``float64``.
        membranes, points: The mechanisms in it.
    """

    dtype: str
    membranes: tuple[PartShape, ...]
    points: tuple[PartShape, ...]

    @property
    def text(self) -> str:
        """Itself as text, for the key of the cache."""
        groups = ("|".join(p.text for p in parts) for parts in (self.membranes, self.points))
        return f"tree {self.dtype} {' / '.join(groups)}"

    @property
    def words(self) -> tuple[str, ...]:
        """Names of the 64-bit words of a call, in order."""
        names = [*NUMBERS, *ADDRESSES]
        for k in range(len(self.membranes)):
            names += [f"m{k}:{word}" for word in OF_PART]
        for k in range(len(self.points)):
            names += [f"p{k}:{word}" for word in (*OF_PART, *OF_POINT)]
        return tuple(names)


def is_number(word: str) -> bool:
    """Whether a word is a whole number, and not an address."""
    return word in NUMBERS or word.rpartition(":")[2] in COUNTS

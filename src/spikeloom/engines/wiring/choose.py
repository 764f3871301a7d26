"""What builds graphs: native code, or the NumPy reference that defines them."""

from __future__ import annotations

from typing import Literal, Protocol

from spikeloom.engines.wiring.arrays import Array
from spikeloom.engines.wiring.draw import Draw
from spikeloom.engines.wiring.reference import Graph, ReferenceWiring


class Wiring(Protocol):
    """Builds random graphs. Every implementation gives the same bits.

    A graph is (indptr int64, targets uint32), rows sorted. ``shift`` forbids the pair (row,
    row + shift), which is one neuron connected to itself; None forbids nothing.
    """

    def skip(
        self, key: int, sources: int, targets: int, probability: float, shift: int | None,
        first: int = 0,
    ) -> Graph:  # fmt: skip
        """Each pair with one probability; rows first to first + sources of the whole graph."""
        ...

    def pick(
        self, key: int, rows: int, columns: int, count: int, multapses: bool, shift: int | None,
        transpose: bool, first: int = 0,
    ) -> Graph:  # fmt: skip
        """A fixed number of columns for each row, or the transpose of that graph."""
        ...

    def pairs(
        self, key: int, sources: int, targets: int, total: int, multapses: bool, shift: int | None
    ) -> Graph:
        """A fixed number of pairs."""
        ...

    def values(self, key: int, draw: Draw, count: int, dtype: str) -> Array:
        """One random value for each synapse; ``uint16`` rounds to the nearest."""
        ...


def wiring(engine: Literal["auto", "reference"] = "auto", threads: int | None = None) -> Wiring:
    """The builder of graphs.

    Arguments:
        engine: ``"auto"`` is native code; ``"reference"`` is NumPy, many times slower.
        threads: Most threads to use; None for one a processor. The graph does not depend on it.

    >>> wiring("reference").skip(1, 2, 3, 1.0, None)
    (array([0, 3, 6]), array([0, 1, 2, 0, 1, 2], dtype=uint32))
    """
    if engine == "reference":
        return ReferenceWiring()
    from spikeloom.engines.cpu.wiring import NativeWiring

    return NativeWiring(threads)

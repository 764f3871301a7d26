"""Connections that are given one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.engines.wiring.arrays import Array
from spikeloom.engines.wiring.reference import Graph, from_pairs
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.network.rules.rule import Request, Rule

SHOWN = 100
"""Longer lists are not printed in full."""


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False)
class EdgeList(Rule):
    """Synapse k goes from ``sources[k]`` to ``targets[k]``; a pair may be listed more than once.

    Weights and delays given as arrays follow the order of the list.

    Arguments:
        sources, targets: Numbers of neurons, (n,).
        weights: Values that came with the edges, such as the entries of a sparse matrix.

    >>> EdgeList([1, 0, 1], [2, 0, 1]).build(2, 3)
    (array([0, 1, 3]), array([0, 1, 2], dtype=uint32))
    """

    sources: Array
    targets: Array
    weights: Array | None

    def __init__(self, sources: Any, targets: Any, weights: Any = None) -> None:
        pair = [_numbers(name, x) for name, x in (("sources", sources), ("targets", targets))]
        values = None if weights is None else np.array(weights, np.float64)
        lengths = [x.size for x in pair] + ([] if values is None else [values.size])
        if len(set(lengths)) > 1:
            raise ShapeError(f"EdgeList: all arrays must have one length, got {lengths}.")
        for array in (*pair, values):
            if array is not None:
                array.flags.writeable = False
        object.__setattr__(self, "sources", pair[0])
        object.__setattr__(self, "targets", pair[1])
        object.__setattr__(self, "weights", values)

    @classmethod
    def from_sparse(cls, matrix: Any) -> EdgeList:
        """The entries of a SciPy sparse matrix: row is source, column is target.

        `weights` of the result are its values, to be given as weight with their unit.

        >>> from scipy.sparse import csr_array
        >>> edges = EdgeList.from_sparse(csr_array([[0, 2.5], [0, 0]]))
        >>> edges.sources, edges.targets, edges.weights
        (array([0]), array([1]), array([2.5]))
        """
        if not hasattr(matrix, "tocoo"):
            raise ParameterError(
                f"EdgeList.from_sparse takes a SciPy sparse matrix, got {type(matrix).__name__}.",
                hint="scipy.sparse.csr_array(x) makes one of a dense matrix",
            )
        entries = matrix.tocoo()
        rows, columns = entries.coords if hasattr(entries, "coords") else (entries.row, entries.col)
        return cls(rows, columns, entries.data)

    @property
    def order(self) -> Array:
        """Which edge each synapse of the graph is: synapse i is edge ``order[i]``."""
        return np.lexsort((self.targets, self.sources))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EdgeList):
            return NotImplemented
        return self._key() == other._key()

    def _key(self) -> tuple[bytes | None, ...]:
        given = (self.sources, self.targets, self.weights)
        return tuple(None if x is None else (x + 0).tobytes() for x in given)

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        if self.sources.size > SHOWN:
            return f"EdgeList(<{self.sources.size} edges>)"
        parts = [x.tolist() for x in (self.sources, self.targets, self.weights) if x is not None]
        return f"EdgeList({', '.join(map(repr, parts))})"

    def check(self, request: Request) -> None:
        for name, ids, size in (
            ("sources", self.sources, request.sources),
            ("targets", self.targets, request.targets),
        ):
            if ids.size and int(ids.max()) >= size:
                at = int(np.argmax(ids >= size))
                raise ParameterError(
                    f"EdgeList: {name}[{at}] is {int(ids[at])}, but there are {size} neurons.",
                    hint="numbers count from 0 within the population or view",
                )

    def expected(self, request: Request) -> float:
        return self.sources.size

    def connect(self, request: Request) -> Graph:
        return from_pairs(self.sources, self.targets, request.sources)


def _numbers(name: str, values: Any) -> Array:
    array = np.array(values)
    if array.ndim != 1:
        raise ShapeError(f"EdgeList: {name} must have one axis, got shape {array.shape}.")
    if array.size and array.dtype.kind not in "iu":
        raise ParameterError(f"EdgeList: {name} must be whole numbers, got {array.dtype}.")
    if array.size and int(array.min()) < 0:
        raise ParameterError(f"EdgeList: {name} holds {int(array.min())}; numbers count from 0.")
    return array.astype(np.int64)

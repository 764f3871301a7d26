"""The same number of inputs for every target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from spikeloom.engines.wiring.reference import Graph, allowed
from spikeloom.network.rules.rule import Request, Rule, enough, whole


@dataclass(frozen=True, slots=True)
class FixedInDegree(Rule):
    """Every target gets k inputs, all choices being equally likely.

    Arguments:
        k: Synapses of each target.
        multapses: Whether one pair may be connected more than once; the sources are then drawn with
            replacement.
        autapses: Whether a neuron may be connected to itself, where both sides are one population.

    >>> indptr, targets = FixedInDegree(3).build(100, 20, seed=1)
    >>> np.bincount(targets).tolist() == [3] * 20
    True
    """

    working_bytes: ClassVar[float] = 8.0  # the graph by target, and the graph by source

    k: int
    multapses: bool = False
    autapses: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", whole("FixedInDegree", "k", self.k))

    def check(self, request: Request) -> None:
        least = allowed(np.arange(request.targets), request.sources, self._shift(request))
        if least.size:
            enough(repr(self), self.k, int(least.min()), self.multapses, "sources for each target")

    def expected(self, request: Request) -> float:
        return self.k * request.targets

    def connect(self, request: Request) -> Graph:
        return request.wiring.pick(
            request.key,
            request.targets,
            request.sources,
            self.k,
            self.multapses,
            self._shift(request),
            transpose=True,
        )

    def _shift(self, request: Request) -> int | None:
        shift = request.shift(self.autapses)
        return None if shift is None else -shift  # the rows of this draw are the targets

"""The same number of outputs for every source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.engines.drawn_plan import PickRows
from spikeloom.engines.wiring.reference import Graph, allowed
from spikeloom.network.rules.rule import Request, Rule, enough, whole


@dataclass(frozen=True, slots=True)
class FixedOutDegree(Rule):
    """Every source gets k outputs, all choices being equally likely.

    Arguments:
        k: Synapses of each source.
        multapses: Whether one pair may be connected more than once; the targets are then drawn with
            replacement.
        autapses: Whether a neuron may be connected to itself, where both sides are one population.

    >>> indptr, targets = FixedOutDegree(3).build(20, 100, seed=1)
    >>> np.diff(indptr).tolist() == [3] * 20
    True
    """

    k: int
    multapses: bool = False
    autapses: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", whole("FixedOutDegree", "k", self.k))

    def check(self, request: Request) -> None:
        least = allowed(np.arange(request.sources), request.targets, self._shift(request))
        if least.size:
            enough(repr(self), self.k, int(least.min()), self.multapses, "targets for each source")

    def expected(self, request: Request) -> float:
        return self.k * request.sources

    def rows(self) -> PickRows:
        return PickRows(self.k, self.multapses)

    def connect(self, request: Request) -> Graph:
        return request.wiring.pick(
            request.key,
            request.sources,
            request.targets,
            self.k,
            self.multapses,
            self._shift(request),
            transpose=False,
        )

    def _shift(self, request: Request) -> int | None:
        shift = request.shift(self.autapses)
        return shift

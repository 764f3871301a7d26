"""Every source to every target."""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.engines.drawn_plan import SkipRows
from spikeloom.engines.wiring.reference import Graph
from spikeloom.network.rules.rule import Request, Rule


@dataclass(frozen=True, slots=True)
class AllToAll(Rule):
    """Every source is connected to every target.

    Arguments:
        autapses: Whether a neuron is connected to itself, where both sides are one population.

    >>> AllToAll().build(3, 3, same_population=True)
    (array([0, 2, 4, 6]), array([1, 2, 0, 2, 0, 1], dtype=uint32))
    """

    autapses: bool = False

    def expected(self, request: Request) -> float:
        return request.possible(self.autapses)

    def rows(self) -> SkipRows:
        return SkipRows(1.0)

    def connect(self, request: Request) -> Graph:
        shift = request.shift(self.autapses)
        return request.wiring.skip(request.key, request.sources, request.targets, 1.0, shift)

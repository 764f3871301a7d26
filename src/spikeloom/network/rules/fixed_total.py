"""A given number of synapses in all."""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.engines.wiring.reference import Graph
from spikeloom.network.rules.rule import Request, Rule, enough, whole


@dataclass(frozen=True, slots=True)
class FixedTotal(Rule):
    """n synapses, all pairs being equally likely.

    Arguments:
        n: Synapses in all.
        multapses: Whether one pair may be connected more than once; pairs are then drawn with
            replacement, as in the microcircuit of Potjans and Diesmann (2014).
        autapses: Whether a neuron may be connected to itself, where both sides are one population.

    >>> indptr, targets = FixedTotal(500).build(100, 20, seed=1)
    >>> len(targets)
    500
    """

    n: int
    multapses: bool = False
    autapses: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", whole("FixedTotal", "n", self.n))

    def check(self, request: Request) -> None:
        enough(repr(self), self.n, request.possible(self.autapses), self.multapses, "pairs")

    def expected(self, request: Request) -> float:
        return self.n

    def connect(self, request: Request) -> Graph:
        return request.wiring.pairs(
            request.key,
            request.sources,
            request.targets,
            self.n,
            self.multapses,
            request.shift(self.autapses),
        )

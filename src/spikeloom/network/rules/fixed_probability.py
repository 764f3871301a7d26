"""Each pair with the same probability."""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.engines.drawn_plan import SkipRows
from spikeloom.engines.wiring.reference import Graph
from spikeloom.network.rules.rule import Request, Rule, chance


@dataclass(frozen=True, slots=True)
class FixedProbability(Rule):
    """Each pair is connected with probability p, independently of all others.

    Numbers of inputs and outputs are binomial. The time to build grows with the synapses, not with
    the pairs: each draw is the gap to the next target.

    Arguments:
        p: The probability.
        autapses: Whether a neuron may be connected to itself, where both sides are one population.

    >>> indptr, targets = FixedProbability(0.02).build(1000, 1000, seed=1)
    >>> bool(abs(len(targets) - 20_000) < 700)  # five standard deviations
    True
    """

    p: float
    autapses: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", chance("FixedProbability", "p", self.p))

    def expected(self, request: Request) -> float:
        return self.p * request.possible(self.autapses)

    def rows(self) -> SkipRows:
        return SkipRows(self.p)

    def connect(self, request: Request) -> Graph:
        shift = request.shift(self.autapses)
        return request.wiring.skip(request.key, request.sources, request.targets, self.p, shift)

"""Each source to the target of the same number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.engines.drawn_plan import SameRows
from spikeloom.engines.wiring.reference import Graph
from spikeloom.errors import ParameterError
from spikeloom.network.rules.rule import Request, Rule


@dataclass(frozen=True, slots=True)
class OneToOne(Rule):
    """Source i is connected to target i.

    >>> OneToOne().build(3, 3)
    (array([0, 1, 2, 3]), array([0, 1, 2], dtype=uint32))
    """

    def check(self, request: Request) -> None:
        if request.sources != request.targets:
            raise ParameterError(
                f"OneToOne() needs as many sources as targets, got {request.sources} and "
                f"{request.targets}.",
                hint="connect views of one size, such as exc[:100] and inh[:100]",
            )

    def expected(self, request: Request) -> float:
        return request.sources

    def rows(self) -> SameRows:
        return SameRows()

    def connect(self, request: Request) -> Graph:
        return np.arange(request.sources + 1), np.arange(request.sources, dtype=np.uint32)

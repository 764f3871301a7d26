"""How the synapses of a connection are held once they have been drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from spikeloom.engines.network_plan import AnyProjection, PopulationPlan, ProjectionPlan
from spikeloom.engines.wiring.draw import prepare
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.equations.values import Distribution
from spikeloom.network.description import Connection, Description
from spikeloom.network.engine import EngineName, packing

Keep: TypeAlias = Callable[
    [AnyProjection, Description, tuple[PopulationPlan, ...], str], AnyProjection
]
"""A projection, what was said, the populations and the precision in; the projection as it is held
out."""


def as_it_is(
    p: AnyProjection, said: Description, populations: tuple[PopulationPlan, ...], dtype: str
) -> AnyProjection:
    """All arrays."""
    del said, populations, dtype
    return p


class Packer:
    """In the few bytes that native code reads, cut between its threads.

    Arguments:
        threads: How many; None for as many as are worth while, which is found out at the first
            projection, from the numbers of neurons and of expected synapses.
    """

    def __init__(self, threads: int | None) -> None:
        self._threads = threads

    def __call__(
        self,
        p: AnyProjection,
        said: Description,
        populations: tuple[PopulationPlan, ...],
        dtype: str,
    ) -> AnyProjection:
        """One projection, packed; one that learns or is drawn anew stays as it is."""
        if not isinstance(p, ProjectionPlan) or p.learning is not None:
            return p
        pack, threads_worth = packing()
        if self._threads is None:
            self._threads = threads_worth(populations, _synapses(said), 1 + _shortest(said))
        return pack(p, populations, dtype, self._threads)


def make_keep(engine: EngineName, threads: int | None) -> Keep:
    """How an engine likes synapses to be held."""
    return as_it_is if engine in ("gpu", "reference", "fixed") else Packer(threads)


def _synapses(said: Description) -> float:
    return sum(c.rule.synapses(len(c.source), len(c.target)) for c in said.connections)


def _shortest(said: Description) -> int:
    """Steps that no delay is below."""
    return min((delay_bounds(c, said.dt)[0] for c in said.connections), default=0)


def delay_bounds(connection: Connection, dt: Quantity) -> tuple[int, int]:
    """Steps that no delay is below, and none above, as far as that is known beforehand."""
    delay, step = connection.delay, float(dt.to(ms))
    if isinstance(delay, Quantity) and np.size(delay.value):
        numbers = np.rint(np.asarray(delay.to(ms)) / step)
        return int(np.min(numbers)), int(np.max(numbers))
    if isinstance(delay, Distribution):
        scale = float(np.asarray(Quantity(1.0, delay.unit).to(ms))) / step
        draw = prepare(delay, scale, low=0.0)
        return int(np.rint(draw.smallest)), int(np.rint(draw.largest))
    return 0, 0

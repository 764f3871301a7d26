"""What a network is inside, and what the handles of its parts ask of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spikeloom.engines.network_plan import AnyProjection, NetworkPlan, ProjectionPlan
from spikeloom.engines.network_run import NetworkEngine
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.errors import ParameterError
from spikeloom.network import asked, build, rewards
from spikeloom.network.adding import adding
from spikeloom.network.description import Connection, Description, Source
from spikeloom.network.ranks import Team, together
from spikeloom.network.ranks.synapses import merged, mine, size
from spikeloom.network.view import View

Array = np.ndarray[Any, np.dtype[Any]]


class Inside(ABC):
    """What was said, what was built of it, what runs it, and the processes that hold it.

    Arguments:
        dt: Time step.
        seed: Of all random numbers.
        dtype: Precision of states and weights.
    """

    def __init__(self, dt: Quantity, seed: int, dtype: build.DType) -> None:
        self._said = Description(dt, seed)
        self._pieces = build.Pieces(dtype)
        self._engine: NetworkEngine | None = None
        self._grown: NetworkPlan | None = None
        self._team: Team | None = None
        self._token = object()

    @abstractmethod
    def _ready(self) -> NetworkEngine:
        """The engine, which knows of all that was said."""

    def holds(self, other: Inside) -> bool:
        """Whether another network is this one, or they come from the same by `fork`."""
        return self._token is other._token

    def engine(self) -> NetworkEngine:
        """The engine that runs the network; builds it if need be."""
        return self._ready()

    @property
    def built(self) -> bool:
        """Whether an engine holds the network already."""
        return self._engine is not None

    def channel_unit(self, part: View, channel: str) -> Unit:
        """Unit of an impulse input of a population."""
        inputs = self._said.members[part.population.index].receptors.definition.inputs
        return next(i.unit for i in inputs if i.name == channel)

    def whole(self, plan: AnyProjection, values: Array) -> Array:
        """Values of all synapses of a projection, from those that this process holds."""
        return values if self._team is None else merged(self._team, plan.indptr, values)

    def whole_targets(self, plan: AnyProjection) -> Array:
        """Targets of all synapses of a projection, counted in the whole population."""
        first = self._ready().plan.populations[plan.target].first
        return self.whole(plan, plan.targets.astype(np.int64) + first)

    def synapses(self, plan: AnyProjection) -> int:
        """How many synapses a projection has, in all processes."""
        return plan.count if self._team is None else size(self._team, plan.indptr)

    def schedule(self, connection: str, value: Any, at: Any) -> None:
        """Take down rewards of a connection for times to come."""
        step = self._ready().step
        rewards.scheduled(self._said, f"{connection}: reward", connection, value, at, step)

    @together
    def replace_weights(self, connection: Connection, weights: list[Array]) -> None:
        """Give synapses that do not learn other weights."""
        if not connection.stored:
            raise ParameterError(
                f"{connection.name}: its synapses are drawn at each spike and cannot be changed.",
                hint="connect(…, stored=True)",
            )
        team, each = self._team, iter(weights)

        def changed(p: AnyProjection) -> AnyProjection:
            own = next(each) if team is None else mine(team, p.indptr, next(each))
            return self._kept(replace(p.whole, weights=own), p)

        self._rebuilt(connection, changed)

    @together
    def scale_weights(self, connection: Connection, factor: float) -> None:
        """Multiply the weights of synapses that do not learn, which share all else with before."""
        self._rebuilt(connection, lambda p: p.scaled(factor))

    @together
    @adding
    def replace_source(self, place: int, **changes: Any) -> None:
        """Change a Poisson input."""
        sources: list[Source] = self._said.sources
        sources[place] = asked.changed(self._said, sources[place], **changes)

    def source_at(self, place: int) -> Source:
        """What was said about a Poisson input."""
        return self._said.sources[place]

    def _rebuilt(
        self, connection: Connection, change: Callable[[AnyProjection], AnyProjection]
    ) -> None:
        self._ready()
        graphs = self._pieces.graphs
        before: Sequence[AnyProjection] = graphs[connection]
        graphs[connection] = [change(p) for p in before]
        try:
            self._grown = build.plan(self._said, self._pieces)
        except BaseException:
            graphs[connection] = before
            raise

    def _kept(self, p: ProjectionPlan, like: AnyProjection) -> AnyProjection:
        """A projection as the engine likes it, with the delays of one in all processes."""
        populations = self._ready().plan.populations
        made = self._pieces.keep(p, self._said, populations, self._pieces.dtype)
        return made.spanning(like.shortest, like.longest)

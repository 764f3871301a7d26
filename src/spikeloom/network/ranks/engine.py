"""The engine of a network that is spread over processes: each steps its own neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import (
    NetworkEngine,
    NetworkRun,
    SpikeWish,
    Trace,
    WeightTrace,
    check_wishes,
)
from spikeloom.network.ranks.synapses import merged, own_synapses
from spikeloom.network.ranks.team import Team

Array = np.ndarray[Any, np.dtype[Any]]
Place: TypeAlias = tuple[int, int, int, float]


class SpreadEngine:
    """All neurons, of which this process holds some; every method is called by all processes.

    Spikes and traces come back whole in every process, so that a script may go on from what it
    sees. States in a `state_dict` are those of this process.

    Arguments:
        own: Steps the neurons of this process.
        team: The processes.
    """

    def __init__(self, own: NetworkEngine, team: Team) -> None:
        self.own, self._team = own, team
        self.exchange = own.exchange

    @property
    def plan(self) -> NetworkPlan:
        """What this process holds."""
        return self.own.plan

    @property
    def step(self) -> int:
        """Steps done since the beginning."""
        return self.own.step

    def run(
        self,
        steps: int,
        record_spikes: SpikeWish = None,
        record_states: Sequence[Trace] = (),
        record_weights: Sequence[WeightTrace] = (),
    ) -> NetworkRun:
        """Run some steps."""
        wholes = [
            np.arange(self.plan.populations[t.population].senders) if t.ids is None else t.ids
            for t in record_states
        ]
        mine = [
            replace(t, ids=self._mine(t.population, ids))
            for t, ids in zip(record_states, wholes, strict=True)
        ]
        check_wishes(self.plan, steps, record_spikes, mine)
        synapses = [self._synapses(w.projection, w.synapses) for w in record_weights]
        wishes = [
            replace(w, synapses=own) for w, (own, _) in zip(record_weights, synapses, strict=True)
        ]
        made = self.own.run(steps, record_spikes, mine, wishes)
        traces = [
            self._whole(t.population, ids, rows)
            for t, ids, rows in zip(record_states, wholes, made.traces, strict=True)
        ]
        weights = [
            _arranged(self._team.joined("weights", rows), self._team.joined("places", at))
            for rows, (_, at) in zip(made.weights, synapses, strict=True)
        ]
        return replace(made, traces=tuple(traces), weights=tuple(weights))

    def weights(self, projection: int) -> Array:
        """The weights of all synapses of a projection."""
        return merged(self._team, self._indptr(projection), self.own.weights(projection))

    def set_weights(self, projection: int, values: Array, synapses: Array | None = None) -> None:
        """Replace weights of some of all synapses."""
        own, at = self._synapses(projection, synapses)
        given = np.asarray(values)
        self.own.set_weights(projection, given[at] if given.ndim else given, own)

    def traces(self, projection: int) -> dict[str, Array]:
        """Every trace of a learning rule, of all neurons and synapses."""
        learning = self.plan.projections[projection].learning
        found = dict(self.own.traces(projection))
        if learning is not None:
            for name in learning.program.post:
                found[name] = self._team.joined(name, found[name])
            for name in learning.program.synapse[1:]:
                found[name] = merged(self._team, self._indptr(projection), found[name])
        return found

    def freeze(self, projection: int, frozen: bool) -> None:
        """Hold the weights of a projection, or let them go."""
        self.own.freeze(projection, frozen)

    def reward(self, projection: int, value: float) -> None:
        """Give the rule of a projection a reward."""
        self.own.reward(projection, value)

    def state(self, population: int) -> Array:
        """The states (S, N) of all neurons of a population."""
        return self._team.joined("states", self.own.state(population))

    def set_state(self, population: int, value: Array) -> None:
        """Replace the states of a population."""
        p = self.plan.populations[population]
        self.own.set_state(population, value[:, p.first : p.first + p.size])

    def state_dict(self) -> dict[str, Array]:
        """Every array that this process needs to go on bit for bit."""
        return self.own.state_dict()

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Go on from a `state_dict` of this process."""
        self.own.load_state_dict(state)

    def agree(self, took: float, asked: bool) -> tuple[float, bool]:
        """The longest time that a process took, and whether any was asked to stop."""
        return self._team.agree(took, asked)

    def told(self, text: str) -> str:
        """What one of the processes has to say; the others say nothing."""
        return b"".join(self._team.gather("a word", text.encode())).decode()

    def least(self, number: int) -> int:
        """The least of the numbers of all processes."""
        return int(np.min(self._team.joined("the least", np.array([number], np.int64))))

    def first(self, found: Place | None) -> Place | None:
        """The first of what the processes have found: population, state, neuron and value."""
        mine = np.array([found] if found is not None else [], np.float64).reshape(-1, 4)
        everyone = np.concatenate(self._team.arrays("a look at the states", mine))
        if not len(everyone):
            return None
        place, row, neuron, value = everyone[np.lexsort(everyone[:, 2::-1].T)[0]]
        return int(place), int(row), int(neuron), float(value)

    def _indptr(self, projection: int) -> Array:
        return self.plan.projections[projection].indptr

    def _synapses(self, projection: int, chosen: Array | None) -> tuple[Array, Array]:
        """Which of the chosen synapses are here: their places here, and among the chosen."""
        return own_synapses(self._team, self._indptr(projection), chosen)

    def _mine(self, population: int, ids: Array) -> Array:
        p = self.plan.populations[population]
        here = (ids >= p.first) & (ids < p.first + p.size)
        return ids[here] - p.first

    def _whole(self, population: int, ids: Array, rows: Array) -> Array:
        """The columns of all processes, in the order of the ids."""
        borders = self._team.share.borders(self.plan.populations[population].senders)
        owner = np.searchsorted(borders, ids, "right") - 1
        columns = self._team.joined("traces", rows)
        whole = np.empty((len(rows), len(ids)), rows.dtype)
        whole[:, np.argsort(owner, kind="stable")] = columns
        return whole


def _arranged(columns: Array, places: Array) -> Array:
    found = np.empty_like(columns)
    found[:, places] = columns
    return found

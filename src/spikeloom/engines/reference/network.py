"""A network step by step in plain NumPy float64: the answer that other engines must give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spikeloom.compile.numeric import run_block
from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.coupling import Potential, check_exchange, currents, potentials
from spikeloom.engines.exchange import Exchange, log_of, merged
from spikeloom.engines.fixed.reference import FixedReference, Ticker
from spikeloom.engines.inputs import Walks, total
from spikeloom.engines.network_plan import NetworkPlan, PopulationPlan, ProjectionPlan
from spikeloom.engines.network_run import (
    NetworkRun,
    SpikeWish,
    Trace,
    WeightTrace,
    check_rule,
    check_state,
    check_synapses,
    check_weight_wishes,
    check_weights,
    check_wishes,
    trace_steps,
)
from spikeloom.engines.poisson import (
    checked_means,
    poisson_counts,
    poisson_table,
    source_key,
    varying_counts,
)
from spikeloom.engines.randomness import Chance
from spikeloom.engines.reference.engine import Reference
from spikeloom.engines.reference.learning import Learner
from spikeloom.errors import NumericsError, ParameterError

Array = np.ndarray[Any, np.dtype[Any]]


class ReferenceNetwork:
    """Runs a plan in float64, whatever precision the plan asks for.

    Arguments:
        plan: The network.
        exchange: As in `NetworkEngine`; here after every step.
        ticker: What steps neurons of whole numbers; None takes `FixedReference`. Their weights are
            whole, and sums of whole numbers in float64 are exact.
    """

    def __init__(
        self, plan: NetworkPlan, exchange: Exchange | None = None, ticker: Ticker | None = None
    ) -> None:
        if exchange is not None:
            check_exchange(plan)
        self.plan = plan
        self.exchange = exchange
        self._ticker = FixedReference() if ticker is None else ticker
        self.step = 0
        """Steps done since the beginning."""
        self._states = [np.array(p.start, np.float64) for p in plan.populations]
        # What is on its way to each channel: (slot, neuron); slot = step of arrival mod D.
        self._coming = [
            {name: np.zeros((plan.slots, p.size)) for name in p.channels} for p in plan.populations
        ]
        self._projections = [p.whole for p in plan.projections]
        self._learners = {
            k: Learner(plan, p, p.learning, self._states[p.target])
            for k, p in enumerate(self._projections)
            if p.learning is not None
        }
        self._tables = [poisson_table(source.rate_per_step) for source in plan.poisson]
        sizes = [p.size for p in plan.populations]
        self._walks = Walks(plan.drives, plan.seed, sizes, Reference().simulate)
        self._chance = [p.chance(plan.seed) for p in plan.populations]

    def run(
        self,
        steps: int,
        record_spikes: SpikeWish = None,
        record_states: Sequence[Trace] = (),
        record_weights: Sequence[WeightTrace] = (),
    ) -> NetworkRun:
        """Run some steps, going on from where the last call ended.

        Arguments:
            steps: How many.
            record_spikes: Of each population: all, none, or a mask (N,). None: of all.
            record_states: States to keep.
            record_weights: Weights to keep.

        Returns:
            Spikes, traces and weights.
        """
        masks, ids = check_wishes(self.plan, steps, record_spikes, record_states)
        synapses = check_weight_wishes(self.plan, record_weights)
        first = self.step
        empty = np.empty(0, np.int64)
        at: list[list[Array]] = [[empty] for _ in masks]
        who: list[list[Array]] = [[empty] for _ in masks]
        rows: list[list[Array]] = [[] for _ in ids]
        weights: list[list[Array]] = [[] for _ in synapses]
        for _ in range(steps):
            now = self.step
            fired = self._advance_all()
            if self.exchange is not None:
                own = log_of(fired, [p.first for p in self.plan.populations])
                fired = merged(self.exchange([own]))
            for place, (mask, spikes) in enumerate(zip(masks, fired, strict=True)):
                if mask is not None:
                    kept = spikes[mask[spikes]]
                    at[place].append(np.full(kept.size, now))
                    who[place].append(kept)
            for trace, chosen, row in zip(record_states, ids, rows, strict=True):
                if now % trace.every == 0:
                    names = self.plan.populations[trace.population].program.states
                    row.append(self._states[trace.population][names.index(trace.state)][chosen])
            for place, projection in enumerate(self._projections):
                if place in self._learners:
                    states = self._states[projection.target]
                    self._learn(place, fired[projection.source], fired[projection.target], states)
                else:
                    self._deliver(projection, fired[projection.source])
            self.step += 1
            for wish, chosen, kept in zip(record_weights, synapses, weights, strict=True):
                if now % wish.every == 0:
                    kept.append(self.weights(wish.projection)[chosen])
        self._walks.settle(self.step)
        return NetworkRun(
            first,
            steps,
            tuple((np.concatenate(a), np.concatenate(w)) for a, w in zip(at, who, strict=True)),
            tuple(np.array(r).reshape(len(r), len(i)) for r, i in zip(rows, ids, strict=True)),
            tuple(trace_steps(first, steps, trace.every) for trace in record_states),
            tuple(
                np.array(r).reshape(len(r), len(i)) for r, i in zip(weights, synapses, strict=True)
            ),
            tuple(trace_steps(first, steps, wish.every) for wish in record_weights),
        )

    def weights(self, projection: int) -> Array:
        """A copy of the weights (nnz,) of a projection as they are now, in the plan's unit."""
        count = check_synapses(self.plan, projection, None)
        if projection in self._learners:
            return self._learners[projection].weights(self.step - 1)
        fixed = np.asarray(self._projections[projection].weights, np.float64)
        return np.broadcast_to(fixed, (count,)).copy()

    def set_weights(self, projection: int, values: Array, synapses: Array | None = None) -> None:
        """Replace weights of synapses that learn, in the plan's unit and order; None for all."""
        check_rule(self.plan, projection, "")
        given = check_weights(self.plan, projection, values, synapses)
        chosen = np.arange(given.size) if synapses is None else np.asarray(synapses, np.int64)
        self._learners[projection].set_weights(chosen, given, self.step - 1)

    def traces(self, projection: int) -> dict[str, Array]:
        """Every trace of a rule that is no state of the target; nothing for static synapses."""
        check_synapses(self.plan, projection, None)
        found = self._learners.get(projection)
        return {} if found is None else found.traces(self.step - 1)

    def freeze(self, projection: int, frozen: bool) -> None:
        """Hold the weights of a projection, or let them go; all else goes on."""
        check_rule(self.plan, projection, "")
        self._learners[projection].freeze(frozen, self.step - 1)

    def reward(self, projection: int, value: float) -> None:
        """Give the rule of a projection a reward, now."""
        check_rule(self.plan, projection, "on_reward")
        self._learners[projection].everywhere("on_reward", self.step - 1, value)

    def state(self, population: int) -> Array:
        """A copy of the states (S, N) of a population."""
        return self._states[population].copy()

    def set_state(self, population: int, value: Array) -> None:
        """Replace the states of a population."""
        self._states[population][:] = value

    def state_dict(self) -> dict[str, Array]:
        """Every array that is needed to go on bit for bit."""
        saved = {"step": np.array(self.step)}
        for k, (states, coming) in enumerate(zip(self._states, self._coming, strict=True)):
            saved[f"states.{k}"] = states.copy()
            saved |= {f"coming.{k}.{name}": ring.copy() for name, ring in coming.items()}
        for k, learner in self._learners.items():
            saved |= {f"learning.{k}.{name}": x.copy() for name, x in learner.kept.items()}
            saved[f"learning.{k}.frozen"] = np.array(learner.frozen)
        return saved | self._walks.states(self.step)

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Go on from a `state_dict`.

        Raises:
            CheckpointError: It is of another network.
        """
        check_state(self.plan, state, self.state_dict())
        self.step = int(state["step"])
        self._walks.load(self.step, state)
        for k, (states, coming) in enumerate(zip(self._states, self._coming, strict=True)):
            states[:] = state[f"states.{k}"]
            for name, ring in coming.items():
                ring[:] = state[f"coming.{k}.{name}"]
        for k, learner in self._learners.items():
            for name, kept in learner.kept.items():
                kept[...] = state[f"learning.{k}.{name}"]
            learner.frozen = bool(state[f"learning.{k}.frozen"])

    def _advance_all(self) -> list[Array]:
        """One step of all populations; gives the neurons of each that spiked."""
        places = range(len(self._states))
        self._walks.settle(self.step)
        arrived = [self._arrivals(place) for place in places]
        couplings = self.plan.couplings
        if couplings:
            start = {p: self._potential(self._states, p) for p in potentials(couplings)}
            flows = currents(couplings, start)
            trial = [self._step(k, _with(arrived[k], flows, k)) for k in places]
            ends = [states for states, _ in trial]
            mean = {p: (v + self._potential(ends, p)) / 2 for p, v in start.items()}
            for p, v in start.items():
                reset = trial[p.population][1] if p.resets else []
                mean[p][reset] = v[reset]
            flows = currents(couplings, mean)
            arrived = [_with(arrived[k], flows, k) for k in places]
        made = [self._step(place, arrived[place]) for place in places]
        self._states = [states for states, _ in made]
        return [fired for _, fired in made]

    def _potential(self, states: Sequence[Array], p: Potential) -> Array:
        names = self.plan.populations[p.population].program.states
        return states[p.population][names.index(p.state)]

    def _arrivals(self, place: int) -> dict[str, Array | float]:
        """What comes into a population in this step; takes it from what is on its way."""
        population = self.plan.populations[place]
        program, size = population.program, population.size
        slot = self.step % self.plan.slots
        inputs: dict[str, Array | float] = {name: 0.0 for name in program.inputs}
        inputs |= population.constants
        for drive in self._walks.drives:
            if drive.target == place:
                now = total([drive.term], self.step, 1, size)[0]
                inputs[drive.input] = inputs[drive.input] + now
        for name, ring in self._coming[place].items():
            inputs[name] = ring[slot].copy()
            ring[slot] = 0.0
        for source, (table, rows) in zip(self.plan.poisson, self._tables, strict=True):
            if source.target == place:
                key = source_key(self.plan.seed, source.entity)
                if source.course:
                    mean = checked_means(total(source.course, self.step, 1, size), self.step)[0]
                    counts = varying_counts(mean, key, self.step, population.first)
                else:
                    counts = poisson_counts(table, rows, key, self.step, size, population.first)
                inputs[source.channel] = inputs[source.channel] + source.weight * counts
        return inputs

    def _step(self, place: int, inputs: Mapping[str, Array | float]) -> tuple[Array, Array]:
        """States after a step of a population, and the neurons that spiked in it."""
        population = self.plan.populations[place]
        program, size = population.program, population.size
        if population.trains is not None:
            fired = population.trains.fired(self.step, 1, self.plan.seed)[1]
            return self._states[place], fired
        if isinstance(program, TickProgram):
            return self._tick(population, program, self._chance[place], place, inputs)
        leaves: dict[str, Array | float] = {f"input:{n}": x for n, x in inputs.items()}
        leaves |= {f"coef:{n}": population.coefs[n] for n in program.coefs}
        leaves |= self._chance[place].draws(self.step, size)
        states = self._states[place]
        leaves |= {f"state:{n}": x for n, x in zip(program.states, states, strict=True)}
        given = run_block(program.forward, leaves)
        after = np.stack([np.broadcast_to(given[f"state:{n}"], (size,)) for n in program.states])
        if not program.spikes:
            return after, np.empty(0, np.int64)
        return after, np.flatnonzero(np.broadcast_to(given["out"], (size,)))

    def _tick(
        self,
        population: PopulationPlan,
        program: TickProgram,
        chance: Chance,
        place: int,
        inputs: Mapping[str, Array | float],
    ) -> tuple[Array, Array]:
        """A tick of neurons of whole numbers."""
        given = {n: np.broadcast_to(x, (population.size,)) for n, x in inputs.items()}
        now = chance.at(self.step) if program.random else None
        try:
            run = self._ticker.simulate(
                program, population.coefs, self._states[place], 1, given, chance=now
            )
        except ParameterError as error:
            raise NumericsError(
                f"network: {population.entity}, tick {self.step}: {error.message}", hint=error.hint
            ) from error
        fired = np.empty(0, np.int64) if run.spike_ids is None else run.spike_ids
        return run.state.astype(np.float64), fired

    def _learn(self, place: int, fired: Array, spiked: Array, states: Array) -> None:
        """Let synapses change, and send what reaches them in this step on its way."""
        learner = self._learners[place]
        target = self.plan.populations[learner.projection.target]
        own = spiked - target.first  # of a population that is spread over processes, the part here
        own = own[(own >= 0) & (own < target.size)]
        senders, sent = learner.step(self.step, fired, own, states)
        ring = self._coming[learner.projection.target][learner.projection.channel]
        slots = (self.step + 1 + learner.behind[senders]) % self.plan.slots
        np.add.at(ring, (slots, learner.targets[senders]), sent)

    def _deliver(self, projection: ProjectionPlan, fired: Array) -> None:
        """Send the spikes of this step on their way."""
        ring = self._coming[projection.target][projection.channel]
        count = projection.targets.size
        weights = np.broadcast_to(np.asarray(projection.weights, np.float64), (count,))
        delays = np.broadcast_to(projection.delays, (count,))
        if isinstance(self.plan.populations[projection.target].program, TickProgram):
            which = _rows(projection.indptr, fired)  # whole numbers: any order gives the same sum
            slots = (self.step + 1 + delays[which].astype(np.int64)) % self.plan.slots
            flat = slots * ring.shape[1] + projection.targets[which]
            ring += np.bincount(flat, weights[which], ring.size).reshape(ring.shape)
            return
        for source in fired:
            row = slice(int(projection.indptr[source]), int(projection.indptr[source + 1]))
            slots = (self.step + 1 + delays[row].astype(np.int64)) % self.plan.slots
            # `add.at` adds one after another, so a target that occurs twice gets both.
            with np.errstate(over="ignore"):  # it is told as a state that is infinite
                np.add.at(ring, (slots, projection.targets[row]), weights[row])


def _rows(indptr: Array, fired: Array) -> Array:
    """The synapses of some sources, one source after another."""
    first = np.asarray(indptr)[fired].astype(np.int64)
    length = np.asarray(indptr)[fired + 1].astype(np.int64) - first
    ends = np.cumsum(length)
    return np.arange(ends[-1] if ends.size else 0) + np.repeat(first - ends + length, length)


def _with(
    inputs: Mapping[str, Array | float], flows: Mapping[tuple[int, str], Array], place: int
) -> dict[str, Array | float]:
    """Inputs of a population, and what flows into it through gap junctions."""
    own = {name: flow for (target, name), flow in flows.items() if target == place}
    return {**inputs, **{name: inputs[name] + flow for name, flow in own.items()}}

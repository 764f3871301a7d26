"""What running a network gives back, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from spikeloom.engines.exchange import Exchange
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.errors import CheckpointError, EngineError, NumericsError, ShapeError, suggest

Array = np.ndarray[Any, np.dtype[Any]]
SpikeWish = Sequence["bool | Array"] | None
"""Of each population: all spikes, none, or those under a mask (N,). None: of all populations."""


@dataclass(frozen=True, eq=False)
class Trace:
    """A wish to keep one state of some neurons.

    Arguments:
        population: Place in the plan.
        state: Name of the state.
        ids: Neurons, any order; None for all.
        every: Keep it after each step n that is a multiple of this.
    """

    population: int
    state: str
    ids: Array | None = None
    every: int = 1


@dataclass(frozen=True, eq=False)
class WeightTrace:
    """A wish to keep the weights of some synapses, in the unit of the plan.

    Arguments:
        projection: Place in the plan.
        synapses: Places in its rows, any order; None for all.
        every: Keep them after each step n that is a multiple of this.
    """

    projection: int
    synapses: Array | None = None
    every: int = 1


@dataclass(frozen=True, eq=False)
class NetworkRun:
    """Result of some steps of a network.

    Arguments:
        first: First step.
        steps: Number of steps.
        spikes: Of each population: step and neuron of each spike, both int64, in order of step
            and then neuron. Steps are counted from the beginning of the network's life.
        traces: For each wish (rows, neurons), in the order of its ids.
        trace_steps: For each wish the steps after which its rows were kept.
        weights: For each wish of weights (rows, synapses), in the order of its synapses.
        weight_steps: For each wish of weights the steps after which its rows were kept.
    """

    first: int
    steps: int
    spikes: tuple[tuple[Array, Array], ...]
    traces: tuple[Array, ...]
    trace_steps: tuple[Array, ...]
    weights: tuple[Array, ...] = ()
    weight_steps: tuple[Array, ...] = ()


class NetworkEngine(Protocol):
    """What can run a plan. `ReferenceNetwork` and `NativeNetwork` are such engines.

    An engine is made of a plan, and of these:

    like: An engine of the same kind. What never changes, such as the synapses of a projection that
        both plans share, is held in memory once.
    exchange: Where other processes hold other neurons: tells them who spiked, and gives back who
        spiked anywhere. Called once in as many steps as pass before a spike can arrive.
    """

    @property
    def plan(self) -> NetworkPlan:
        """What it runs."""
        ...

    @property
    def step(self) -> int:
        """Steps done since the beginning."""
        ...

    @property
    def exchange(self) -> Exchange | None:
        """See above."""
        ...

    def run(
        self,
        steps: int,
        record_spikes: SpikeWish = None,
        record_states: Sequence[Trace] = (),
        record_weights: Sequence[WeightTrace] = (),
    ) -> NetworkRun:
        """Run some steps."""
        ...

    def weights(self, projection: int) -> Array:
        """A copy of the weights (nnz,) of a projection as they are now, in the plan's unit."""
        ...

    def set_weights(self, projection: int, values: Array, synapses: Array | None = None) -> None:
        """Replace weights of synapses that learn, in the plan's unit and order; None for all."""
        ...

    def traces(self, projection: int) -> dict[str, Array]:
        """Every trace of a rule that is no state of the target; nothing for static synapses.

        Of shape (sources,), (targets,), (nnz,) or (), as the rule declares it; a target's in the
        neuron's own time.
        """
        ...

    def freeze(self, projection: int, frozen: bool) -> None:
        """Hold the weights of a projection, or let them go; all else goes on."""
        ...

    def reward(self, projection: int, value: float) -> None:
        """Give the rule of a projection a reward, now."""
        ...

    def state(self, population: int) -> Array:
        """A copy of the states (S, N) of a population."""
        ...

    def set_state(self, population: int, value: Array) -> None:
        """Replace the states of a population."""
        ...

    def state_dict(self) -> dict[str, Array]:
        """Every array that is needed to go on bit for bit.

        By name: ``step``; of each population K ``states.K`` (S, N) and, of each channel,
        ``coming.K.CHANNEL`` (slots, N), where what arrives in step n is in slot n mod slots.
        Of each projection J that learns, ``….J`` or ``….J.NAME``.
        """
        ...

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Go on from a `state_dict`."""
        ...


def check_wishes(
    plan: NetworkPlan, steps: int, record_spikes: SpikeWish, record_states: Sequence[Trace]
) -> tuple[tuple[Array | None, ...], tuple[Array, ...]]:
    """The neurons whose spikes are kept, and the ids of each trace.

    Returns:
        A mask (N,) of each population, or None for none of it; ids, int64, of each trace.
    """
    if steps < 0:
        raise EngineError(f"network: the number of steps must not be negative, got {steps}.")
    count = len(plan.populations)
    given = [True] * count if record_spikes is None else list(record_spikes)
    if len(given) != count:
        raise EngineError(f"network: record_spikes must have {count} entries, got {len(given)}.")
    masks: list[Array | None] = []
    for place, (wish, population) in enumerate(zip(given, plan.populations, strict=True)):
        if isinstance(wish, (bool, np.bool_)):
            masks.append(np.ones(population.senders, bool) if wish else None)
            continue
        mask = np.asarray(wish)
        if mask.shape != (population.senders,) or mask.dtype != np.bool_:
            raise ShapeError(
                f"network: record_spikes[{place}] must be a bool or a mask ({population.senders},)."
            )
        masks.append(mask if mask.any() else None)
    return tuple(masks), tuple(_ids(plan, trace) for trace in record_states)


def check_weight_wishes(
    plan: NetworkPlan, record_weights: Sequence[WeightTrace]
) -> tuple[Array, ...]:
    """The synapses of each wish, int64."""
    made: list[Array] = []
    for wish in record_weights:
        check_synapses(plan, wish.projection, wish.synapses)
        if wish.every < 1:
            raise EngineError(f"network: every must be at least 1, got {wish.every}.")
        count = plan.projections[wish.projection].count
        chosen = np.arange(count) if wish.synapses is None else np.asarray(wish.synapses, np.int64)
        made.append(chosen)
    return tuple(made)


def check_synapses(plan: NetworkPlan, projection: int, synapses: Array | None) -> int:
    """The number of synapses that are meant; raise unless there are such."""
    if not 0 <= projection < len(plan.projections):
        raise EngineError(f"network: there is no projection {projection}.")
    count = plan.projections[projection].count
    if synapses is None:
        return count
    ids = np.asarray(synapses)
    if ids.ndim != 1 or (ids.size and not 0 <= ids.min() <= ids.max() < count):
        raise EngineError(f"network: synapses must be between 0 and {count - 1}.")
    return ids.size


def check_weights(
    plan: NetworkPlan, projection: int, values: Array, synapses: Array | None
) -> Array:
    """New weights as float64, one for each synapse that is meant."""
    count = check_synapses(plan, projection, synapses)
    given = np.asarray(values, np.float64)
    if given.shape not in ((), (count,)):
        raise ShapeError(f"network: weights must have shape ({count},), got {given.shape}.")
    if not np.all(np.isfinite(given)):
        raise NumericsError("network: a new weight is NaN or infinite.")
    return np.broadcast_to(given, (count,))


def check_rule(plan: NetworkPlan, projection: int, event: str) -> None:
    """Raise unless the projection learns, and its rule has an event."""
    check_synapses(plan, projection, None)
    learning = plan.projections[projection].learning
    if learning is None:
        raise EngineError(f"network: the synapses of projection {projection} do not learn.")
    if event and not any(name.startswith(f"{event}.") for name in learning.program.blocks):
        raise EngineError(f"network: {learning.program.rule} has no {event}.")


def trace_steps(first: int, steps: int, every: int) -> Array:
    """The multiples of ``every`` among the steps.

    >>> trace_steps(5, 10, 4).tolist()
    [8, 12]
    """
    return np.arange(-(-first // every) * every, first + steps, every)


def check_state(plan: NetworkPlan, state: dict[str, Array], wanted: dict[str, Array]) -> None:
    """Raise CheckpointError unless a saved state has the arrays of this network."""
    if set(state) != set(wanted):
        odd = min(set(state) ^ set(wanted))
        raise CheckpointError(
            f"network: the saved state is of another network ({odd!r} does not match)."
        )
    for name, array in wanted.items():
        got = np.asarray(state[name])
        if got.shape != array.shape or got.dtype != array.dtype:
            raise CheckpointError(
                f"network: {name!r} of the saved state must be {array.dtype} {array.shape}, got"
                f" {got.dtype} {got.shape}.",
                hint="the reference engine computes in float64, whatever the precision of the"
                " network; go on with the engine that wrote the state"
                if got.dtype != array.dtype
                else None,
            )


def _ids(plan: NetworkPlan, trace: Trace) -> Array:
    if not 0 <= trace.population < len(plan.populations):
        raise EngineError(f"network: there is no population {trace.population} to record.")
    population = plan.populations[trace.population]
    if trace.state not in population.program.states:
        raise EngineError(
            f"network: {population.program.model} has no state {trace.state!r}.",
            hint=suggest(trace.state, population.program.states),
        )
    if trace.every < 1:
        raise EngineError(f"network: every must be at least 1, got {trace.every}.")
    ids = np.arange(population.size) if trace.ids is None else np.asarray(trace.ids, np.int64)
    if ids.ndim != 1 or (ids.size and not 0 <= ids.min() <= ids.max() < population.size):
        raise EngineError(f"network: ids to record must be between 0 and {population.size - 1}.")
    return ids

"""`Projection`: a connection of a network, to look at its weights and change them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.engines.network_plan import AnyProjection
from spikeloom.engines.network_run import WeightTrace
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.values import check
from spikeloom.errors import ParameterError, ShapeError, suggest
from spikeloom.network import rewards, weight_file
from spikeloom.network.description import Connection

if TYPE_CHECKING:
    from spikeloom.equations import LearningRule
    from spikeloom.network.construction import Construction

Array = np.ndarray[Any, np.dtype[Any]]


class Projection:
    """One connection of a network. `Network.connect` gives it.

    Its synapses have an order: by source, and for each source by target; where source or target are
    sums of populations, pair by pair of these. Looking at them builds the network.

    >>> from spikeloom import LIF, AllToAll, ExponentialCurrent, Network, PairSTDP, ms, pA
    >>> net = Network(dt=0.1 * ms, engine="reference")
    >>> a, b = net.population(2, LIF(), name="a"), net.population(3, LIF(), name="b")
    >>> synapses = net.connect(
    ...     a,
    ...     b,
    ...     ExponentialCurrent(),
    ...     AllToAll(),
    ...     weight=50 * pA,
    ...     learning=PairSTDP(scale=100 * pA),
    ... )
    >>> synapses
    a -> b: AllToAll(autapses=False), learning by PairSTDP(scale=100 * pA)
    >>> synapses.sources, synapses.targets
    (array([0, 0, 0, 1, 1, 1]), array([0, 1, 2, 0, 1, 2]))
    >>> synapses
    a -> b: 6 synapses, learning by PairSTDP(scale=100 * pA)
    >>> synapses.set_weights(30 * pA, synapses.targets == 2)
    >>> synapses.weights
    [50, 50, 30, 50, 50, 30] * pA
    """

    def __init__(self, network: Construction, connection: Connection) -> None:
        self._network, self._connection = network, connection

    @property
    def connection(self) -> Connection:
        """What was said about it."""
        return self._connection

    @property
    def name(self) -> str:
        """Name of the connection."""
        return self._connection.name

    @property
    def learning(self) -> LearningRule | None:
        """The learning rule; None for weights that stay."""
        return None if self._connection.learning is None else self._connection.learning.rule

    def __len__(self) -> int:
        return sum(self._sizes())

    @property
    def sources(self) -> Array:
        """Source of each synapse, counted in its own population."""
        plans = [p for _, p in self._plans()]
        made = [np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr)) for p in plans]
        made = [self._network.whole(p, x) for p, x in zip(plans, made, strict=True)]
        return np.concatenate([np.empty(0, np.int64), *made])

    @property
    def targets(self) -> Array:
        """Target of each synapse, counted in its own population."""
        made = [self._network.whole_targets(p) for _, p in self._plans()]
        return np.concatenate([np.empty(0, np.int64), *made])

    @property
    def delays(self) -> Quantity:
        """Delay of each synapse."""
        plans = [p for _, p in self._plans()]
        made = [np.broadcast_to(p.delays, (p.count,)) for p in plans]
        made = [self._network.whole(p, x) for p, x in zip(plans, made, strict=True)]
        steps = np.concatenate([np.empty(0), *made])
        dt = self._network.dt
        return Quantity(steps * np.asarray(dt.value), dt.unit)

    @property
    def weights(self) -> Quantity:
        """Weight of each synapse as it is now, in the unit of the synapse."""
        engine, unit = self._network.engine(), self.unit
        made = [engine.weights(k) * self._scale(k) for k, _ in self._plans()]
        return Quantity(np.concatenate([np.empty(0), *made]), unit)

    def asked_of_engine(self, which: Array | None, every: int) -> list[tuple[WeightTrace, float]]:
        """What an engine is asked for to record weights, and what its numbers are in `unit`.

        Arguments:
            which: Places of synapses, ascending; None for all.
            every: Steps between two copies.
        """
        made: list[tuple[WeightTrace, float]] = []
        low = 0
        for k, plan in self._plans():
            here, high = None, low + self._network.synapses(plan)
            if which is not None:
                here = which[(which >= low) & (which < high)] - low
            made.append((WeightTrace(k, here, every), self._scale(k)))
            low = high
        return made

    def places(self, which: Any) -> Array | None:
        """A choice of synapses as places in ascending order; None for all.

        Raises:
            ParameterError: There is no such synapse.
            ShapeError: A mask of another length.
        """
        return None if which is None else np.unique(_places(self.name, which, len(self)))

    def set_weights(self, values: Any, which: Any = None) -> None:
        """Replace weights.

        Arguments:
            values: One weight, or one for each of the synapses that are meant, with their unit.
            which: A mask over all synapses, or places of some; None for all.

        Raises:
            UnitError: The wrong unit.
            ParameterError: NaN or infinite.
            ShapeError: The wrong number of values, or a mask of another length.
        """
        given = check(self.name, "weights", self.unit, values)
        if not isinstance(given, Quantity):
            raise ParameterError(f"{self.name}: weights must be numbers with a unit, got {given}.")
        size = len(self)
        chosen = _places(self.name, which, size)
        numbers = np.asarray(given.to(self.unit), np.float64)
        if numbers.shape not in ((), (chosen.size,)):
            raise ShapeError(
                f"{self.name}: one weight or {chosen.size} of them; got shape {numbers.shape}.",
                hint=f"it has {size} synapses; p.weights gives all of them in order",
            )
        every = np.array(self.weights.value, np.float64)
        every[chosen] = numbers
        meant = np.zeros(size, bool)
        meant[chosen] = True
        if self.learning is None:
            self._network.replace_weights(self._connection, self._cut(every))
            return
        engine = self._network.engine()
        for (k, _), part, mask in zip(
            self._plans(), self._cut(every), self._cut(meant), strict=True
        ):
            engine.set_weights(k, part[mask] / self._scale(k), np.flatnonzero(mask))

    def scale_weights(self, factor: float) -> None:
        """Multiply all weights by a number.

        Where the synapses do not learn, a fork goes on sharing their targets and delays with the
        network it comes from, and most often the weights too.

        Raises:
            ParameterError: The factor is NaN or infinite.
        """
        known = isinstance(factor, (int, float, np.number)) and not isinstance(factor, bool)
        if not known or not np.isfinite(factor):
            raise ParameterError(
                f"{self.name}: the factor must be a finite number, got {factor!r}."
            )
        number = float(factor)
        if self.learning is None:
            self._network.scale_weights(self._connection, number)
        else:
            self.set_weights(Quantity(np.asarray(self.weights.value) * number, self.unit))

    def freeze(self) -> None:
        """Hold the weights from now on; traces and short-term plasticity go on."""
        self._hold(True)

    def thaw(self) -> None:
        """Let the weights change again."""
        self._hold(False)

    def reward(self, value: Any, at: Quantity | None = None) -> None:
        """Give the learning rule a reward.

        Arguments:
            value: How much: a number, or one for each time.
            at: When, counted from the beginning of the network's life; one time or several. It is
                given after all spikes until then. None gives it now.

        Raises:
            ParameterError: The rule knows no reward, the value is not finite, or a time has passed
                or falls between two steps.
            ShapeError: Not as many rewards as times.
        """
        rule = self._learning("reward")
        if not rule.definition.on_reward:
            raise ParameterError(
                f"{self.name}: {rule.definition.name} knows no reward.",
                hint="a rule with def on_reward(self, after), such as RewardSTDP",
            )
        engine = self._network.engine()
        if at is not None:
            self._network.schedule(self.name, value, at)
            return
        number = rewards.numbers(self.name, value)
        if number.shape:
            raise ShapeError(f"{self.name}: one reward at a time, got {value}.", hint="at=… * ms")
        for k, _ in self._plans():
            engine.reward(k, float(number))

    def trace(self, name: str) -> Quantity:
        """A trace of the learning rule as it is now.

        Arguments:
            name: As the rule declares it.

        Returns:
            One number for each source, target or synapse, whichever has it; one for all of a shared
            trace. Traces that follow the target's states are states of the target instead.
        """
        rule = self._learning("trace")
        engine = self._network.engine()
        found = [engine.traces(k) for k, _ in self._plans()]
        known = {t.name: t for t in rule.definition.traces}
        if name not in known or known[name].driven:
            label = self._connection.learning.labels[0] if self._connection.learning else ""
            hint = suggest(name, [t.name for t in known.values() if not t.driven])
            if name in known:
                hint = f'it is a state of the target: net.record(…, "{label}_{name}")'
            raise ParameterError(f"{self.name}: no trace {name!r} here.", hint=hint)
        values = [f[name] for f in found]
        one = values[0] if len(values) == 1 else np.concatenate([np.atleast_1d(v) for v in values])
        return Quantity(one, known[name].unit)

    def save(self, path: str | Path) -> Path:
        """Write the weights to a safetensors file, in one step that cannot leave half a file.

        Raises:
            StorageError: It cannot be written.
        """
        weights = np.asarray(self.weights.value, np.float64)
        return weight_file.save(Path(path), weights, self.sources, self.targets, str(self.unit))

    def load(self, path: str | Path) -> None:
        """Take the weights from a file of `save`.

        Raises:
            CheckpointError: Missing, damaged, or of other synapses.
        """
        weights = weight_file.load(Path(path), self.sources, self.targets, str(self.unit))
        self.set_weights(Quantity(weights, self.unit))

    @property
    def unit(self) -> Unit:
        """Unit of the weights: that of the synapse's impulse."""
        part, channel = self._connection.target.parts[0], self._connection.channels[0]
        return self._network.channel_unit(part, channel)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Projection):
            return NotImplemented
        return self._network is other._network and self._connection is other._connection

    def __hash__(self) -> int:
        return hash((id(self._network), self._connection))

    def __repr__(self) -> str:
        rule = f", learning by {self.learning!r}" if self.learning is not None else ""
        # To be shown must not build a network of which more is to be said.
        built = self._network.built
        what = f"{len(self):,} synapses" if built else repr(self._connection.rule)
        return f"{self.name}: {what}{rule}"

    def _plans(self) -> list[tuple[int, AnyProjection]]:
        plan = self._network.engine().plan
        return [(k, p) for k, p in enumerate(plan.projections) if p.name == self.name]

    def _scale(self, place: int) -> float:
        """What a weight of the plan is in the unit of the first part of the target."""
        plan = self._network.engine().plan.projections[place]
        learning = self._connection.learning
        for number, part in enumerate(self._connection.target.parts):
            if part.population.index == plan.target:
                unit = self._network.channel_unit(part, self._connection.channels[number])
                own = 1.0 if learning is None else learning.scales[number]
                return own * float(np.asarray(Quantity(1.0, unit).to(self.unit)))
        return 1.0

    def _sizes(self) -> list[int]:
        return [self._network.synapses(p) for _, p in self._plans()]

    def _cut(self, every: Array) -> list[Array]:
        ends = np.cumsum(self._sizes())
        return np.split(every, ends[:-1])

    def _learning(self, what: str) -> LearningRule:
        if self.learning is None:
            raise ParameterError(
                f"{self.name}: {what} is for synapses that learn.", hint="connect(…, learning=…)"
            )
        return self.learning

    def _hold(self, frozen: bool) -> None:
        self._learning("freeze" if frozen else "thaw")
        for k, _ in self._plans():
            self._network.engine().freeze(k, frozen)


def _places(name: str, which: Any, size: int) -> Array:
    if which is None:
        return np.arange(size)
    chosen = np.asarray(which)
    if chosen.dtype == np.bool_:
        if chosen.shape != (size,):
            raise ShapeError(f"{name}: a mask must have shape ({size},), got {chosen.shape}.")
        return np.flatnonzero(chosen)
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
        raise ShapeError(f"{name}: which must be a mask or whole numbers, got {which!r}.")
    if chosen.size and not -size <= chosen.min() <= chosen.max() < size:
        raise ParameterError(f"{name}: synapses are counted from 0 to {size - 1}.")
    return chosen.astype(np.int64) % max(size, 1)

"""The plan of a network: plain arrays that every engine can run.

Nothing here knows of units, names of populations or rules of connection: that is the business of
the layer above. A plan is a value; engines copy what they change.

Step n covers the time from n·dt to (n + 1)·dt. What arrives at its start is the sum, in this order,
of the spikes of earlier steps (by step, projection, source, place in the row) and of the Poisson
sources (in the order of the plan). A spike of step n with a delay of d steps arrives at the start
of step n + 1 + d.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.compile.tick_program import EXACT, TickProgram
from spikeloom.engines.coupling import CouplingPlan
from spikeloom.engines.inputs.drives import DrivePlan
from spikeloom.engines.inputs.trains import Trains
from spikeloom.engines.learning_plan import LearningPlan
from spikeloom.engines.poisson_plan import PoissonPlan as PoissonPlan
from spikeloom.engines.poisson_plan import check_shape
from spikeloom.engines.randomness import Chance
from spikeloom.errors import EngineError, NumericsError, ShapeError, suggest

Array = np.ndarray[Any, np.dtype[Any]]
MAX_DELAY = 65535
"""Longest delay in steps."""


@dataclass(frozen=True, eq=False)
class PopulationPlan:
    """Neurons that share their equations.

    Arguments:
        program: Their compiled equations.
        coefs: Coefficient -> number or array (N,), from `bind`.
        size: Number of neurons N.
        start: States before the first step, (S, N), in the order of ``program.states``.
        channels: Impulse inputs of the program at which projections or Poisson sources arrive.
            The other inputs are ``constants``, or 0.
        constants: Input -> number or array (N,), the same at every step.
        first: Number of the first of these neurons, where they are a part of a population that is
            spread over processes. Random numbers and spikes go by the numbers in the whole.
        total: Neurons of the whole population; None where these are all.
        trains: What makes it fire, if it is a source; its program is then `NOTHING`.
        entity: Sets the random numbers of its steps apart from those of other populations.
    """

    program: Program | TickProgram
    coefs: Mapping[str, Array]
    size: int
    start: Array
    channels: tuple[str, ...] = ()
    constants: Mapping[str, Array] = field(default_factory=dict)
    first: int = 0
    total: int | None = None
    trains: Trains | None = None
    entity: str = ""

    @property
    def flow(self) -> Program:
        """The program of neurons over real numbers, for engines that step no others.

        Raises:
            EngineError: These neurons count in whole numbers.
        """
        if isinstance(self.program, TickProgram):
            raise EngineError(
                f"network: {self.program.model} computes with whole numbers, which this engine "
                "does not.",
                hint="leave engine out, or take engine='fixed'",
            )
        return self.program

    def chance(self, seed: int) -> Chance:
        """Where the random numbers of its steps come from."""
        return replace(Chance.of(self.program, seed, self.entity), first=self.first)

    @property
    def senders(self) -> int:
        """Neurons whose spikes can arrive: those of the whole population."""
        return self.size if self.total is None else self.total

    def __post_init__(self) -> None:
        p = self.program
        if self.senders < 1 or not 0 <= self.first <= self.first + self.size <= self.senders:
            raise EngineError(
                f"network: a population of {p.model} has {self.size} neurons"
                + (f" from {self.first} on, of {self.senders}." if self.total is not None else ".")
            )
        check_shape(f"start of {p.model}", self.start, ((len(p.states), self.size),))
        for name in (*self.channels, *self.constants):
            if name not in p.inputs:
                raise EngineError(
                    f"network: {p.model} has no input {name!r}.", hint=suggest(name, p.inputs)
                )
        if isinstance(p, TickProgram):
            _check_widths(p)
        both = set(self.channels) & set(self.constants)
        if both:
            raise EngineError(
                f"network: input {min(both)!r} of {p.model} is both a channel and a constant."
            )
        for name in p.coefs:
            if name not in self.coefs:
                raise EngineError(f"network: no value for coefficient {name!r} of {p.model}.")
        if self.trains is not None:
            self.trains.check("network: source", self.size)
        for name, value in (*self.coefs.items(), *self.constants.items()):
            check_shape(f"{name!r} of {p.model}", value, ((), (self.size,)))


def _check_widths(p: TickProgram) -> None:
    """States and inputs of a network are float64, which counts to 2^53 without a gap."""
    for name, span in (*p.states_in, *p.inputs_in):
        if max(-span.low, span.high) > EXACT:
            raise EngineError(
                f"network: {name!r} of {p.model} is a whole number in {span}; networks hold up to "
                "53 bits and a sign.",
                hint="a narrower width, or simulate(…) for one population",
            )


class AnyProjection(Protocol):
    """What every projection of a plan tells, whatever the form in which it holds its synapses.

    Arrays are as in `ProjectionPlan`. Where they are made anew each time they are asked for, it is
    cheaper to take them once, by `whole`.
    """

    @property
    def source(self) -> int: ...
    @property
    def target(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def learning(self) -> LearningPlan | None: ...
    @property
    def name(self) -> str: ...
    @property
    def indptr(self) -> Array: ...
    @property
    def targets(self) -> Array: ...
    @property
    def weights(self) -> Array: ...
    @property
    def delays(self) -> Array: ...
    @property
    def count(self) -> int:
        """Number of synapses."""
        ...

    @property
    def empty(self) -> bool:
        """Whether there is no synapse, in any process."""
        ...

    @property
    def expected(self) -> float:
        """About how many synapses, which is known at once."""
        ...

    @property
    def longest(self) -> int: ...
    @property
    def shortest(self) -> int: ...
    @property
    def whole(self) -> ProjectionPlan:
        """The same with all its arrays."""
        ...

    def scaled(self, factor: float) -> AnyProjection:
        """The same with all weights multiplied; shares what it can."""
        ...

    def spanning(self, shortest: int, longest: int) -> AnyProjection:
        """The same, where other processes hold synapses whose delays go from one to the other."""
        ...

    @property
    def sample(self) -> ProjectionPlan:
        """As `whole`, but of a projection that is not in memory some rows only."""
        ...

    def check(self, populations: tuple[PopulationPlan, ...]) -> None:
        """Raise unless it fits the populations."""
        ...


@dataclass(frozen=True, eq=False)
class ProjectionPlan:
    """Synapses from one population to one channel of another, row by row of sources.

    Arguments:
        source, target: Places of the populations in the plan.
        channel: Impulse input of the target population.
        indptr: Row of source i is ``indptr[i]:indptr[i + 1]``; int64 (N_source + 1,), where the
            source is a whole population even if this process holds a part of it.
        targets: Target of each synapse, uint32 (nnz,), ascending within a row; a target may
            occur several times. Counted among the neurons that this process holds.
        weights: One number, or one of each synapse (nnz,), in the unit of the input; where the
            synapses learn, w before the first step, in the unit of the rule.
        delays: In steps, at least 0: one number, or uint16 (nnz,).
        learning: How the weights change; None where they stay. See `engines.learning_plan`.
        name: Of the connection it belongs to, for messages and for the layers above.
        span: Shortest and longest delay of the whole projection in steps, where other processes
            hold parts of it; None where these synapses are all.
    """

    source: int
    target: int
    channel: str
    indptr: Array
    targets: Array
    weights: Array
    delays: Array
    learning: LearningPlan | None = None
    name: str = ""
    span: tuple[int, int] | None = None

    @property
    def count(self) -> int:
        """Number of synapses."""
        return int(np.size(self.targets))

    @property
    def empty(self) -> bool:
        """Whether there is no synapse, in any process."""
        return self.shortest > self.longest

    @property
    def expected(self) -> float:
        """Number of synapses."""
        return self.count

    @property
    def whole(self) -> ProjectionPlan:
        """Itself: all arrays are here."""
        return self

    @property
    def sample(self) -> ProjectionPlan:
        """Itself."""
        return self

    @property
    def longest(self) -> int:
        """Longest delay in steps; 0 without synapses."""
        return self._span[1]

    @property
    def shortest(self) -> int:
        """Shortest delay in steps; the longest possible without synapses."""
        return self._span[0]

    @cached_property
    def _span(self) -> tuple[int, int]:
        if self.span is not None:
            return self.span
        if not self.targets.size:
            return MAX_DELAY, 0
        return int(np.min(self.delays)), int(np.max(self.delays))

    def scaled(self, factor: float) -> ProjectionPlan:
        """The same with all weights multiplied."""
        return replace(self, weights=self.weights * np.asarray(factor, self.weights.dtype))

    def spanning(self, shortest: int, longest: int) -> ProjectionPlan:
        """The same, where other processes hold synapses whose delays go from one to the other."""
        return replace(self, span=(shortest, longest))

    def check(self, populations: tuple[PopulationPlan, ...]) -> None:
        """Raise unless it fits the populations."""
        where = check_ends(self, populations, len(self.indptr) - 1)
        target = populations[self.target]
        count = np.size(self.targets)
        check_shape(f"{where}: targets", self.targets, ((count,),))
        check_shape(f"{where}: weights", self.weights, ((), (count,)))
        check_shape(f"{where}: delays", self.delays, ((), (count,)))
        ends = self.indptr
        if ends[0] != 0 or ends[-1] != count or np.any(ends[1:] < ends[:-1]):
            raise EngineError(f"{where}: indptr must rise from 0 to the number of synapses.")
        if count and int(np.max(self.targets)) >= target.size:
            raise EngineError(f"{where}: a synapse has a target beyond {target.size - 1}.")
        if _falls(self.targets, ends):
            raise EngineError(f"{where}: targets must ascend within each row.")
        if not np.all(np.isfinite(self.weights)):
            raise NumericsError(f"{where}: a weight is NaN or infinite.")
        if count and (np.min(self.delays) < 0 or np.max(self.delays) > MAX_DELAY):
            raise EngineError(f"{where}: delays must be between 0 and {MAX_DELAY} steps.")
        if self.learning is not None:
            self.learning.check(where, target.program, self.shortest)


def _falls(targets: Array, ends: Array) -> bool:
    """Whether a target is below the one before it, other than where rows begin."""
    starts = ends[:-1][ends[1:] > ends[:-1]]
    starts = starts[starts > 0]
    between = np.count_nonzero(targets[starts] < targets[starts - 1])
    return int(np.count_nonzero(targets[1:] < targets[:-1])) > int(between)


def check_ends(p: AnyProjection, populations: tuple[PopulationPlan, ...], rows: int) -> str:
    """Raise unless a projection has a row for each source and a channel to arrive at.

    Arguments:
        p: The projection.
        populations: Of the plan.
        rows: How many rows it has.

    Returns:
        How messages begin.
    """
    where = f"network: projection {p.source} -> {p.target}"
    for place in (p.source, p.target):
        if not 0 <= place < len(populations):
            raise EngineError(f"{where}: there is no population {place}.")
    source, target = populations[p.source], populations[p.target]
    if p.channel not in target.channels:
        raise EngineError(
            f"{where}: the target has no channel {p.channel!r}.",
            hint=suggest(p.channel, target.channels),
        )
    if rows != source.senders:
        raise ShapeError(
            f"{where}: indptr must have shape ({source.senders + 1},), got {rows + 1}."
        )
    return where


@dataclass(frozen=True, eq=False)
class NetworkPlan:
    """A whole network.

    Arguments:
        populations, projections, poisson: Its parts.
        drives: What flows in from outside over time.
        couplings: Gap junctions, each of them in both directions.
        seed: Of the random numbers of the run.
        dtype: Precision of states and weights in engines that have a choice.
    """

    populations: tuple[PopulationPlan, ...]
    projections: tuple[AnyProjection, ...] = ()
    poisson: tuple[PoissonPlan, ...] = ()
    seed: int = 0
    dtype: Literal["float32", "float64"] = "float32"
    drives: tuple[DrivePlan, ...] = ()
    couplings: tuple[CouplingPlan, ...] = ()

    def __post_init__(self) -> None:
        if self.dtype not in ("float32", "float64"):
            raise EngineError(f"network: dtype must be float32 or float64, got {self.dtype!r}.")
        for part in (*self.projections, *self.poisson):
            part.check(self.populations)
        for part in (*self.drives, *self.couplings):
            part.check(self.populations)
        drawing = [p.entity for p in self.populations if p.program.random]
        if len(set(drawing)) != len(drawing):
            raise EngineError(
                "network: two populations draw random numbers as one entity.",
                hint='give each its own: PopulationPlan(…, entity="exc")',
            )
        entities = [p.entity for p in self.poisson]
        if len(set(entities)) != len(entities):
            raise EngineError("network: two Poisson sources have the same entity number.")

    @cached_property
    def slots(self) -> int:
        """Steps that a spike can be on its way, D = longest delay + 1."""
        return 1 + max((p.longest for p in self.projections), default=0)

    @cached_property
    def stride(self) -> int:
        """Steps that can be run before neurons must hear of each other.

        A spike arrives after its delay + 1; through gap junctions neurons see each other all the
        time. Where synapses learn, a spike goes on from the synapse only when it is there: what
        counts is the part of the delay that lies behind.
        """
        if self.couplings:
            return 1
        before = [0 if p.learning is None else p.learning.axonal for p in self.projections]
        behind = [p.shortest - a for p, a in zip(self.projections, before, strict=True)]
        return 1 + min(behind, default=MAX_DELAY)

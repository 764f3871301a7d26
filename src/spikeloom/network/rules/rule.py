"""What every connection rule is: a frozen value that gives a graph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from operator import index
from typing import Any, ClassVar, final

import numpy as np

from spikeloom.engines.drawn_plan import RowKind
from spikeloom.engines.wiring.arrays import Array, make_key
from spikeloom.engines.wiring.choose import Wiring, wiring
from spikeloom.engines.wiring.reference import Graph, diagonal
from spikeloom.errors import ParameterError
from spikeloom.network.rules.cut import Cut, Ranges, kept
from spikeloom.network.rules.memory import refuse_what_does_not_fit

LARGEST = 2**32 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What a rule is asked to connect.

    Arguments:
        sources, targets: How many neurons there are on each side.
        key: Key of the random draws.
        own: Source i and target i + own are one neuron; None where no neuron is on both sides.
        source_positions, target_positions: (N, dimensions), or None.
        wiring: What builds.
    """

    sources: int
    targets: int
    key: int
    own: int | None
    source_positions: Array | None
    target_positions: Array | None
    wiring: Wiring

    @property
    def pairs(self) -> int:
        """All pairs."""
        return self.sources * self.targets

    def shift(self, autapses: bool) -> int | None:
        """What builders forbid: a neuron's connection to itself, unless it may have one."""
        return None if autapses else self.own

    def possible(self, autapses: bool) -> int:
        """Pairs that may be connected."""
        first, last = diagonal(self.sources, self.targets, self.shift(autapses))
        return self.pairs - (last - first)


class Rule(ABC):
    """Who is connected to whom. Concrete rules are frozen dataclasses.

    The graph depends on the numbers of neurons, the seed and the entity, and on nothing else: not
    on threads, on the engine, or on what was built before.
    """

    __slots__: ClassVar[tuple[str, ...]] = ()
    working_bytes: ClassVar[float] = 4.0
    """Bytes for each synapse while the graph is built, before weights and delays."""

    @final
    def build(
        self,
        n_source: int,
        n_target: int,
        *,
        seed: int = 0,
        entity: int | str = 0,
        same_population: bool = False,
        shift: int = 0,
        source_positions: Any = None,
        target_positions: Any = None,
        builder: Wiring | None = None,
        bytes_per_synapse: float = 4.0,
        within: Ranges | None = None,
    ) -> Graph:
        """The graph of this rule.

        Arguments:
            n_source, n_target: How many neurons there are on each side.
            seed: Seed of the run.
            entity: What is built: the number or name of the projection.
            same_population: Whether both sides are parts of one population.
            shift: In one population, source i is the same neuron as target i + shift.
            source_positions, target_positions: (N,) or (N, dimensions), for rules of distance.
            builder: What builds; native code if None.
            bytes_per_synapse: What each synapse will take, with weight and delay, for the check of
                the memory.
            within: Only what ends on these targets, first and the one after the last of each
                range; None for all. The synapses are those of the whole graph.

        Returns:
            indptr int64 (n_source + 1,) and targets uint32 (nnz,): the targets of source s are
            ``targets[indptr[s]:indptr[s + 1]]``, in rising order.

        Raises:
            ParameterError: The rule cannot be met by these populations.
            EngineError: The graph will not fit into memory.
        """
        made = wiring() if builder is None else builder
        own = index(shift) if same_population else None
        request = replace(
            self.request(n_source, n_target, seed, entity, own),
            source_positions=source_positions,
            target_positions=target_positions,
            wiring=made if within is None else Cut(made, within),
        )
        self.check(request)
        each = max(bytes_per_synapse, self.working_bytes)
        expected = self.expected(request)
        if within is not None:
            expected *= sum(high - low for low, high in within) / max(request.targets, 1)
        refuse_what_does_not_fit(repr(self), expected, request, each)
        graph = self.connect(request)
        return graph if within is None else kept(graph, within)

    @final
    def request(
        self, n_source: int, n_target: int, seed: int, entity: int | str, own: int | None
    ) -> Request:
        """What this rule is asked to connect, without positions; arguments as in `Request`."""
        return Request(
            sources=_size("n_source", n_source),
            targets=_size("n_target", n_target),
            key=make_key(seed, entity, "targets"),
            own=own,
            source_positions=None,
            target_positions=None,
            wiring=wiring(),
        )

    def rows(self) -> RowKind | None:
        """How one row is drawn by itself; None where that cannot be done."""
        return None

    def synapses(self, n_source: int, n_target: int, *, same_population: bool = False) -> float:
        """How many synapses to expect; without positions, rules of distance give an upper bound."""
        none = None
        own = 0 if same_population else None
        return self.expected(Request(n_source, n_target, 0, own, none, none, wiring("reference")))

    def check(self, request: Request) -> None:
        """Refuse what is impossible; most rules can always be met."""
        del request

    @abstractmethod
    def expected(self, request: Request) -> float:
        """How many synapses to expect."""

    @abstractmethod
    def connect(self, request: Request) -> Graph:
        """The graph; the request has been checked."""


def _size(name: str, value: int) -> int:
    number = index(value)
    if not 0 <= number <= LARGEST:
        raise ParameterError(f"{name} must be from 0 to {LARGEST}, got {number}.")
    return number


def whole(rule: str, name: str, value: Any) -> int:
    """A count given to a rule.

    Raises:
        ParameterError: It is no whole number, or below 0.
    """
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 0:
        return int(value)
    raise ParameterError(f"{rule}: {name} must be a whole number from 0 on, got {value!r}.")


def chance(rule: str, name: str, value: Any) -> float:
    """A probability given to a rule.

    Raises:
        ParameterError: It is no number from 0 to 1.
    """
    known = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if known and 0 <= value <= 1:  # False for NaN
        return float(value)
    raise ParameterError(
        f"{rule}: {name} must be a probability from 0 to 1, got {value!r}.",
        hint="2 % is written 0.02",
    )


def enough(rule: str, count: int, choices: int, multapses: bool, what: str) -> None:
    """Refuse more synapses than there are neurons to choose from.

    Raises:
        ParameterError: There are too few.
    """
    if count and not choices:
        raise ParameterError(
            f"{rule} cannot be met: there are no {what}.",
            hint="autapses=True allows a neuron to be its own partner",
        )
    if count > choices and not multapses:
        raise ParameterError(
            f"{rule} cannot be met: there are only {choices} {what}.",
            hint="multapses=True allows several synapses between one pair",
        )

"""Populations that fire by themselves: at given steps, regularly, or by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from spikeloom.compile.program import Block, Instr, Program
from spikeloom.engines.inputs.drives import Term, total
from spikeloom.engines.inputs.series import digest
from spikeloom.engines.poisson import BITS, source_key, uniform_bits
from spikeloom.errors import EngineError, NumericsError

Array = np.ndarray[Any, np.dtype[Any]]
_ZERO = Block((Instr("const", value=0.0),), (("out", 0),))
_NONE = Block((), ())
NOTHING = Program(
    model="Source",
    method="none",
    reason="a source has no equations",
    time_unit="ms",
    states=(),
    inputs=(),
    params=(),
    coefs=(),
    spikes=True,
    prologue=_NONE,
    forward=_ZERO,
    backward=_NONE,
)
"""The equations of a neuron that has none."""


class Trains(Protocol):
    """Spikes of a population, at most one of each neuron in a step."""

    def fired(self, first: int, count: int, seed: int) -> tuple[Array, Array]:
        """Steps and neurons of all spikes of some steps, int64, by step and then neuron.

        Arguments:
            first, count: Which steps.
            seed: Of the run, for those that fire by chance.
        """
        ...

    def check(self, where: str, size: int) -> None:
        """Raise unless they fit a population."""
        ...

    def part(self, first: int, size: int) -> Trains:
        """The trains of some neurons, counted from the first of them."""
        ...

    @property
    def text(self) -> str:
        """Equal for trains that are equal."""
        ...


@dataclass(frozen=True, eq=False)
class GivenTrains:
    """Spikes at given steps.

    Arguments:
        steps: Step of each spike, int64, ascending.
        ids: Its neuron, int64, ascending within a step.

    >>> GivenTrains(np.array([2, 2, 7]), np.array([0, 3, 1])).fired(2, 5)
    (array([2, 2]), array([0, 3]))
    """

    steps: Array
    ids: Array

    def fired(self, first: int, count: int, seed: int = 0) -> tuple[Array, Array]:
        """The spikes of some steps."""
        del seed
        low, high = np.searchsorted(self.steps, [first, first + count])
        return self.steps[low:high], self.ids[low:high]

    def part(self, first: int, size: int) -> GivenTrains:
        """The trains of some neurons."""
        here = (self.ids >= first) & (self.ids < first + size)
        return GivenTrains(self.steps[here], self.ids[here] - first)

    @property
    def text(self) -> str:
        """Equal for trains that are equal."""
        return f"given {digest(self.steps, self.ids)}"

    def check(self, where: str, size: int) -> None:
        """Raise unless they fit a population."""
        if len(self.ids) and not 0 <= self.ids.min() <= self.ids.max() < size:
            raise EngineError(f"{where}: a spike is of a neuron beyond {size - 1}.")
        later = np.diff(self.steps)
        if np.any(later < 0) or np.any((later == 0) & (np.diff(self.ids) <= 0)):
            raise EngineError(f"{where}: spikes must be in order, one of a neuron in a step.")


@dataclass(frozen=True, eq=False)
class RegularTrains:
    """Spikes at ``phase + k period``, k = 0, 1, …, each at the end of the step that contains it.

    Arguments:
        period: In steps, at least 1, (N,).
        phase: Time of the first spike in steps, above 0, (N,).

    >>> RegularTrains(np.array([2.5]), np.array([1.0])).fired(0, 10)[0]
    array([0, 3, 5, 8])
    """

    period: Array
    phase: Array

    def fired(self, first: int, count: int, seed: int = 0) -> tuple[Array, Array]:
        """The spikes of some steps."""
        del seed
        low = np.maximum(np.floor((first - self.phase) / self.period) - 1, 0).astype(np.int64)
        high = np.floor((first + count - self.phase) / self.period).astype(np.int64) + 2
        many = np.maximum(high - low, 0)
        ids = np.repeat(np.arange(len(many)), many)
        number = np.arange(len(ids)) - np.repeat(np.cumsum(many) - many, many) + low[ids]
        steps = last_step(self.phase[ids] + number * self.period[ids])
        inside = (steps >= first) & (steps < first + count)
        steps, ids = steps[inside], ids[inside]
        order = np.lexsort((ids, steps))
        return steps[order], ids[order]

    def part(self, first: int, size: int) -> RegularTrains:
        """The trains of some neurons."""
        return RegularTrains(self.period[first : first + size], self.phase[first : first + size])

    @property
    def text(self) -> str:
        """Equal for trains that are equal."""
        return f"regular {digest(self.period, self.phase)}"

    def check(self, where: str, size: int) -> None:
        """Raise unless they fit a population."""
        if self.period.shape != (size,) or self.phase.shape != (size,):
            raise EngineError(f"{where}: period and phase must have shape ({size},).")
        if not (np.all(self.period >= 1) and np.all(self.phase > 0)):
            raise EngineError(f"{where}: periods must be at least 1 step, phases above 0.")


def last_step(times: Array) -> Array:
    """The step, counted from 0, in which or at whose end a time lies; times in steps, above 0.

    >>> last_step(np.array([0.2, 1.0, 1.2, 3.0000000001])).tolist()
    [0, 0, 1, 2]
    """
    return np.ceil(times - SLACK).astype(np.int64) - 1


SLACK = 1e-6
"""Steps by which a time may miss the end of a step and still count as it."""


@dataclass(frozen=True, eq=False)
class PoissonTrains:
    """Spikes by chance, in each step and neuron independently.

    Arguments:
        terms: Their sum is the probability of a spike in a step, of each neuron.
        size: Number of neurons N.
        entity: Number that sets its random numbers apart.
        first: Number of the first of these neurons in the whole population.
    """

    terms: Sequence[Term]
    size: int
    entity: int
    first: int = 0

    def fired(self, first: int, count: int, seed: int) -> tuple[Array, Array]:
        """The spikes of some steps."""
        key = source_key(seed, self.entity)
        steps, ids = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        chance = total(self.terms, first, count, self.size)
        check_chance(chance, first)
        for step, row in enumerate(chance, first):
            bits = uniform_bits(key, step, self.size, self.first)
            ids.append(np.flatnonzero(bits < row * float(1 << BITS)))
            steps.append(np.full(len(ids[-1]), step))
        return np.concatenate(steps), np.concatenate(ids)

    def part(self, first: int, size: int) -> PoissonTrains:
        """The trains of some neurons."""
        terms = [term.part(first, size) for term in self.terms]
        return PoissonTrains(terms, size, self.entity, self.first + first)

    @property
    def text(self) -> str:
        """Equal for trains that are equal."""
        return f"Poisson {self.entity} {self.first} {[term.text for term in self.terms]}"

    def check(self, where: str, size: int) -> None:
        """Raise unless they fit a population."""
        if self.size != size:
            raise EngineError(f"{where}: the trains are for {self.size} neurons, not {size}.")
        for term in self.terms:
            term.check(where, size)


def check_chance(chance: Array, first: int) -> None:
    """Raise unless all are probabilities."""
    bad = ~((chance >= 0) & (chance <= 1))
    if bad.any():
        step = first + int(np.argmax(bad.reshape(len(chance), -1).any(axis=1)))
        value = chance[bad].flat[0]
        raise NumericsError(
            f"Poisson trains: {value:g} spikes are expected in step {step}; a source fires at most "
            "once in a step, and not less than never.",
            hint="a smaller dt, a lower rate, or several sources",
        )

"""Inputs over time: sums of products of a series and a gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.inputs.series import Series, digest
from spikeloom.errors import EngineError, NumericsError, ShapeError, suggest

if TYPE_CHECKING:
    from spikeloom.engines.inputs.wander import Walk, Wander

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Term:
    """A gain times a series, for all neurons or some.

    Arguments:
        series: Over time, shared or one for each of the K neurons.
        gain: One number, or one for each of the neurons (K,).
        ids: Which neurons, ascending, int64 (K,); None for all.
    """

    series: Series | Wander | Walk
    gain: Array
    ids: Array | None = None

    @property
    def shared(self) -> bool:
        """Whether all neurons of the population get the very same numbers."""
        return self.ids is None and self.series.width is None and np.ndim(self.gain) == 0

    @property
    def text(self) -> str:
        """Equal for terms that are equal."""
        ids = () if self.ids is None else (self.ids,)
        return f"{self.series.text} {digest(np.asarray(self.gain), *ids)}"

    def check(self, where: str, size: int) -> None:
        """Raise unless it fits a population."""
        count = size if self.ids is None else len(self.ids)
        if np.shape(self.gain) not in ((), (count,)):
            raise ShapeError(f"{where}: gain must be () or ({count},), got {np.shape(self.gain)}.")
        if self.series.width not in (None, count):
            raise ShapeError(
                f"{where}: the series is for {self.series.width} neurons, not {count}."
            )
        if not np.all(np.isfinite(self.gain)):
            raise NumericsError(f"{where}: a gain is NaN or infinite.")
        ids = self.ids
        if ids is not None and np.any(np.diff(ids, prepend=-1, append=size) <= 0):
            raise EngineError(f"{where}: ids must ascend from 0 to {size - 1}.")

    def part(self, first: int, size: int) -> Term:
        """What it is for some neurons, counted from the first of them."""
        chosen: Array | slice = slice(first, first + size)
        ids = self.ids
        if ids is not None:
            chosen = np.flatnonzero((ids >= first) & (ids < first + size))
            ids = ids[chosen] - first
        gain = self.gain if np.ndim(self.gain) == 0 else self.gain[chosen]
        return Term(self.series.columns(chosen), gain, ids)

    def add(self, values: Array, first: int) -> None:
        """Add it to the values (T, N) of the steps from `first` on."""
        made = self.series.sample(first, len(values))
        if made.ndim == 1:
            made = made[:, None]
        values[:, slice(None) if self.ids is None else self.ids] += self.gain * made


@dataclass(frozen=True, eq=False)
class DrivePlan:
    """What flows into the neurons of a population from outside, beside its constants.

    Arguments:
        target: Place of the population in the plan.
        input: An inflow of its program.
        term: What, in the unit of the inflow; the value of step n acts all through step n.
    """

    target: int
    input: str
    term: Term

    def check(self, populations: Sequence[Driven]) -> None:
        """Raise unless it fits the populations."""
        where = f"network: input into population {self.target}"
        if not 0 <= self.target < len(populations):
            raise EngineError(f"{where}: there is no such population.")
        target = populations[self.target]
        if self.input not in target.program.inputs or self.input in target.channels:
            raise EngineError(
                f"{where}: it has no inflow {self.input!r}.",
                hint=suggest(self.input, target.program.inputs),
            )
        self.term.check(where, target.size)


class Driven(Protocol):
    """What a `DrivePlan` must know of a population."""

    @property
    def program(self) -> Program | TickProgram: ...
    @property
    def size(self) -> int: ...
    @property
    def channels(self) -> tuple[str, ...]: ...


def total(terms: Sequence[Term], first: int, count: int, size: int) -> Array:
    """The sum of some terms, float64 (count, size).

    >>> ones = Series(lambda steps: np.ones(len(steps)))
    >>> total([Term(ones, np.array(2.0)), Term(ones, np.array(1.0), np.array([1]))], 0, 1, 3)
    array([[2., 3., 2.]])
    """
    values = np.zeros((count, size))
    for term in terms:
        term.add(values, first)
    return values

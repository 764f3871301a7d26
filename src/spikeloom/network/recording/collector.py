"""What every kind of recorder is made of: the wish, the collector of one run, what is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Generic, TypeVar

import numpy as np

from spikeloom.engines.network_run import Trace as StateWish
from spikeloom.engines.network_run import WeightTrace as WeightsWish
from spikeloom.equations.quantity import NAMED, Unit, one
from spikeloom.network.recording.column import Column
from spikeloom.network.recording.piece import Piece
from spikeloom.network.view import Group, View

Array = np.ndarray[Any, np.dtype[Any]]
T = TypeVar("T")
OPEN, UNTIL = "open", "until"
"""Arrays that every collector keeps: its first step (-1: none yet), and the step it has reached."""


@dataclass(frozen=True)
class Layout:
    """A column: kind of number, shape of a row, unit, what it holds, kind of number in a file."""

    dtype: str
    width: tuple[int, ...] = ()
    unit: str = ""
    says: str = ""
    packed: str = ""


@dataclass(frozen=True, eq=False)
class Frame:
    """What a collector may know of the run that begins.

    Arguments:
        dt: Time step in ms.
        step: Steps done before the run.
        dtype: Precision of states in the engine.
        unit: Unit of a state of a part.
        now: States of a part as they are, (neurons,).
    """

    dt: float
    step: int
    dtype: str
    unit: Callable[[View, str], Unit]
    now: Callable[[View, str], Array]


@dataclass(frozen=True, eq=False)
class Stored:
    """All that is kept of one recorder: enough to make the value that a user sees.

    Arguments:
        about: What it is, as JSON holds it; ``kind`` says which value comes of it.
        columns: Its rows.
        state: Its arrays.
        layouts: What the columns are.
        dt: Time step in ms.
    """

    about: Mapping[str, Any]
    columns: Mapping[str, Column]
    state: Mapping[str, Array]
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    dt: float = 1.0

    @property
    def stop(self) -> float:
        """Time up to which it holds, in ms."""
        return int(self.state[UNTIL]) * self.dt

    @property
    def start(self) -> float:
        """Time from which on it holds, in ms; its end where it never began."""
        first = int(self.state[OPEN])
        return self.stop if first < 0 else first * self.dt

    @property
    def steps(self) -> int:
        """Steps that it holds."""
        first = int(self.state[OPEN])
        return 0 if first < 0 else int(self.state[UNTIL]) - first

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """Name and size of each recorded part."""
        return tuple((str(name), int(size)) for name, size in self.about["parts"])


class Collector(ABC):
    """Takes what one recorder wants from each piece of one run."""

    about: dict[str, Any]
    layouts: Mapping[str, Layout]
    state: dict[str, Array]
    groups: Sequence[Group] = ()
    """Whose spikes it needs."""
    wishes: Sequence[StateWish] = ()
    """Which states it needs, at which steps."""
    weight_wishes: Sequence[WeightsWish] = ()
    """Which weights it needs."""

    @abstractmethod
    def take(self, piece: Piece, place: int, weights: int) -> Mapping[str, Array]:
        """Rows to be added to the columns.

        Arguments:
            piece: What the engine gave.
            place, weights: Where its wishes begin among those of the run.
        """

    def finish(self) -> Mapping[str, Array]:
        """Rows that are still to be added when the run is over."""
        return {}


class Wish(ABC, Generic[T]):
    """What a recorder was asked to keep, checked but not yet begun."""

    @abstractmethod
    def collector(self, frame: Frame) -> Collector:
        """A collector for one run."""


def parts_of(group: Group) -> list[list[Any]]:
    """Name and size of each part, as JSON holds it."""
    return [[repr(part), len(part)] for part in group.parts]


def pack(unit: Unit) -> list[list[str]]:
    """A unit as JSON holds it.

    >>> from spikeloom.equations.units import mS, cm2
    >>> unpack(pack(mS / cm2)) == mS / cm2
    True
    """
    return [[name, str(exponent)] for name, exponent in unit.factors]


def unpack(factors: Sequence[Sequence[str]]) -> Unit:
    """The inverse of `pack`."""
    unit = one
    for name, exponent in factors:
        unit = unit * NAMED[name] ** Fraction(exponent)
    return unit

"""What every source is: a value that says when the neurons of a population fire."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from spikeloom.engines.inputs import Trains
from spikeloom.equations.definition import Definition, Rules
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.values import Distribution, Value, check
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.network.settings import sized
from spikeloom.network.waveforms.waveform import shown

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """The population that fires.

    Arguments:
        label: Its name, for messages and for the key of random draws.
        size: Number of neurons N.
        dt: Time step in ms.
        seed: Of what is drawn from distributions.
        entity: Number that sets its chance apart from that of others.
    """

    label: str
    size: int
    dt: float
    seed: int
    entity: int

    def each(self, name: str, value: Value, unit: Any) -> Array:
        """A value of each neuron as plain numbers (N,)."""
        made = sized(value, unit, f"{self.label}.{name}", self.size, self.seed)
        return np.array(np.broadcast_to(made, (self.size,)), np.float64)


class Spikes(ABC):
    """When the neurons of a population fire by themselves; for `Network.source`.

    >>> from spikeloom import Hz, PoissonSpikes
    >>> isinstance(PoissonSpikes(10 * Hz), Spikes)
    True
    """

    __slots__: ClassVar[tuple[str, ...]] = ()
    values: ClassVar[Mapping[str, Value]] = MappingProxyType({})
    definition: ClassVar[Definition] = Definition(
        *("Source", "It fires by itself.", "", (), (), ()), Rules(), Rules(), None, Rules()
    )

    @property
    @abstractmethod
    def size(self) -> int | None:
        """Number of neurons that it says something of; None where any number will do."""

    @property
    def span(self) -> tuple[float, float]:
        """From when to when it can fire, in ms."""
        return 0.0, inf

    def __repr__(self) -> str:
        return shown(self)

    @abstractmethod
    def trains(self, place: Place) -> Trains:
        """The spikes of a population, checked against it."""


def given(label: str, name: str, unit: Any, value: Any) -> Value:
    """A field of a source: a number, an array (N,) or a distribution.

    Raises:
        UnitError, ParameterError: As `check`.
        ShapeError: An array of more axes.
    """
    made = check(label, name, unit, value)
    if isinstance(made, Quantity) and len(made.shape) > 1:
        raise ShapeError(f"{label}: {name} must be one number or (N,), got shape {made.shape}.")
    if not isinstance(made, (Quantity, Distribution)):
        raise ParameterError(f"{label}: {name} takes numbers or a distribution, got {made!r}.")
    return made


def length(*values: Any) -> int | None:
    """The number of neurons that arrays among some values are for; None if there are none."""
    for value in values:
        if isinstance(value, Quantity) and value.shape:
            return value.shape[0]
    return None

"""What every measure of spikes is: a request that becomes numbers while the spikes come."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.errors import ParameterError
from spikeloom.network.grid import whole_steps
from spikeloom.network.recording.collector import Layout, Stored

Array = np.ndarray[Any, np.dtype[Any]]
T = TypeVar("T", covariant=True)


@dataclass(frozen=True, eq=False)
class Spikes:
    """Spikes of some steps, all counted from the first step of the recording.

    Arguments:
        steps: Step of each spike, in order.
        ids: Neuron of each spike.
        first, last: The steps: from `first` to `last` - 1.
    """

    steps: Array
    ids: Array
    first: int
    last: int


class Measure(ABC, Generic[T]):
    """A statistic of spikes, for `Network.record`; its memory does not grow with the run.

    The same spikes give the same bits, however the run is cut into pieces.
    """

    name: ClassVar[str]
    """In words, for labels."""

    def check(self, size: int, dt: Quantity) -> None:
        """Raise unless it can be computed for so many neurons with this time step."""

    def numbers(self, dt: Quantity) -> dict[str, Any]:
        """What it was asked for, as JSON holds it."""
        return {}

    @abstractmethod
    def begin(self, sizes: tuple[int, ...], dt: Quantity) -> dict[str, Array]:
        """The arrays that are kept up to date, before the first spike.

        Arguments:
            sizes: Neurons of each recorded part.
            dt: Time step.
        """

    def layouts(self, sizes: tuple[int, ...], dt: Quantity) -> Mapping[str, Layout]:
        """Columns that grow, if there are any."""
        return {}

    @abstractmethod
    def take(
        self, state: dict[str, Array], numbers: Mapping[str, Any], spikes: Spikes
    ) -> Mapping[str, Array]:
        """Bring the arrays up to date, in place; gives rows for the columns."""

    @staticmethod
    @abstractmethod
    def value(stored: Stored) -> Any:
        """What the user sees, from the arrays and columns."""


def bin_steps(what: str, value: Quantity, dt: Quantity) -> int:
    """The width of a bin in steps.

    Raises:
        ParameterError: It is 0, or no whole number of steps.
    """
    steps = whole_steps(f"{what}: bin", value, dt)
    if steps < 1:
        raise ParameterError(f"{what}: bin must be at least dt = {dt}, got {value}.")
    return steps

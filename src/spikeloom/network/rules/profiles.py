"""How the probability of a connection falls with distance."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import log
from typing import Any, ClassVar

import numpy as np

from spikeloom.engines.wiring.arrays import ARRAYS, Array
from spikeloom.engines.wiring.formulas import exponential
from spikeloom.equations.quantity import Quantity
from spikeloom.errors import ParameterError
from spikeloom.network.rules.rule import chance

Length = float | Quantity
LEAST = 2.0**-53
"""The smallest probability that a draw can meet."""
LOWEST = -700.0
"""e to the power of this is taken for the smallest probability: about 1e-304."""


class Profile(ABC):
    """Probability against distance, largest at distance 0."""

    __slots__: ClassVar[tuple[str, ...]] = ()

    peak: float
    """The probability at distance 0."""

    @property
    @abstractmethod
    def scale(self) -> Length:
        """The length that distances are divided by."""

    @property
    @abstractmethod
    def farthest(self) -> float:
        """Square of distance / scale beyond which probability / peak is below `LEAST`."""

    @abstractmethod
    def relative(self, squared: Array) -> Array:
        """Probability / peak, from the square of distance / scale."""


@dataclass(frozen=True, slots=True)
class GaussianProfile(Profile):
    """p(d) = peak exp(-d² / (2 width²)).

    Arguments:
        peak: Probability at distance 0.
        width: Standard deviation, as a length, or a plain number where positions are such.

    >>> GaussianProfile(0.5, 100.0).relative(np.array([0.0, 1.0])).round(3)
    array([1.   , 0.607])
    """

    peak: float
    width: Length

    def __post_init__(self) -> None:
        object.__setattr__(self, "peak", chance("GaussianProfile", "peak", self.peak))
        _length("GaussianProfile", "width", self.width)

    @property
    def scale(self) -> Length:
        return self.width

    @property
    def farthest(self) -> float:
        return -2 * log(LEAST)

    def relative(self, squared: Array) -> Array:
        return exponential(ARRAYS, np.maximum(squared * -0.5, LOWEST))


@dataclass(frozen=True, slots=True)
class ExponentialProfile(Profile):
    """p(d) = peak exp(-d / length).

    Arguments:
        peak: Probability at distance 0.
        length: Decay length, as a length, or a plain number where positions are such.

    >>> ExponentialProfile(0.5, 100.0).relative(np.array([0.0, 1.0])).round(3)
    array([1.   , 0.368])
    """

    peak: float
    length: Length

    def __post_init__(self) -> None:
        object.__setattr__(self, "peak", chance("ExponentialProfile", "peak", self.peak))
        _length("ExponentialProfile", "length", self.length)

    @property
    def scale(self) -> Length:
        return self.length

    @property
    def farthest(self) -> float:
        return log(LEAST) ** 2

    def relative(self, squared: Array) -> Array:
        return exponential(ARRAYS, np.maximum(-np.sqrt(squared), LOWEST))


def _length(rule: str, name: str, value: Any) -> None:
    number = value.value if isinstance(value, Quantity) else value
    known = isinstance(number, (int, float, np.number)) and not isinstance(number, bool)
    right = not isinstance(value, Quantity) or value.unit.kind == "length"
    if not (known and right and 0 < number < np.inf):
        raise ParameterError(
            f"{rule}: {name} must be one length above 0, got {value!r}.",
            hint=f"{name}=100 * um, or a plain number where positions are plain numbers",
        )

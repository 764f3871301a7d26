"""What every waveform is: a frozen value that is a sum of gains times courses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from math import inf
from typing import Any, ClassVar, final

import numpy as np

from spikeloom.engines.inputs import digest
from spikeloom.equations.quantity import Quantity, Unit, bridge, one
from spikeloom.equations.values import Distribution
from spikeloom.errors import ParameterError, ShapeError, UnitError
from spikeloom.network.grid import milliseconds
from spikeloom.network.settings import sized

Array = np.ndarray[Any, np.dtype[Any]]
Amount = Quantity | Distribution


@dataclass(frozen=True, slots=True)
class Target:
    """What a waveform drives.

    Arguments:
        label: For messages and for the key of random draws.
        unit: In which the value is wanted.
        size: Neurons K.
        seed: Of what is drawn from distributions.
    """

    label: str
    unit: Unit
    size: int
    seed: int

    def number(self, name: str, value: Amount) -> Array:
        """An amount as plain numbers, () or (K,).

        Raises:
            UnitError: The wrong unit.
            ShapeError: One number for each of other neurons.
        """
        if not value.unit.fits(self.unit):
            raise wrong_unit(f"{self.label}: {name}", self.unit, value.unit)
        return np.asarray(sized(value, self.unit, f"{self.label}: {name}", self.size, self.seed))

    def columns(self, name: str, values: Quantity) -> Array:
        """An array over time as plain numbers, (T,) or (T, K).

        Raises:
            UnitError: The wrong unit.
            ShapeError: Columns for other neurons.
        """
        if not values.unit.fits(self.unit):
            raise wrong_unit(f"{self.label}: {name}", self.unit, values.unit)
        if len(values.shape) == 2 and values.shape[1] != self.size:
            raise ShapeError(
                f"{self.label}: {name} has {values.shape[1]} columns for {self.size} neurons.",
                hint="time comes first: (times, neurons)",
            )
        return np.asarray(values.to(self.unit))


@dataclass(frozen=True, eq=False)
class Part:
    """One term of a waveform.

    Arguments:
        gain: () or (K,).
        course: Times in ms (T,) to numbers (T,), or (T, K) if it has a width.
        width: K, or None.
    """

    gain: Array
    course: Callable[[Array], Array]
    width: int | None = None


class Waveform(ABC):
    """A value that changes over time.

    >>> from spikeloom import Sine, Step, Hz, ms, pA
    >>> both = Step(20 * pA, start=10 * ms) + Sine(5 * pA, 8 * Hz)
    >>> isinstance(both, Waveform)
    True
    """

    __slots__: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def parts(self, target: Target) -> tuple[Part, ...]:
        """Its terms, checked against what it drives."""

    @property
    def span(self) -> tuple[float, float]:
        """From when to when it can be other than 0, in ms."""
        start, stop = getattr(self, "start", None), getattr(self, "stop", None)
        return (
            0.0 if start is None else milliseconds("start", start),
            inf if stop is None else milliseconds("stop", stop),
        )

    @property
    def text(self) -> str:
        """Equal for waveforms that are equal, and short."""
        words = [type(self).__name__]
        for field in fields(self):  # type: ignore[arg-type]  # every waveform is a dataclass
            value = getattr(self, field.name)
            if isinstance(value, Quantity):
                words.append(f"{field.name}={digest(np.asarray(value.value))} {value.unit!r}")
            elif isinstance(value, Waveform):
                words.append(value.text)
            else:
                words.append(f"{field.name}={value!r}")
        return " ".join(words)

    def __repr__(self) -> str:
        return shown(self)

    @final
    def __add__(self, other: Any) -> Waveform:
        return Sum(self, other) if isinstance(other, Waveform) else NotImplemented


@dataclass(frozen=True, slots=True, repr=False)
class Sum(Waveform):
    """Two waveforms at once; written ``a + b``."""

    first: Waveform
    second: Waveform

    @property
    def span(self) -> tuple[float, float]:
        """From the earlier start to the later stop."""
        (a, b), (c, d) = self.first.span, self.second.span
        return min(a, c), max(b, d)

    def parts(self, target: Target) -> tuple[Part, ...]:
        """Those of both."""
        other = replace(target, label=f"{target.label} (2)")  # so that random draws differ
        return (*self.first.parts(target), *self.second.parts(other))

    def __repr__(self) -> str:
        return f"{self.first!r} + {self.second!r}"


MANY = 12
"""Numbers of an array from which it is only summed up."""


def shown(value: Any) -> str:
    """A dataclass as it would be typed, without what is left at its default, and in short."""
    known = [(f.name, getattr(value, f.name), f.default) for f in fields(value)]
    words = [f"{name}={_brief(x)}" for name, x, default in known if not _same(x, default)]
    return f"{type(value).__name__}({', '.join(words)})"


def _brief(value: Any) -> str:
    if isinstance(value, Quantity) and np.size(value.value) > MANY:
        numbers = np.asarray(value.value)
        ends = f"{numbers.min():.3g} to {numbers.max():.3g} {value.unit}"
        return f"<{numbers.size:,} values, {ends}>"
    return repr(value)


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)


def amount(label: str, value: Any, most: int = 1) -> Amount:
    """A number or an array with its unit, or a distribution.

    Raises:
        ParameterError: It is something else, or not finite.
        ShapeError: It has too many axes.
    """
    if isinstance(value, Distribution):
        return value
    if isinstance(value, Unit):
        value = Quantity(1.0, value)
    if not isinstance(value, Quantity):
        try:
            if isinstance(value, (str, bytes, bool)) or value is None:
                raise TypeError
            value = Quantity(value, one)
        except (TypeError, ValueError):
            raise ParameterError(
                f"{label} takes a number with a unit or an array, got {value!r} "
                f"({type(value).__name__})."
            ) from None
    if not np.all(np.isfinite(value.value)):
        raise ParameterError(f"{label} must be finite, got NaN or infinity.")
    if len(value.shape) > most:
        raise ShapeError(f"{label} has shape {value.shape}: too many axes.")
    return value


def moment(label: str, value: Any) -> Quantity:
    """A time of the network.

    Raises:
        UnitError: It is no time.
        ParameterError: It is negative or not finite.
    """
    if milliseconds(label, value) < 0:
        raise ParameterError(f"{label} must not be negative, got {value}.", hint="time begins at 0")
    return value


def period(label: str, start: Any, stop: Any) -> None:
    """Check the beginning and the end of something.

    Raises:
        ParameterError: It ends before it begins.
    """
    moment(f"{label}: start", start)
    if stop is not None and milliseconds(f"{label}: stop", stop) <= milliseconds("start", start):
        raise ParameterError(f"{label}: it must stop after it starts, got {start} to {stop}.")


def between(times: Array, span: tuple[float, float]) -> Array:
    """1.0 within a span of time, 0.0 outside.

    >>> between(np.array([0.5, 1.5, 2.5]), (1.0, 2.0))
    array([0., 1., 0.])
    """
    start, stop = span
    return ((times >= start) & (times < stop)).astype(np.float64)


def wrong_unit(label: str, wanted: Unit, got: Unit) -> UnitError:
    """The error for a value in the wrong unit."""
    return UnitError(
        f"{label} must be a {wanted.kind} ({wanted!s}), got a {got.kind} ({got!s})."
        if any(got.dims)
        else f"{label} is a {wanted.kind} and needs a unit, got plain numbers.",
        hint=bridge(wanted, got),
    )

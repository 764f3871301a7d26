"""What a parameter may be given: a quantity, something to learn, or a distribution."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from spikeloom.equations.expr import Expr
from spikeloom.equations.place import of_places
from spikeloom.equations.quantity import Array, Number, Quantity, Unit, bridge, one
from spikeloom.equations.span import Span
from spikeloom.equations.unit_text import number_text
from spikeloom.errors import ParameterError, UnitError


@dataclass(frozen=True, slots=True)
class Distribution:
    """A random value for each neuron, drawn by whoever knows how many there are.

    Arguments:
        kind: ``normal`` (a mean, b standard deviation), ``uniform`` (a low, b high) or
            ``lognormal`` (a mean, b standard deviation, both of the value itself).
        a, b: Its two numbers, in `unit`.
        low, high: Draws outside these bounds are drawn again.
        unit: Unit of the values.
    """

    kind: Literal["normal", "uniform", "lognormal"]
    a: float
    b: float
    low: float | None = None
    high: float | None = None
    unit: Unit = one

    __array_ufunc__ = None

    def __mul__(self, unit: Any) -> Distribution:
        if not isinstance(unit, Unit):
            return NotImplemented
        return Distribution(self.kind, self.a, self.b, self.low, self.high, self.unit * unit)

    def __truediv__(self, unit: Any) -> Distribution:
        return self * (one / unit) if isinstance(unit, Unit) else NotImplemented

    def sample(self, seed: int, entity: str, size: int | tuple[int, ...]) -> Array:
        """Values in `unit`, the same for the same (seed, entity, size) on every machine.

        Arguments:
            seed: The seed of the run.
            entity: What is drawn, for example ``"hidden.tau"``.
            size: Shape of the result.

        Raises:
            ParameterError: Hardly any draw falls within the bounds, or a time is not above 0.

        >>> normal(20, 2).sample(1, "tau", 3).shape
        (3,)
        """
        key = int.from_bytes(blake2b(entity.encode(), digest_size=8).digest(), "little")
        bits = np.random.Philox(key=np.array([seed % 2**64, key], dtype=np.uint64))
        rng = np.random.Generator(bits)
        values = self._draw(rng, size)
        for _ in range(1000):
            outside = self._outside(values)
            if not outside.any():
                return self._checked(values, entity)
            values[outside] = self._draw(rng, int(outside.sum()))
        raise ParameterError(
            f"{self!r}: hardly any draw falls between {self.low} and {self.high}.",
            hint="widen the bounds or move the mean",
        )

    def _checked(self, values: Array, entity: str) -> Array:
        if self.unit.kind == "time" and (values <= 0).any():
            raise ParameterError(
                f"{entity}: {self!r} has drawn {values.min():g} {self.unit!s}, but a time constant "
                "must be above 0.",
                hint="give it a bound, normal(20, 5, low=1) * ms, or take lognormal",
            )
        return values

    def _draw(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Array:
        if self.kind == "uniform":
            return np.asarray(rng.uniform(self.a, self.b, size))
        if self.kind == "normal":
            return np.asarray(rng.normal(self.a, self.b, size))
        variance = np.log1p((self.b / self.a) ** 2)
        return np.asarray(rng.lognormal(np.log(self.a) - variance / 2, np.sqrt(variance), size))

    def _outside(self, values: Array) -> Any:
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        return (values < low) | (values > high)

    def __repr__(self) -> str:
        words = [number_text(self.a), number_text(self.b)]
        words += [f"low={number_text(self.low)}"] if self.low is not None else []
        words += [f"high={number_text(self.high)}"] if self.high is not None else []
        return f"{self.kind}({', '.join(words)}){_times(self.unit)}"

    def __str__(self) -> str:
        middle = " … " if self.kind == "uniform" else " ± "
        tail = "" if self.kind != "lognormal" else " (lognormal)"
        span = f"{number_text(self.a)}{middle}{number_text(self.b)}"
        return f"{span} {self.unit!s}".rstrip() + tail


@dataclass(frozen=True, slots=True)
class Learn:
    """A value that training may change, from `value` on, kept between `low` and `high`."""

    value: Quantity | Distribution
    low: Quantity | None = None
    high: Quantity | None = None

    def __repr__(self) -> str:
        words = [word(self.value)]
        words += [f"low={word(self.low)}"] if self.low is not None else []
        words += [f"high={word(self.high)}"] if self.high is not None else []
        return f"learn({', '.join(words)})"

    def __str__(self) -> str:
        return f"{self.value} (learnt)"


Value: TypeAlias = "Quantity | Learn | Distribution | Expr"
"""What a parameter may be; an expression is one of positions, which a network computes."""


def learn(value: Any, low: Any = None, high: Any = None) -> Learn:
    """A parameter that is trained.

    Arguments:
        value: Where it starts: a quantity, an array with a unit, or a distribution.
        low, high: Bounds that training keeps, with unit.

    Raises:
        ParameterError: The bounds are the wrong way round or exclude the start.

    >>> learn(20 * Unit((("ms", 1),), (1, 0, 0, 0, 0, 0), -3))
    learn(20 * ms)
    """
    start = value if isinstance(value, Distribution) else _quantity(value, "learn")
    bounds = [None if x is None else _quantity(x, "learn") for x in (low, high)]
    made = Learn(start, *bounds)
    for bound in bounds:
        if bound is not None and not bound.unit.fits(start.unit):
            raise UnitError(
                f"{made!r}: the bound {bound} is a {bound.unit.kind}, the value is a "
                f"{start.unit.kind}.",
                hint=bridge(start.unit, bound.unit),
            )
    edges = [b for b in (bounds[0], start, bounds[1]) if isinstance(b, Quantity)]
    for lower, upper in pairwise(edges):
        if not np.all(lower <= upper):
            raise ParameterError(
                f"{made!r}: {lower} is above {upper}.", hint="low <= value <= high must hold"
            )
    return made


def normal(mean: Any, sd: Any, *, low: Any = None, high: Any = None) -> Distribution:
    """A normal distribution: ``normal(20, 2) * ms`` or ``normal(20 * ms, 2 * ms)``."""
    return _distribution("normal", mean, sd, low, high)


def uniform(low: Any, high: Any) -> Distribution:
    """A uniform distribution: ``uniform(-60, -50) * mV``."""
    return _distribution("uniform", low, high, None, None)


def lognormal(mean: Any, sd: Any, *, low: Any = None, high: Any = None) -> Distribution:
    """A lognormal distribution with the given mean and standard deviation of the value itself."""
    return _distribution("lognormal", mean, sd, low, high)


def check(owner: str, name: str, unit: Unit, value: Any, span: Span | None = None) -> Value:
    """Check one value given to a constructor.

    Arguments:
        owner, name, unit: Whose it is, and what its declaration says.
        value: What was given.
        span: Where it must lie, for a whole number.

    Raises:
        UnitError: It has the wrong unit, or none.
        ParameterError: It is no number, not finite, or not positive where it is a time; or no
            whole number in its span.
    """
    label = f"{owner}.{name}"
    if span is not None:
        return check_whole(label, span, value)
    if isinstance(value, Learn):
        for part in (value.value, value.low, value.high):
            if part is not None:
                check(owner, name, unit, part)
        return value
    if isinstance(value, Expr):
        if not of_places(value):
            raise ParameterError(
                f"{label}: {value} is not made of positions.",
                hint="position.x, or for synapses pair.distance, are what a value can depend on",
            )
    elif not isinstance(value, Distribution):
        value = _quantity(value, label)
    if not value.unit.fits(unit):
        if value.unit.dimensionless:
            raise UnitError(
                f"{label} is a {unit.kind} and needs a unit; got the plain number {word(value)}.",
                hint=f"write {name}={word(value)} * {unit!r}",
            )
        got = f"{value!s}, a {value.unit.kind}"
        raise UnitError(
            f"{label} must be a {unit.kind} ({unit!s}); got {got}."
            if not unit.dimensionless
            else f"{label} is a plain number; got {got}.",
            hint=bridge(unit, value.unit),
        )
    if not isinstance(value, Expr):
        _check_range(label, unit, value)
    return value


def check_whole(label: str, span: Span, value: Any) -> Quantity:
    """A whole number, or one for each neuron, inside its width.

    Raises:
        ParameterError: It is something else.
    """
    if isinstance(value, (Learn, Distribution, Expr)):
        raise ParameterError(
            f"{label} is a whole number; got {value!r}.",
            hint="give a number, or an array with one for each neuron: rng.integers(low, high, n)",
        )
    if not isinstance(value, (Quantity, Unit)) and np.asarray(value).dtype.kind not in "iuf":
        raise ParameterError(
            f"{label} is a whole number in {span}; got {value!r} ({type(value).__name__})."
        )
    given = _quantity(value, label)
    if not given.unit.dimensionless:
        raise UnitError(f"{label} is a whole number without a unit; got {given}.")
    numbers = np.asarray(given.to(one))
    if np.any(np.abs(numbers) > 1 << 53) and max(-span.low, span.high) > 1 << 53:
        raise ParameterError(f"{label} has more than 53 bits, which no parameter keeps.")
    odd = ~((numbers == np.floor(numbers)) & (numbers >= span.low) & (numbers <= span.high))
    if odd.any():
        found = number_text(float(np.ravel(numbers)[np.argmax(np.ravel(odd))]))
        raise ParameterError(
            f"{label} must be a whole number in {span}, from {span.low} to {span.high}; got "
            f"{found}."
        )
    return given


def _check_range(label: str, unit: Unit, value: Quantity | Distribution) -> None:
    numbers = value.value if isinstance(value, Quantity) else np.array([value.a, value.b])
    if not np.all(np.isfinite(numbers)):
        raise ParameterError(f"{label} must be finite; got {value!s}.")
    if isinstance(value, Quantity) and unit.kind == "time" and not np.all(numbers > 0):
        raise ParameterError(
            f"{label} is a time constant and must be above 0; got {value!s}.",
            hint="for an effect without delay leave the term out of the equations",
        )


def _distribution(kind: Any, a: Any, b: Any, low: Any, high: Any) -> Distribution:
    parts = [None if x is None else _quantity(x, kind) for x in (a, b, low, high)]
    units = {p.unit for p in parts if p is not None}
    unit = cast("Quantity", parts[0]).unit
    if any(not u.fits(unit) for u in units):
        raise UnitError(
            f"{kind}: all numbers must have one unit; got {', '.join(sorted(map(repr, units)))}.",
            hint=f"{kind}(20, 2) * {unit!r} gives both numbers the unit {unit!r}",
        )
    x, y, *bounds = (None if p is None else p.to(unit) for p in parts)
    if not isinstance(x, float) or not isinstance(y, float):
        raise ParameterError(f"{kind}: both numbers must be single numbers.")
    if (kind == "uniform" and x > y) or (kind != "uniform" and y < 0):
        raise ParameterError(f"{kind}({x:g}, {y:g}): the second number is too small.")
    if kind == "lognormal" and x <= 0:
        raise ParameterError(f"lognormal({x:g}, {y:g}): the mean must be above 0.")
    return Distribution(kind, x, y, *cast("list[float | None]", bounds), unit=unit)


def _quantity(value: Any, label: str) -> Quantity:
    """Numbers, arrays and units as quantities; anything else is refused by name."""
    if isinstance(value, Quantity):
        return value
    if isinstance(value, Unit):
        return Quantity(1.0, value)
    try:
        if isinstance(value, (str, bytes, bool)) or value is None:
            raise TypeError
        return Quantity(cast("Number", value), one)
    except (TypeError, ValueError, RuntimeError):  # the last from a tensor that records gradients
        raise ParameterError(
            f"{label} takes a number with a unit, an array, learn(...) or a distribution; got "
            f"{value!r} ({type(value).__name__})."
        ) from None


def word(value: Value) -> str:
    """A dimensionless 1 is written 1."""
    if isinstance(value, Quantity) and value.unit == one:
        return number_text(value.value)
    return repr(value)


def _times(unit: Unit) -> str:
    if unit == one:
        return ""
    return f" {unit.symbol[4:]}" if unit.symbol.startswith("one /") else f" * {unit!r}"

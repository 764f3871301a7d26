"""Units and quantities, exact to the last digit: a unit is some dimensions and a power of ten.

The base dimensions are those in which the field thinks: time, voltage, current, length, amount and
temperature (a volt is not spelled with kilograms here). Every unit is ``10**power`` of the SI unit
with the same dimensions, and powers are whole numbers, so a conversion never rounds by itself.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any, Literal, NoReturn, TypeAlias, cast, overload

import numpy as np
from numpy.typing import NDArray

from spikeloom.equations.unit_table import ROWS
from spikeloom.equations.unit_text import number_text, product_text, short_text, symbol_text
from spikeloom.errors import UnitError

Number: TypeAlias = "int | float | np.floating[Any] | np.integer[Any]"
Values: TypeAlias = "Number | Sequence[float] | NDArray[Any]"
Array: TypeAlias = "NDArray[np.float64]"
Exponent: TypeAlias = "int | Fraction"
Dims: TypeAlias = "tuple[Exponent, ...]"

BASES = ("time", "voltage", "current", "length", "amount", "temperature")


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A unit: ``10**power`` times the SI unit with dimensions `dims`.

    Multiply a number, a list or an array by it to get a `Quantity`; multiply, divide and raise
    units to get new ones. Two units are equal when they mean the same, whatever they are called:

    >>> from spikeloom.equations.units import MOhm, mV, nA
    >>> nA * MOhm == mV
    True
    """

    factors: tuple[tuple[str, Exponent], ...]
    dims: Dims
    power: Exponent

    __array_ufunc__ = None  # so that `array * ms` comes here instead of being spread over the array

    @property
    def symbol(self) -> str:
        """How the unit is written in Python: ``mS / cm2``."""
        return product_text(self.factors)

    @property
    def kind(self) -> str:
        """What is measured in it, in words: ``voltage``."""
        return _KINDS.get(self.dims) or _spell_dims(self.dims)

    @property
    def described(self) -> str:
        """Symbol and kind, for messages: ``mV (voltage)``."""
        return f"{self!s} ({self.kind})" if any(self.dims) else "a plain number"

    @property
    def dimensionless(self) -> bool:
        """Whether a value in this unit is a pure number."""
        return not any(self.dims)

    def fits(self, other: Unit) -> bool:
        """Whether values in both units can be added."""
        return self.dims == other.dims

    @overload
    def __mul__(self, other: Unit) -> Unit: ...
    @overload
    def __mul__(self, other: Quantity | Values) -> Quantity: ...
    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            return _combine(self, other, 1)
        return Quantity(other, self) if _is_values(other) else NotImplemented

    def __rmul__(self, other: Values) -> Quantity:
        return Quantity(other, self) if _is_values(other) else NotImplemented

    @overload
    def __truediv__(self, other: Unit) -> Unit: ...
    @overload
    def __truediv__(self, other: Number) -> Quantity: ...
    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            return _combine(self, other, -1)
        return Quantity(1.0, self) / other if _is_values(other) else NotImplemented

    def __rtruediv__(self, other: Values) -> Quantity:
        return Quantity(other, one / self) if _is_values(other) else NotImplemented

    def __pow__(self, exponent: float | Fraction) -> Unit:
        e = _exponent(exponent)
        factors = tuple((n, _exponent(k * e)) for n, k in self.factors) if e else ()
        return _named(
            factors, tuple(_exponent(d * e) for d in self.dims), _exponent(self.power * e)
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Unit):
            return NotImplemented
        return (self.dims, self.power) == (other.dims, other.power)

    def __hash__(self) -> int:
        return hash((self.dims, self.power))

    def __repr__(self) -> str:
        return self.symbol

    def __str__(self) -> str:
        return symbol_text(self.factors)


@dataclass(frozen=True, slots=True, eq=False, repr=False, init=False)
class Quantity:
    """A number, or an array of numbers, with its unit.

    Arguments:
        value: Number, list or array; arrays are copied and become read-only.
        unit: The unit of every element.

    Equality compares values as they were typed, across prefixes (one bool, also for arrays); order
    comparisons of arrays go element by element. `eval(repr(q)) == q` in the units' namespace.

    >>> from spikeloom.equations.units import cm2, mS, ms, us
    >>> 120 * mS / cm2
    120 * mS / cm2
    >>> ([1, 2] * ms).to(us)
    array([1000., 2000.])
    """

    value: float | Array
    unit: Unit

    __array_ufunc__ = None

    def __init__(self, value: Values | Quantity, unit: Unit) -> None:
        if isinstance(value, Quantity):
            value, unit = value.value, value.unit * unit
        object.__setattr__(self, "value", _plain(value))
        object.__setattr__(self, "unit", unit)

    def to(self, unit: Unit) -> float | Array:
        """The plain value in `unit`.

        Raises:
            UnitError: `unit` measures something else.

        >>> from spikeloom.equations.units import ms, second
        >>> (0.3 * ms).to(second)
        0.0003
        """
        if not self.unit.fits(unit):
            raise mismatch(f"cannot express {self} in {unit}", unit, self.unit)
        return _scaled(self.value, self.unit.power - unit.power)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value; ``()`` for a single number."""
        return np.shape(self.value)

    def __add__(self, other: Any) -> Quantity:
        return self._sum(other, "add", operator.add)

    def __radd__(self, other: Any) -> Quantity:
        return self._sum(other, "add", operator.add)

    def __sub__(self, other: Any) -> Quantity:
        return self._sum(other, "subtract", operator.sub)

    def __rsub__(self, other: Any) -> Quantity:
        q = _as_quantity(other)
        return NotImplemented if q is None else q - self

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            return Quantity(self.value, self.unit * other)
        q = _as_quantity(other)
        return NotImplemented if q is None else _reduced(self.value * q.value, self.unit * q.unit)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            return Quantity(self.value, self.unit / other)
        q = _as_quantity(other)
        return NotImplemented if q is None else _reduced(self.value / q.value, self.unit / q.unit)

    def __rtruediv__(self, other: Any) -> Any:
        q = _as_quantity(other)
        return NotImplemented if q is None else q / self

    def __pow__(self, exponent: float) -> Any:
        return _reduced(self.value**exponent, self.unit**exponent)

    def __neg__(self) -> Quantity:
        return Quantity(-self.value, self.unit)

    def __pos__(self) -> Quantity:
        return self

    def __abs__(self) -> Quantity:
        return Quantity(abs(self.value), self.unit)

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, operator.lt)

    def __le__(self, other: Any) -> Any:
        return self._compare(other, operator.le)

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, operator.gt)

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, operator.ge)

    def __eq__(self, other: object) -> bool:
        q = _as_quantity(other)
        return NotImplemented if q is None else self._key() == q._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __bool__(self) -> bool:
        return bool(np.any(self.value))

    def __float__(self) -> float:
        if not self.unit.dimensionless:
            raise UnitError(
                f"{self} is not a plain number.", hint=f"say in which unit: x.to({self.unit!r})"
            )
        return float(self.to(one))

    def __array__(self, *_: object, **__: object) -> NoReturn:
        raise UnitError(f"{self!r} has a unit, an array has none.", hint=f"use x.to({self.unit!r})")

    def __repr__(self) -> str:
        text = number_text(self.value)
        if not self.unit.factors:
            return f"{text} * one"
        shown = self.unit.symbol
        return f"{text} {shown[4:]}" if shown.startswith("one /") else f"{text} * {shown}"

    def __str__(self) -> str:
        return f"{short_text(self.value)} {self.unit!s}".rstrip()

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        numbers = np.atleast_1d(self.value)
        text = ", ".join(format(float(x), spec) for x in numbers)
        return f"{text if not self.shape else f'[{text}]'} {self.unit!s}".rstrip()

    def _sum(self, other: Any, verb: str, do: Callable[[Any, Any], Any]) -> Quantity:
        q = _as_quantity(other)
        if q is None:
            return NotImplemented
        if not self.unit.fits(q.unit):
            raise mismatch(f"cannot {verb} {self} and {q}", self.unit, q.unit)
        return Quantity(do(self.value, q.to(self.unit)), self.unit)

    def _compare(self, other: Any, do: Callable[[Any, Any], Any]) -> Any:
        q = _as_quantity(other)
        if q is None:
            return NotImplemented
        if not self.unit.fits(q.unit):
            raise mismatch(f"cannot compare {self} with {q}", self.unit, q.unit)
        return do(self.value, q.to(self.unit))

    def _key(self) -> tuple[object, ...]:
        power = self.unit.power
        if isinstance(self.value, float) and isinstance(power, int):
            return (self.unit.dims, Decimal(repr(self.value)).scaleb(power))  # as it was typed
        si = np.asarray(_scaled(self.value, power))
        return (self.unit.dims, si.shape, (si + 0.0).tobytes())  # + 0.0: -0 and 0 are one number


def mismatch(what: str, left: Unit, right: Unit) -> UnitError:
    """The error for two units that do not fit; it names both and says what would make them fit."""
    return UnitError(
        f"{what}: {left.described} and {right.described} do not fit.", hint=bridge(left, right)
    )


def bridge(left: Unit, right: Unit) -> str:
    """Advice on how a value in `right` could be made to fit `left`."""
    if right.dimensionless:
        return f"give the number a unit, for example 5 * {left!r}"
    if left.dimensionless:
        return f"divide by a {right.kind}, or take the unit away: x / {right!r}"
    for ratio, verb in ((left / right, "multiply"), (right / left, "divide")):
        kind = _KINDS.get(ratio.dims)
        if kind in _BRIDGES:
            article = "an" if kind[0] in "aeiou" else "a"
            return f"{verb} the {right.kind} by {article} {kind} to get a {left.kind}"
    return f"a {left.kind} is needed, for example 5 * {left!r}"


def _plain(value: Any) -> float | Array:
    array = np.array(value, dtype=np.float64)
    if not array.ndim:
        return float(array)
    array.flags.writeable = False
    return array


def _scaled(value: float | Array, power: Exponent) -> float | Array:
    if not power:
        return value
    if isinstance(value, float) and isinstance(power, int) and isfinite(value):
        # Through the decimal text, so that 0.3 ms is 0.0003 s as typed, without a rounding error.
        digits, _, e = repr(value).partition("e")
        return float(f"{digits}e{int(e or 0) + power}")
    # Dividing by 10**n is right to half a unit in the last place; multiplying by 10**-n is not.
    with np.errstate(over="ignore"):
        return value * 10.0 ** float(power) if power > 0 else value / 10.0 ** float(-power)


def _is_values(value: object) -> bool:
    if isinstance(value, (bool, str, bytes)):
        return False
    known = (int, float, np.number, np.ndarray, list, tuple, Quantity)
    return isinstance(value, known) or hasattr(value, "__array__")


def _as_quantity(value: object) -> Quantity | None:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, Unit):
        return Quantity(1.0, value)
    return Quantity(cast("Values", value), one) if _is_values(value) else None


def _reduced(value: float | Array, unit: Unit) -> Any:
    """A quotient of like quantities is a plain number."""
    return Quantity(value, unit) if any(unit.dims) else _scaled(_plain(value), unit.power)


def _exponent(value: float | Fraction) -> Exponent:
    if isinstance(value, int) and abs(value) <= _HIGHEST_POWER:
        return value
    if not abs(value) <= _HIGHEST_POWER:
        raise UnitError(f"a unit cannot be raised to the power {value}.")
    f = Fraction(value).limit_denominator(1000)
    return int(f) if f.denominator == 1 else f


def _combine(a: Unit, b: Unit, sign: Literal[1, -1]) -> Unit:
    counts: dict[str, Exponent] = dict(a.factors)
    for name, k in b.factors:
        counts[name] = _exponent(counts.get(name, 0) + sign * k)
    factors = tuple((n, k) for n, k in counts.items() if k)
    dims = tuple(_exponent(x + sign * y) for x, y in zip(a.dims, b.dims, strict=True))
    return _named(factors, dims, _exponent(a.power + sign * b.power))


def _named(factors: tuple[tuple[str, Exponent], ...], dims: Dims, power: Exponent) -> Unit:
    """Prefer the short name (``nA * MOhm`` is ``mV``); a rate stays ``1 / ms``, not ``kHz``."""
    if len(factors) > 1:
        known = _BY_MEANING.get((dims, power))
        if known is not None and known.kind != "rate":
            return known
    return Unit(tuple(sorted(factors, key=lambda f: f[1] < 0)), dims, power)


def _spell_dims(dims: Dims) -> str:
    up = [b if d == 1 else f"{b}^{d}" for b, d in zip(BASES, dims, strict=True) if d > 0]
    down = [b if d == -1 else f"{b}^{-d}" for b, d in zip(BASES, dims, strict=True) if d < 0]
    return "·".join(up or ["1"]) + "".join(f"/{d}" for d in down)


_HIGHEST_POWER = 10_000  # also of ten; far beyond physics, and safe to compute with
_BRIDGES = ("time", "voltage", "current", "resistance", "conductance", "capacitance", "area")
_KINDS: dict[Dims, str] = {dims: kind for kind, dims, _ in ROWS}
NAMED: dict[str, Unit] = {
    name: Unit(((name, 1),) if any(dims) else (), dims, power)
    for _, dims, names in ROWS
    for name, power in names.items()
}
"""Every predefined unit by its name."""
_BY_MEANING = {(u.dims, u.power): u for u in NAMED.values()}
one = NAMED["one"]

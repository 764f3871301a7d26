"""Where the parameters of a fit may lie, and the same as numbers from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations import Learn, Quantity, Unit, learn
from spikeloom.errors import ParameterError, UnitError, suggest

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
WIDE = 10.0
"""Ratio of the ends from which a range is measured in logarithms."""


@dataclass(frozen=True, eq=False)
class Ranges:
    """Parameters and their ranges.

    Arguments:
        names: Of the parameters (P).
        units: As the model declares them.
        low, high: In those units, (P,).
    """

    names: tuple[str, ...]
    units: tuple[Unit, ...]
    low: Array
    high: Array

    @property
    def logarithmic(self) -> Array:
        """Which ranges are so wide that shares of a value count, (P,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return (self.low > 0) & (self.high / self.low >= WIDE)

    def values(self, place: Array) -> Array:
        """From places between 0 and 1, (P, …), to values."""
        shape = (-1, *[1] * (place.ndim - 1))
        low, high, log = (x.reshape(shape) for x in (self.low, self.high, self.logarithmic))
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = low * (high / low) ** place
        return np.where(log, apart, low + (high - low) * place)

    def places(self, values: Array) -> Array:
        """From values (P,) to places."""
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.log(values / self.low) / np.log(self.high / self.low)
        return np.where(self.logarithmic, apart, (values - self.low) / (self.high - self.low))

    def slopes(self, values: Array) -> Array:
        """How fast each value changes with its place, (P, …)."""
        shape = (-1, *[1] * (values.ndim - 1))
        low, high, log = (x.reshape(shape) for x in (self.low, self.high, self.logarithmic))
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = values * np.log(high / low)
        return np.where(log, apart, high - low)

    def chosen(self, names: tuple[str, ...]) -> Ranges:
        """Some of them."""
        at = [self.names.index(n) for n in names]
        units = tuple(self.units[k] for k in at)
        return Ranges(names, units, self.low[at], self.high[at])

    def into(self, model: Any, values: Array) -> Any:
        """The model with these values, (P,) or (P, S) for S neurons."""
        given = zip(self.names, self.units, values, strict=True)
        return model.replace(**{n: Quantity(v if v.ndim else float(v), u) for n, u, v in given})

    def learnt(self, model: Any, values: Array) -> Any:
        """The model with parameters that training changes within their ranges, from values on."""
        rows = zip(self.names, self.units, values, self.low, self.high, strict=True)
        given = {n: learn(Quantity(v, u), Quantity(float(a), u), Quantity(float(b), u))
                 for n, u, v, a, b in rows}  # fmt: skip
        return model.replace(**given)


def ranges(model: Cell | Neuron | Refractory, given: Mapping[str, Any] | None) -> Ranges:
    """What may change in a fit.

    Arguments:
        model: The neuron.
        given: Name → (low, high); None takes what the model says by ``learn(value, low, high)``.

    Raises:
        ParameterError: Nothing may change, no such parameter, or a range that is none.
        UnitError: A range in another unit.
    """
    params = {p.name: p.unit for p in model.definition.params}
    name = model.definition.name
    if given is None:
        given = {
            n: (v.low, v.high)
            for n, v in model.values.items()
            if isinstance(v, Learn) and v.low is not None and v.high is not None
        }
    if not isinstance(given, Mapping) or not given:
        raise ParameterError(
            f"fit: which parameters of {name} may change, and from where to where?",
            hint="parameters={'tau': [5, 50] * ms}",
        )
    low, high = np.empty(len(given)), np.empty(len(given))
    for k, (key, ends) in enumerate(given.items()):
        if key not in params:
            raise ParameterError(
                f"fit: {name} has no parameter {key!r}.", hint=suggest(str(key), params)
            )
        low[k], high[k] = _ends(f"{name}.{key}", ends, params[key])
    return Ranges(tuple(given), tuple(params[n] for n in given), low, high)


def _ends(label: str, ends: Any, unit: Unit) -> tuple[float, float]:
    pair = [ends] if isinstance(ends, Quantity) else list(ends) if np.iterable(ends) else [ends]
    quantities = [x if isinstance(x, Quantity) else Quantity(x, unit / unit) for x in pair]
    for x in quantities:
        if not x.unit.fits(unit):
            raise UnitError(
                f"fit: the range of {label} must be in {unit.described}, got {x}.",
                hint=f"[1, 10] * {unit!r}",
            )
    numbers = np.concatenate([np.atleast_1d(np.asarray(x.to(unit), float)) for x in quantities])
    if len(numbers) != 2 or not np.isfinite(numbers).all() or not numbers[0] < numbers[1]:
        raise ParameterError(
            f"fit: the range of {label} must be two rising numbers, got {ends!r}.",
            hint=f"[1, 10] * {unit!r}",
        )
    return float(numbers[0]), float(numbers[1])

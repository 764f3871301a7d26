"""Where to look: a range for each state that is searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import mV, one
from spikeloom.errors import ParameterError, UnitError, suggest
from spikeloom.lab.vector_field import Array, VectorField

POTENTIAL = (-150.0, 150.0)
"""mV: no potential of a cell lies beyond."""
PLAIN = (-5.0, 5.0)
"""In units of the state; wider where it starts beyond."""


@dataclass(frozen=True, eq=False)
class Box:
    """Ranges of some states: names, low and high (C,) in the units of the states."""

    names: tuple[str, ...]
    low: Array
    high: Array
    units: tuple[Unit, ...]

    @property
    def quantities(self) -> dict[str, tuple[Quantity, Quantity]]:
        """State → (low, high) with units."""
        parts = zip(self.names, self.low, self.high, self.units, strict=True)
        return {name: (float(a) * unit, float(b) * unit) for name, a, b, unit in parts}


def box_of(
    who: str, field: VectorField, names: Sequence[str], within: Mapping[str, Any] | None
) -> Box:
    """The given ranges, and a default for what is left out.

    Raises:
        ParameterError: A range that is none, or of something that is no state.
        UnitError: A range in other units than its state.
    """
    given = {} if within is None else within
    if not isinstance(given, Mapping):
        raise ParameterError(
            f"{who}: within must map states to ranges, got {within!r}.",
            hint="within={'v': (-90, 40) * mV}",
        )
    declared = {s.name: s.unit for s in field.definition.states}
    for name in given:
        if name not in declared:
            raise ParameterError(
                f"{who}: {field.definition.name} has no state {name!r}.",
                hint=suggest(str(name), declared),
            )
    ranges = [
        range_of(who, name, declared[name], given[name]) if name in given else _default(field, name)
        for name in names
    ]
    low, high = np.array(ranges, np.float64).reshape(-1, 2).T
    return Box(tuple(names), low, high, tuple(declared[name] for name in names))


def range_of(who: str, name: str, unit: Unit, given: Any) -> tuple[float, float]:
    """(low, high) in `unit`, from ``(a, b) * unit`` or ``(a * unit, b * unit)``."""
    example = f"{name}=(-1, 1) * {unit!r}"
    if isinstance(given, Quantity):
        ends: list[Any] = [float(x) * given.unit for x in np.atleast_1d(given.value)]
    elif isinstance(given, list | tuple):
        ends = [x if isinstance(x, Quantity) else Quantity(x, one) for x in given]
    else:
        raise ParameterError(f"{who}: the range of {name} must be (low, high), got {given!r}.",
                             hint=example)  # fmt: skip
    for end in ends:
        if not end.unit.fits(unit):
            raise UnitError(f"{who}: {name} is in {unit.described}, got {end}.", hint=example)
    values = [float(end.to(unit)) for end in ends]
    if len(values) != 2 or not np.isfinite(values).all() or values[0] >= values[1]:
        raise ParameterError(
            f"{who}: the range of {name} must be two numbers, the lower one first, got {given!r}.",
            hint=example,
        )
    return values[0], values[1]


def _default(field: VectorField, name: str) -> tuple[float, float]:
    unit, start = field.definition.state(name).unit, field.start[name]
    if unit.fits(mV):
        factor = float((1 * mV).to(unit))
        low, high = (factor * end for end in POTENTIAL)
    else:
        low, high = PLAIN
    if not low < start < high:
        low, high = min(low, -3 * abs(start)), max(high, 3 * abs(start))
    return low, high

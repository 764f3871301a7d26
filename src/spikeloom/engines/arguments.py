"""What `simulate` is given, checked and turned into plain arrays in the model's units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import one
from spikeloom.equations.values import Distribution, Learn
from spikeloom.errors import NumericsError, ParameterError, ShapeError, UnitError, suggest

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
MOST_STEPS = 2**48
"""More would take a computer years."""


def grid(duration: Quantity, dt: Quantity, unit: Unit, who: str = "simulate") -> tuple[float, int]:
    """Time step in the model's unit, and the number of steps."""
    for what, value, usual in (("duration", duration, 100), ("dt", dt, 0.1)):
        if not isinstance(value, Quantity) or value.shape or not value.unit.fits(unit):
            plain = isinstance(value, int | float) and not isinstance(value, bool)
            raise UnitError(f"{who}: {what} must be one time, got {value!r}.",
                            hint=f"{what}={value if plain else usual:g} * {unit!r}")  # fmt: skip
    step, length = float(dt.to(unit)), float(duration.to(unit))
    if not (np.isfinite(step) and np.isfinite(length) and step > 0 and length >= 0):
        raise ParameterError(
            f"{who}: dt must be positive and duration not negative, got dt={dt} and"
            f" duration={duration}."
        )
    if length / step > MOST_STEPS:
        raise ParameterError(
            f"{who}: {duration} are more than {MOST_STEPS:g} steps of {dt}.",
            hint="take a longer dt, or go on in pieces with state=...",
        )
    steps = round(length / step)
    if abs(steps * step - length) > 1e-6 * step * max(steps, 1):
        raise ParameterError(
            f"{who}: {duration} is not a whole number of steps of {dt}.",
            hint=f"{steps} steps are {steps * step:g} {unit}",
        )
    return step, steps


def drive(
    neuron: Cell | Neuron | Refractory, given: Mapping[str, Any], steps: int, size: int
) -> dict[str, Array]:
    """Each input in its declared unit, (N,) or (T, N)."""
    definition, made = neuron.definition, {}
    declared = {i.name: i.unit for i in definition.inputs}
    for name, value in given.items():
        if name not in declared:
            raise ParameterError(
                f"simulate: {definition.name} has no input {name!r}.",
                hint=suggest(name, declared),
            )
        quantity = _quantity(name, value)
        if not quantity.unit.fits(declared[name]):
            raise UnitError(
                f"simulate: input {name!r} is in {declared[name]}, got {value}.",
                hint=f"{name}=… * {declared[name]!r}",
            )
        array = _floats(f"input {name!r}", quantity.to(declared[name]))
        if array.shape not in ((), (size,), (steps, size)):
            raise ShapeError(
                f"simulate: input {name!r} must be one number, ({size},) or ({steps}, {size}),"
                f" got shape {array.shape}."
            )
        made[name] = np.broadcast_to(array, (size,)) if array.ndim == 0 else array
    return made


def _quantity(name: str, value: Any) -> Quantity:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, Learn | Distribution):
        raise ParameterError(
            f"simulate: input {name!r} must be known in advance, got {value!r}.",
            hint="draw it first, for example rng.normal(1, 2, size) * nA",
        )
    return Quantity(_floats(f"input {name!r}", value), one)


def _floats(what: str, value: Any) -> Array:
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"simulate: {what} must hold numbers, got {value!r}.") from error
    if not np.all(np.isfinite(array)):
        raise NumericsError(f"simulate: {what} holds NaN or infinity.")
    return array


def check_options(
    size: Any, every: Any, record: Any, engine: Any, first: Any = 0, seed: Any = 0
) -> None:
    """Raise `ParameterError` for an option that makes no sense."""
    for what, value, least in (("size", size, 0), ("every", every, 1), ("first", first, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ParameterError(
                f"simulate: {what} must be a whole number >= {least}, got {value!r}."
            )
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise ParameterError(f"simulate: seed must be a whole number, got {seed!r}.")
    if record is not None and not isinstance(record, str | tuple | list):
        raise ParameterError(
            f"simulate: record must name states, got {record!r}.", hint="record=('v',)"
        )
    if isinstance(engine, type):
        raise ParameterError(
            f"simulate: engine must be an engine, got the class {engine.__name__}.",
            hint=f"engine={engine.__name__}()",
        )
    if not hasattr(engine, "simulate"):
        raise ParameterError(
            f"simulate: engine must be an engine, got {engine!r}.",
            hint="leave it out, or take CPU('float32') of spikeloom.engines.cpu",
        )


def initial_state(names: tuple[str, ...], state: Mapping[str, Array], size: int) -> Array:
    """States to go on from, (S, N)."""
    if not isinstance(state, Mapping) or set(state) != set(names):
        got = sorted(state) if isinstance(state, Mapping) else state
        raise ParameterError(f"simulate: state must hold {sorted(names)}, got {got}.")
    rows = [_floats(f"state {n!r}", state[n]) for n in names]
    for name, row in zip(names, rows, strict=True):
        if row.shape != (size,):
            raise ShapeError(f"simulate: state {name!r} must be ({size},), got {row.shape}.")
    return np.array(rows).reshape(len(rows), size)

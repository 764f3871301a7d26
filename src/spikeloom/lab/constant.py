"""Constant input of a neuron, as plain numbers in the units that it declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.parts import check_parts
from spikeloom.equations.definition import InputDecl
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import one
from spikeloom.errors import ParameterError, UnitError, suggest
from spikeloom.lab.inputs import held as checked
from spikeloom.lab.inputs import port_of

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory


def constant_inputs(
    who: str,
    model: Cell | Neuron | Refractory,
    given: Any,
    into: str | None,
    held: Mapping[str, Any] | None,
) -> dict[str, float]:
    """Inflow → number in its declared unit.

    Arguments:
        who: For messages.
        model: The neuron.
        given: The input of main interest; None for none.
        into: Its name, where there are several.
        held: Further inputs, name → value.

    Raises:
        ParameterError: No such input, not constant, or one of impulses.
        UnitError: A value has another unit than its input.
    """
    check_parts(who, model)
    definition = model.definition
    wanted = checked(definition, held, who)
    if given is not None:
        wanted[port_of(who, definition, into).name] = given
    declared = {i.name: i for i in definition.inputs}
    return {name: constant(who, declared[name], value) for name, value in wanted.items()}


def constant(who: str, port: InputDecl, given: Any) -> float:
    """One constant input as a number."""
    if port.kind == "impulse":
        raise ParameterError(
            f"{who}: {port.name!r} takes impulses, and a constant flow has none.",
            hint="give a constant current to an inflow",
        )
    return plain(who, f"input {port.name!r}", port.unit, given)


def plain(who: str, what: str, unit: Unit, given: Any) -> float:
    """One finite number in `unit`."""
    quantity = 1.0 * given if isinstance(given, Unit) else given
    if isinstance(quantity, int | float) and not isinstance(quantity, bool):
        quantity = Quantity(quantity, one)
    if not isinstance(quantity, Quantity) or quantity.shape:
        raise ParameterError(
            f"{who}: {what} must be one constant, got {given!r}.", hint=f"for example 1 * {unit!r}"
        )
    if not quantity.unit.fits(unit):
        raise UnitError(
            f"{who}: {what} is in {unit.described}, got {given}.", hint=f"for example 1 * {unit!r}"
        )
    value = float(quantity.to(unit))
    if not np.isfinite(value):
        raise ParameterError(f"{who}: {what} must be finite, got {given!r}.")
    return value


def states_given(
    who: str, model: Cell | Neuron | Refractory, given: Mapping[str, Any] | None
) -> dict[str, float]:
    """State → number in its declared unit, from values with units.

    Raises:
        ParameterError: No such state.
        UnitError: A value has another unit than its state.
    """
    if given is None:
        return {}
    declared = {s.name: s.unit for s in model.definition.states}
    if not isinstance(given, Mapping):
        name, unit = next(iter(declared.items()))
        raise ParameterError(
            f"{who}: values of states are given by name, got {given!r}.",
            hint=f"for example {{{name!r}: 1 * {unit!r}}}",
        )
    for name in given:
        if name not in declared:
            raise ParameterError(
                f"{who}: {model.definition.name} has no state {name!r}.",
                hint=suggest(str(name), declared),
            )
    return {n: plain(who, f"state {n!r}", declared[n], value) for n, value in given.items()}

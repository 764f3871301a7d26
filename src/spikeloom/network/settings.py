"""Values of neurons, one for all or one for each, and what `Network.set` has made of them."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

import numpy as np

from spikeloom.compile.values import number
from spikeloom.equations.expr import Expr
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.values import Value, check
from spikeloom.errors import ShapeError
from spikeloom.network.description import Description, Member, Setting
from spikeloom.network.space import of_neurons

Array = np.ndarray[Any, np.dtype[Any]]


def sized(
    value: Value,
    unit: Unit,
    entity: str,
    size: int,
    seed: int,
    positions: Any = None,
    ids: Array | None = None,
) -> Any:
    """A value of each neuron as plain numbers: one for all, or (size,).

    Arguments:
        value, unit, entity, seed: As for `number`.
        size: How many neurons.
        positions: Of the whole population, for an expression of them.
        ids: Which neurons of it; None for all.

    Raises:
        ShapeError: An array of another length.
    """
    if isinstance(value, Expr):
        placed = np.broadcast_to(of_neurons(value, unit, positions, ids, entity), (size,)).copy()
        _, _, name = entity.partition(".")
        check(entity.removesuffix(f".{name}"), name, unit, Quantity(placed, unit))
        return placed
    made = number(value, unit, entity, size, seed)
    if np.shape(made) not in ((), (size,)):
        raise ShapeError(f"{entity}: one number or {size} of them; got shape {np.shape(made)}.")
    return made


def units_of(member: Member) -> dict[str, dict[str, Unit]]:
    """What can be set in a population: kind → name → unit."""
    definition = member.receptors.definition
    return {
        "state": {s.name: s.unit for s in definition.states},
        "parameter": {p.name: p.unit for p in definition.params},
        "inflow": {i.name: i.unit for i in definition.inputs if i.kind == "inflow"},
    }


def drawn(setting: Setting, unit: Unit) -> Any:
    """The numbers of a setting, one for all its neurons or one for each."""
    population, ids = setting.view.population, setting.view.ids
    entity = f"{population.name}.{setting.name}.{setting.number}"
    return sized(setting.value, unit, entity, len(ids), setting.seed, population.positions, ids)


def overlay(
    said: Description, member: Member, units: Mapping[str, Unit], table: MutableMapping[str, Any]
) -> None:
    """Put what was set over the values of a population, by name: one for all, or (size,)."""
    size = member.population.size
    for setting in said.settings:
        if setting.view.population is not member.population or setting.name not in units:
            continue
        made = drawn(setting, units[setting.name])
        if not setting.view.whole:
            every = np.array(np.broadcast_to(table.get(setting.name, 0.0), (size,)), np.float64)
            every[setting.view.ids] = made
            made = every
        table[setting.name] = made


def parameters(said: Description, member: Member) -> dict[str, Any]:
    """The parameters of a population as they stand, as plain numbers in their units."""
    cell, name = member.receptors.cell(), member.population.name
    size, positions = member.population.size, member.population.positions
    table = {
        p.name: sized(cell.values[p.name], p.unit, f"{name}.{p.name}", size, said.seed, positions)
        for p in cell.definition.params
    }
    overlay(said, member, units_of(member)["parameter"], table)
    return table


def inflows(said: Description, member: Member) -> dict[str, Array]:
    """The constant currents of a population as they stand; those that are 0 are not named."""
    units, table = units_of(member)["inflow"], {}
    size, positions = member.population.size, member.population.positions
    for what, value in member.values.items():
        if what in units:
            entity = f"{member.population.name}.{what}"
            table[what] = sized(value, units[what], entity, size, said.seed, positions)
    overlay(said, member, units, table)
    return {what: np.asarray(made) for what, made in table.items()}


def start(said: Description, member: Member, table: Array, states: tuple[str, ...]) -> None:
    """Write the start values that were given into the rows (S, N) of the model's own."""
    units = units_of(member)["state"]
    size, positions = member.population.size, member.population.positions
    rows: dict[str, Any] = {name: table[row] for row, name in enumerate(states)}
    for what, value in member.values.items():
        if what in units:
            entity = f"{member.population.name}.{what}"
            rows[what] = sized(value, units[what], entity, size, said.seed, positions)
    overlay(said, member, units, rows)
    for row, name in enumerate(states):
        table[row] = rows[name]

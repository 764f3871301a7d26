"""What a user asks for, checked: each function gives one piece of a `Description`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spikeloom.compile import Method
from spikeloom.equations import Cell, LearningRule, Neuron, Refractory, Synapse
from spikeloom.equations.expr import Expr
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import Hz, kHz, ms, one
from spikeloom.equations.values import Distribution, Value, check
from spikeloom.errors import ParameterError, ShapeError, suggest
from spikeloom.network.description import Connection, Description, Member, Source
from spikeloom.network.drawing import check_drawing
from spikeloom.network.drive import course, waveform
from spikeloom.network.plasticity import check_rule, plasticity
from spikeloom.network.receptors import Impulse
from spikeloom.network.rules import Rule
from spikeloom.network.settings import units_of
from spikeloom.network.shaped import Shaped, receptors_of
from spikeloom.network.sources import Spikes
from spikeloom.network.view import Group, Population
from spikeloom.network.waveforms import Waveform
from spikeloom.network.waveforms.waveform import Target


def population(
    said: Description,
    owner: object,
    size: Any,
    neuron: Any,
    name: str | None,
    positions: Any,
    method: Method | None,
    values: Mapping[str, Any],
) -> Member:
    """A population; arguments as in `Network.population`."""
    if not isinstance(neuron, (Neuron, Refractory, Cell, Shaped)):
        shown = neuron.__name__ if isinstance(neuron, type) else repr(neuron)
        raise ParameterError(
            f"population: a neuron is needed, got {shown}.", hint="for example LIF()"
        )
    name, size = placed(said, "population", size, name, positions)
    if isinstance(neuron, Shaped) and method is not None:
        raise ParameterError(
            f"population: {name!r} are cells with a shape, whose steps have one method.",
            hint="leave method out",
        )
    made = Population(name, size, neuron, len(said.members), positions, owner)
    member = Member(made, receptors_of(name, neuron), method)
    for what, given in values.items():
        member.values[what] = value(member, what, given, inflows=True)
    return member


def placed(
    said: Description, what: str, size: Any, name: str | None, positions: Any
) -> tuple[str, int]:
    """Name and size of a new population, checked.

    Raises:
        ParameterError: There is one of that name, or there are no neurons.
        ShapeError: There are not as many positions.
    """
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
        raise ParameterError(f"{what}: size must be a whole number above 0, got {size!r}.")
    name = f"pop{len(said.members) + 1}" if name is None else name
    if name in [member.population.name for member in said.members]:
        raise ParameterError(f"{what}: there is one named {name!r} already.")
    if positions is not None and len(getattr(positions, "value", positions)) != size:
        raise ShapeError(
            f"{name}: positions must have {size} rows, one for each neuron, got "
            f"{len(getattr(positions, 'value', positions))}."
        )
    return name, int(size)


def connection(
    said: Description,
    source: Group,
    target: Group,
    synapse: Synapse | Impulse,
    rule: Any,
    weight: Any,
    delay: Any,
    receptor: str | None,
    name: str | None,
    learning: LearningRule | None = None,
    axonal: Any = None,
    stored: bool = True,
    at: Any = None,
) -> Connection:
    """A connection; arguments as in `Network.connect`."""
    if not isinstance(rule, Rule):
        shown = rule.__name__ if isinstance(rule, type) else repr(rule)
        raise ParameterError(
            f"connect: a rule is needed, got {shown}.", hint="for example FixedProbability(0.1)"
        )
    label = _new_name(said, f"{source!r} -> {target!r}", name)
    if isinstance(delay, Quantity) and delay.unit.fits(ms):  # here 0 ms is a time like any other
        if not np.all(np.asarray(delay.value) >= 0):  # NaN is not
            raise ParameterError(
                f"{label}: delays must not be negative or NaN, got {delay}.",
                hint="a spike cannot arrive before it was fired",
            )
    else:
        check(label, "delay", ms, delay)
    if learning is not None:
        check_rule(label, learning)
    channels = _channels(said, target, synapse, receptor, label, weight, at)
    made = Connection(
        source=source,
        target=target,
        channels=channels,
        rule=rule,
        weight=_number(weight),
        delay=_number(delay),
        name=label,
        learning=plasticity(said, label, target, channels, learning, axonal),
        stored=bool(stored),
    )
    if not isinstance(stored, bool):
        raise ParameterError(f"{label}: stored must be True or False, got {stored!r}.")
    if not made.stored:
        check_drawing(made)
    return made


def source(
    said: Description,
    target: Group,
    synapse: Synapse | Impulse,
    rate: Any,
    weight: Any,
    number: float,
    receptor: str | None,
    at: Any = None,
) -> Source:
    """Poisson sources; arguments as in `Network.poisson`."""
    label = f"poisson -> {target!r}"
    if not 0 <= number < float("inf"):
        raise ParameterError(f"{label}: n must not be negative, got {number}.")
    given = _poisson(said, target, rate, weight)
    channels = _channels(said, target, synapse, receptor, label, weight, at)
    return Source(target, channels, *given, float(number))


def changed(said: Description, source: Source, rate: Any, weight: Any) -> Source:
    """Poisson sources with another rate or weight; None leaves it."""
    given = _poisson(
        said,
        source.target,
        source.rate if rate is None else rate,
        source.weight if weight is None else weight,
    )
    made = replace(source, rate=given[0], weight=given[1])
    for part, channel in zip(source.target.parts, source.channels, strict=True):
        inputs = said.members[part.population.index].receptors.definition.inputs
        unit = next(i.unit for i in inputs if i.name == channel)
        check(f"poisson -> {source.target!r}", "weight", unit, made.weight)
    return made


def _poisson(
    said: Description, target: Group, rate: Any, weight: Any
) -> tuple[Quantity | Waveform, Quantity]:
    """Rate and weight of Poisson sources."""
    label = f"poisson -> {target!r}"
    weight, over_time = _number(weight), waveform(rate)
    if over_time is not None:
        step = float(said.dt.to(ms))
        course(over_time, Target(f"{label}: rate", kHz, len(target), said.seed), step)
        rate = 0 * Hz
    check(label, "rate", Hz, rate)
    rate = _number(rate)
    if not isinstance(rate, Quantity) or not isinstance(weight, Quantity) or weight.shape:
        raise ParameterError(
            f"{label}: the rate is one number, one for each neuron or a waveform, the weight one "
            "number."
        )
    if rate.shape not in ((), (len(target),)):
        raise ShapeError(
            f"{label}: rate must be one number or {len(target)} of them, got shape {rate.shape}."
        )
    if not np.all(np.asarray(rate.value) >= 0):
        raise ParameterError(f"{label}: the rate must not be negative, got {rate}.")
    return over_time or rate, weight


def value(
    member: Member, name: str, given: Any, *, inflows: bool = False, parameters: bool = False
) -> Value:
    """A value to start from or to set, checked against what the model declares."""
    unit = known(member, name, inflows=inflows, parameters=parameters)
    return check(member.population.name, name, unit, given)


def known(member: Member, name: str, *, inflows: bool = False, parameters: bool = False) -> Unit:
    """The unit of a state, inflow or parameter."""
    kinds = units_of(member)
    wanted = ["state", *["inflow"] * inflows, *["parameter"] * parameters]
    units = {n: u for kind in wanted for n, u in kinds[kind].items()}
    if name not in units:
        said = ", ".join(wanted[:-1]) + " or " * (len(wanted) > 1) + wanted[-1]
        raise ParameterError(
            f"{member.population.name}: {member.receptors.definition.name} has no {said} {name!r}.",
            hint=suggest(name, units),
        )
    return units[name]


def _channels(
    said: Description,
    target: Group,
    synapse: Synapse | Impulse,
    receptor: str | None,
    label: str,
    weight: Any,
    at: Any = None,
) -> tuple[str, ...]:
    """The channel of each part; receptors that are missing are added, once the weight fits."""
    for part in target.parts:
        if isinstance(part.population.neuron, Spikes):
            raise ParameterError(
                f"{label}: {part.population.name!r} is a source; it receives nothing."
            )
    if isinstance(synapse, Synapse):
        check(label, "weight", synapse.definition.input.unit, weight)
    found: list[str] = []
    for part in target.parts:
        receptors = said.members[part.population.index].receptors
        channel = receptors.channel(synapse, receptor, at)
        inputs = receptors.definition.inputs
        check(label, "weight", next(i.unit for i in inputs if i.name == channel), weight)
        found.append(channel)
    return tuple(found)


def _new_name(said: Description, default: str, name: str | None) -> str:
    taken = {c.name for c in said.connections}
    if name is not None:
        if name in taken:
            raise ParameterError(f"connect: there is a connection {name!r} already.")
        return name
    name, number = default, 2
    while name in taken:
        name, number = f"{default} ({number})", number + 1
    return name


def _number(given: Any) -> Quantity | Distribution | Expr:
    """A plain number as a quantity; anything else was checked before."""
    return given if isinstance(given, (Quantity, Distribution, Expr)) else Quantity(given, one)

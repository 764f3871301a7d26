"""What a user asks for that drives a network, checked: as `asked`, for sources and currents."""

from __future__ import annotations

from typing import Any

from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import ms
from spikeloom.equations.values import check
from spikeloom.errors import ParameterError, ShapeError, suggest
from spikeloom.network.asked import placed
from spikeloom.network.description import Description, Injection, Member
from spikeloom.network.drive import waveform
from spikeloom.network.gaps import GapJunctions, units
from spikeloom.network.receptors import Receptors
from spikeloom.network.rules import Rule
from spikeloom.network.shaped import shaped
from spikeloom.network.sources import Spikes
from spikeloom.network.sources.spikes import Place
from spikeloom.network.view import Group, Population
from spikeloom.network.waveforms import OrnsteinUhlenbeck
from spikeloom.network.waveforms.waveform import Target


def spikes(
    said: Description, owner: object, given: Any, size: Any, name: str | None, positions: Any
) -> Member:
    """A population that fires by itself; arguments as in `Network.source`."""
    if not isinstance(given, Spikes):
        shown = given.__name__ if isinstance(given, type) else repr(given)
        raise ParameterError(
            f"source: spikes are needed, got {shown}.",
            hint="for example PoissonSpikes(10 * Hz), RegularSpikes(period=20 * ms) or "
            "GivenSpikes([1, 5] * ms)",
        )
    own = given.size
    if size is None and own is None:
        raise ParameterError(
            f"source: how many neurons? {given!r} fits any number.", hint="size=100"
        )
    if size is not None and own is not None and size != own:
        raise ShapeError(
            f"source: {given!r} is for {own} neurons, size is {size!r}.", hint="leave size out"
        )
    name, size = placed(said, "source", own if size is None else size, name, positions)
    population = Population(name, size, given, len(said.members), positions, owner)
    given.trains(Place(name, size, float(said.dt.to(ms)), said.seed, 0))
    return Member(population, Receptors(name, given))  # type: ignore[arg-type]


def injection(
    said: Description, target: Group, current: Any, into: str | None, at: Any = None
) -> Injection:
    """Something that flows in; arguments as in `Network.inject`."""
    label = f"inject into {target!r}"
    made = current if isinstance(current, OrnsteinUhlenbeck) else waveform(current)
    if made is None:
        hint = "for example Step(0.2 * nA, start=100 * ms, stop=200 * ms), or a function of time"
        if isinstance(current, (Quantity, Unit)):
            hint = f"Step({current!r}), or a constant current: net.set({target!r}, I={current!r})"
        raise ParameterError(f"{label}: a waveform is needed, got {_shown(current)}.", hint=hint)
    inflows = tuple(_placed(said, part.population, into, at, label) for part in target.parts)
    for part, name in zip(target.parts, inflows, strict=True):
        declared = said.members[part.population.index].receptors.definition.inputs
        unit = next(i.unit for i in declared if i.name == name)
        whole = Target(label, unit, len(target), said.seed)
        made.check(whole) if isinstance(made, OrnsteinUhlenbeck) else made.parts(whole)
    return Injection(target, inflows, made, label)


def junctions(
    said: Description,
    first: Group,
    second: Group,
    rule: Any,
    conductance: Any,
    into: str | None,
    of: str,
    name: str | None,
) -> GapJunctions:
    """Gap junctions; arguments as in `Network.gap_junctions`."""
    if not isinstance(rule, Rule):
        shown = rule.__name__ if isinstance(rule, type) else repr(rule)
        raise ParameterError(
            f"gap_junctions: a rule is needed, got {shown}.", hint="for example AllToAll()"
        )
    label = name or f"gap junctions {first!r} - {second!r}"
    taken = {j.name for j in said.junctions}
    if name in taken:
        raise ParameterError(f"gap_junctions: there are some named {name!r} already.")
    number = 2
    while label in taken:
        label, number = f"gap junctions {first!r} - {second!r} ({number})", number + 1
    sides = [
        [
            (_inflow(said, p.population, into, label), _state(said, p.population, of, label))
            for p in g
        ]
        for g in (first.parts, second.parts)
    ]
    inflows, states = ([tuple(pair[k] for pair in side) for side in sides] for k in (0, 1))
    made = GapJunctions(
        *(first, second, (inflows[0], inflows[1]), (states[0], states[1])),
        *(rule, conductance, label),
    )
    for group, flow, seen in zip((first, second), inflows, states, strict=True):
        for view, inflow, state in zip(group.parts, flow, seen, strict=True):
            check(label, "conductance", units(said, view, inflow, state)[1], conductance)
    return made


def _state(said: Description, population: Population, name: str, label: str) -> str:
    definition = said.members[population.index].receptors.definition
    names = [s.name for s in definition.states]
    if name not in names:
        raise ParameterError(
            f"{label}: {population.name!r} has no state {name!r}.", hint=suggest(name, names)
        )
    return name


def _placed(
    said: Description, population: Population, into: str | None, at: Any, label: str
) -> str:
    """An inflow by name or at a place."""
    if at is None:
        return _inflow(said, population, into, label)
    if into is not None:
        raise ParameterError(f"{label}: give into or at, not both.")
    return shaped(said.members[population.index].receptors, at).inflow(at)


def _inflow(said: Description, population: Population, into: str | None, label: str) -> str:
    receptors = said.members[population.index].receptors
    names = [i.name for i in receptors.definition.inputs if i.kind == "inflow"]
    if into is None and len(names) == 1:
        return names[0]
    if into is None and receptors.into in names:
        return receptors.into
    if into in names:
        return str(into)
    if isinstance(population.neuron, Spikes):
        raise ParameterError(f"{label}: {population.name!r} is a source; nothing flows into it.")
    if into is None:
        raise ParameterError(
            f"{label}: {population.name!r} has {len(names) or 'no'} inflows.",
            hint=f"say which: into={names[0]!r}" if names else "its neurons take impulses only",
        )
    raise ParameterError(
        f"{label}: {population.name!r} has no inflow {into!r}.", hint=suggest(str(into), names)
    )


def _shown(value: Any) -> str:
    text = value.__name__ if isinstance(value, type) else repr(value)
    return text if len(text) < 60 else f"{text[:50]}…"

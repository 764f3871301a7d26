"""What a user asks for that drives a network, checked: as `asked`, for sources and currents."""

from __future__ import annotations

from typing import Any

from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, ShapeError, suggest
from spikeloom.network.asked import placed
from spikeloom.network.description import Description, Injection, Member
from spikeloom.network.drive import waveform
from spikeloom.network.receptors import Receptors
from spikeloom.network.sources import Spikes
from spikeloom.network.sources.spikes import Place
from spikeloom.network.view import Group, Population
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


def injection(said: Description, target: Group, current: Any, into: str | None) -> Injection:
    """Something that flows in; arguments as in `Network.inject`."""
    label = f"inject into {target!r}"
    made = waveform(current)
    if made is None:
        hint = "for example Step(0.2 * nA, start=100 * ms, stop=200 * ms), or a function of time"
        if isinstance(current, (Quantity, Unit)):
            hint = f"Step({current!r}), or a constant current: net.set({target!r}, I={current!r})"
        raise ParameterError(f"{label}: a waveform is needed, got {_shown(current)}.", hint=hint)
    inflows = tuple(_inflow(said, part.population, into, label) for part in target.parts)
    for part, name in zip(target.parts, inflows, strict=True):
        declared = said.members[part.population.index].receptors.definition.inputs
        unit = next(i.unit for i in declared if i.name == name)
        made.parts(Target(label, unit, len(target), said.seed))
    return Injection(target, inflows, made, label)


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

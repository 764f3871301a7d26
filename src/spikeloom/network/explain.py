"""How each population of a network is integrated, and why: as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikeloom.compile import Program, TickProgram, compile_ticks
from spikeloom.compile.explain import explain as explain_program
from spikeloom.compile.tick_explain import explain_ticks
from spikeloom.network import compiled, settings
from spikeloom.network.description import Description, Member
from spikeloom.network.sources import Spikes

if TYPE_CHECKING:
    from spikeloom.network.view import Population


def explain(said: Description, population: Population | None) -> str:
    """A line for each population, or all about one; see `Network.explain`."""
    if population is None:
        return "\n".join(f"{m.population.name}: {_line(said, m)}" for m in said.members)
    member = said.members[population.index]
    program = program_of(said, member)
    if program is None:
        return _line(said, member)
    shown = explain_ticks(program) if isinstance(program, TickProgram) else explain_program(program)
    return f"{member.receptors.cell().definition.equations}\n\n{shown}"


def program_of(said: Description, member: Member) -> Program | TickProgram | None:
    """What a population runs; None of one that fires by itself."""
    cell = member.receptors.cell()
    if isinstance(cell, Spikes):
        return None
    if cell.definition.ticks:
        return compile_ticks(cell)
    step = float(said.dt.to(cell.definition.time_unit))
    return compiled.chosen(cell, member.method, settings.parameters(said, member), step)


def _line(said: Description, member: Member) -> str:
    size, program = f"{member.population.size:,}", program_of(said, member)
    if program is None:
        return f"{size} {member.population.neuron!r}, which fires by itself"
    if isinstance(program, TickProgram):
        return f"{size} {program.model}, in whole numbers from tick to tick"
    why = "" if program.reason == "asked for" else f": {program.reason}"
    return f"{size} {program.model} by {program.method}{why}"

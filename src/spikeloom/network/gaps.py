"""Gap junctions: what was said about them becomes rows of neighbours for both sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.numeric import run_block
from spikeloom.engines.coupling import CouplingPlan, Potential
from spikeloom.engines.network_plan import PopulationPlan
from spikeloom.equations import Refractory
from spikeloom.equations.compose import Cell
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.values import Distribution
from spikeloom.errors import NumericsError, ParameterError
from spikeloom.network.overlap import own_shift
from spikeloom.network.rules import AllToAll, Distance, FixedProbability, Rule
from spikeloom.network.rules.edge_list import EdgeList
from spikeloom.network.rules.synapse_values import weights
from spikeloom.network.space import Places, of_group
from spikeloom.network.view import Group, View

if TYPE_CHECKING:
    from spikeloom.network.description import Description, Member

Array = np.ndarray[Any, np.dtype[Any]]
PAIRWISE = (AllToAll, FixedProbability, Distance)
"""Rules that decide on each pair by itself, for which each pair of a population counts once."""


@dataclass(frozen=True, eq=False)
class GapJunctions:
    """One call of `Network.gap_junctions`.

    Arguments:
        first, second: The two sides.
        inflows: Into which current flows, for each part of the first and of the second.
        potentials: States that are seen, likewise.
        rule: Who is joined to whom.
        conductance: Of each junction.
        name: For messages and for the key of random draws.
    """

    first: Group
    second: Group
    inflows: tuple[tuple[str, ...], tuple[str, ...]]
    potentials: tuple[tuple[str, ...], tuple[str, ...]]
    rule: Rule
    conductance: Quantity | Distribution
    name: str

    @property
    def within(self) -> bool:
        """Whether both sides are the same neurons."""
        sides = (self.first.parts, self.second.parts)
        return len(sides[0]) == len(sides[1]) and all(
            a.population is b.population and np.array_equal(a.ids, b.ids)
            for a, b in zip(*sides, strict=True)
        )


def units(said: Description, view: View, inflow: str, state: str) -> tuple[Unit, Unit]:
    """Unit of a potential, and of the conductance through which it drives an inflow."""
    definition = said.members[view.population.index].receptors.definition
    flow = next(i.unit for i in definition.inputs if i.name == inflow)
    potential = definition.state(state).unit
    return potential, flow / potential


def couplings(said: Description, populations: Sequence[PopulationPlan]) -> Iterator[CouplingPlan]:
    """All gap junctions of a network, in both directions.

    Raises:
        ParameterError: A neuron would be joined to itself by a list.
        NumericsError: They are too strong for the time step.
    """
    made = [c for junctions in said.junctions for c in _both_ways(said, junctions)]
    _check_step(said, populations, made)
    yield from made


def _both_ways(said: Description, junctions: GapJunctions) -> Iterator[CouplingPlan]:
    rows, columns, values, unit = _edges(said, junctions)
    first, second = junctions.first.parts, junctions.second.parts
    low = [0, *np.cumsum([len(part) for part in first])]
    high = [0, *np.cumsum([len(part) for part in second])]
    found: dict[tuple[int, int, str, str, str], list[Any]] = {}
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            here = (rows >= low[i]) & (rows < low[i + 1])
            here &= (columns >= high[j]) & (columns < high[j + 1])
            own = a.ids[rows[here] - low[i]], b.ids[columns[here] - high[j]]
            left = (a, junctions.inflows[0][i], junctions.potentials[0][i])
            right = (b, junctions.inflows[1][j], junctions.potentials[1][j])
            for source, target, ends in ((left, right, own), (right, left, own[::-1])):
                places = source[0].population.index, target[0].population.index
                scale = _scale(said, *target, unit)
                key = (*places, source[2], target[2], target[1])
                found.setdefault(key, []).append((*ends, values[here] * scale))
    for (source, target, seen, own_state, into), parts in found.items():
        heads, ends, flows = (np.concatenate(x) for x in zip(*parts, strict=True))
        size = said.members[target].population.size
        order = np.lexsort((heads, ends))
        indptr = np.zeros(size + 1, np.int64)
        np.cumsum(np.bincount(ends, minlength=size), out=indptr[1:])
        resets, unit = _potential(said.members[source], seen)
        own_resets, own_unit = _potential(said.members[target], own_state)
        yield CouplingPlan(
            Potential(source, seen, resets),
            Potential(target, own_state, own_resets),
            into,
            indptr,
            heads[order].astype(np.uint32),
            flows[order],
            float(np.asarray(Quantity(1.0, unit).to(own_unit))),
        )


def _edges(said: Description, junctions: GapJunctions) -> tuple[Array, Array, Array, Unit]:
    """Places in both groups, and the conductance, of each junction."""
    first, second = junctions.first, junctions.second
    rule, name = junctions.rule, junctions.name
    shift = own_shift(first, second)
    where = {
        f"{side}_positions": positions
        for side, group in (("source", first), ("target", second))
        if (positions := of_group(group)) is not None
    }
    autapses = getattr(rule, "autapses", True)
    graph = rule.build(
        *(len(first), len(second)),
        seed=said.seed,
        entity=name,
        same_population=shift is not None and not autapses,
        shift=0 if shift is None else shift,
        bytes_per_synapse=24.0,
        **where,
    )
    _, unit = units(said, first.parts[0], junctions.inflows[0][0], junctions.potentials[0][0])
    places = Places(where.get("source_positions"), where.get("target_positions"), rule)
    values = weights(
        *(junctions.conductance, unit, graph),
        **{"n_target": len(second), "rule": rule, "seed": said.seed, "entity": name},
        name=f"{name}: conductance",
        dtype="float64",
        places=places,
    )
    if np.any(values < 0):
        raise ParameterError(f"{name}: a conductance must not be negative, got {values.min():g}.")
    indptr, targets = graph
    rows = np.repeat(np.arange(len(first)), np.diff(indptr))
    columns = targets.astype(np.int64)
    every = np.broadcast_to(values, rows.shape)
    same = _identity(first)[rows] == _identity(second)[columns]
    if isinstance(rule, EdgeList) and same.any():
        raise ParameterError(f"{name}: a neuron cannot be joined to itself.")
    keep = ~same
    if junctions.within and isinstance(rule, PAIRWISE):
        keep &= rows < columns
    return rows[keep], columns[keep], every[keep], unit


def _identity(group: Group) -> Array:
    """A number for each neuron that no other neuron has."""
    parts = [part.ids + (part.population.index << 40) for part in group.parts]
    return np.concatenate(parts)


def _scale(said: Description, view: View, inflow: str, state: str, unit: Unit) -> float:
    """A conductance in `unit` as one for a view."""
    return float(np.asarray(Quantity(1.0, unit).to(units(said, view, inflow, state)[1])))


def _potential(member: Member, state: str) -> tuple[bool, Unit]:
    """Whether a spike sets a state, and its unit."""
    cell = member.receptors.cell()
    inner = cell.neuron if isinstance(cell, Cell) else cell
    resets = isinstance(inner, Refractory) or state in cell.definition.reset
    return resets, cell.definition.state(state).unit


def _check_step(
    said: Description, populations: Sequence[PopulationPlan], made: Sequence[CouplingPlan]
) -> None:
    """Refuse junctions that a step cannot follow: deviations would grow from step to step."""
    load: dict[tuple[int, str, str], Array] = {}
    for c in made:
        key = (c.target.population, c.input, c.target.state)
        rows = np.repeat(np.arange(len(c.indptr) - 1), np.diff(c.indptr))
        total = np.bincount(rows, c.conductance, len(c.indptr) - 1)
        load[key] = load.get(key, 0.0) + total
    for (place, inflow, state), total in load.items():
        change = np.max(total * _response(populations[place], inflow, state))
        if change > 1:
            name = said.members[place].population.name
            raise NumericsError(
                f"{name}: gap junctions are too strong for dt = {said.dt}: in one step they would "
                f"move {state!r} by {change:.3g} times the difference to its neighbours.",
                hint=f"at most 1 can be followed; take dt = {said.dt / (1.1 * change)!s} or less",
            )


def _response(p: PopulationPlan, inflow: str, state: str) -> Array:
    """How far one unit of an inflow moves a state in one step."""
    leaves: dict[str, Any] = {f"input:{n}": 0.0 for n in p.program.inputs}
    leaves |= {f"coef:{n}": p.coefs[n] for n in p.program.coefs}
    leaves |= {f"state:{n}": x for n, x in zip(p.program.states, p.start, strict=True)}
    leaves |= dict.fromkeys(p.program.random, 0.5)
    small, ends = 1e-6, []
    for flow in (0.0, small):
        given = run_block(p.program.forward, {**leaves, f"input:{inflow}": flow})
        ends.append(given[f"state:{state}"])
    return np.abs(ends[1] - ends[0]) / small

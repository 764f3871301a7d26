"""From what was said about a network to the plan that engines run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from spikeloom.compile import Bound, TickProgram, bind
from spikeloom.compile.tick_numeric import TickBound, bind_ticks
from spikeloom.engines.drawn_plan import Drawn
from spikeloom.engines.inputs import NOTHING
from spikeloom.engines.network_part import drive_part, poisson_part, population_part
from spikeloom.engines.network_plan import (
    AnyProjection,
    NetworkPlan,
    PoissonPlan,
    PopulationPlan,
    ProjectionPlan,
)
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import kHz, ms, mV
from spikeloom.equations.values import Distribution
from spikeloom.errors import ParameterError
from spikeloom.network import compiled, settings
from spikeloom.network.description import Connection, Description, Member
from spikeloom.network.drawing import drawn_projections
from spikeloom.network.drive import course, drives
from spikeloom.network.gaps import couplings
from spikeloom.network.keep import Keep, as_it_is
from spikeloom.network.memory import synapse_bytes
from spikeloom.network.overlap import own_shift, without_autapses
from spikeloom.network.plasticity import learning_plan
from spikeloom.network.ranks import Team
from spikeloom.network.ranks.synapses import own_targets, part_of, spread
from spikeloom.network.rules.synapse_values import delays, weights
from spikeloom.network.shaped import PlacedReceptors
from spikeloom.network.sources import Spikes
from spikeloom.network.sources.spikes import Place
from spikeloom.network.space import Places, of_group
from spikeloom.network.split import Rows, pairs
from spikeloom.network.waveforms import Waveform
from spikeloom.network.waveforms.waveform import Target

Array = np.ndarray[Any, np.dtype[Any]]
DType = Literal["float32", "float64"]


@dataclass
class Pieces:
    """What has been built of a network and is not built again when more is said about it.

    Arguments:
        dtype: Precision of states and weights.
        keep: How synapses are held, from `make_keep`.
        graphs: Synapses of each connection.
        team: The processes that hold the network together, or None.
    """

    dtype: DType
    keep: Keep = as_it_is
    team: Team | None = None
    graphs: dict[Connection, Sequence[AnyProjection]] = field(default_factory=dict)

    def copy(self) -> Pieces:
        """The same pieces, to go on from in another network."""
        return replace(self, graphs=dict(self.graphs))


def plan(said: Description, pieces: Pieces) -> NetworkPlan:
    """Compile the equations, draw the parameters, build the graphs.

    Arguments:
        said: The network.
        pieces: What exists already; what is built is added to it.

    Raises:
        ParameterError: Something cannot be built as it was asked for.
        ShapeError: An array does not fit its population.
        NumericsError: dt is too large for a method, or a value is not finite.
    """
    bounds: dict[Any, Bound | TickBound] = {}
    populations = tuple(_population(said, member, bounds) for member in said.members)
    # Sums of whole numbers are exact in float64, and neurons beside them have the reference's bits.
    exact = any(isinstance(p.program, TickProgram) for p in populations)
    dtype: DType = "float64" if exact else pieces.dtype
    poisson, driven = list(_poisson(said)), list(drives(said))
    joined = list(couplings(said, populations))
    if joined and pieces.team is not None:
        raise ParameterError(
            "gap junctions do not reach from process to process yet.",
            hint="run this network in one process, with several threads",
        )
    if pieces.team is not None:
        own = [pieces.team.share.own(p.size) for p in populations]
        parts = zip(populations, own, strict=True)
        populations = tuple(population_part(p, some) for p, some in parts)
        poisson = [poisson_part(p, own[p.target]) for p in poisson]
        driven = [drive_part(p, own[p.target]) for p in driven]
    for connection in said.connections:
        if connection not in pieces.graphs:
            made = [
                pieces.keep(p, said, populations, dtype)
                for p in _connected(said, connection, dtype, pieces.team)
            ]
            pieces.graphs[connection] = made if pieces.team is None else spread(pieces.team, made)
    return NetworkPlan(
        populations=populations,
        projections=tuple(p for c in said.connections for p in pieces.graphs[c]),
        poisson=tuple(poisson),
        drives=tuple(driven),
        couplings=tuple(joined),
        seed=said.running,
        dtype=dtype,
    )


def _population(
    said: Description, member: Member, bounds: dict[Any, Bound | TickBound]
) -> PopulationPlan:
    cell, size = member.receptors.cell(), member.population.size
    if isinstance(cell, Spikes):
        return _source(said, member, cell)
    if isinstance(member.receptors, PlacedReceptors):
        return _placed(said, member, cell)
    definition = cell.definition
    values = settings.parameters(said, member)
    step = float(said.dt.to(definition.time_unit))
    if definition.ticks:
        program = compiled.program(compiled.Compiled(cell, member.method))
    else:
        program = compiled.chosen(cell, member.method, values, step)
    # Populations of equal neurons are bound once; a chain has many of them.
    same = tuple(values.items()) if all(np.ndim(v) == 0 for v in values.values()) else None
    place = (program.key, step, same)
    if same is None or place not in bounds:
        if isinstance(program, TickProgram):
            bounds[place] = bind_ticks(program, values)
        else:
            bounds[place] = bind(program, values, step)
    bound = bounds[place]
    start = bound.initial(size)
    settings.start(said, member, start, program.states)
    return PopulationPlan(
        program=program,
        coefs=bound.coefs,
        size=size,
        start=start,
        channels=_channels(said, member),
        constants=settings.inflows(said, member),
        entity=member.population.name,
    )


def _placed(said: Description, member: Member, cell: Any) -> PopulationPlan:
    """Cells with a shape."""
    size, dt, name = member.population.size, float(said.dt.to(ms)), member.population.name
    program, coefs = cell.program(dt)
    v = member.values.get("v")
    if v is not None:
        v = settings.sized(v, mV, f"{name}.v", size, said.seed, member.population.positions)
    start = cell.start(dt, size, v)
    settings.start(said, member, start, program.states)
    return PopulationPlan(
        program=program,
        coefs=coefs,
        size=size,
        start=start,
        channels=_channels(said, member),
        constants=settings.inflows(said, member),
        entity=name,
    )


def _source(said: Description, member: Member, spikes: Spikes) -> PopulationPlan:
    """A population that fires by itself."""
    p, dt = member.population, float(said.dt.to(ms))
    place = Place(p.name, p.size, dt, said.seed, SOURCES + p.index)
    none = np.zeros((0, p.size))
    return PopulationPlan(NOTHING, {}, p.size, none, trains=spikes.trains(place))


SOURCES = 1 << 32
"""Entity number of the first population that fires by chance, beyond those of Poisson sources."""


def _channels(said: Description, member: Member) -> tuple[str, ...]:
    """Inputs of a population that something reaches, in the order of first use."""
    used = [
        channel
        for each in (*said.connections, *said.sources)
        for part, channel in zip(each.target.parts, each.channels, strict=True)
        if part.population is member.population
    ]
    return tuple(dict.fromkeys(used))


def _connected(
    said: Description, connection: Connection, dtype: DType, team: Team | None
) -> Iterator[AnyProjection]:
    if connection.stored:
        yield from _projections(said, connection, dtype, team)
        return
    for p in drawn_projections(said, connection, dtype, partial(_unit, said)):
        if not isinstance(p.recipe.weight, Drawn):
            _check_whole(said, connection, np.asarray(p.recipe.weight))
        size = said.members[p.target].population.size
        yield p if team is None else p.within(*team.share.own(size))


def _projections(
    said: Description, connection: Connection, dtype: DType, team: Team | None
) -> Iterator[ProjectionPlan]:
    source, target, name = connection.source, connection.target, connection.name
    shape = (len(source), len(target))
    autapses = getattr(connection.rule, "autapses", True)
    shift = None if autapses else own_shift(source, target)
    where = {
        f"{side}_positions": positions
        for side, group in (("source", source), ("target", target))
        if (positions := of_group(group)) is not None
    }
    within = None if team is None else own_targets(team.share, target)
    indptr, targets = connection.rule.build(
        *shape,
        within=within,
        seed=said.seed,
        entity=name,
        same_population=shift is not None,
        shift=0 if shift is None else shift,
        bytes_per_synapse=sum(synapse_bytes(connection, dtype)),
        **where,
    )
    if not autapses and shift is None:
        indptr, targets = without_autapses(connection.rule, name, indptr, targets, source, target)
    graph = (indptr, targets)
    places = Places(where.get("source_positions"), where.get("target_positions"), connection.rule)
    shared: dict[str, Any] = dict(
        n_target=shape[1], rule=connection.rule, seed=said.seed, entity=name, places=places
    )
    if team is not None and within is not None and _numbered(connection):
        shared["part"] = part_of(team, indptr, targets, within)
    step_delays = delays(connection.delay, said.dt, graph, name=f"{name}: delay", **shared)
    learning = connection.learning
    units = [_unit(said, *each) for each in zip(target.parts, connection.channels, strict=True)]
    # Channels of different units get weights of their own; nearly always there is one unit.
    for unit in dict.fromkeys(units):
        values = weights(
            connection.weight, unit, graph, name=f"{name}: weight", dtype=dtype, **shared
        )
        _check_whole(said, connection, values)
        rows = Rows(indptr, targets, values, step_delays)
        for sender, receiver, part in pairs(rows, source, target):
            place = target.parts.index(receiver)
            first = 0 if team is None else team.share.own(receiver.population.size)[0]
            if units[place] == unit:
                yield ProjectionPlan(
                    source=sender.population.index,
                    target=receiver.population.index,
                    channel=connection.channels[place],
                    indptr=part.indptr,
                    targets=part.targets if team is None else part.targets - np.uint32(first),
                    weights=part.weights
                    if learning is None
                    else np.asarray(np.asarray(part.weights) / learning.scales[place]),
                    delays=part.delays,
                    learning=None
                    if learning is None
                    else learning_plan(said, learning, receiver, place),
                    name=name,
                )


def _unit(said: Description, part: Any, channel: str) -> Unit:
    definition = said.members[part.population.index].receptors.definition
    return next(i.unit for i in definition.inputs if i.name == channel)


def _check_whole(said: Description, connection: Connection, values: Array) -> None:
    """Neurons of whole numbers take whole weights."""
    for part in connection.target.parts:
        whole = said.members[part.population.index].receptors.definition.ticks
        if whole and connection.learning is not None:
            raise ParameterError(
                f"{connection.name}: weights that learn are real numbers, and neurons of "
                f"{part.population.name!r} take whole ones.",
                hint="leave out learning=…, and set whole weights between runs",
            )
        if whole and (np.asarray(values) != np.rint(values)).any():
            raise ParameterError(
                f"{connection.name}: neurons of {part.population.name!r} compute with whole "
                "numbers, so weights that reach them must be whole.",
                hint="np.rint(...) rounds an array of weights",
            )


def _numbered(connection: Connection) -> bool:
    """Whether a synapse must know its place in the whole graph: it has a number of its own."""
    given = (connection.weight, connection.delay)
    return any(isinstance(x, Distribution) or (isinstance(x, Quantity) and x.shape) for x in given)


def _poisson(said: Description) -> Iterator[PoissonPlan]:
    step, entity = float(said.dt.to(ms)), 0
    for source in said.sources:
        low = 0
        for part, channel in zip(source.target.parts, source.channels, strict=True):
            size = part.population.size
            weight = float(np.asarray(source.weight.to(_unit(said, part, channel))))
            if isinstance(source.rate, Waveform):
                target = Target(f"poisson {entity}: rate", kHz, len(source.target), said.seed)
                factor = source.number * step
                mean = course(source.rate, target, step, view=part, first=low, factor=factor)
                none = np.array(0.0)
                yield PoissonPlan(part.population.index, channel, none, weight, entity, tuple(mean))
            else:
                rate = np.asarray(source.rate.to(kHz), np.float64) * (source.number * step)
                if rate.ndim:
                    rate = rate[low : low + len(part)]
                if not part.whole:
                    everywhere = np.zeros(size)
                    everywhere[part.ids] = rate
                    rate = everywhere
                yield PoissonPlan(part.population.index, channel, rate, weight, entity)
            low += len(part)
            entity += 1

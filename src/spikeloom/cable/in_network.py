"""A `Cable` as a neuron of a network: names for what it holds, and its step as a program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.cable.parts import On
from spikeloom.compile.program import Program
from spikeloom.engines.cable_plan import CablePart
from spikeloom.engines.reference.cable import moved
from spikeloom.engines.tree_program import Table, TreeNames, tree_program
from spikeloom.equations.definition import Definition, InputDecl, Rules, StateDecl
from spikeloom.equations.expr import lift
from spikeloom.equations.units import mV, nA, one
from spikeloom.errors import ParameterError
from spikeloom.network.shaped import CURRENT

if TYPE_CHECKING:
    from spikeloom.cable.cable import Cable

Array = np.ndarray[Any, np.dtype[Any]]


def labels(cable: Cable) -> tuple[str, ...]:
    """What follows the name of a state in each node; "" where spikes are looked for.

    >>> from spikeloom import Cable, Morphology, Ohm, PassiveMembrane, cm, um
    >>> shape = Morphology.soma(20 * um).branch("dend", 200 * um, 2 * um)
    >>> cut = {"soma": 1, "dend": 2}
    >>> labels(Cable(shape, PassiveMembrane(), Ri=100 * Ohm * cm, compartments=cut))
    ('dend_0', 'dend_1', '')
    """
    made = [f"joint_{node}" for node in range(len(cable.grid.parents))]
    for section, nodes in zip(cable.morphology.sections, cable.grid.nodes, strict=True):
        name = re.sub(r"\W", "_", section.name)
        for k, node in enumerate(nodes):
            made[node] = name if len(nodes) == 1 else f"{name}_{k}"
    made[cable.home] = ""
    for label in {label for label in made if made.count(label) > 1}:
        made = [f"{x}_node{node}" if x == label else x for node, x in enumerate(made)]
    return tuple(made)


@dataclass(frozen=True, eq=False)
class PlacedCable:
    """A cable with inflows at places; see `spikeloom.network.shaped.PlacedCell`.

    Arguments:
        cable: The cable.
        inflows: Name → node.
    """

    cable: Cable
    inflows: Mapping[str, int]

    @cached_property
    def names(self) -> TreeNames:
        """What its states and inputs are called."""
        wired, inflows = self.cable.wired, {CURRENT: self.cable.home, **self.inflows}
        made = TreeNames(
            "Cable",
            tuple(self._named("v", node) for node in range(len(wired.capacity))),
            tuple(self._table("", on) for on in wired.membranes),
            tuple(self._table(f"{on.name}_", on) for on in wired.points),
            tuple(on.name for on in wired.points),
            inflows,
        )
        for group in (made.states, (*inflows, *made.channels)):
            for name in {n for n in group if group.count(n) > 1 or not n.isidentifier()}:
                raise ParameterError(
                    f"Cable: {name!r} would name two things of a cell in a network, or is no name.",
                    hint="rename the synapses or the section",
                )
        return made

    @property
    def definition(self) -> Definition:
        """Names and units."""
        return self._definition

    @cached_property
    def _definition(self) -> Definition:
        names, none, cable = self.names, Rules(), self.cable
        states = [StateDecl(n, mV, lift(0 * mV), lift(0 * mV)) for n in names.v]
        states += [StateDecl(n, unit, lift(0), lift(0)) for n, unit in self._units()]
        inputs = [InputDecl(n, nA, "inflow") for n in names.inflows]
        inputs += [
            InputDecl(n, model.definition.input.unit, "impulse")
            for n, (model, _) in cable.synapses.items()
        ]
        about = repr(cable)
        home = cable.home
        resets = any(on.mechanism.fire and home in on.nodes for on in cable.wired.membranes)
        # Only that there is a reset counts here: gap junctions look past it.
        reset = Rules((("v", lift(0 * mV)),)) if resets else none
        return Definition("Cable", about, "", (), (*states,), (*inputs,), none, none, None, reset)

    @property
    def values(self) -> Mapping[str, Any]:
        """What sets it apart from cells of the same equations."""
        cable, grid = self.cable, self.cable.grid
        more: dict[str, Any] = {f"membrane {r}": m for r, m in cable.membranes.items()}
        more |= {f"synapse {n}": model for n, (model, _) in cable.synapses.items()}
        more |= {"axial": grid.axial, "areas": grid.areas, "threshold": cable.threshold}
        return MappingProxyType(more)

    def program(self, dt: float) -> tuple[Program, dict[str, Array]]:
        """A step of dt milliseconds, and its coefficients."""
        cable = self.cable
        plan = cable.wired.plan(dt, cable.order)
        return tree_program(plan, self.names, cable.home, float(cable.threshold.to(mV)))

    def start(self, dt: float, size: int, v: Array | None) -> Array:
        """States of some cells before the first step (S, size)."""
        wired, nodes = self.cable.wired, len(self.cable.wired.capacity)
        count = size if v is not None and np.ndim(v) else 1
        if v is None:
            held = wired.resting(None).v
        else:
            held = np.repeat(np.broadcast_to(np.asarray(v, np.float64), (count,)), nodes)
        rows = [held.reshape(count, nodes).T]
        for ons, ahead in ((wired.membranes, dt / 2), (wired.points, 0.0)):
            for on in ons:
                kinds, m = len(on.mechanism.states), len(on.nodes)
                if not kinds:
                    continue
                x = np.zeros((kinds, m * count))
                settled = _many(on.part(1.0), nodes, count)
                x = moved(settled, on.mechanism.settle, x, held)
                if ahead:
                    x = moved(_many(on.part(ahead), nodes, count), on.mechanism.advance, x, held)
                rows.append(x.reshape(kinds, count, m).transpose(0, 2, 1).reshape(-1, count))
        return np.repeat(np.concatenate(rows), size // count, axis=1)

    def _named(self, state: str, node: int) -> str:
        label = self.cable.labels[node]
        return f"{state}_{label}" if label else state

    def _table(self, prefix: str, on: On) -> Table:
        """Names of the states of a mechanism; two synapses at one place are numbered."""
        seen = [int(node) for node in on.nodes]
        ends = [f"_{k}" if seen.index(n) != k else "" for k, n in enumerate(seen)]
        return tuple(
            tuple(self._named(f"{prefix}{s}", n) + end for n, end in zip(seen, ends, strict=True))
            for s in on.mechanism.states
        )

    def _units(self) -> Iterator[tuple[str, Any]]:
        """Name and unit of every state but the potentials."""
        names, wired, cable = self.names, self.cable.wired, self.cable
        models: list[Any] = [cable.membranes[on.name] for on in wired.membranes]
        models += [cable.synapses[on.name][0] for on in wired.points]
        ons, tables = (*wired.membranes, *wired.points), (*names.membranes, *names.points)
        for on, table, model in zip(ons, tables, models, strict=True):
            units = {s.name: s.unit for s in model.definition.states}
            for state, row in zip(on.mechanism.states, table, strict=True):
                yield from ((name, units.get(state, one)) for name in row)


def _many(part: CablePart, nodes: int, count: int) -> CablePart:
    """The same part of many cells, one cell after another."""
    coefs = {n: np.tile(c, count) if np.ndim(c) else c for n, c in part.coefs.items()}
    where = part.nodes[None, :] + nodes * np.arange(count)[:, None]
    return CablePart(part.mechanism, coefs, where.ravel())

"""Membranes and synapses put onto the nodes of a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.cable.grid import Grid
from spikeloom.cable.morphology import Morphology
from spikeloom.compile.mechanism import Mechanism
from spikeloom.compile.numeric import run_block
from spikeloom.compile.values import number, numbers
from spikeloom.engines.cable_plan import CablePart, CablePlan, CableState
from spikeloom.engines.reference.cable import moved
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.synapse import Synapse
from spikeloom.equations.units import cm2, ms, mV, nF, uF
from spikeloom.errors import ParameterError, ShapeError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

    Membrane = Cell | Neuron | Refractory

Array = np.ndarray[Any, np.dtype[Any]]
Values = Mapping[str, "Array | float"]


@dataclass(frozen=True, eq=False)
class On:
    """A mechanism, its parameter values, and its nodes.

    Arguments:
        name: Region, or name of the synapses.
        mechanism, values: What it is.
        nodes: (m,).
    """

    name: str
    mechanism: Mechanism
    values: Values
    nodes: Array

    def given(self, dt: float) -> dict[str, Array]:
        """What the prologue gives for a time step."""
        params = {f"param:{p}": self.values[p] for p in self.mechanism.params}
        return run_block(self.mechanism.prologue, {"dt": dt, **params})

    def part(self, dt: float) -> CablePart:
        """Bound to a time step."""
        made = self.given(dt)
        coefs = {n: made[f"coef:{n}"] for n in self.mechanism.coefs}
        for name, value in coefs.items():
            if not np.all(np.isfinite(value)):
                raise ParameterError(
                    f"Cable: with these parameters of {self.mechanism.model} in {self.name!r} the"
                    f" coefficient {name!r} of the step is not finite.",
                    hint="look for a division by zero",
                )
        return CablePart(self.mechanism, coefs, self.nodes)


@dataclass(frozen=True, eq=False)
class Wired:
    """All mechanisms of a cable on their nodes.

    Arguments:
        grid: The nodes.
        capacity: In nF, (n,).
        membranes, points: The mechanisms.
    """

    grid: Grid
    capacity: Array
    membranes: tuple[On, ...]
    points: tuple[On, ...]

    def plan(self, dt: float, order: int) -> CablePlan:
        """What an engine steps."""
        return CablePlan(
            dt,
            self.grid.parents,
            self.grid.axial,
            self.capacity,
            tuple(on.part(dt) for on in self.membranes),
            tuple(on.part(dt / 2) for on in self.points),
            order,
        )

    def resting(self, v: Array | float | None) -> CableState:
        """Potentials, and the other states at rest at them, all at one moment."""
        potentials = np.full(len(self.capacity), np.nan)
        for on in self.membranes:
            potentials[on.nodes] = on.given(1.0)["start:v"]
        if v is not None:
            potentials[:] = v
        _joints(self.grid, potentials)
        return CableState(
            potentials,
            tuple(self._settled(on, potentials) for on in self.membranes),
            tuple(self._settled(on, potentials) for on in self.points),
        )

    def ahead(self, state: CableState, dt: float, arrivals: list[Array | None]) -> CableState:
        """The other states half a step ahead of the potentials, where a run begins."""
        inside = [
            moved(on.part(dt / 2), on.mechanism.advance, x, state.v)
            for on, x in zip(self.membranes, state.membranes, strict=True)
        ]
        points: list[Array] = []
        for on, x, weights in zip(self.points, state.points, arrivals, strict=True):
            part = on.part(dt / 2)
            if weights is not None:
                x = moved(part, part.mechanism.receive, x, state.v, weights)
            points.append(moved(part, part.mechanism.advance, x, state.v))
        return CableState(state.v, tuple(inside), tuple(points))

    def _settled(self, on: On, v: Array) -> Array:
        part = on.part(1.0)
        empty = np.empty((0, len(on.nodes)))
        x = np.zeros((len(on.mechanism.states), len(on.nodes)))
        return moved(part, on.mechanism.settle, x, v) if len(x) else empty


def _joints(grid: Grid, v: Array) -> None:
    """Where branches meet and nothing is stored, the currents that arrive sum to zero."""
    for joint in np.flatnonzero(grid.areas == 0):
        below = np.flatnonzero(grid.parents == joint)
        near = [*below, *([grid.parents[joint]] if joint else [])]
        g = [*grid.axial[below], *([grid.axial[joint]] if joint else [])]
        v[joint] = np.dot(g, v[near]) / np.sum(g)


def capacity(mechanism: Mechanism, neuron: Membrane, size: int) -> Array:
    """Capacitance in µF/cm², or in nF for a membrane that is a whole compartment."""
    values = numbers(neuron, size=size)
    params = {f"param:{p}": values[p] for p in mechanism.params}
    gain = run_block(mechanism.prologue, {"dt": 1.0, **params})["gain"]
    if mechanism.inflow is None or not np.all(np.isfinite(gain) & (gain > 0)):
        raise ParameterError(
            f"Cable: the capacitance of {mechanism.model} must be above 0 and finite.",
            hint="dv/dt must grow with the inflow I",
        )
    unit = uF / cm2 if mechanism.per_area else nF
    return np.asarray(Quantity(1 / gain, mechanism.inflow * ms / mV).to(unit))


def wire(
    morphology: Morphology,
    grid: Grid,
    membranes: Mapping[str, Membrane],
    mechanisms: Mapping[str, Mechanism],
    points: Mapping[str, tuple[Mechanism, Synapse, Array]],
) -> Wired:
    """Put everything onto the nodes."""
    farads, on_membranes = np.zeros(len(grid.areas)), []
    for region, mechanism in mechanisms.items():
        pairs = zip(morphology.sections, grid.nodes, strict=True)
        nodes, neuron = (
            np.concatenate([n for s, n in pairs if s.region == region]),
            membranes[region],
        )
        values = numbers(neuron, size=len(nodes))
        for name, value in values.items():
            if np.shape(value) not in ((), (len(nodes),)):
                raise ShapeError(
                    f"Cable: {mechanism.model}.{name} in {region!r} has shape {np.shape(value)}.",
                    hint=f"give one number, or one for each of its {len(nodes)} compartments",
                )
        if not mechanism.per_area and len(nodes) != 1:
            raise ParameterError(
                f"Cable: the currents of {mechanism.model} are those of a whole cell, but the"
                f" region {region!r} has {len(nodes)} compartments.",
                hint="declare its inflow I per area, or give the region one compartment",
            )
        # µF/cm² µm² = 1e-5 nF
        size = 1e-5 * grid.areas[nodes] if mechanism.per_area else 1.0
        farads[nodes] = size * capacity(mechanism, neuron, len(nodes))
        on_membranes.append(On(region, mechanism, values, nodes))
    on_points = [
        On(name, mechanism, _values(name, model, len(nodes)), nodes)
        for name, (mechanism, model, nodes) in points.items()
    ]
    return Wired(grid, farads, tuple(on_membranes), tuple(on_points))


def _values(name: str, model: Synapse, size: int) -> dict[str, float | Array]:
    return {
        p.name: number(model.values[p.name], p.unit, f"{name}.{p.name}", size, 0)
        for p in model.definition.params
    }

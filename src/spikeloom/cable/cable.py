"""`Cable`: a morphology with membranes, synapses at places, and what flows inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.cable.grid import Grid, cut
from spikeloom.cable.in_network import PlacedCable, labels
from spikeloom.cable.lengths import compartments
from spikeloom.cable.morphology import Morphology
from spikeloom.cable.parts import Wired, wire
from spikeloom.cable.places import Place, node_of, several
from spikeloom.compile.mechanism import Mechanism, membrane, point
from spikeloom.compile.parts import check_parts
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.synapse import Synapse
from spikeloom.equations.units import Ohm, cm, mV
from spikeloom.errors import ParameterError, UnitError, suggest
from spikeloom.network.shaped import Shaped

if TYPE_CHECKING:
    from spikeloom.cable.linear import Linear
    from spikeloom.cable.result import CableRun
    from spikeloom.equations import Cell, Neuron, Refractory

    Membrane = Cell | Neuron | Refractory

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class Cable(Shaped):
    r"""A tree of compartments: the membrane of each is a neuron model, per area.

    .. math:: C \dot v_i = \text{membrane}(v_i, x_i) + \sum_j g_{ij} (v_j - v_i) + I_i

    Arguments:
        morphology: The shape.
        membranes: One model for all, or region -> model. A model has a potential ``v`` and an
            inflow ``I`` per area: `HodgkinHuxley`, `PassiveMembrane`, your own. One whose ``I`` is
            a plain current, such as `LIF`, stands for a whole region of one compartment. What a
            spike resets is reset where it is, and held there while it is refractory.
        Ri: Resistivity of the inside, one or region -> one.
        compartments: How many for each section: one number, or section or region -> number; None
            follows `longest`.
        longest: Length that no compartment passes; None for a tenth of the length constant at
            100 Hz, as NEURON's rule has it.
        synapses: Name -> (model, places); see `synapse`.
        detect: Where a cell of a network spikes; None for the middle of the first section.
        threshold: The potential that its spikes rise through.

    Raises:
        ParameterError, CompileError, UnitError: Something does not fit; said in words.

    Source: Rall 1959, Exp. Neurol. 1:491; Hines & Carnevale 2001, Neuroscientist 7:123 (the rule).

    >>> from spikeloom import Morphology, Ohm, PassiveMembrane, cm, nA, ms, um
    >>> dendrite = Morphology.cylinder(1000 * um, 2 * um)
    >>> cable = Cable(dendrite, PassiveMembrane(), Ri=100 * Ohm * cm, compartments=20)
    >>> cable
    Cable: 20 compartments in 1 section; cable PassiveMembrane
    >>> run = cable.run(10 * ms, dt=0.1 * ms, inject={("cable", 0): 0.1 * nA})
    >>> run.v.shape, round(float(run.v[-1, 0]), 2)
    ((101, 20), -43.32)
    """

    morphology: Morphology
    membranes: Any
    Ri: Any
    compartments: Any
    longest: Quantity | None
    synapses: Mapping[str, tuple[Synapse, tuple[Place, ...]]]
    detect: Place | None
    threshold: Quantity

    def __init__(
        self,
        morphology: Morphology,
        membranes: Membrane | Mapping[str, Membrane],
        *,
        Ri: Quantity | Mapping[str, Quantity],
        compartments: int | Mapping[str, int] | None = None,
        longest: Quantity | None = None,
        synapses: Mapping[str, tuple[Synapse, tuple[Place, ...]]] = MappingProxyType({}),
        detect: Place | None = None,
        threshold: Quantity = 0 * mV,
    ) -> None:
        if not isinstance(morphology, Morphology):
            raise ParameterError(
                f"Cable: the first argument is a Morphology, got {morphology!r}.",
                hint="for example Morphology.cylinder(1000 * um, 2 * um)",
            )
        regions = morphology.regions
        by_region = _by_region("membranes", membranes, regions)
        for model in by_region.values():
            check_parts("Cable", model, None)
        resistivity = {r: _resistivity(x) for r, x in _by_region("Ri", Ri, regions).items()}
        for name, value in (
            ("morphology", morphology),
            ("membranes", MappingProxyType(by_region)),
            ("Ri", MappingProxyType(resistivity)),
            ("compartments", compartments),
            ("longest", longest),
            ("synapses", MappingProxyType(dict(synapses))),
            ("detect", detect),
            ("threshold", _potential(threshold)),
        ):
            object.__setattr__(self, name, value)
        _ = self.mechanisms, self.grid, self.wired, self.home  # every mistake is found now

    @cached_property
    def mechanisms(self) -> dict[str, Mechanism]:
        """The membrane of each region, compiled."""
        return {r: membrane(m) for r, m in self.membranes.items()}

    @cached_property
    def grid(self) -> Grid:
        """The compartments."""
        return cut(self.morphology, compartments(self), self.Ri)

    @cached_property
    def wired(self) -> Wired:
        """Membranes and synapses on their nodes, without a time step."""
        points = {
            name: (point(model), model, np.array([self.node(p) for p in places], np.int64))
            for name, (model, places) in self.synapses.items()
        }
        return wire(self.morphology, self.grid, self.membranes, self.mechanisms, points)

    def synapse(self, name: str, model: Synapse, at: Place | list[Place]) -> Cable:
        """The same cable with synapses of one kind at one or several places.

        Arguments:
            name: By which `run` is told when spikes arrive.
            model: A synapse that gives a current, such as `ExponentialConductance`, or a `Shunt`.
            at: A section, ``(section, fraction)``, or a list of these.

        >>> from spikeloom import (
        ...     ExponentialConductance,
        ...     Morphology,
        ...     Ohm,
        ...     PassiveMembrane,
        ...     cm,
        ...     ms,
        ...     nS,
        ...     um,
        ... )
        >>> cable = Cable(
        ...     Morphology.cylinder(500 * um, 2 * um), PassiveMembrane(), Ri=150 * Ohm * cm
        ... )
        >>> cable = cable.synapse("ampa", ExponentialConductance(), at=("cable", 0.9))
        >>> run = cable.run(20 * ms, spikes={"ampa": ([2, 5] * ms, 1 * nS)}, record=("cable", 0))
        >>> run.v.shape
        (801, 1)
        """
        if not isinstance(model, Synapse):
            raise ParameterError(
                f"Cable.synapse: {name} takes a synapse value, got {model!r}.",
                hint="for example ExponentialConductance(tau=3 * ms)",
            )
        if name in self.synapses:
            raise ParameterError(f"Cable.synapse: there are synapses called {name!r} already.")
        places = tuple(several(at))
        if not places:
            raise ParameterError(f"Cable.synapse: {name} stands at no place.", hint='at="soma"')
        placed = {**self.synapses, name: (model, places)}
        return replace_synapses(self, placed)

    def node(self, place: Place) -> int:
        """The compartment that covers a place, as an index into the arrays of `grid`."""
        return node_of(self.morphology, self.grid, place)

    def nodes(self, places: Any) -> list[int]:
        """The compartments at a place or at several."""
        return [self.node(place) for place in several(places)]

    @cached_property
    def home(self) -> int:
        """The compartment where a cell of a network spikes."""
        return self.node(self.morphology.sections[0].name if self.detect is None else self.detect)

    @property
    def order(self) -> int:
        """Of its steps: 2, or 1 where a membrane is reset, whose jumps must be damped."""
        return 1 if any(m.fire is not None for m in self.mechanisms.values()) else 2

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What follows the name of a state of each node in a network."""
        return labels(self)

    def label(self, node: int) -> str:
        """What follows the name of a state in a compartment; "" where spikes are looked for."""
        return self.labels[node]

    def placed(self, inflows: Mapping[str, int]) -> PlacedCable:
        """The cell of a network, with inflows, name → compartment."""
        return PlacedCable(self, inflows)

    @property
    def linear(self) -> Linear:
        """Resistances, impedances and modes of the cable at rest."""
        from spikeloom.cable.linear import Linear

        return Linear.of(self)

    def run(self, duration: Quantity, **options: Any) -> CableRun:
        """Step the cable through time; `spikeloom.cable.run` describes the options."""
        from spikeloom.cable.run import run

        return run(self, duration, **options)

    def __repr__(self) -> str:
        n, s = sum(self.grid.counts), len(self.grid.counts)
        models = ", ".join(f"{r} {m.model}" for r, m in self.mechanisms.items())
        more = "".join(
            f", {name} {model.definition.name}" for name, (model, _) in self.synapses.items()
        )
        return (
            f"Cable: {n:,} compartment{'s' * (n != 1)} in {s:,} section{'s' * (s != 1)};"
            f" {models}{more}"
        )


def replace_synapses(
    cable: Cable, synapses: Mapping[str, tuple[Synapse, tuple[Place, ...]]]
) -> Cable:
    """The same cable with other synapses."""
    return Cable(
        cable.morphology,
        cable.membranes,
        Ri={r: x * Ohm * cm for r, x in cable.Ri.items()},
        compartments=cable.compartments,
        longest=cable.longest,
        synapses=synapses,
        detect=cable.detect,
        threshold=cable.threshold,
    )


def _by_region(what: str, given: Any, regions: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        return dict.fromkeys(regions, given)
    for name in given:
        if name not in regions:
            raise ParameterError(
                f"Cable: {what} names the region {name!r}, which the morphology does not have.",
                hint=suggest(str(name), regions),
            )
    missing = [r for r in regions if r not in given]
    if missing:
        raise ParameterError(
            f"Cable: {what} says nothing about the region {missing[0]!r}.",
            hint=f"the regions are {', '.join(regions)}",
        )
    return {r: given[r] for r in regions}


def _potential(value: Any) -> Quantity:
    if not isinstance(value, Quantity) or not value.unit.fits(mV) or value.shape:
        raise UnitError(f"Cable: threshold must be one potential, got {value!r}.", hint="0 * mV")
    if not np.isfinite(value.to(mV)):
        raise ParameterError(f"Cable: threshold must be finite, got {value}.")
    return value


def _resistivity(value: Any) -> float:
    unit = Ohm * cm
    if not isinstance(value, Quantity) or not value.unit.fits(unit):
        raise UnitError(
            f"Cable: Ri must be a resistivity, got {value!r}.", hint="for example 100 * Ohm * cm"
        )
    number = value.to(unit)
    if np.ndim(number) or not np.isfinite(number) or not number > 0:
        raise ParameterError(f"Cable: Ri must be one finite number above 0, got {value}.")
    return float(number)

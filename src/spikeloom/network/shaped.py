"""Cells with a shape, as a network sees them: neurons whose states and inputs have places."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.equations import LearningRule, Synapse
from spikeloom.equations.definition import Definition
from spikeloom.errors import ModelError, ParameterError, suggest
from spikeloom.network.receptors import Impulse, Receptors

Array = np.ndarray[Any, np.dtype[Any]]
CURRENT = "I"
"""The inflow where spikes are looked for; elsewhere the name of the compartment follows."""


class PlacedCell(Protocol):
    """A cell with a shape, and the places at which something may flow in."""

    @property
    def definition(self) -> Definition:
        """Names and units of its states and inputs."""
        ...

    @property
    def values(self) -> Mapping[str, Any]:
        """What sets it apart from other cells of the same equations."""
        ...

    def program(self, dt: float) -> tuple[Program, dict[str, Array]]:
        """A step of dt milliseconds, and its coefficients."""
        ...

    def start(self, dt: float, size: int, v: Array | None) -> Array:
        """States of some cells before the first step (S, size); v is one for all or for each."""
        ...


class Shaped(ABC):
    """A neuron with places, such as a `Cable`.

    Arguments:
        synapses: Name → synapse and its places.
    """

    synapses: Mapping[str, tuple[Synapse, Any]]

    @abstractmethod
    def synapse(self, name: str, model: Synapse, at: Any) -> Shaped:
        """The same cell with further synapses."""

    @abstractmethod
    def node(self, place: Any) -> int:
        """The compartment at a place."""

    @abstractmethod
    def nodes(self, places: Any) -> list[int]:
        """The compartments at a place or at several."""

    @abstractmethod
    def label(self, node: int) -> str:
        """What follows the name of a state in a compartment; "" where spikes are looked for."""

    @abstractmethod
    def placed(self, inflows: Mapping[str, int]) -> PlacedCell:
        """The cell with inflows, name → compartment."""


class PlacedReceptors(Receptors):
    """Where spikes and currents reach the cells of a population that have a shape.

    Arguments:
        population: Name of the population, for messages.
        cell: The cell it began with.
    """

    def __init__(self, population: str, cell: Shaped) -> None:
        self.population = population
        self.neuron: Any = cell
        self.into, self.rules = CURRENT, {}
        self.inflows: dict[str, int] = {}
        self._known: PlacedCell | None = None

    @property
    def synapses(self) -> dict[str, Synapse]:
        """Name → synapse."""
        return {name: model for name, (model, _) in self.neuron.synapses.items()}

    def channel(self, synapse: Synapse | Impulse, name: str | None = None, at: Any = None) -> str:
        """The input through which a synapse acts at a place; adds it if there is none.

        Raises:
            ParameterError: No place, no such place, or a name that is taken.
        """
        if isinstance(synapse, Impulse):
            if at is not None:
                raise ParameterError(
                    f"connect to {self.population!r}: {synapse!r} has its places already.",
                    hint="leave at out, or give a synapse value",
                )
            return self._impulse(synapse.name)
        if not isinstance(synapse, Synapse):
            return super().channel(synapse, name)
        places = None if at is None else self.neuron.nodes(at)
        same = [
            n
            for n, (model, where) in self.neuron.synapses.items()
            if model == synapse and (places is None or self.neuron.nodes(list(where)) == places)
        ]
        if name is None and len(same) == 1:
            return same[0]
        if name in same:
            return str(name)
        if at is None:
            raise ParameterError(
                f"connect to {self.population!r}: its cells have a shape; where is the synapse?",
                hint='for example at="soma" or at=("dendrite", 0.8); or Impulse(name) for synapses'
                " that the cell has",
            )
        if name in self.neuron.synapses:
            raise ParameterError(
                f"{self.population!r} has synapses {name!r} already, others or elsewhere.",
                hint="give the new ones another name: receptor=…",
            )
        name = self._free_name() if name is None else name
        trial = self.neuron.synapse(name, synapse, at)
        _ = trial.placed(self.inflows).definition  # refuses names that are taken
        self.neuron, self._known = trial, None
        return name

    def inflow(self, at: Any) -> str:
        """The inflow at a place; adds it if there is none."""
        node = self.neuron.node(at)
        label = self.neuron.label(node)
        if not label:
            return CURRENT
        name = f"{CURRENT}_{label}"
        trial = {**self.inflows, name: node}
        _ = self.neuron.placed(trial).definition
        self.inflows, self._known = trial, None
        return name

    def follow(self, rule: LearningRule) -> str:
        """The name of a rule's traces; those that follow states of the cell are refused.

        Raises:
            ModelError: The rule keeps traces in the neurons.
        """
        if rule.definition.driven:
            raise ModelError(
                f"learning in {self.population!r}: {rule.definition.name} keeps traces in its"
                " target, which cells with a shape do not hold.",
                hint="rules that go by spikes reach them, such as PairSTDP",
            )
        return super().follow(rule)

    def cell(self) -> Any:
        """The cell as it stands."""
        if self._known is None:
            self._known = self.neuron.placed(self.inflows)
        return self._known

    @property
    def definition(self) -> Definition:
        """Names and units of the whole."""
        return self.cell().definition

    def named(self, what: str, at: Any) -> str:
        """The name of a state at a place."""
        label = self.neuron.label(self.neuron.node(at))
        name, names = f"{what}_{label}" if label else what, [s.name for s in self.definition.states]
        if name not in names:
            here = [n.removesuffix(f"_{label}") for n in names if label and n.endswith(label)]
            raise ParameterError(
                f"{self.population!r}: there is no state {what!r} at {at!r}.",
                hint=suggest(what, here or names),
            )
        return name


def receptors_of(population: str, neuron: Any) -> Receptors:
    """What a population begins with."""
    if isinstance(neuron, Shaped):
        return PlacedReceptors(population, neuron)
    return Receptors(population, neuron)


def named(receptors: Receptors, what: str, at: Any) -> str:
    """The name of a state at a place; None for a place means that it is a name already.

    Raises:
        ParameterError: The neurons have no shape, or no such state there.
    """
    return what if at is None else shaped(receptors, "at").named(what, at)


def shaped(receptors: Receptors, what: str) -> PlacedReceptors:
    """The receptors of cells with a shape.

    Raises:
        ParameterError: The neurons have none.
    """
    if isinstance(receptors, PlacedReceptors):
        return receptors
    raise ParameterError(
        f"{receptors.population!r}: its neurons have no shape, so no place {what!r} fits them.",
        hint="leave at out; cells with a shape are a Cable",
    )

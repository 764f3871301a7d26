"""Where spikes arrive: the receptors of a population, each shared by all equal synapses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spikeloom.equations import LearningRule, Synapse
from spikeloom.equations.compose import Cell
from spikeloom.equations.follow import target_units
from spikeloom.errors import ParameterError, suggest

if TYPE_CHECKING:
    from spikeloom.equations import Neuron, Refractory
    from spikeloom.equations.definition import Definition


@dataclass(frozen=True)
class Impulse:
    """Spikes go straight into an input that the neuron itself has.

    Arguments:
        name: Name of an impulse input.

    >>> Impulse("x")
    Impulse(name='x')
    """

    name: str


def _only_inflow(neuron: Neuron | Refractory) -> str:
    names = [i.name for i in neuron.definition.inputs if i.kind == "inflow"]
    return names[0] if len(names) == 1 else "I"


class Receptors:
    """What a population's neurons are made of; grows while a network is being connected.

    Arguments:
        population: Name of the population, for messages.
        neuron: The neuron or cell it began with.
    """

    def __init__(self, population: str, neuron: Neuron | Refractory | Cell) -> None:
        self.population = population
        self.neuron = neuron.neuron if isinstance(neuron, Cell) else neuron
        self.into = neuron.into if isinstance(neuron, Cell) else _only_inflow(self.neuron)
        given = neuron.receptors if isinstance(neuron, Cell) else {}
        self.synapses = {n: s for n, s in given.items() if isinstance(s, Synapse)}
        self.rules = {n: r for n, r in given.items() if isinstance(r, LearningRule)}

    def channel(self, synapse: Synapse | Impulse, name: str | None = None, at: Any = None) -> str:
        """The impulse input through which a synapse acts; adds a receptor if there is none.

        Arguments:
            synapse: A synapse value, or an impulse input by name.
            name: Name of the receptor; an equal synapse of another name is kept apart.
            at: For cells with a shape: where it is.

        Raises:
            ParameterError: No such input, or the name is taken by another synapse.
        """
        if at is not None:
            raise ParameterError(
                f"{self.population!r}: its neurons have no shape, so no place {at!r} fits them.",
                hint="leave at out; cells with a shape are a Cable",
            )
        if isinstance(synapse, Impulse):
            return self._impulse(synapse.name)
        if not isinstance(synapse, Synapse):
            raise ParameterError(
                f"connect to {self.population!r}: expected a synapse, got {synapse!r}.",
                hint='for example ExponentialCurrent(tau=5 * ms), or Impulse("x") for an input '
                "that the neuron has",
            )
        if name is None:
            shared = [n for n, known in self.synapses.items() if known == synapse]
            if shared:
                return shared[0]
            name = self._free_name()
        elif name in self.rules:
            raise ParameterError(
                f"{self.population!r}: {name!r} is the name of a learning rule there.",
                hint="give the receptor another name",
            )
        elif name in self.synapses:
            if self.synapses[name] == synapse:
                return name
            raise ParameterError(
                f"{self.population!r} has a receptor {name!r} already, "
                f"{self.synapses[name]!r}; got {synapse!r}.",
                hint="give the new one another name",
            )
        trial = {**self.synapses, name: synapse}
        # Refuses what does not fit, before it is kept.
        Cell(self.neuron, into=self.into, **trial, **self.rules)
        self.synapses = trial
        return name

    def follow(self, rule: LearningRule) -> str:
        """The name under which traces of a rule are states of the neurons; adds them if needed.

        Raises:
            ModelError: The neurons lack what the rule reads.
            UnitError: They have it in another kind of unit.
        """
        name = rule.definition.name.lower()
        target_units(self.definition, f"learning in {self.population!r}", rule.definition)
        if not rule.definition.driven:
            return name
        rule = rule.replace(scale=None)
        shared = [n for n, known in self.rules.items() if known == rule]
        if shared:
            return shared[0]
        taken, number = {*self.synapses, *self.rules}, 2
        while name in taken:
            name, number = f"{rule.definition.name.lower()}{number}", number + 1
        trial = {**self.rules, name: rule}
        Cell(self.neuron, into=self.into, **self.synapses, **trial)
        self.rules = trial
        return name

    def cell(self) -> Neuron | Refractory | Cell:
        """The whole neuron as it stands."""
        if not (self.synapses or self.rules):
            return self.neuron
        return Cell(self.neuron, into=self.into, **self.synapses, **self.rules)

    @property
    def definition(self) -> Definition:
        """Equations of the whole neuron."""
        return self.cell().definition

    def _impulse(self, name: str) -> str:
        known = [i.name for i in self.definition.inputs if i.kind == "impulse"]
        if name not in known:
            raise ParameterError(
                f"{self.population!r} ({self.definition.name}) has no impulse input {name!r}.",
                hint=suggest(name, known),
            )
        return name

    def _free_name(self) -> str:
        number = 1
        while f"syn{number}" in (*self.synapses, *self.rules):
            number += 1
        return f"syn{number}"

"""What a user has said about a network, before anything is drawn or compiled."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import Method
from spikeloom.equations.expr import Expr
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.values import Distribution, Value
from spikeloom.network.receptors import Receptors
from spikeloom.network.rules.rule import Rule
from spikeloom.network.view import Group, Population, View

if TYPE_CHECKING:
    from spikeloom.equations import LearningRule
    from spikeloom.network.gaps import GapJunctions
    from spikeloom.network.result import Recorder
    from spikeloom.network.waveforms import OrnsteinUhlenbeck, Waveform


@dataclass(eq=False)
class Member:
    """A population with all that was said about it.

    Arguments:
        population: The population.
        receptors: Its neurons' receptors so far.
        method: How its equations are integrated; None chooses.
        values: Start values of states and constant currents, by name.
    """

    population: Population
    receptors: Receptors
    method: Method | None = None
    values: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Learning:
    """How the synapses of a connection learn.

    Arguments:
        rule: The learning rule.
        labels: For each part of the target the name of the rule's traces in its neurons.
        scales: For each part, the weight in the channel's unit that w = 1 stands for.
        axonal: Steps of each delay that lie before the synapse.
        every: Steps between two ticks; 0 for a rule without.
    """

    rule: LearningRule
    labels: tuple[str, ...]
    scales: tuple[float, ...]
    axonal: int = 0
    every: int = 0


@dataclass(frozen=True, eq=False)
class Connection:
    """One call of `Network.connect`.

    Arguments:
        source, target: The two sides.
        channels: Impulse input for each part of the target.
        rule: Who is connected to whom.
        weight: Of each spike.
        delay: From a spike to its arrival, beside the step that each spike takes.
        name: For messages.
        learning: How the weights change, if they do.
        stored: Whether synapses are held in memory; otherwise they are drawn at each spike.
    """

    source: Group
    target: Group
    channels: tuple[str, ...]
    rule: Rule
    weight: Quantity | Distribution | Expr
    delay: Quantity | Distribution | Expr
    name: str
    learning: Learning | None = None
    stored: bool = True


@dataclass(frozen=True, eq=False)
class Source:
    """One call of `Network.poisson`.

    Arguments:
        target: Who receives.
        channels: Impulse input for each part of the target.
        rate: Of one source, a number or one for each neuron, or over time.
        weight: Of each spike.
        number: Sources on each neuron.
    """

    target: Group
    channels: tuple[str, ...]
    rate: Quantity | Waveform
    weight: Quantity
    number: float


@dataclass(frozen=True, eq=False)
class Injection:
    """One call of `Network.inject`.

    Arguments:
        target: Into whom.
        inflows: Inflow of each part of the target.
        current: What flows in over time.
        name: For messages.
    """

    target: Group
    inflows: tuple[str, ...]
    current: Waveform | OrnsteinUhlenbeck
    name: str


@dataclass(frozen=True, eq=False)
class Setting:
    """A value given to `Network.set`.

    Arguments:
        view: Whose.
        name: State, parameter or inflow.
        value: What it becomes.
        number: Counts the values that were set; it sets random draws apart.
        seed: Of random draws.
    """

    view: View
    name: str
    value: Value
    number: int = 0
    seed: int = 0

    def replaces(self, other: Setting) -> bool:
        """Whether nothing is left of another, earlier setting."""
        same = self.view.population is other.view.population and self.name == other.name
        return same and (self.view.whole or np.array_equal(self.view.ids, other.view.ids))


@dataclass(frozen=True, eq=False)
class Reward:
    """A reward to come.

    Arguments:
        step: It is given before this step.
        connection: Name of the connection that gets it.
        value: How much.
    """

    step: int
    connection: str
    value: float


@dataclass(eq=False)
class Description:
    """Everything said so far.

    Arguments:
        dt: Time step.
        seed: Of all random numbers while the network is made.
        run_seed: Of those while it runs, and of what is set between runs; None for `seed`.
        changes: How many values have been set.
    """

    dt: Quantity
    seed: int
    run_seed: int | None = None
    changes: int = 0
    members: list[Member] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    injections: list[Injection] = field(default_factory=list)
    junctions: list[GapJunctions] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    recorders: list[Recorder[Any]] = field(default_factory=list)
    rewards: list[Reward] = field(default_factory=list)

    @property
    def running(self) -> int:
        """Seed of random numbers while the network runs."""
        return self.seed if self.run_seed is None else self.run_seed

    def copy(self) -> Description:
        """What has been said so far, to be gone on with in two ways."""
        lists = {
            f.name: list(value)
            for f in fields(self)
            if isinstance(value := getattr(self, f.name), list)
        }
        lists["members"] = [
            replace(m, receptors=copy(m.receptors), values=dict(m.values)) for m in self.members
        ]
        return replace(self, **lists)

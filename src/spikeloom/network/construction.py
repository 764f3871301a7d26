"""What can be said about a network: populations, connections, sources and recorders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spikeloom.compile import Method
from spikeloom.engines.network_run import NetworkEngine
from spikeloom.equations import Cell, Neuron, Refractory
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.network import asked, build
from spikeloom.network.description import Description, Setting
from spikeloom.network.receptors import Impulse
from spikeloom.network.result import SPIKES, Recorder
from spikeloom.network.rules import Rule
from spikeloom.network.view import Group, Members, Population, parts

if TYPE_CHECKING:
    from spikeloom.equations import Synapse


class Construction:
    """The half of `Network` that takes down what is wanted; running is the other half.

    Arguments:
        dt: Time step.
        seed: Of all random numbers.
    """

    def __init__(self, dt: Quantity, seed: int) -> None:
        self._said = Description(dt, seed)
        self._engine: NetworkEngine | None = None
        self._token = object()

    @property
    def dt(self) -> Quantity:
        """The time step."""
        return self._said.dt

    @property
    def populations(self) -> tuple[Population, ...]:
        """All populations, in the order in which they were made."""
        return tuple(member.population for member in self._said.members)

    def population(
        self,
        size: int,
        neuron: Neuron | Refractory | Cell,
        *,
        name: str | None = None,
        positions: Any = None,
        method: Method | None = None,
        **values: Any,
    ) -> Population:
        """Neurons of one kind.

        Arguments:
            size: How many.
            neuron: What each is. Parameters may be arrays (size,) or distributions.
            name: For results, figures and messages; must be new.
            positions: Where they are, (size,) or (size, 1 to 3), for rules of distance.
            method: How to integrate; None chooses.
            values: Start values of states, and constant currents into inflows, by name.

        Raises:
            ParameterError: Not a neuron, no neurons, a name that is taken, or no such state.
            UnitError: A value in the wrong unit.
        """
        self._open("population")
        member = asked.population(
            self._said, self._token, size, neuron, name, positions, method, values
        )
        self._said.members.append(member)
        return member.population

    def connect(
        self,
        source: Members,
        target: Members,
        synapse: Synapse | Impulse,
        rule: Rule,
        *,
        weight: Any,
        delay: Any = 0 * ms,
        receptor: str | None = None,
        name: str | None = None,
    ) -> None:
        """Let spikes of the source act on the target.

        Equal synapses that end on one population share one receptor and its states.

        Arguments:
            source, target: Populations, parts of them, or sums of these.
            synapse: What an arriving spike does, or an impulse input that the neuron has.
            rule: Who is connected to whom.
            weight: A number, an array, a distribution or an expression of places
                (``pair.distance``), in the unit of the synapse's impulse.
            delay: Likewise, a time from 0 on; rounded to the nearest step.
            receptor: Name of the receptor, by which its states are recorded: ``exc`` gives
                ``exc_g``. By default ``syn1``, ``syn2``, …
            name: Of the connection, for messages. It also sets its random numbers apart.

        Raises:
            ParameterError: Not of this network, or something that cannot be connected.
            UnitError: A weight or delay in the wrong unit.
        """
        self._open("connect")
        sender, receiver = self._group(source), self._group(target)
        made = asked.connection(
            self._said, sender, receiver, synapse, rule, weight, delay, receptor, name
        )
        self._said.connections.append(made)

    def poisson(
        self,
        target: Members,
        synapse: Synapse | Impulse,
        *,
        rate: Any,
        weight: Any,
        n: float = 1,
        receptor: str | None = None,
    ) -> None:
        """Independent Poisson spikes for each neuron of the target.

        Arguments:
            target: Who receives.
            synapse: As in `connect`.
            rate: Of one source: one number, or one for each neuron of the target.
            weight: Of each spike, one number.
            n: Sources on each neuron; their sum is drawn as one source of n times the rate.
            receptor: As in `connect`.

        Raises:
            ParameterError: A negative rate, or a weight that is not one number.
            UnitError: The wrong unit.
        """
        self._open("poisson")
        made = asked.source(self._said, self._group(target), synapse, rate, weight, n, receptor)
        self._said.sources.append(made)

    def record(
        self, members: Members, what: str = SPIKES, *, every: Quantity | None = None
    ) -> Recorder:
        """Keep something while running; it is found in the `Result` of each later run.

        Arguments:
            members: Whose.
            what: ``"spikes"``, or the name of a state.
            every: Time between two samples of a state; None keeps every step.

        Raises:
            ParameterError: No such state, or a time that falls between two steps.
        """
        made = asked.recorder(self._said, self._group(members), what, every)
        self._said.recorders.append(made)
        return made

    def set(self, members: Members, **values: Any) -> None:
        """Set states of some neurons, before the first run or between two.

        Arguments:
            members: Whose.
            values: New values by name of the state: numbers, arrays or distributions.

        Raises:
            ParameterError: No such state.
            UnitError: The wrong unit.
        """
        for part in self._group(members).parts:
            member = self._said.members[part.population.index]
            for state, value in values.items():
                setting = Setting(part, state, asked.value(member, state, value))
                self._said.settings.append(setting)
                self._change(setting)

    def _open(self, what: str) -> None:
        if self._engine is not None:
            raise ParameterError(
                f"{what}: the network has been built already.",
                hint="add populations, connections and sources before the first run",
            )

    def _group(self, members: Members) -> Group:
        group = Group(parts(members))
        for part in group.parts:
            if part.population.owner is not self._token:
                raise ParameterError(f"{part.population.name!r} belongs to another network.")
        return group

    def _change(self, setting: Setting) -> None:
        """Set states of a network that has been built."""
        if self._engine is None:
            return
        place = setting.view.population.index
        member = self._said.members[place]
        unit = member.receptors.definition.state(setting.state).unit
        entity = f"{setting.view.population.name}.{setting.state}.{len(self._said.settings)}"
        population, ids = setting.view.population, setting.view.ids
        drawn = build.sized(
            setting.value, unit, entity, len(ids), self._said.seed, population.positions, ids
        )
        states = self._engine.state(place)
        row = self._engine.plan.populations[place].program.states.index(setting.state)
        states[row, setting.view.ids] = drawn
        self._engine.set_state(place, states)

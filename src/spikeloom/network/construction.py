"""What can be said about a network: populations, connections, sources and recorders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import Method
from spikeloom.equations import Cell, Neuron, Refractory
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.network import asked, settings
from spikeloom.network.adding import adding
from spikeloom.network.description import Setting
from spikeloom.network.driving import Driving
from spikeloom.network.explain import explain
from spikeloom.network.inside import Inside
from spikeloom.network.poisson_input import PoissonInput
from spikeloom.network.projection import Projection
from spikeloom.network.ranks import together
from spikeloom.network.receptors import Impulse
from spikeloom.network.recorders import Recorders
from spikeloom.network.rules import Rule
from spikeloom.network.shaped import Shaped, named
from spikeloom.network.view import Group, Members, Population, parts

if TYPE_CHECKING:
    from spikeloom.equations import LearningRule, Synapse


class Construction(Inside, Driving, Recorders):
    """The half of `Network` that takes down what is wanted; running is the other half."""

    @property
    def dt(self) -> Quantity:
        """The time step."""
        return self._said.dt

    @property
    def populations(self) -> tuple[Population, ...]:
        """All populations, in the order in which they were made."""
        return tuple(member.population for member in self._said.members)

    @together
    @adding
    def population(
        self,
        size: int,
        neuron: Neuron | Refractory | Cell | Shaped,
        *,
        name: str | None = None,
        positions: Any = None,
        method: Method | None = None,
        **values: Any,
    ) -> Population:
        """Neurons of one kind.

        Arguments:
            size: How many.
            neuron: What each is. Parameters may be arrays (size,) or distributions. A `Cable` is
                a cell with a shape; a start value ``v`` is the potential of all of it.
            name: For results, figures and messages; must be new.
            positions: Where they are, (size,) or (size, 1 to 3), for rules of distance.
            method: How to integrate; None chooses, an implicit step where the equations are stiff
                at the network's dt. `explain` gives the reason.
            values: Start values of states, and constant currents into inflows, by name.

        Raises:
            ParameterError: Not a neuron, no neurons, a name that is taken, or no such state.
            UnitError: A value in the wrong unit.
        """
        member = asked.population(
            self._said, self._token, size, neuron, name, positions, method, values
        )
        self._said.members.append(member)
        return member.population

    def explain(self, population: Members | None = None) -> str:
        """How each population is integrated, and why; of one, all that becomes of its equations.

        Raises:
            ParameterError: The population belongs to another network.
            NumericsError: dt is too large for a method, and no implicit one is at hand.

        >>> from spikeloom import AdEx, Izhikevich, Network, nS
        >>> net = Network(dt=0.1 * ms)
        >>> _ = net.population(100, Izhikevich(), name="exc")
        >>> _ = net.population(20, AdEx(g=30_000 * nS), name="inh")  # 10 µs
        >>> print(net.explain())  # doctest: +ELLIPSIS
        exc: 100 Izhikevich by RK4(): some rate is nonlinear in its own state
        inh: 20 AdEx by LinearlyImplicitEuler(): the equations are stiff: at dt = 0.1 ms a small ...
        """
        if population is None:
            return explain(self._said, None)
        return explain(self._said, self._group(population).parts[0].population)

    @together
    @adding
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
        learning: LearningRule | None = None,
        axonal: Any = 0 * ms,
        stored: bool = True,
        at: Any = None,
    ) -> Projection:
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
            learning: How the weights change, for example ``PairSTDP(scale=5 * nS)``; None for
                weights that stay.
            axonal: Of a synapse that learns: the part of its delay that a spike of the source
                takes to reach it, one time. The rest is the way from and to the target's body.
            stored: Whether synapses are held in memory. Otherwise those of a neuron are drawn anew
                whenever it spikes, the same ones each time: networks of any size fit, and each
                event takes several times as long.
            at: On cells with a shape: a place, or several that each spike reaches, as of a `Cable`.

        Returns:
            The connection, to look at its weights and change them.

        Raises:
            ParameterError: Not of this network, or something that cannot be connected.
            UnitError: A weight or delay in the wrong unit.
            ModelError: The target lacks a state that the learning rule reads.
        """
        sender, receiver = self._group(source), self._group(target)
        made = asked.connection(
            self._said, sender, receiver, synapse, rule, weight, delay, receptor, name, learning,
            axonal, stored, at,
        )  # fmt: skip
        self._said.connections.append(made)
        return Projection(self, made)

    @property
    def projections(self) -> tuple[Projection, ...]:
        """All connections, in the order in which they were made."""
        return tuple(Projection(self, connection) for connection in self._said.connections)

    @together
    @adding
    def poisson(
        self,
        target: Members,
        synapse: Synapse | Impulse,
        *,
        rate: Any,
        weight: Any,
        n: float = 1,
        receptor: str | None = None,
        at: Any = None,
    ) -> PoissonInput:
        """Independent Poisson spikes for each neuron of the target.

        Arguments:
            target: Who receives.
            synapse: As in `connect`.
            rate: Of one source: one number, one for each neuron of the target, or a waveform or
                function of time.
            weight: Of each spike, one number.
            n: Sources on each neuron; their sum is drawn as one source of n times the rate.
            receptor, at: As in `connect`.

        Returns:
            The input, to change its rate.

        Raises:
            ParameterError: A negative rate, or a weight that is not one number.
            UnitError: The wrong unit.
        """
        group = self._group(target)
        made = asked.source(self._said, group, synapse, rate, weight, n, receptor, at)
        self._said.sources.append(made)
        return PoissonInput(self, len(self._said.sources) - 1)

    @property
    def poisson_inputs(self) -> tuple[PoissonInput, ...]:
        """All calls of `poisson`, in their order."""
        return tuple(PoissonInput(self, place) for place in range(len(self._said.sources)))

    @together
    def set(self, members: Members, *, at: Any = None, **values: Any) -> None:
        """Set states, parameters or constant currents of some neurons.

        Possible before the first run and between two; every other state stays as it is.

        Arguments:
            members: Whose.
            at: Of cells with a shape: where the states are. None is where spikes are looked for.
            values: New values by name of the state, parameter or inflow: numbers, arrays,
                distributions or expressions of positions. A receptor's have its name before them:
                ``exc_tau``.

        Raises:
            ParameterError: No such name.
            UnitError: The wrong unit.
        """
        known = self._group(members).parts
        made: list[Setting] = []
        for part in known:
            member = self._said.members[part.population.index]
            for what, given in values.items():
                name = named(member.receptors, what, at)
                value = asked.value(member, name, given, parameters=True, inflows=True)
                number = self._said.changes + len(made)
                made.append(Setting(part, name, value, number, self._said.running))
        if self._engine is None:
            self._settle(made)
            return
        states = [s for s in made if s.name in self._units(s)["state"]]
        ready = [(s, settings.drawn(s, self._units(s)["state"][s.name])) for s in states]
        if len(states) < len(made):
            self._change([s for s in made if s not in states])
        for setting, numbers in ready:
            self._write(setting, numbers)
        self._said.changes += len(states)

    @together
    def get(self, members: Members, name: str, *, at: Any = None) -> Quantity:
        """States, parameters or constant currents of some neurons as they are now.

        Arguments:
            members: Whose.
            name: Of the state, parameter or inflow.
            at: As in `set`.

        Returns:
            One number for each neuron, in the unit that the model declares.

        Raises:
            ParameterError: No such name.
        """
        found, what = list[Quantity](), name
        for part in self._group(members).parts:
            member = self._said.members[part.population.index]
            name = named(member.receptors, what, at)
            unit = asked.known(member, name, parameters=True, inflows=True)
            kinds = settings.units_of(member)
            if name in kinds["state"]:
                engine = self._ready()
                plan = engine.plan.populations[part.population.index]
                row = plan.program.states.index(name)
                numbers = engine.state(part.population.index)[row]
            elif name in kinds["parameter"]:
                numbers = settings.parameters(self._said, member)[name]
            else:
                numbers = settings.inflows(self._said, member).get(name, 0.0)
            every = np.broadcast_to(numbers, (part.population.size,))
            found.append(Quantity(np.array(every[part.ids], np.float64), unit))
        unit = found[0].unit
        return Quantity(np.concatenate([np.asarray(q.to(unit)) for q in found]), unit)

    def _group(self, members: Members) -> Group:
        group = Group(parts(members))
        for part in group.parts:
            if part.population.owner is not self._token:
                raise ParameterError(f"{part.population.name!r} belongs to another network.")
        return group

    @adding
    def _change(self, made: list[Setting]) -> None:
        """Change parameters and currents of a network that has been built."""
        self._settle(made)

    def _settle(self, made: list[Setting]) -> None:
        for setting in made:
            kept = [s for s in self._said.settings if not setting.replaces(s)]
            self._said.settings = [*kept, setting]
        self._said.changes += len(made)

    def _write(self, setting: Setting, numbers: Any) -> None:
        """Set states of a network that has been built."""
        engine, place = self._ready(), setting.view.population.index
        states = engine.state(place)
        row = engine.plan.populations[place].program.states.index(setting.name)
        states[row, setting.view.ids] = numbers
        engine.set_state(place, states)

    def _units(self, setting: Setting) -> dict[str, dict[str, Unit]]:
        return settings.units_of(self._said.members[setting.view.population.index])

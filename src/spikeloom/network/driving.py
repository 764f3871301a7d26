"""`Network.source`, `inject` and `gap_junctions`: what drives neurons beside their synapses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from spikeloom.equations.quantity import Quantity
from spikeloom.network import asked_inputs
from spikeloom.network.adding import adding
from spikeloom.network.description import Description
from spikeloom.network.ranks import together
from spikeloom.network.rules import Rule
from spikeloom.network.sources import Spikes
from spikeloom.network.view import Group, Members, Population
from spikeloom.network.waveforms import OrnsteinUhlenbeck, Waveform


class Driving(ABC):
    """The part of `Network` that takes down what drives it."""

    _said: Description
    _token: object

    @together
    @adding
    def source(
        self,
        spikes: Spikes,
        *,
        size: int | None = None,
        name: str | None = None,
        positions: Any = None,
    ) -> Population:
        """Neurons that fire by themselves: a source of connections, and recorded like any other.

        Arguments:
            spikes: When they fire: `GivenSpikes`, `RegularSpikes` or `PoissonSpikes`.
            size: How many; None takes what the spikes are for.
            name, positions: As in `population`.

        Raises:
            ParameterError: No spikes, spikes that cannot be, or a name that is taken.
            ShapeError: Spikes for another number of neurons.
            UnitError: A value in the wrong unit.

        >>> from spikeloom import GivenSpikes, Hz, Network, PoissonSpikes, ms
        >>> net = Network(dt=0.1 * ms)
        >>> net.source(PoissonSpikes(15 * Hz), size=100, name="thalamus")
        thalamus
        >>> cue = net.source(GivenSpikes([[20, 30] * ms, [25] * ms]), name="cue")
        """
        member = asked_inputs.spikes(self._said, self._token, spikes, size, name, positions)
        self._said.members.append(member)
        return member.population

    @together
    @adding
    def inject(
        self,
        target: Members,
        current: Waveform | OrnsteinUhlenbeck | Callable[[Quantity], Quantity],
        *,
        into: str | None = None,
        at: Any = None,
    ) -> None:
        """Let something flow into neurons that changes over time.

        What is injected several times adds up, also with the constant currents of `population`.

        Arguments:
            target: Into whom.
            current: A waveform such as `Step` or `Sine`, an `OrnsteinUhlenbeck` process, or a
                function of time, in the unit of the inflow. Arrays in it hold one number for each
                neuron of the target.
            into: Which inflow; None takes the one into which synapses flow.
            at: Of cells with a shape: the place. None is where their spikes are looked for.

        Raises:
            ParameterError: No such inflow or place, or no waveform.
            UnitError: It has the wrong unit.
            ShapeError: It is for another number of neurons.

        >>> from spikeloom import LIF, Network, Step, ms, nA
        >>> net = Network(dt=0.1 * ms)
        >>> cells = net.population(10, LIF(), name="cells")
        >>> net.inject(cells[:3], Step(0.2 * nA, start=100 * ms, stop=200 * ms), into="I")
        """
        made = asked_inputs.injection(self._said, self._group(target), current, into, at)
        self._said.injections.append(made)

    @together
    @adding
    def gap_junctions(
        self,
        first: Members,
        second: Members,
        rule: Rule,
        *,
        conductance: Any,
        into: str | None = None,
        of: str = "v",
        name: str | None = None,
    ) -> None:
        """Join neurons electrically: into each flows conductance times the difference of potential.

        Each connection that the rule makes is one junction, which conducts both ways. Where both
        sides are the same neurons, `AllToAll`, `FixedProbability` and `Distance` visit each pair
        once; no neuron is joined to itself. The coupling is accurate to second order in dt; where
        the equations of the neuron are not, a ``method`` such as `RK4` makes the whole so.

        Arguments:
            first, second: Populations, parts of them, or sums of these; they may be the same.
            rule: Who is joined to whom.
            conductance: Of each junction: a number, an array, a distribution or an expression of
                places; for neurons whose currents are per area, per area too.
            into: Inflow that takes the current; None takes the one into which synapses flow.
            of: Name of the potential.
            name: For messages. It also sets the random numbers apart.

        Raises:
            ParameterError: No such state or inflow, or a negative conductance.
            UnitError: The wrong unit.
            NumericsError: The junctions are too strong for dt (when the network is built).

        >>> from spikeloom import AllToAll, LIF, Network, ms, nS
        >>> net = Network(dt=0.1 * ms)
        >>> cells = net.population(10, LIF(), name="cells")
        >>> net.gap_junctions(cells, cells, AllToAll(), conductance=0.5 * nS)
        """
        made = asked_inputs.junctions(
            *(self._said, self._group(first), self._group(second), rule, conductance),
            *(into, of, name),
        )
        self._said.junctions.append(made)

    @abstractmethod
    def _group(self, members: Members) -> Group:
        """Members of this network, and of no other."""

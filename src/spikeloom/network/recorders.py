"""`Network.record`: what is kept of a run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal, TypeAlias, TypeVar, overload

from spikeloom.equations.quantity import Quantity
from spikeloom.network import wanted
from spikeloom.network.crossing import Crossing
from spikeloom.network.description import Description
from spikeloom.network.measures import Measure
from spikeloom.network.projection import Projection
from spikeloom.network.result import SPIKES, Recorder
from spikeloom.network.spikes import SpikeTrains
from spikeloom.network.state_trace import StateTrace
from spikeloom.network.view import Group, Members
from spikeloom.network.weight_trace import WeightTrace
from spikeloom.network.windows import Windows

T = TypeVar("T")
Moments: TypeAlias = Quantity | Members | Crossing
"""Times; neurons, for their spikes; or the crossing of a level."""


class Recorders(ABC):
    """The part of `Network` that takes down what is to be recorded."""

    _said: Description

    @overload
    def record(
        self, members: Members, what: Literal["spikes"] = "spikes", *, since: Moments | None = None
    ) -> Recorder[SpikeTrains]: ...

    @overload
    def record(
        self, members: Members, what: Measure[T], *, since: Moments | None = None
    ) -> Recorder[T]: ...

    @overload
    def record(
        self,
        members: Members,
        what: str,
        *,
        every: Quantity | None = None,
        since: Moments | None = None,
        at: Any = None,
    ) -> Recorder[StateTrace]: ...

    @overload
    def record(
        self,
        members: Members,
        what: str,
        *,
        around: Moments,
        before: Quantity | None = None,
        after: Quantity | None = None,
        every: Quantity | None = None,
        since: Moments | None = None,
        at: Any = None,
    ) -> Recorder[Windows]: ...

    @overload
    def record(
        self,
        members: Projection,
        what: Literal["weights"] = "weights",
        *,
        every: Quantity,
        which: Any = None,
        since: Moments | None = None,
    ) -> Recorder[WeightTrace]: ...

    def record(
        self,
        members: Members | Projection,
        what: str | Measure[Any] | None = None,
        *,
        every: Quantity | None = None,
        since: Moments | None = None,
        around: Moments | None = None,
        before: Quantity | None = None,
        after: Quantity | None = None,
        which: Any = None,
        at: Any = None,
    ) -> Recorder[Any]:
        """Keep something while running; it is found in the `Result` of each later run.

        Arguments:
            members: Whose spikes or states; or a `Projection`, for its weights.
            what: ``"spikes"``; the name of a state; or a measure of spikes, such as
                ``PopulationRate(1 * ms)`` or ``Intervals()``, for which no spike is stored. None
                is spikes of neurons, weights of a projection.
            every: Time between two samples of a state or of weights; None keeps every step of a
                state.
            since: When to begin: after a time of the network, or in each run after the first
                spike of some neurons or the first `Crossing` of a level. None begins at once.
            around: Keep a state only in windows: around times, each spike of some neurons, or
                each `Crossing` of a level.
            before, after: How far a window reaches before and after such a moment.
            which: Of a projection, a mask over its synapses or places of some; None for all.
            at: Of cells with a shape: where the state is. None is where spikes are looked for.

        Returns:
            The key under which a result holds it: ``result[recorder]``.

        Raises:
            ParameterError: No such state, or a time that falls between two steps.
            UnitError: A time or a level in the wrong unit.

        >>> from spikeloom import LIF, Network, ms, nA
        >>> net = Network(engine="reference")
        >>> exc = net.population(4, LIF(), name="exc", I=0.2 * nA)
        >>> late = net.record(exc, since=50 * ms)
        >>> shape = net.record(exc[1:3], "v", around=exc[0], before=1 * ms, after=2 * ms)
        >>> result = net.run(100 * ms)
        >>> result[late]
        exc: 8 spikes of 4 neurons in 50 to 100 ms, 40 Hz
        >>> result[shape]
        v of 2 neurons in 3 windows of -1 to 2 ms around spikes of exc[0], in mV
        """
        begin = wanted.moment(self._said, "since", since, self._group)
        center = wanted.moment(self._said, "around", around, self._group)
        if isinstance(members, Projection):
            more = (center, before, after)
            made = wanted.weights(self._said, members, what, every, which, begin, more)
        else:
            group, kind = self._group(members), SPIKES if what is None else what
            kind = wanted.named_at(self._said, group, kind, at)
            made = wanted.recorder(
                self._said, group, kind, every, begin, center, before, after, which
            )
        self._said.recorders.append(made)
        return made

    @abstractmethod
    def _group(self, members: Members) -> Group:
        """Members that belong to this network, as a group."""

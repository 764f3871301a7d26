"""A moment at which a state crosses a level: it can start a recorder or set off a window."""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.equations.quantity import Quantity
from spikeloom.network.view import Population, View


@dataclass(frozen=True, eq=False)
class Crossing:
    """A state of one of some neurons goes from below a level to the level or above.

    Arguments:
        members: A population or part of one.
        state: Name of the state.
        level: In the unit of the state.
        falling: The other way round: from above to the level or below.

    >>> from spikeloom import LIF, Crossing, Network, ms, mV, nA
    >>> net = Network(engine="reference")
    >>> cells = net.population(2, LIF(), name="cells", I=0.1 * nA)
    >>> after = net.record(cells, "v", since=Crossing(cells[0], "v", -60 * mV))
    >>> float(net.run(30 * ms)[after].times[0])
    14.0
    """

    members: Population | View
    state: str
    level: Quantity
    falling: bool = False

    def __repr__(self) -> str:
        return f"{self.members!r}.{self.state} {'below' if self.falling else 'above'} {self.level}"

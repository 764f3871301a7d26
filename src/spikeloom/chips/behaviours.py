"""What one TrueNorth neuron can do: named settings, and the events that show them.

Source: the kinds of behaviour are those of Cassidy et al. 2013, IJCNN,
doi 10.1109/IJCNN.2013.6707077; the numbers were chosen here, small enough to follow by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from spikeloom.engines import Run, simulate
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.models import TrueNorthNeuron

Events = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Behaviour:
    """A setting of the neuron, and events that bring it out.

    Arguments:
        says: What it does, in a line.
        neuron: The setting.
        ticks: How long to watch.
        events: Input → events of each tick, from the first; none after the last.

    >>> print(BEHAVIOURS["delay line"].run().spike_times)
    [5.]
    """

    says: str
    neuron: TrueNorthNeuron
    ticks: int
    events: Events = field(default_factory=dict[str, tuple[int, ...]])

    def run(self, *, engine: Any = None, seed: int = 0) -> Run:
        """Run it; a spike of tick k ends at (k + 1) ms.

        Arguments:
            engine, seed: As in `simulate`.
        """
        return simulate(self.neuron, self.ticks * ms, engine=engine, seed=seed, **self.inputs)

    @property
    def inputs(self) -> dict[str, Any]:
        """Events as `simulate` takes them, each (ticks, 1)."""
        made: dict[str, Any] = {}
        for name, events in self.events.items():
            if len(events) > self.ticks:
                raise ParameterError(f"Behaviour: {len(events)} ticks of {name}, of {self.ticks}.")
            made[name] = np.zeros((self.ticks, 1), np.int64)
            made[name][: len(events), 0] = events
        return made


def _of(says: str, ticks: int, events: Events | None = None, **values: Any) -> Behaviour:
    return Behaviour(says, TrueNorthNeuron(**values), ticks, events or {})


BEHAVIOURS: Final[Mapping[str, Behaviour]] = MappingProxyType({
    "pacemaker": _of("a leak upwards fires every fourth tick", 12, lam=3, alpha=10),
    "rate divider": _of(
        "one spike for three events, and none is lost",
        10, {"a0": (1, 1, 1, 1, 1, 1, 7)}, alpha=3, gamma=1),
    "or": _of("fires if anything arrives", 6, {"a0": (0, 1, 2, 0, 3)}, alpha=1),
    "and": _of(
        "fires if two events arrive at once; the leak forgets a single one",
        8, {"a0": (0, 1, 2, 1, 0, 2, 2)}, s=(2, 0, 0, 0), lam=-2, alpha=2, kap=1),
    "not": _of(
        "fires unless something arrives",
        6, {"a0": (0, 1, 0, 0, 1)}, s=(-1, 0, 0, 0), lam=1, alpha=1),
    "coincidence": _of(
        "fires for two events in neighbouring ticks, not for two further apart",
        7, {"a0": (1, 0, 0, 1, 1)}, s=(3, 0, 0, 0), lam=-1, eps=1, alpha=4),
    "latch": _of(
        "one event switches it on, one of another type off",
        8, {"a0": (0, 1, 0, 0, 0, 0, 1), "a1": (0, 0, 0, 0, 1)},
        s=(1, -1, 0, 0), alpha=1, gamma=2, kap=1),
    "delay line": _of(
        "a leak away from 0 answers an event three ticks later",
        7, {"a0": (0, 1)}, lam=1, eps=1, alpha=5),
    "burst": _of("four spikes for one event", 7, {"a0": (0, 1)}, s=(4, 0, 0, 0), alpha=1, gamma=1),
    "difference": _of(
        "fires as often as one type leads over another, and owes what is missing",
        7, {"a0": (1, 1, 0, 1, 1, 1), "a1": (0, 1, 1)}, s=(1, -1, 0, 0), alpha=1, gamma=1, beta=9,
        kap=1),
    "rectified difference": _of(
        "as before, but debts are forgiven", 7, {"a0": (1, 1, 0, 1, 1, 1), "a1": (0, 1, 1)},
        s=(1, -1, 0, 0), alpha=1, gamma=1, kap=1),
    "rebound": _of(
        "a spike after an inhibitory event", 8, {"a0": (0, 1, 0, 0, 0, 1)},
        s=(-3, 0, 0, 0), alpha=2, beta=2, R=-2),
    "oscillation": _of(
        "one inhibitory event starts it for good", 8, {"a0": (0, 1)},
        s=(-3, 0, 0, 0), alpha=4, beta=2, R=-5),
    "refractory": _of(
        "a reset far below 0 makes all intervals but the first longer", 11, {"a0": (1,) * 11},
        s=(2, 0, 0, 0), lam=-1, eps=1, alpha=4, beta=10, R=-6),
    "chance": _of("about 20 spikes a second, by chance", 1000, lam=51, c=1, alpha=10, gamma=1),
})  # fmt: skip
"""Name → setting and events; each is followed by hand in the tests."""

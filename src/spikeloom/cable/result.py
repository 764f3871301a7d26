"""What a run of a cable gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.errors import ParameterError

if TYPE_CHECKING:
    from spikeloom.cable.cable import Cable
    from spikeloom.engines.cable_plan import CableState

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class State:
    """Where a run ended, to go on from there.

    Arguments:
        step: Number of steps since time 0.
        dt: In ms; a run goes on with the same.
        inside: Potentials, and the other states half a step ahead of them.
    """

    step: int
    dt: float
    inside: CableState


@dataclass(frozen=True, eq=False, repr=False)
class CableRun:
    """Potentials, other states and spikes of a run of a `Cable`.

    Arguments:
        cable: What was run.
        times: In ms, (rows,). A run that starts afresh has its start as the first row.
        v: In mV, (rows, places).
        places: Node of each column.
        states: State -> (rows, places), half a step later than `times`; NaN where there is none.
        spikes: Place -> times in ms at which the potential rose through the threshold, found by a
            straight line within the step.
        state: To go on from: `Cable.run(..., state=run.state)`.

    >>> from spikeloom import Cable, HodgkinHuxley, Morphology, Ohm, Step, cm, ms, nA, um
    >>> axon = Cable(Morphology.cylinder(2000 * um, 2 * um), HodgkinHuxley(), Ri=100 * Ohm * cm)
    >>> kick = {("cable", 0): Step(1 * nA, stop=0.5 * ms)}
    >>> run = axon.run(6 * ms, dt=0.01 * ms, inject=kick, detect=[("cable", 0.2), ("cable", 0.8)])
    >>> [len(times) for times in run.spikes.values()]
    [1, 1]
    """

    cable: Cable
    times: Array
    v: Array
    places: Array
    states: Mapping[str, Array]
    spikes: Mapping[Any, Array]
    state: State

    @property
    def distances(self) -> Array:
        """Of each column from the beginning of the first section along the tree, in µm."""
        return self.cable.grid.distance[self.places]

    def at(self, place: Any) -> Array:
        """The potential at a place that was recorded, (rows,)."""
        node = self.cable.node(place)
        found = np.flatnonzero(self.places == node)
        if not len(found):
            raise ParameterError(
                f"CableRun: {place!r} was not recorded.", hint="add it: record=[…]"
            )
        return self.v[:, found[0]]

    def velocity(self, first: Any, second: Any) -> float:
        """Speed in m/s of the first spike from one place of detection to another.

        Raises:
            ParameterError: No spike was seen at one of them.
        """
        at: list[float] = []
        for place in (first, second):
            times = self.spikes.get(place, np.empty(0))
            if not len(times):
                raise ParameterError(
                    f"CableRun: no spike was seen at {place!r}.",
                    hint="name it in detect=[…], and see whether the spike gets there",
                )
            at.append(float(times[0]))
        ends = [self.cable.grid.distance[self.cable.node(p)] for p in (first, second)]
        return float((ends[1] - ends[0]) / (at[1] - at[0])) * 1e-3

    def __repr__(self) -> str:
        spikes = sum(len(t) for t in self.spikes.values())
        seen = f"; {spikes:,} spikes at {len(self.spikes)} places" if self.spikes else ""
        last = self.times[-1] if len(self.times) else 0.0
        return f"CableRun: to {last:g} ms, v {self.v.shape}{seen}"

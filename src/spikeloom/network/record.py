"""Recording: what engines are asked to keep, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import NetworkRun
from spikeloom.engines.network_run import Trace as Wish
from spikeloom.equations.quantity import Unit
from spikeloom.network.result import SPIKES, Recorded, Recorder, Trace
from spikeloom.network.spikes import SpikeTrains
from spikeloom.network.view import View

Array = np.ndarray[Any, np.dtype[Any]]


class Recording:
    """Collects the pieces of one run.

    Arguments:
        plan: What is run.
        recorders: What to keep.
        dt: Time step in ms.
        units: Unit of each state of each population.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        recorders: Sequence[Recorder],
        dt: float,
        units: Sequence[dict[str, Unit]],
    ) -> None:
        self._dt, self._units = dt, units
        self._spikes = [r for r in recorders if r.what == SPIKES]
        self._states = [r for r in recorders if r.what != SPIKES]
        self._pieces: list[NetworkRun] = []
        self.masks = [_mask(plan, place, self._spikes) for place in range(len(plan.populations))]
        """Of each population: none, all, or which neurons' spikes are wanted."""
        self.wishes = [
            Wish(part.population.index, r.what, None if part.whole else part.ids, r.every)
            for r in self._states
            for part in r.members.parts
        ]
        """States that are wanted, part by part."""

    def add(self, piece: NetworkRun) -> None:
        """Take in what an engine gave."""
        self._pieces.append(piece)

    def spikes(self, start: float, stop: float) -> Recorded[SpikeTrains]:
        """All spikes so far."""
        count = len(self.masks)
        steps = [_joined([p.spikes[k][0] for p in self._pieces]) for k in range(count)]
        ids = [_joined([p.spikes[k][1] for p in self._pieces]) for k in range(count)]
        found: dict[Recorder, SpikeTrains] = {}
        for recorder in self._spikes:
            at: list[Array] = []
            who: list[Array] = []
            low = 0
            for part in recorder.members.parts:
                k = part.population.index
                here, place = _within(part, ids[k])
                at.append(steps[k][here])
                who.append(place + low)
                low += len(part)
            when, neuron = _joined(at), _joined(who)
            if len(at) > 1:
                order = np.lexsort((neuron, when))
                when, neuron = when[order], neuron[order]
            found[recorder] = SpikeTrains(
                times=(when + 1) * self._dt,
                ids=neuron,
                size=low,
                start=start,
                stop=stop,
                parts=tuple((repr(p), len(p)) for p in recorder.members.parts),
            )
        return Recorded("spikes", found)

    def states(self) -> Recorded[Trace]:
        """All samples so far."""
        found: dict[Recorder, Trace] = {}
        place = 0
        for recorder in self._states:
            parts = recorder.members.parts
            columns = [
                np.concatenate([p.traces[place + k] for p in self._pieces])
                if self._pieces
                else np.empty((0, len(part)))
                for k, part in enumerate(parts)
            ]
            steps = _joined([p.trace_steps[place] for p in self._pieces])
            unit = self._units[parts[0].population.index][recorder.what]
            found[recorder] = Trace(
                (steps + 1) * self._dt, np.concatenate(columns, axis=1), unit, recorder.what
            )
            place += len(parts)
        return Recorded("states", found)


def _mask(plan: NetworkPlan, place: int, recorders: Sequence[Recorder]) -> bool | Array:
    parts = [p for r in recorders for p in r.members.parts if p.population.index == place]
    if not parts or any(p.whole for p in parts):
        return bool(parts)
    mask = np.zeros(plan.populations[place].size, bool)
    for part in parts:
        mask[part.ids] = True
    return mask


def _within(part: View, ids: Array) -> tuple[Any, Array]:
    """Which spikes are of a part, and which of its neurons they are."""
    if part.whole:
        return slice(None), ids
    place = np.minimum(np.searchsorted(part.ids, ids), len(part) - 1)
    here = part.ids[place] == ids
    return here, place[here]


def _joined(pieces: list[Array]) -> Array:
    return np.concatenate(pieces) if pieces else np.empty(0, np.int64)

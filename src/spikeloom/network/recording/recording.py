"""All recorders of one run: what the engine is asked for, and where its answers go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import NetworkRun, SpikeWish
from spikeloom.engines.network_run import Trace as StateWish
from spikeloom.engines.network_run import WeightTrace as WeightsWish
from spikeloom.network.recording.collector import Collector, Frame, Stored
from spikeloom.network.recording.piece import Piece
from spikeloom.network.recording.store import Memory, Store
from spikeloom.network.result import Recorder
from spikeloom.network.view import View

Array = np.ndarray[Any, np.dtype[Any]]


class Recording:
    """Takes the pieces of one run.

    Arguments:
        plan: What is run.
        recorders: What to keep.
        frame: The run.
        store: Where to keep it; memory if None.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        recorders: Sequence[Recorder[Any]],
        frame: Frame,
        store: Store | None = None,
    ) -> None:
        made = [(r, r.wish.collector(frame)) for r in recorders if r.wish is not None]
        self.recorders = [recorder for recorder, _ in made]
        self._collectors: list[Collector] = [collector for _, collector in made]
        self._store, self._dt, self._finished = store or Memory(), frame.dt, False
        self.wishes = [wish for c in self._collectors for wish in c.wishes]
        """States that are wanted, part by part."""
        self.weight_wishes = [wish for c in self._collectors for wish in c.weight_wishes]
        """Weights that are wanted, projection by projection."""
        parts = [part for c in self._collectors for group in c.groups for part in group.parts]
        self.masks = [_mask(p.senders, k, parts) for k, p in enumerate(plan.populations)]
        """Of each population: none, all, or which neurons' spikes are wanted."""
        rows = [
            (plan.populations[w.population].senders if w.ids is None else len(w.ids), w.every)
            for w in self.wishes
        ] + [
            (plan.projections[w.projection].count, w.every)
            if w.synapses is None
            else (len(w.synapses), w.every)
            for w in self.weight_wishes
        ]
        self.row_bytes = sum(np.dtype(frame.dtype).itemsize * size / every for size, every in rows)
        """Bytes of states and weights that one step gives, on average."""
        self._store.begin(self.recorders, self._collectors)

    @property
    def asked(self) -> tuple[SpikeWish, Sequence[StateWish], Sequence[WeightsWish]]:
        """What the engine is asked to keep."""
        return self.masks, self.wishes, self.weight_wishes

    def add(self, made: NetworkRun, seconds: float) -> None:
        """Take in what an engine gave.

        Raises:
            StorageError: It cannot be written; nothing of it is lost.
        """
        self._take(made)
        self._store.commit(made.first + made.steps, seconds)

    def finish(self, step: int, seconds: float, complete: bool) -> None:
        """The run is over.

        Raises:
            StorageError: The last of it cannot be written; nothing of it is lost.
        """
        if not self._finished:
            self._finished = True
            for place, collector in enumerate(self._collectors):
                self._store.append(place, collector.finish())
        self._store.commit(step, seconds, complete=complete)

    def close(self) -> None:
        """Nothing more will come."""
        self._store.close()

    def stored(self) -> list[Stored]:
        """What is kept of each recorder."""
        return [
            Stored(c.about, self._store.columns(place), c.state, c.layouts, self._dt)
            for place, c in enumerate(self._collectors)
        ]

    def _take(self, made: NetworkRun) -> None:
        piece, low, weights = Piece(made), 0, 0
        for place, collector in enumerate(self._collectors):
            self._store.append(place, collector.take(piece, low, weights))
            weights += len(collector.weight_wishes)
            low += len(collector.wishes)


def _mask(size: int, place: int, parts: Sequence[View]) -> bool | Array:
    mine = [part for part in parts if part.population.index == place]
    if not mine or any(part.whole for part in mine):
        return bool(mine)
    mask = np.zeros(size, bool)
    for part in mine:
        mask[part.ids] = True
    return mask

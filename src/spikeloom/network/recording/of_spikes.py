"""Recording spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.network.recording.collector import Collector, Frame, Layout, Stored, Wish, parts_of
from spikeloom.network.recording.moments import Moment, Opening
from spikeloom.network.recording.piece import Piece
from spikeloom.network.spikes import SpikeTrains
from spikeloom.network.view import Group

Array = np.ndarray[Any, np.dtype[Any]]
KIND = "spikes"


@dataclass(frozen=True, eq=False)
class SpikeWish(Wish[SpikeTrains]):
    """Every spike of a group, from some moment on."""

    group: Group
    since: Moment | None = None

    def collector(self, frame: Frame) -> Collector:
        return _Spikes(self, frame)


class _Spikes(Collector):
    layouts = {
        "times": Layout("float64", (), "ms", "end of the step in which each spike happened"),
        "ids": Layout("int64", (), "", "which of the recorded neurons fired", "uint32"),
    }

    def __init__(self, wish: SpikeWish, frame: Frame) -> None:
        self._group, self._dt = wish.group, frame.dt
        self._opening = Opening(wish.since, frame)
        self.about = {"kind": KIND, "parts": parts_of(wish.group)}
        self.state = self._opening.state
        self.groups = (wish.group, *self._opening.groups)
        self.wishes = self._opening.wishes

    def take(self, piece: Piece, place: int, weights: int) -> Mapping[str, Array]:
        steps, ids = piece.spikes(self._group, self._opening.look(piece, place))
        return {"times": (steps + 1) * self._dt, "ids": ids}


def spike_trains(stored: Stored) -> SpikeTrains:
    """The value of a recorder of spikes."""
    return SpikeTrains(
        times=stored.columns["times"],
        ids=stored.columns["ids"],
        size=sum(size for _, size in stored.parts),
        start=stored.start,
        stop=stored.stop,
        parts=stored.parts,
    )

"""Recording states, all along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.engines.network_run import Trace as StateWish
from spikeloom.network.recording.collector import (
    Collector,
    Frame,
    Layout,
    Stored,
    Wish,
    pack,
    parts_of,
    unpack,
)
from spikeloom.network.recording.moments import Moment, Opening
from spikeloom.network.recording.piece import Piece
from spikeloom.network.state_trace import StateTrace
from spikeloom.network.view import Group

Array = np.ndarray[Any, np.dtype[Any]]
KIND = "states"


@dataclass(frozen=True, eq=False)
class TraceWish(Wish[StateTrace]):
    """A state of a group, after every so many steps, from some moment on."""

    group: Group
    state: str
    every: int = 1
    since: Moment | None = None

    def collector(self, frame: Frame) -> Collector:
        return _States(self, frame)


class _States(Collector):
    def __init__(self, wish: TraceWish, frame: Frame) -> None:
        group = wish.group
        self._dt, self._count = frame.dt, len(group.parts)
        self._opening = Opening(wish.since, frame)
        unit = frame.unit(group.parts[0], wish.state)
        self.about = {
            "kind": KIND,
            "parts": parts_of(group),
            "state": wish.state,
            "unit": pack(unit),
        }
        self.layouts = {
            "times": Layout("float64", (), "ms", "end of the step after which it was sampled"),
            "values": Layout(frame.dtype, (len(group),), str(unit), wish.state),
        }
        self.state = self._opening.state
        self.groups = self._opening.groups
        self.wishes = (*wishes_for(group, wish.state, wish.every), *self._opening.wishes)

    def take(self, piece: Piece, place: int, weights: int) -> Mapping[str, Array]:
        since = self._opening.look(piece, place + self._count)
        steps, rows = piece.states(place, self._count, since)
        return {"times": (steps + 1) * self._dt, "values": rows}


def wishes_for(group: Group, state: str, every: int) -> list[StateWish]:
    """What to ask of an engine, part by part."""
    return [
        StateWish(part.population.index, state, None if part.whole else part.ids, every)
        for part in group.parts
    ]


def trace(stored: Stored) -> StateTrace:
    """The value of a recorder of states."""
    about = stored.about
    return StateTrace(
        stored.columns["times"],
        stored.columns["values"],
        unpack(about["unit"]),
        str(about["state"]),
        stored.parts,
    )

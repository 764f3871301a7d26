"""Recording states around moments: a window before and after each spike, time or crossing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

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
from spikeloom.network.recording.moments import Moment, Opening, watch, words
from spikeloom.network.recording.of_states import wishes_for
from spikeloom.network.recording.piece import Piece
from spikeloom.network.view import Group
from spikeloom.network.windows import Windows

Array = np.ndarray[Any, np.dtype[Any]]
KIND = "windows"
FEW = 8
"""Neurons of which the names are kept, for figures."""


@dataclass(frozen=True, eq=False)
class WindowWish(Wish[Windows]):
    """A state of a group in windows of steps around moments."""

    group: Group
    state: str
    around: Moment
    before: int
    after: int
    every: int = 1
    since: Moment | None = None

    def collector(self, frame: Frame) -> Collector:
        return _Windows(self, frame)


class _Windows(Collector):
    def __init__(self, wish: WindowWish, frame: Frame) -> None:
        group = wish.group
        self._dt, self._count = frame.dt, len(group.parts)
        low = -(wish.before // wish.every) * wish.every
        self._offsets = np.arange(low, wish.after + 1, wish.every)
        self._watch = watch(wish.around, frame)
        self._always = wish.since is None
        self._opening = Opening(wish.since, frame)
        unit, width = frame.unit(group.parts[0], wish.state), len(group)
        self.about = {
            "kind": KIND,
            "parts": parts_of(group),
            "state": wish.state,
            "unit": pack(unit),
            "around": words(wish.around),
            "neurons": [
                f"{part.population.name}[{k}]" for part in group.parts for k in part.ids.tolist()
            ]
            if len(group) <= FEW
            else [],
            "offsets": [int(low), int(wish.after), int(wish.every)],
        }
        self.layouts = {
            "times": Layout("float64", (), "ms", "moment around which each window lies"),
            "ids": Layout("int64", (), "", "which of the watched neurons it was", "uint32"),
            "values": Layout(
                frame.dtype,
                (len(self._offsets), width),
                str(unit),
                f"{wish.state} at each offset; NaN where the run had not begun or was over",
            ),
        }
        self.state = self._opening.state
        self.groups = (*self._watch.groups, *self._opening.groups)
        self.wishes = (
            *wishes_for(group, wish.state, 1),
            *self._watch.wishes,
            *self._opening.wishes,
        )
        # Samples that a window may still need, the first of them of step `_low`; and open windows.
        self._rows = np.empty((0, width), frame.dtype)
        self._low = frame.step
        self._open = (np.empty(0, np.int64), np.empty(0, np.int64))

    def take(self, piece: Piece, place: int, weights: int) -> Mapping[str, Array]:
        _, rows = piece.states(place, self._count)
        place += self._count
        found, who = self._watch.find(piece, place)
        since = self._opening.look(piece, place + len(self._watch.wishes))
        late = (found >= since) | self._always
        steps = np.concatenate([self._open[0], found[late]])
        ids = np.concatenate([self._open[1], who[late]])
        self._rows = np.concatenate([self._rows, rows])
        done = steps + self._offsets[-1] < piece.last
        made = self._cut(steps[done], ids[done])
        self._open = steps[~done], ids[~done]
        needed = min([piece.last, *self._open[0]]) + int(self._offsets[0])
        if needed > self._low:
            self._rows = self._rows[needed - self._low :].copy()
            self._low = needed
        return made

    def finish(self) -> Mapping[str, Array]:
        made, self._open = self._cut(*self._open), (self._open[0][:0], self._open[1][:0])
        return made

    def _cut(self, steps: Array, ids: Array) -> Mapping[str, Array]:
        at = steps[:, None] + self._offsets - self._low
        there = (at >= 0) & (at < len(self._rows))
        values = np.full((*at.shape, self._rows.shape[1]), np.nan, self._rows.dtype)
        values[there] = self._rows[at[there]]
        return {"times": (steps + 1) * self._dt, "ids": ids, "values": values}


def windows(stored: Stored) -> Windows:
    """The value of a recorder of windows."""
    about = stored.about
    low, high, every = about["offsets"]
    return Windows(
        times=stored.columns["times"],
        ids=stored.columns["ids"],
        values=stored.columns["values"],
        offsets=np.arange(low, high + 1, every) * stored.dt,
        unit=unpack(about["unit"]),
        state=str(about["state"]),
        around=str(about["around"]),
        parts=stored.parts,
        neurons=tuple(str(name) for name in about["neurons"]),
    )

"""Recording the weights of some synapses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.engines.network_run import trace_steps
from spikeloom.network.projection import Projection
from spikeloom.network.recording.collector import (
    Collector,
    Frame,
    Layout,
    Stored,
    Wish,
    pack,
    unpack,
)
from spikeloom.network.recording.moments import Moment, Opening
from spikeloom.network.recording.piece import Piece
from spikeloom.network.weight_trace import WeightTrace

Array = np.ndarray[Any, np.dtype[Any]]
KIND = "weights"


@dataclass(frozen=True, eq=False)
class WeightWish(Wish[WeightTrace]):
    """Weights of a connection, after every so many steps, from some moment on."""

    projection: Projection
    which: Array | None
    every: int
    since: Moment | None = None

    def collector(self, frame: Frame) -> Collector:
        return _Weights(self, frame)


class _Weights(Collector):
    def __init__(self, wish: WeightWish, frame: Frame) -> None:
        projection = wish.projection
        self._dt = frame.dt
        self._opening = Opening(wish.since, frame)
        chosen = projection.asked_of_engine(wish.which, wish.every)
        self._scales = [scale for _, scale in chosen]
        which = slice(None) if wish.which is None else wish.which
        self._every, self._fixed = wish.every, None
        if projection.learning is None:  # then no engine needs to be asked again and again
            self._fixed = np.asarray(projection.weights.value)[which]
        else:
            self.weight_wishes = [one for one, _ in chosen]
        sources, targets = projection.sources[which], projection.targets[which]
        self.about = {
            "kind": KIND,
            "name": projection.name,
            "unit": pack(projection.unit),
            "parts": [[projection.name, len(sources)]],
        }
        self.layouts = {
            "times": Layout("float64", (), "ms", "end of the step after which they were copied"),
            "values": Layout(frame.dtype, (len(sources),), str(projection.unit), "weights"),
        }
        self.state = {**self._opening.state, "sources": sources, "targets": targets}
        self.groups, self.wishes = self._opening.groups, self._opening.wishes

    def take(self, piece: Piece, place: int, weights: int) -> Mapping[str, Array]:
        since = self._opening.look(piece, place)
        if self._fixed is None:
            steps, rows = piece.weights(weights, self._scales, since)
        else:
            first = max(since, piece.first)
            steps = trace_steps(first, piece.last - first, self._every)
            rows = np.broadcast_to(self._fixed, (len(steps), len(self._fixed)))
        return {"times": (steps + 1) * self._dt, "values": rows}


def weight_trace(stored: Stored) -> WeightTrace:
    """The value of a recorder of weights."""
    return WeightTrace(
        stored.columns["times"],
        stored.columns["values"],
        unpack(stored.about["unit"]),
        str(stored.about["name"]),
        stored.state["sources"],
        stored.state["targets"],
    )

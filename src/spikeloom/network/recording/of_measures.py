"""Recording what a measure computes from spikes, instead of the spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.network import measures
from spikeloom.network.measures.measure import Measure, Spikes
from spikeloom.network.recording.collector import OPEN, Collector, Frame, Stored, Wish, parts_of
from spikeloom.network.recording.moments import Moment, Opening
from spikeloom.network.recording.piece import Piece
from spikeloom.network.view import Group

Array = np.ndarray[Any, np.dtype[Any]]
T = TypeVar("T")
KIND = "measures"
KNOWN: Mapping[str, type[Measure[Any]]] = {
    each.__name__: each
    for each in (
        measures.FiringRates,
        measures.PopulationRate,
        measures.Intervals,
        measures.Correlation,
        measures.Spectrum,
    )
}
"""Measures that can be read back from a file."""


@dataclass(frozen=True, eq=False)
class MeasureWish(Wish[T]):
    """A measure of the spikes of a group, from some moment on."""

    group: Group
    measure: Measure[T]
    dt: Quantity
    since: Moment | None = None

    def collector(self, frame: Frame) -> Collector:
        return _Measured(self, frame)


class _Measured(Collector):
    def __init__(self, wish: MeasureWish[Any], frame: Frame) -> None:
        self._group, self._measure = wish.group, wish.measure
        self._opening = Opening(wish.since, frame)
        self._numbers = wish.measure.numbers(wish.dt)
        sizes = tuple(len(part) for part in wish.group.parts)
        self.about = {
            "kind": KIND,
            "measure": type(wish.measure).__name__,
            "parts": parts_of(wish.group),
            **self._numbers,
        }
        self.layouts = wish.measure.layouts(sizes, wish.dt)
        self.state = {**wish.measure.begin(sizes, wish.dt), **self._opening.state}
        self.groups = (wish.group, *self._opening.groups)
        self.wishes = self._opening.wishes

    def take(self, piece: Piece, place: int, weights: int) -> Mapping[str, Array]:
        since = self._opening.look(piece, place)
        first = int(self.state[OPEN])
        if since >= piece.last:
            return {}
        steps, ids = piece.spikes(self._group, since)
        spikes = Spikes(steps - first, ids, since - first, piece.last - first)
        return self._measure.take(self.state, self._numbers, spikes)


def measured(stored: Stored) -> Any:
    """The value of a recorder of a measure."""
    return KNOWN[str(stored.about["measure"])].value(stored)

"""Moments that start a recorder or set off a window: times, spikes, crossings of a level."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from spikeloom.engines.network_run import Trace as StateWish
from spikeloom.equations.quantity import Quantity
from spikeloom.network.crossing import Crossing
from spikeloom.network.recording.collector import OPEN, UNTIL, Frame
from spikeloom.network.recording.piece import Piece
from spikeloom.network.view import Group, View

Array = np.ndarray[Any, np.dtype[Any]]
Moment: TypeAlias = "Times | Group | Level"
"""What was asked for, checked."""


class Times:
    """Fixed times, as numbers of steps done."""

    def __init__(self, text: str, steps: Array) -> None:
        self.text, self.steps = text, steps

    def __repr__(self) -> str:
        return self.text


class Level:
    """A crossing with its level in the unit of the state."""

    def __init__(self, asked: Crossing, view: View, level: float) -> None:
        self.asked, self.view, self.level = asked, view, level

    def __repr__(self) -> str:
        return repr(self.asked)


class Watch(ABC):
    """Finds moments while a network runs."""

    groups: Sequence[Group] = ()
    wishes: Sequence[StateWish] = ()

    @abstractmethod
    def find(self, piece: Piece, place: int) -> tuple[Array, Array]:
        """Steps at whose ends something happened, in order, and to which neuron."""


class _Clock(Watch):
    def __init__(self, times: Times, first: int) -> None:
        # The end of step n is the time of n + 1 steps; the beginning of the run is a moment too.
        self._steps = times.steps[times.steps >= first] - 1

    def find(self, piece: Piece, place: int) -> tuple[Array, Array]:
        due = self._steps < piece.last
        here, self._steps = self._steps[due], self._steps[~due]
        return here, np.zeros(len(here), np.int64)


class _Spikes(Watch):
    def __init__(self, group: Group) -> None:
        self.groups = (group,)

    def find(self, piece: Piece, place: int) -> tuple[Array, Array]:
        return piece.spikes(self.groups[0])


class _Level(Watch):
    def __init__(self, level: Level, frame: Frame) -> None:
        view, state = level.view, level.asked.state
        self._sign, self._level = (-1 if level.asked.falling else 1), level.level
        self._before = frame.now(view, state)[None]
        self.wishes = (StateWish(view.population.index, state, view.ids),)

    def find(self, piece: Piece, place: int) -> tuple[Array, Array]:
        steps, rows = piece.states(place, 1)
        above = self._sign * (np.concatenate([self._before, rows]) - self._level)
        self._before = rows[-1:] if len(rows) else self._before
        row, neuron = np.nonzero((above[:-1] < 0) & (above[1:] >= 0))
        return steps[row], neuron


def watch(moment: Moment, frame: Frame) -> Watch:
    """What looks out for a moment during one run."""
    if isinstance(moment, Times):
        return _Clock(moment, frame.step)
    return _Spikes(moment) if isinstance(moment, Group) else _Level(moment, frame)


class Opening:
    """When a recorder begins: with the run, or after the first of some moments.

    Arguments:
        since: The moments; None for the beginning of the run.
        frame: The run.
    """

    def __init__(self, since: Moment | None, frame: Frame) -> None:
        self._watch = None if since is None else watch(since, frame)
        self.groups = () if self._watch is None else self._watch.groups
        self.wishes = () if self._watch is None else self._watch.wishes
        first = frame.step if since is None else -1
        if isinstance(since, Times) and since.steps[0] <= frame.step:
            first = frame.step
        self.state: dict[str, Array] = {OPEN: np.array(first), UNTIL: np.array(frame.step)}

    def look(self, piece: Piece, place: int) -> int:
        """First step of the piece that counts: the one after the last where none does."""
        self.state[UNTIL][...] = piece.last
        if self.state[OPEN] < 0 and self._watch is not None:
            steps, _ = self._watch.find(piece, place)
            if len(steps):
                self.state[OPEN][...] = steps[0] + 1
        first = int(self.state[OPEN])
        return piece.last if first < 0 else min(max(first, piece.first), piece.last)


def describe(since: Moment | None) -> str:
    """For the label of a recorder."""
    return "" if since is None else f" since {since!r}"


def words(moment: Moment) -> str:
    """What moments are: ``spikes of exc[0]``."""
    return f"spikes of {moment!r}" if isinstance(moment, Group) else repr(moment)


def quantity_times(value: Quantity, steps: Array) -> Times:
    """Times with the text that they were given as, cut short where there are many."""
    return Times(str(value) if value.shape == () else f"{len(steps)} times", np.sort(steps))

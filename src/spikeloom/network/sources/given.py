"""Neurons that fire when they are told to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from spikeloom.engines.inputs import GivenTrains
from spikeloom.engines.inputs.trains import last_step
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, ShapeError, UnitError
from spikeloom.network.sources.spikes import Array, Place, Spikes
from spikeloom.network.spikes import SpikeTrains


@dataclass(frozen=True, init=False, eq=False, repr=False, slots=True)
class GivenSpikes(Spikes):
    """Spikes at given times, each at the end of the step that contains it.

    A time on the grid is kept exactly; one between is rounded up, by less than dt. A neuron fires
    at most once in a step.

    Arguments:
        times: Times above 0, ascending within each neuron: an array with its unit (then `ids` says
            whose they are; without, they are all of one neuron); a list of such arrays, one for
            each neuron; `SpikeTrains` from an earlier run; a Neo ``SpikeTrain``, a list of these,
            or a ``Segment``.
        ids: Neuron of each time, 0, 1, …
        size: Number of neurons; by default as many as are named.

    Raises:
        UnitError: The times have no unit.
        ParameterError: They do not ascend, are not above 0, or are NaN.

    >>> from spikeloom import ms
    >>> GivenSpikes([1.5, 20, 3] * ms, ids=[0, 0, 2])
    GivenSpikes(3 spikes of 3 neurons, 1.5 to 20 ms)
    >>> GivenSpikes([[1, 2, 8] * ms, [] * ms]).size
    2
    """

    times: Array
    ids: Array
    _size: int

    def __init__(self, times: Any, ids: Any = None, size: int | None = None) -> None:
        if isinstance(times, SpikeTrains):
            _alone("SpikeTrains", ids)
            when, who, count = times.times, times.ids, times.size
        elif ids is not None:
            when, who = _times(times), _ids(ids)
            if when.shape != who.shape or when.ndim != 1:
                raise ShapeError(
                    f"GivenSpikes: there must be one id for each time, got {who.shape} and "
                    f"{when.shape}."
                )
            count = int(who.max()) + 1 if who.size else 0
        else:
            trains = [_times(train, k) for k, train in enumerate(_separate(times))]
            when = np.concatenate([np.empty(0), *trains])
            who = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
            count = len(trains)
        if size is not None:
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
                raise ParameterError(f"GivenSpikes: size must be a number of neurons, got {size}.")
            if size < count:
                raise ParameterError(f"GivenSpikes: {count} neurons are named; size is {size}.")
            count = int(size)
        if not count:
            raise ParameterError("GivenSpikes: no neuron is named.", hint="say how many: size=10")
        _check(when, who)
        order = np.lexsort((who, when))
        for name, value in (("times", when[order]), ("ids", who[order])):
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_size", count)

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self._size

    @property
    def span(self) -> tuple[float, float]:
        """From just before the first spike to the last, in ms."""
        if not len(self.times):
            return 0.0, inf
        return float(self.times[0]) * (1 - 1e-9), float(self.times[-1])

    def trains(self, place: Place) -> GivenTrains:
        """The spikes of a population."""
        steps = last_step(self.times / place.dt)
        order = np.lexsort((self.ids, steps))
        steps, ids = steps[order], self.ids[order]
        twice = np.flatnonzero((np.diff(steps) == 0) & (np.diff(ids) == 0))
        if twice.size:
            first = np.sort(self.times[order][twice[0] : twice[0] + 2])
            raise ParameterError(
                f"{place.label}: neuron {ids[twice[0]]} has spikes at {first[0]:g} and "
                f"{first[1]:g} ms, within one step of {place.dt:g} ms; it can fire once.",
                hint="a smaller dt, or give one of the spikes to another neuron",
            )
        return GivenTrains(steps, ids)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GivenSpikes):
            return NotImplemented
        same = np.array_equal(self.times, other.times) and np.array_equal(self.ids, other.ids)
        return same and self.size == other.size

    def __hash__(self) -> int:
        return hash((self.size, self.times.tobytes(), self.ids.tobytes()))

    def __repr__(self) -> str:
        count = len(self.times)
        when = f", {self.times[0]:g} to {self.times[-1]:g} ms" if count else ""
        spikes = f"{count:,} spike{'s' * (count != 1)}"
        return f"GivenSpikes({spikes} of {self.size:,} neuron{'s' * (self.size != 1)}{when})"


def _separate(times: Any) -> list[Any]:
    """Trains one by one."""
    if hasattr(times, "spiketrains"):
        return list(times.spiketrains)
    if isinstance(times, Quantity):
        rows = np.asarray(times.value)
        return [Quantity(row, times.unit) for row in rows] if rows.ndim == 2 else [times]
    if hasattr(times, "rescale") or isinstance(times, (str, bytes, np.ndarray)):
        return [times]
    if isinstance(times, Iterable):
        trains = list(times)
        plain = [x for x in trains if isinstance(x, (int, float, np.number))]
        return [times] if plain else trains
    return [times]


def _times(times: Any, train: int | None = None) -> Array:
    """Plain numbers in ms."""
    if hasattr(times, "rescale") and hasattr(times, "magnitude"):  # Neo, or `quantities`
        return np.array(times.rescale("ms").magnitude, np.float64)
    of = "" if train is None else f" of train {train}"
    if not isinstance(times, Quantity) or not times.unit.fits(ms):
        raise UnitError(
            f"GivenSpikes: the times{of} need a unit of time, got {_shown(times)}.",
            hint="for example [1.5, 20] * ms",
        )
    if len(times.shape) != 1:
        raise ShapeError(f"GivenSpikes: the times{of} must be a list, got shape {times.shape}.")
    return np.array(times.to(ms), np.float64)


def _ids(ids: Any) -> Array:
    found = np.asarray(ids)
    if found.size and not np.issubdtype(found.dtype, np.integer):
        raise ParameterError(f"GivenSpikes: ids are whole numbers, got {found.dtype}.")
    if found.size and found.min() < 0:
        raise ParameterError(f"GivenSpikes: ids count from 0, got {found.min()}.")
    return found.astype(np.int64)


def _alone(kind: str, ids: Any) -> None:
    if ids is not None:
        raise ParameterError(f"GivenSpikes: {kind} say themselves whose spikes they are.")


def _check(when: Array, who: Array) -> None:
    bad = ~(np.isfinite(when) & (when > 0))
    if bad.any():
        place = int(np.argmax(bad))
        raise ParameterError(
            f"GivenSpikes: neuron {who[place]} has a spike at {when[place]:g} ms; times must be "
            "above 0.",
            hint="the first that is possible is at the end of the first step",
        )
    order = np.argsort(who, kind="stable")
    at, of = when[order], who[order]
    falls = np.flatnonzero((np.diff(at) <= 0) & (np.diff(of) == 0))
    if falls.size:
        k = falls[0]
        raise ParameterError(
            f"GivenSpikes: the times of neuron {of[k]} must ascend; {at[k + 1]:g} ms comes after "
            f"{at[k]:g} ms.",
            hint="sort them; intervals become times by numpy.cumsum",
        )


def _shown(times: Any) -> str:
    text = repr(times)
    return text if len(text) < 60 else f"{text[:50]}…"

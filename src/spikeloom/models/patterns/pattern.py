"""`Pattern`: a named way of firing, with all that is needed to see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikeloom.equations import Quantity, Unit
from spikeloom.errors import ParameterError

Piece = tuple[float, float, float, float]
"""From and to in ms, the input at the beginning of the piece, and its slope per ms."""


@dataclass(frozen=True)
class Pattern:
    """What a neuron of a paper's figure is, what it receives and how long it is watched.

    `params` make the neuron, `start` its states by name (nothing: its own start). The input is the
    sum of `pieces`, in `unit`. A piece holds from its first to before its last moment, or, if
    `strict`, strictly between the two, as scripts of the papers have it. `about` says in words what
    an abbreviation stands for.

    >>> from spikeloom import Izhikevich, simulate
    >>> from spikeloom.models.patterns import IZHIKEVICH
    >>> p, cell = IZHIKEVICH["tonic spiking"], Izhikevich.pattern("tonic spiking")
    >>> simulate(cell, p.duration, dt=p.dt, I=p.drive(), state=p.start, record=())
    Run: 1 neuron, 401 steps of 0.25, 5 spikes
    """

    params: Mapping[str, Quantity | float]
    duration: Quantity
    dt: Quantity
    unit: Unit
    pieces: tuple[Piece, ...]
    start: Mapping[str, Any] | None = None
    strict: bool = field(default=False, kw_only=True)
    about: str = field(default="", kw_only=True)

    def drive(self, dt: Quantity | None = None) -> Quantity:
        """The input at the beginning of each step, (steps, 1), with its unit."""
        step, end = (float((dt or self.dt).value), float(self.duration.value))
        t = np.arange(round(end / step)) * step
        total, slack = np.zeros_like(t), 1e-6 * step
        for begin, stop, level, slope in self.pieces:
            after = t > begin + slack if self.strict else t > begin - slack
            total += np.where(after & (t < stop - slack), level + slope * (t - begin), 0.0)
        return Quantity(total[:, None], self.unit)


def chosen(table: Mapping[Any, Pattern | Mapping[str, Any]], name: object) -> Mapping[str, Any]:
    """The parameters of the pattern `name`; refused with the nearest name if there is none."""
    if name not in table:
        known = ", ".join(repr(key) for key in table)
        raise ParameterError(f"There is no {name!r} here.", hint=f"there are {known}")
    found = table[name]
    return found.params if isinstance(found, Pattern) else found

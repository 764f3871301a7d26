"""Probability that falls with distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.engines.wiring.arrays import Array, draw_below, draw_unit
from spikeloom.engines.wiring.reference import Graph
from spikeloom.equations.quantity import Quantity, Unit, mismatch, one
from spikeloom.errors import NumericsError, ParameterError, ShapeError
from spikeloom.network.rules.profiles import Length, Profile
from spikeloom.network.rules.rule import Request, Rule

CANDIDATES = 1 << 22
"""How many pairs are looked at together; the graph does not depend on it."""

SAMPLE = 1 << 16
"""Pairs that tell how many synapses to expect, where there may be very many."""


@dataclass(frozen=True, slots=True)
class Distance(Rule):
    """Each pair is connected with a probability that depends on its distance.

    Positions have one, two or three axes. Pairs are first drawn with the probability at distance 0,
    then kept with the probability at their own distance divided by that.

    Arguments:
        profile: The probability, `GaussianProfile` or `ExponentialProfile`.
        period: Where space closes on itself: one length, or one for each axis; None for open
            borders. Distances are then the shortest way round.
        cutoff: Pairs further apart are not connected.
        autapses: Whether a neuron may be connected to itself, where both sides are one population.

    >>> from spikeloom.network.rules.profiles import GaussianProfile
    >>> ring = np.arange(100.0)
    >>> rule = Distance(GaussianProfile(0.9, 3.0), period=100.0)
    >>> indptr, targets = rule.build(100, 100, source_positions=ring, target_positions=ring)
    >>> bool(500 < len(targets) < 900)
    True
    """

    profile: Profile
    period: Length | tuple[Length, ...] | None = None
    cutoff: Length | None = None
    autapses: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.profile, Profile):
            raise ParameterError(
                f"Distance: profile must be a Profile, got {self.profile!r}.",
                hint="Distance(GaussianProfile(peak=0.3, width=100 * um))",
            )
        lengths = self.period if isinstance(self.period, tuple) else (self.period,)
        for name, value in (("cutoff", self.cutoff), *(("period", x) for x in lengths)):
            if value is not None and not self._ratio(name, value) > 0:
                raise ParameterError(f"Distance: {name} must be above 0, got {value}.")

    def expected(self, request: Request) -> float:
        most = self.profile.peak * request.possible(self.autapses)
        if most < CANDIDATES or request.source_positions is None:
            return most
        source, target = self._places(request)
        index = np.arange(SAMPLE)
        row = draw_below(request.key, 2**63, index, request.sources)
        column = draw_below(request.key, 2**63 + 1, index, request.targets)
        return most * float(np.mean(self._accept(request.key, row, column, source, target)))

    def check(self, request: Request) -> None:
        self._places(request)

    def connect(self, request: Request) -> Graph:
        source, target = self._places(request)
        shift = request.shift(self.autapses)
        counts, kept = np.zeros(request.sources, np.int64), [np.empty(0, np.uint32)]
        likely = max(self.profile.peak * request.targets, 1.0)
        block = max(1, int(CANDIDATES / likely))
        for first in range(0, request.sources, block):
            rows = min(block, request.sources - first)
            peak = self.profile.peak
            indptr, near = request.wiring.skip(
                request.key, rows, request.targets, peak, shift, first
            )
            row = np.repeat(np.arange(first, first + rows), np.diff(indptr))
            column = near.astype(np.int64)
            chosen = self._accept(request.key, row, column, source, target)
            counts += np.bincount(row[chosen], minlength=request.sources)
            kept.append(near[chosen])
        total = np.zeros(request.sources + 1, np.int64)
        np.cumsum(counts, out=total[1:])
        return total, np.concatenate(kept)

    def _accept(self, key: int, row: Array, column: Array, source: Array, target: Array) -> Array:
        apart = np.abs(source[row] - target[column])
        if self.period is not None:
            period = self._periods(source.shape[1])
            apart = apart % period
            apart = np.minimum(apart, period - apart)
        squared = np.zeros(row.size)
        for axis in apart.T:
            squared = squared + axis * axis
        limit = self.profile.farthest * 1.01  # the last digits are for the draw to decide
        if self.cutoff is not None:
            limit = min(limit, self._ratio("cutoff", self.cutoff) ** 2)
        chosen = squared <= limit
        near = np.flatnonzero(chosen)
        # A high bit of the row keeps these draws apart from those of the candidates.
        chance = draw_unit(key, row[near] + 2**62, column[near])
        chosen[near] = chance <= self.profile.relative(squared[near])
        return chosen

    def _places(self, request: Request) -> tuple[Array, Array]:
        """Positions of both sides as (N, axes), in units of the profile's scale."""
        source = self._place("source", request.source_positions, request.sources)
        target = self._place("target", request.target_positions, request.targets)
        if source.shape[1] != target.shape[1]:
            raise ShapeError(
                f"Distance: positions have {source.shape[1]} axes on the side of the sources and "
                f"{target.shape[1]} on that of the targets."
            )
        self._periods(source.shape[1])
        return source, target

    def _place(self, side: str, given: Any, size: int) -> Array:
        if given is None:
            raise ParameterError(
                f"{self!r} needs the positions of the {side}s.",
                hint="give the population positions=… , one row for each neuron",
            )
        numbers = np.asarray(self._ratio(f"{side} positions", given), np.float64)
        if numbers.ndim == 1:
            numbers = numbers[:, None]
        if numbers.ndim != 2 or numbers.shape[0] != size or not 1 <= numbers.shape[1] <= 3:
            raise ShapeError(
                f"Distance: {side} positions must be ({size},) or ({size}, 1 to 3), got "
                f"{np.shape(given.value if isinstance(given, Quantity) else given)}."
            )
        if not np.all(np.isfinite(numbers)):
            raise NumericsError(f"Distance: {side} positions hold NaN or infinity.")
        return numbers

    def _periods(self, axes: int) -> Array:
        given = self.period if isinstance(self.period, tuple) else (self.period,) * axes
        if len(given) != axes:
            raise ShapeError(f"Distance: {len(given)} periods for positions with {axes} axes.")
        return np.array([np.inf if x is None else self._ratio("period", x) for x in given])

    def periods_in(self, unit: Unit, axes: int) -> Array:
        """The period of each axis in some unit of length; infinite where space is open."""
        scale = self.profile.scale
        return self._periods(axes) * (scale.to(unit) if isinstance(scale, Quantity) else scale)

    def _ratio(self, name: str, value: Any) -> Any:
        """A length, or many, in units of the profile's scale."""
        scale = self.profile.scale
        unit: Unit = scale.unit if isinstance(scale, Quantity) else one
        own: Unit = value.unit if isinstance(value, Quantity) else one
        if not own.fits(unit):
            raise mismatch(f"Distance: {name} and {self.profile!r}", own, unit)
        number = value.to(unit) if isinstance(value, Quantity) else np.asarray(value, np.float64)
        return number / (scale.value if isinstance(scale, Quantity) else scale)

"""Lines of periodic orbits, stable and unstable, from each Hopf point on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from spikeloom.lab.collocation import DEGREE, Orbit, System, Way, remeshed
from spikeloom.lab.special import SpecialPoint
from spikeloom.lab.vector_field import Array, VectorField

PIECES = 80
"""Pieces of an orbit."""
FIRST, LONGEST, SHORTEST = 0.01, 0.04, 1e-6
"""Steps along a line, in widths of what is varied and of what states take up."""
MOST = 900
"""Orbits of one line at most."""
SLOW = 40.0
"""It ends where an orbit takes so many times the shortest period of its line."""
TINY = 0.02
"""Share of the largest orbit below which a line may run into a Hopf point."""

Kind = Literal["fold of cycles", "period doubling", "torus"]
End = Literal["Hopf", "saddle-node on a circle", "homoclinic", "end of range", "lost"]


@dataclass(frozen=True, eq=False)
class CyclePoint:
    """Where a line of orbits turns back or changes its stability.

    Arguments:
        kind: ``"fold of cycles"`` where a stable and an unstable orbit meet; ``"period doubling"``;
            or ``"torus"``.
        value: Of what is varied.
        period: In time units.
        low, high: Extrema of each state, (S,).

    >>> from spikeloom import FitzHughNagumo, one
    >>> from spikeloom.lab.bifurcation import bifurcation
    >>> found = bifurcation(FitzHughNagumo(), "I", (0.326, 0.34) * one, sweeps=False, cycles=True)
    >>> [isinstance(p, CyclePoint) for p in found.cycles[0].points], found.cycles[0].ends
    ([], 'end of range')
    """

    kind: Kind
    value: float
    period: float
    low: Array
    high: Array


@dataclass(frozen=True, eq=False, repr=False)
class CycleBranch:
    """One line of periodic orbits, in order along it.

    Arguments:
        values: Of what is varied, (P,).
        periods: In time units, (P,).
        low, high: Extrema of each state, (P, S).
        multipliers: Floquet multipliers without the 1 of a shift along the orbit, (P, S - 1),
            the largest first.
        stable: Whether all of them are smaller than 1, (P,).
        points: Where it turns back, and where its stability changes otherwise.
        orbits: The curves themselves.
        ends: What it runs into.

    >>> from spikeloom import FitzHughNagumo, one
    >>> from spikeloom.lab.bifurcation import bifurcation
    >>> found = bifurcation(FitzHughNagumo(), "I", (0.326, 0.34) * one, sweeps=False, cycles=True)
    >>> isinstance(found.cycles[0], CycleBranch)
    True
    """

    values: Array
    periods: Array
    low: Array
    high: Array
    multipliers: Array
    stable: Array
    points: tuple[CyclePoint, ...]
    orbits: tuple[Orbit, ...]
    ends: End

    def __repr__(self) -> str:
        stable = int(self.stable.sum())
        return f"{len(self.values)} orbits, {stable} of them stable; ends: {self.ends}"


def cycle_branches(
    field: VectorField,
    points: list[SpecialPoint],
    ends: tuple[float, float],
    scale: Array,
) -> list[CycleBranch]:
    """A line from each Hopf point that no other line has run into.

    Arguments:
        field: The flow, with one free value.
        points: Special points of its fixed points.
        ends: Range of the free value.
        scale: Of each state, (S,).
    """
    hopf = [p for p in points if p.kind == "Hopf"]
    found: list[CycleBranch] = []
    met: list[int] = []
    for k, point in enumerate(hopf):
        if k in met:
            continue
        line = _Line(System(field, scale, ends[1] - ends[0]), point, points, ends)
        made = line.follow()
        if made is None:
            continue
        found.append(made)
        if made.ends == "Hopf":
            near = np.array([abs(float(made.values[-1]) - p.value) for p in hopf])
            met.append(int(np.argmin(near)))
    return found


class _Line:
    """One line on its way."""

    def __init__(
        self,
        system: System,
        hopf: SpecialPoint,
        points: list[SpecialPoint],
        ends: tuple[float, float],
    ) -> None:
        self.system, self.hopf, self.points, self.ends = system, hopf, points, ends
        self.orbits: list[Orbit] = []
        self.multipliers: list[Array] = []
        self.special: list[CyclePoint] = []
        self.largest = 0.0

    def follow(self) -> CycleBranch | None:
        orbit, way = self._small()
        step, ends = FIRST, "lost"
        while len(self.orbits) < MOST:
            made = self._next(orbit, way, step)
            if made is None:
                step /= 2
                if step < SHORTEST:
                    break
                continue
            after, direction = made
            turned = self.system.length(orbit, _difference(direction, way))
            if turned > 0.6 and step > 1e-4 and self.orbits:  # do not cut a corner
                step /= 2
                continue
            if self.orbits and way.value * direction.value < 0 and not self._shrunk(after):
                self._fold(orbit, way, step)
            self._keep(after)
            over = self._over(after)
            if over is not None:
                ends = over
                break
            orbit, way = remeshed(after, direction, self.system.scale)
            size = self.system.amplitude(
                orbit
            )  # half of it at most, lest it leaps over a Hopf point
            step = min(step * (1.5 if turned < 0.2 else 1.0), LONGEST, max(size / 2, SHORTEST))
        return self._branch(ends) if self.orbits else None

    def _small(self) -> tuple[Orbit, Way]:
        """The point itself, and the small oscillation into which it opens."""
        x, p, field = self.hopf.state, self.hopf.value, self.system.field
        values, vectors = np.linalg.eig(field.jacobian(x, (p,)))
        k = int(np.argmin(np.abs(values - 1j * self.hopf.omega)))
        mesh = np.linspace(0, 1, PIECES + 1)
        at = (mesh[:-1, None] + np.arange(DEGREE) / DEGREE / PIECES).ravel()
        curve = np.real(np.exp(2j * np.pi * at)[:, None] * vectors[:, k])
        still = Orbit(mesh, np.repeat(x[None], len(at), 0), 2 * np.pi / self.hopf.omega, p)
        way = Way(curve, 0.0, 0.0)
        size = self.system.length(still, way)
        return still, Way(curve / size, 0.0, 0.0)

    def _next(self, orbit: Orbit, way: Way, step: float) -> tuple[Orbit, Way] | None:
        guess = Orbit(
            orbit.mesh,
            orbit.states + step * way.states,
            orbit.period + step * way.period,
            orbit.value + step * way.value,
        )
        before = guess if not self.orbits else orbit
        ahead = 0.0 if not self.orbits else step
        found = self.system.newton(guess, before, way, ahead)
        if found is None:
            return None
        direction = self.system.direction(found, way)
        return None if direction is None else (found, direction)

    def _fold(self, orbit: Orbit, way: Way, step: float) -> None:
        """Where the line turns back: the step at which its direction is upright."""
        low, high = 0.0, step
        first, last = way.value, None
        best: Orbit | None = None
        for _ in range(30):
            middle = (low + high) / 2
            if last is not None:  # a secant, kept inside
                middle = low + (high - low) * float(np.clip(first / (first - last), 0.02, 0.98))
            made = self._next(orbit, way, middle)
            if made is None:
                break
            best = made[0]
            if made[1].value * way.value > 0:
                low, first = middle, made[1].value
            else:
                high, last = middle, made[1].value
            if high - low < 1e-7 * step or abs(made[1].value) < 1e-9 * self.system.width:
                break
        if best is not None:
            self._mark("fold of cycles", best)

    def _mark(self, kind: Kind, orbit: Orbit) -> None:
        fine = orbit.fine
        self.special.append(CyclePoint(kind, orbit.value, orbit.period, fine.min(0), fine.max(0)))

    def _keep(self, orbit: Orbit) -> None:
        found = self.system.multipliers(orbit)
        if self.orbits:
            before, now = self.multipliers[-1], found
            was, is_ = np.abs(before).max(initial=0), np.abs(now).max(initial=0)
            if (was - 1) * (is_ - 1) < 0:
                lead = now[np.argmax(np.abs(now))] if is_ > 1 else before[np.argmax(np.abs(before))]
                if abs(lead.imag) > 1e-6 * abs(lead):
                    self._mark("torus", orbit)
                elif lead.real < 0:
                    self._mark("period doubling", orbit)
        self.orbits.append(orbit)
        self.multipliers.append(found)
        self.largest = max(self.largest, self.system.amplitude(orbit))

    def _shrunk(self, orbit: Orbit) -> bool:
        """Whether it has become small again, next to a Hopf point."""
        return self.system.amplitude(orbit) < TINY * self.largest

    def _over(self, orbit: Orbit) -> End | None:
        low, high = self.ends
        if not low <= orbit.value <= high:
            return "end of range"
        if len(self.orbits) < 4:
            return None
        shortest = min(o.period for o in self.orbits)
        if orbit.period > SLOW * shortest:
            near = 2e-3 * (high - low)
            folds = [p for p in self.points if p.kind == "saddle-node"]
            on = any(abs(p.value - orbit.value) < near for p in folds)
            return "saddle-node on a circle" if on else "homoclinic"
        return "Hopf" if self._shrunk(orbit) else None

    def _branch(self, ends: End) -> CycleBranch:
        orbits = self.orbits
        table = np.array(self.multipliers)
        low = np.array([o.fine.min(0) for o in orbits])
        high = np.array([o.fine.max(0) for o in orbits])
        stable = np.array([np.abs(m).max(initial=0) < 1 for m in table])
        values, periods = np.array([o.value for o in orbits]), np.array([o.period for o in orbits])
        x, p, period = self.hopf.state, self.hopf.value, 2 * np.pi / self.hopf.omega
        one = np.ones((1, table.shape[1]), table.dtype)
        made = CycleBranch(
            np.append(p, values), np.append(period, periods), np.vstack([x, low]),
            np.vstack([x, high]), np.vstack([one, table]), np.append(stable[:1], stable),
            tuple(self.special), tuple(orbits), ends,
        )  # fmt: skip
        if ends != "Hopf":
            return made
        hopf = [q for q in self.points if q.kind == "Hopf"]
        last = min(hopf, key=lambda q: abs(q.value - orbits[-1].value))
        return replace(
            made, values=np.append(made.values, last.value),
            periods=np.append(made.periods, 2 * np.pi / last.omega),
            low=np.vstack([made.low, last.state]), high=np.vstack([made.high, last.state]),
            multipliers=np.vstack([made.multipliers, one]),
            stable=np.append(made.stable, made.stable[-1]),
        )  # fmt: skip


def _difference(a: Way, b: Way) -> Way:
    return Way(a.states - b.states, a.period - b.period, a.value - b.value)

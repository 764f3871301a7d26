"""Curves of fixed points over one parameter or input, with their stability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.lab.arclength import follow
from spikeloom.lab.box import Box
from spikeloom.lab.contours import contours, polished
from spikeloom.lab.fixed_points import at_rest, resting
from spikeloom.lab.reduction import Reduction
from spikeloom.lab.vector_field import Array

ACROSS, UP = 301, 601
"""Grid lines over the range and over the state that is left."""
SEEDS = 9
"""Values at which branches are looked for where several equations are left."""


@dataclass(frozen=True, eq=False, repr=False)
class Branch:
    """One curve of fixed points, in order along it.

    Arguments:
        values: The parameter or input, (P,).
        states: The states that move, (P, S).
        eigenvalues: Of the derived Jacobian, (P, S), the fastest growing first.
        fires: Where the neuron would fire, and so never is, (P,).

    >>> from spikeloom import FitzHughNagumo, one
    >>> from spikeloom.lab.bifurcation import bifurcation
    >>> found = bifurcation(FitzHughNagumo(), "I", (0, 2) * one, sweeps=False)
    >>> [isinstance(branch, Branch) for branch in found.branches]
    [True]
    """

    values: Array
    states: Array
    eigenvalues: Array
    fires: Array

    @property
    def stable(self) -> Array:
        """Where every small push dies out, (P,)."""
        return np.real(self.eigenvalues[:, 0]) < 0

    def __repr__(self) -> str:
        stable = int(self.stable.sum())
        return f"{len(self.values)} fixed points, {stable} of them stable"


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of the core states over the free value, and how to get back onto the line.

    Arguments:
        reduction: Of the field with one free value.
        low, high: Range of the free value.
        box: Range of the core states.
    """

    reduction: Reduction
    low: float
    high: float
    box: Box

    def lines(self) -> list[Array]:
        """Every line of fixed points in range, each (points, 1 + C): free value, core states."""
        if len(self.box.names) == 1:
            x = np.linspace(self.low, self.high, ACROSS)
            y = np.linspace(self.box.low[0], self.box.high[0], UP)
            return contours(self._value, self._slopes, x, y)
        lines: list[Array] = []
        scale = np.append(self.high - self.low, self.box.high - self.box.low)
        core = [self.reduction.field.states.index(name) for name in self.box.names]
        for p in np.linspace(self.low, self.high, SEEDS):
            for x in resting(self.reduction, self.box, (p,)):
                seed = np.append(p, x[core])
                known = (np.abs((line - seed) / scale).max(-1).min() < 0.02 for line in lines)
                if not any(known):
                    lines.append(follow(self.reduction, seed, self.low, self.high, self.box))
        return [line for line in lines if len(line) > 1]

    def onto(self, points: Array) -> Array:
        """Points next to the line moved onto it, (points, 1 + C)."""
        if len(self.box.names) == 1:
            x = np.linspace(self.low, self.high, ACROSS)
            y = np.linspace(self.box.low[0], self.box.high[0], UP)
            return polished(self._value, self._slopes, points, x, y)[0]
        scale = np.append(self.high - self.low, self.box.high - self.box.low)
        exact = points.copy()
        for _ in range(8):
            value = self.reduction(exact[:, 1:], (exact[:, 0],))
            slopes = self._gradient(exact) * scale
            exact = exact - (np.linalg.pinv(slopes) @ value[..., None])[..., 0] * scale
        return exact

    def _gradient(self, points: Array) -> Array:
        core, p = points[:, 1:], (points[:, 0],)
        free, own = self.reduction.by_free(core, p), self.reduction.jacobian(core, p)
        return np.concatenate([free, own], -1)

    def _value(self, p: Array, v: Array) -> Array:
        return self.reduction(v[..., None], (p,))[..., 0]

    def _slopes(self, p: Array, v: Array) -> tuple[Array, Array]:
        core = v[..., None]
        return (
            self.reduction.by_free(core, (p,))[..., 0, 0],
            self.reduction.jacobian(core, (p,))[..., 0, 0],
        )

    def branch(self, points: Array) -> Branch:
        """What the fixed points on a line are."""
        field = self.reduction.field
        p, states = points[:, 0], self.reduction.whole(points[:, 1:], (points[:, 0],))
        jacobian = field.jacobian(states, (p,))
        whole = np.isfinite(jacobian).all((-2, -1))
        p, states, jacobian = p[whole], states[whole], jacobian[whole]
        found = np.linalg.eigvals(jacobian)
        order = np.argsort(-found.real, axis=-1, kind="stable")
        return Branch(
            p,
            states,
            np.take_along_axis(found, order, -1),
            np.broadcast_to(field.firing(states, (p,)), p.shape),
        )

    def rests(self, p: float) -> Array:
        """Every fixed point at one value, (R, S)."""
        return resting(self.reduction, self.box, (p,))

    def exact(self, point: Array) -> Array:
        """The whole state at one point of the line, (S,)."""
        found = at_rest(self.reduction, point[None, 1:], self.box, (point[0],))
        rough = self.reduction.whole(point[None, 1:], (point[:1],))[0]
        return found[0] if len(found) else rough

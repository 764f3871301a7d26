"""Periodic orbits as a boundary-value problem: polynomials that obey the flow at Gauss's points.

Stable or not makes no difference here, since nothing runs. One period is cut into pieces; on each
the orbit is a polynomial of degree 4 whose slope is that of the flow, with its derived Jacobian, at
the four points of Gauss and Legendre. The pieces meet, and the last meets the first.

Source: Ascher, Christiansen & Russell 1979, Math. Comp. 33:659; Doedel, Keller & Kernevez 1991,
Int. J. Bifurcation Chaos 1:745 (the phase, the arclength and the multipliers).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spikeloom.lab.vector_field import Array, VectorField

DEGREE = 4


def _tables() -> tuple[Array, Array, Array]:
    """Values and slopes of the basis at Gauss's points (G, D + 1), and their weights (G,)."""
    nodes = np.linspace(0, 1, DEGREE + 1)
    gauss, weights = np.polynomial.legendre.leggauss(DEGREE)
    gauss, weights = (gauss + 1) / 2, weights / 2
    value, slope = np.empty((DEGREE, DEGREE + 1)), np.empty((DEGREE, DEGREE + 1))
    for j in range(DEGREE + 1):
        others = np.delete(nodes, j)
        poly = np.poly1d(others, r=True) / np.prod(nodes[j] - others)
        value[:, j], slope[:, j] = poly(gauss), poly.deriv()(gauss)
    return value, slope, weights


VALUE, SLOPE, WEIGHT = _tables()


@dataclass(frozen=True, eq=False)
class Orbit:
    """A closed curve.

    Arguments:
        mesh: Ends of the pieces, rising from 0 to 1, (N + 1,).
        states: At the nodes of each piece but its last, (N * D, S).
        period: In time units.
        value: Of what is varied.
    """

    mesh: Array
    states: Array
    period: float
    value: float

    @property
    def pieces(self) -> Array:
        """Nodes of each piece, the last one too: (N, D + 1, S)."""
        count, size = len(self.mesh) - 1, self.states.shape[1]
        own = self.states.reshape(count, DEGREE, size)
        after = np.roll(own[:, 0], -1, axis=0)
        return np.concatenate([own, after[:, None]], axis=1)

    @property
    def times(self) -> Array:
        """Times of the nodes as shares of the period, (N * D,)."""
        steps = np.diff(self.mesh)
        return (self.mesh[:-1, None] + steps[:, None] * np.arange(DEGREE) / DEGREE).ravel()

    @cached_property
    def fine(self) -> Array:
        """Points along the curve, (5 N D, S)."""
        share = (np.arange(5 * DEGREE) / (5 * DEGREE))[:, None]
        nodes = np.linspace(0, 1, DEGREE + 1)
        basis = np.ones((len(share), DEGREE + 1))
        for j in range(DEGREE + 1):
            others = np.delete(nodes, j)
            basis[:, j] = np.prod((share - others) / (nodes[j] - others), axis=1)
        return np.einsum("gj,njs->ngs", basis, self.pieces).reshape(-1, self.states.shape[1])


@dataclass(frozen=True, eq=False)
class System:
    """The equations of a periodic orbit, linearised.

    Arguments:
        field: The flow, with one free value.
        scale: Of each state, (S,).
        width: Of the free value.
    """

    field: VectorField
    scale: Array
    width: float

    def flow(self, orbit: Orbit) -> tuple[Array, Array, Array]:
        """(points (N, G, S), slopes of the curve there, rates of the flow there)."""
        points = np.einsum("gj,njs->ngs", VALUE, orbit.pieces)
        steps = np.diff(orbit.mesh)[:, None, None]
        along = np.einsum("gj,njs->ngs", SLOPE, orbit.pieces) / steps
        return points, along, self.field(points, (orbit.value,))

    def blocks(self, orbit: Orbit, points: Array) -> Array:
        """How what is left at each point moves with each node of its piece, (N, G, S, D + 1, S)."""
        jacobian = self.field.jacobian(points, (orbit.value,))
        steps = np.diff(orbit.mesh)[:, None, None, None, None]
        own = np.eye(points.shape[-1])
        direct = SLOPE[None, :, None, :, None] * own[None, None, :, None, :] / steps
        through = VALUE[None, :, None, :, None] * jacobian[:, :, :, None, :]
        return direct - orbit.period * through

    def newton(self, orbit: Orbit, before: Orbit, way: Way, ahead: float) -> Orbit | None:
        """The orbit near a guess, `ahead` along a direction; None if there is none."""
        for _ in range(9):
            step = self._step(orbit, before, way, ahead)
            if step is None:
                return None
            orbit = self.moved(orbit, step, 1.0)
            if orbit.period <= 0:
                return None
            if self.size(orbit, step) < 1e-9:
                return orbit
        return None

    def _step(
        self, orbit: Orbit, before: Orbit, way: Way, ahead: float, *, along: bool = False
    ) -> Array | None:
        """Newton's step of all unknowns, or the direction in which only the arclength changes.

        The inner nodes of every piece are eliminated first, all pieces at once: what is left knows
        the first node of each piece, the period and the value.
        """
        points, slope, rates = self.flow(orbit)
        by_value = self.field.by_free(points, (orbit.value,))[..., 0]
        count, size = len(orbit.mesh) - 1, points.shape[-1]
        inner, last = (DEGREE - 1) * size, DEGREE * size
        if not (np.isfinite(rates).all() and np.isfinite(by_value).all()):
            return None
        table = self.blocks(orbit, points).reshape(count, last, last + size)
        left = (slope - orbit.period * rates).reshape(count, last) * (not along)
        ends = np.stack([-rates.reshape(count, last),
                         -orbit.period * by_value.reshape(count, last)], -1)  # fmt: skip
        phase, off = self._phase(orbit, before)
        arc, gone = self._arc(orbit, before, way)
        wanted = (0.0, 1.0) if along else (-off, ahead - gone)
        # Unknowns of a piece: first node, inner nodes, next piece's first node.
        wide = np.concatenate([table[:, :, :size], ends, -left[..., None]], -1)
        try:
            solved = np.linalg.solve(table[:, :, size:], wide)
        except np.linalg.LinAlgError:
            return None
        whole = count * size + 2
        matrix, right = np.zeros((whole, whole)), np.zeros(whole)
        node = np.arange(count * size).reshape(count, size)
        after = np.roll(node, -1, axis=0)
        matrix[node[:, :, None], node[:, None, :]] = solved[:, inner:, :size]
        matrix[node, after] += 1.0
        matrix[node.ravel(), -2:] = solved[:, inner:, size : size + 2].reshape(-1, 2)
        right[node] = solved[:, inner:, -1]
        for row, given, value in ((-2, phase, wanted[0]), (-1, arc[:-2], wanted[1])):
            nodes = given.reshape(count, DEGREE, size)
            mids = nodes[:, 1:].reshape(count, inner)
            matrix[row, node] = nodes[:, 0] - np.einsum(
                "ni,nij->nj", mids, solved[:, :inner, :size]
            )
            ends_by = np.einsum("ni,nij->j", mids, solved[:, :inner, size : size + 2])
            matrix[row, -2:] = (arc[-2:] if row == -1 else 0.0) - ends_by
            right[row] = value - np.einsum("ni,ni->", mids, solved[:, :inner, -1])
        try:
            found = np.linalg.solve(matrix, right)
        except np.linalg.LinAlgError:
            return None
        firsts = found[:-2].reshape(count, size)
        mids = (
            solved[:, :inner, -1]
            - np.einsum("nij,nj->ni", solved[:, :inner, :size], firsts)
            - solved[:, :inner, size : size + 2] @ found[-2:]
        )
        nodes = np.concatenate([firsts[:, None], mids.reshape(count, DEGREE - 1, size)], 1)
        step = np.append(nodes.ravel(), found[-2:])
        return step if np.isfinite(step).all() else None

    def _weights(self, orbit: Orbit) -> Array:
        """Weight of each node in a mean over the period, (N * D,)."""
        steps = np.diff(orbit.mesh)
        each = np.einsum("g,gj->j", WEIGHT, VALUE)
        made = np.zeros((len(steps), DEGREE))
        made += steps[:, None] * each[:-1]
        made[:, 0] += np.roll(steps, 1) * each[-1]
        return made.ravel()

    def _phase(self, orbit: Orbit, before: Orbit) -> tuple[Array, float]:
        """The curve must not slide along the one before it."""
        slope = self.field(before.states, (before.value,)) * before.period
        row = self._weights(before)[:, None] * slope / self.scale**2
        size = np.sqrt(np.square(row).sum()) or 1.0
        row = row / size
        return row.ravel(), float(np.sum(row * (orbit.states - before.states)))

    def _arc(self, orbit: Orbit, before: Orbit, way: Way) -> tuple[Array, float]:
        row = self._weights(before)[:, None] * way.states / self.scale**2
        by_period = PERIOD**2 * way.period / before.period**2
        by_value = way.value / self.width**2
        gone = np.sum(row * (orbit.states - before.states))
        gone += by_period * (orbit.period - before.period) + by_value * (orbit.value - before.value)
        return np.concatenate([row.ravel(), [by_period, by_value]]), float(gone)

    def direction(self, orbit: Orbit, way: Way) -> Way | None:
        """The unit tangent of the line of orbits, on the side of a direction."""
        step = self._step(orbit, orbit, way, 0.0, along=True)
        if step is None:
            return None
        made = Way(step[:-2].reshape(orbit.states.shape), float(step[-2]), float(step[-1]))
        size = self.length(orbit, made)
        return Way(made.states / size, made.period / size, made.value / size)

    def length(self, orbit: Orbit, way: Way) -> float:
        """Length of a step along the line."""
        weights = self._weights(orbit)[:, None]
        total = np.sum(weights * np.square(way.states / self.scale))
        total += np.square(PERIOD * way.period / orbit.period) + np.square(way.value / self.width)
        return float(np.sqrt(total))

    def size(self, orbit: Orbit, step: Array) -> float:
        """The largest part of a step of Newton's, each in its own scale."""
        states = step[:-2].reshape(orbit.states.shape) / self.scale
        rest = abs(step[-2]) / orbit.period, abs(step[-1]) / self.width
        return float(max(np.abs(states).max(), *rest))

    def moved(self, orbit: Orbit, step: Array, share: float) -> Orbit:
        """An orbit after a step of all unknowns."""
        states = orbit.states + share * step[:-2].reshape(orbit.states.shape)
        return Orbit(
            orbit.mesh, states, orbit.period + share * step[-2], orbit.value + share * step[-1]
        )

    def multipliers(self, orbit: Orbit) -> Array:
        """Floquet multipliers but the one of a shift along the orbit, (S - 1,), the largest first.

        What a piece does to a push is looked at across the flow alone: along it a push stays one
        along it, so nothing is lost, and the 1 that belongs to it cannot blur the others.
        """
        points, _, _ = self.flow(orbit)
        table = self.blocks(orbit, points)
        count, size = table.shape[0], points.shape[-1]
        flat = table.reshape(count, DEGREE * size, DEGREE + 1, size)
        first = flat[:, :, 0]
        rest = flat[:, :, 1:].reshape(count, DEGREE * size, DEGREE * size)
        passed = -np.linalg.solve(rest, first)[:, -size:]
        passed = passed * self.scale / self.scale[:, None]
        along = self.field(orbit.states[::DEGREE], (orbit.value,)) / self.scale
        beside = np.broadcast_to(np.eye(size), (count, size, size))
        across = np.linalg.qr(np.concatenate([along[..., None], beside], -1))[0][:, :, 1:]
        whole = np.eye(size - 1)
        for k, piece in enumerate(passed):
            whole = across[(k + 1) % count].T @ piece @ across[k] @ whole
        found = np.linalg.eigvals(whole)
        return found[np.argsort(-np.abs(found), kind="stable")]

    def amplitude(self, orbit: Orbit) -> float:
        """How far the curve is from its mean, as a root of the mean square in the scales."""
        weights = self._weights(orbit)[:, None]
        off = orbit.states - (weights * orbit.states).sum(0)
        return float(np.sqrt(np.sum(weights * np.square(off / self.scale))))


PERIOD = 0.2
"""What a change of the period by its own length counts along a line of orbits."""


@dataclass(frozen=True, eq=False)
class Way:
    """A direction among orbits: how the nodes (N * D, S), the period and the value move."""

    states: Array
    period: float
    value: float


def remeshed(orbit: Orbit, way: Way, scale: Array) -> tuple[Orbit, Way]:
    """The same with pieces where the curve bends most, and a direction along with it."""
    steps = np.diff(orbit.mesh)
    bend = np.diff(orbit.pieces / scale, n=DEGREE, axis=1)[:, 0] / steps[:, None] ** DEGREE
    jump = np.abs(np.roll(bend, -1, axis=0) - bend).max(-1)
    jump /= 0.5 * (np.roll(steps, -1) + steps)
    both = 0.5 * (jump + np.roll(jump, 1))
    density = both ** (1 / (DEGREE + 1))
    density += 0.2 * max(float((density * steps).sum()), 1e-12)
    total = np.append(0.0, np.cumsum(density * steps))
    mesh = np.interp(np.linspace(0, total[-1], len(steps) + 1), total, orbit.mesh)
    mesh[0], mesh[-1] = 0.0, 1.0
    fresh = Orbit(mesh, orbit.states, orbit.period, orbit.value)
    at = fresh.times
    other = Orbit(orbit.mesh, way.states, 1.0, 0.0)
    return (
        Orbit(mesh, _along(orbit, at), orbit.period, orbit.value),
        Way(_along(other, at), way.period, way.value),
    )


def _along(orbit: Orbit, at: Array) -> Array:
    """Points of the curve at shares of the period, (T, S)."""
    piece = np.clip(np.searchsorted(orbit.mesh, at, side="right") - 1, 0, len(orbit.mesh) - 2)
    share = (at - orbit.mesh[piece]) / np.diff(orbit.mesh)[piece]
    nodes = np.linspace(0, 1, DEGREE + 1)
    basis = np.ones((len(at), DEGREE + 1))
    for j in range(DEGREE + 1):
        others = np.delete(nodes, j)
        basis[:, j] = np.prod((share[:, None] - others) / (nodes[j] - others), axis=1)
    return np.einsum("tj,tjs->ts", basis, orbit.pieces[piece])

r"""What white noise adds to the states of a linear flow in one step: exactly, in distribution.

With dx = A x dt + G dW the sum of all noise within a step is normal with the covariance
∫₀^dt e^{As} G Gᵀ e^{Aᵀs} ds. A state on its own has the standard deviation
√(Σ g²) · √(dt · exprel(2 a dt)); coupled states share normal numbers through the lower triangular
factor of their covariance.

Source: Gillespie 1996, Phys. Rev. E 54:2084 (one state); Van Loan 1978, IEEE Trans. Autom. Control
23:395 (the integral).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeloom.compile.diffusion import Diffusion
from spikeloom.compile.graph import Graph, Node, is_const
from spikeloom.compile.linear import Affine

Array = np.ndarray[Any, np.dtype[Any]]
Factors = Mapping[str, Mapping[str, Node]]
POINTS, TERMS = 8, 14
"""Of quadrature and series: exact to rounding over half of the shortest time constant."""


def decay_of_noise(g: Graph, dt: Node, slope: Node) -> Node:
    """√(dt · exprel(2 a dt)): white noise that a step adds to a state with the rate a x."""
    twice = g.mul(g.const(2), g.mul(dt, slope))
    return g.apply("sqrt", g.mul(dt, g.apply("exprel", twice)))


def spread(system: Affine, dt: Node, noise: Diffusion) -> dict[str, Node]:
    """State → the noise of one step; states that no noise reaches are left out."""
    g = noise.graph
    factors = noise.factors(noise.probe())
    direct = [s for s in system.states if any(s in row for row in factors.values())]
    made: dict[str, Node] = {}
    for group in _groups(system, factors, direct):
        # States into which noise enters come first: their normal numbers are then nearly dW.
        order = [s for s in direct if s in group] + [s for s in group if s not in direct]
        numbers = [noise.normal(noise.labels.get(s, s)) for s in order]
        if len(order) == 1:
            state = order[0]
            entering = [row[state] for row in factors.values() if state in row]
            size = entering[0] if len(entering) == 1 else _root_of_squares(g, entering)
            size = g.mul(size, decay_of_noise(g, dt, system.matrix[state][state]))
            made[state] = g.mul(size, numbers[0])
            continue
        for row, entries in enumerate(_factor(g, system, dt, factors, order)):
            terms = [g.mul(e, n) for e, n in zip(entries, numbers[: row + 1], strict=True)]
            made[order[row]] = g.sum(terms)
    return made


def _root_of_squares(g: Graph, parts: list[Node]) -> Node:
    return g.apply("sqrt", g.sum(g.mul(p, p) for p in parts))


def _groups(system: Affine, factors: Factors, direct: list[str]) -> list[list[str]]:
    """States that noise reaches, together where they drive each other or share a noise."""
    matrix = system.matrix
    drives = {s: [r for r in system.states if r != s and not is_const(matrix[r][s], 0)]
              for s in system.states}  # fmt: skip
    reached, waiting = set(direct), list(direct)
    while waiting:
        for state in drives[waiting.pop()]:
            if state not in reached:
                reached.add(state)
                waiting.append(state)
    groups = [{s} for s in system.states if s in reached]
    ties = [{s, r} for s in reached for r in drives[s]] + [set(row) for row in factors.values()]
    for tie in ties:
        joined = [group for group in groups if group & tie]
        if len(joined) > 1:
            groups = [group for group in groups if not group & tie] + [set[str]().union(*joined)]
    found = [[s for s in system.states if s in group] for group in groups]
    return sorted(found, key=lambda group: system.states.index(group[0]))


def _factor(
    g: Graph, system: Affine, dt: Node, factors: Factors, order: list[str]
) -> list[list[Node]]:
    """The lower triangular factor, row by row, as entries of one matrix of the prologue."""
    entering = [row for row in factors.values() if set(row) & set(order)]
    size, zero, root = max(len(order), len(entering)), g.const(0), g.apply("sqrt", dt)

    def flow(r: int, c: int) -> Node:
        inside = r < len(order) and c < len(order)
        return g.mul(system.matrix[order[r]][order[c]], dt) if inside else zero

    def source(r: int, c: int) -> Node:
        inside = r < len(order) and c < len(entering) and order[r] in entering[c]
        return g.mul(entering[c][order[r]], root) if inside else zero

    places = [(r, c) for r in range(size) for c in range(size)]
    matrices = [g.matrix([entry(r, c) for r, c in places], size) for entry in (flow, source)]
    lower = g.apply("spread", *matrices)
    return [[g.item(lower, r * size + c) for c in range(r + 1)] for r in range(len(order))]


def lower_factor(flow: Array, source: Array) -> Array:
    """L with L Lᵀ = ∫₀¹ e^{As} G Gᵀ e^{Aᵀs} ds, lower triangular, for A and G (..., S, S).

    Nothing is subtracted on the way: the integral is a quadrature written as a product B Bᵀ, over
    an interval so short that A is at most ½ there, and is then doubled until it is whole.

    >>> a, g = np.array([[-1.0]]), np.array([[2.0]])
    >>> bool(np.isclose(lower_factor(a, g) ** 2, 4 * (1 - np.exp(-2)) / 2))
    True
    """
    size = flow.shape[-1]
    flow, source = np.broadcast_arrays(flow, source)
    largest = float(np.max(np.sum(np.abs(flow), axis=-1), initial=0.0))
    if not np.isfinite(largest):
        return np.full_like(flow, np.nan)  # which `bind` reports
    halvings = max(0, int(np.ceil(np.log2(2 * largest)))) if largest > 0 else 0
    part = 0.5**halvings
    points, weights = np.polynomial.legendre.leggauss(POINTS)
    wide = [
        np.sqrt(w / 2 * part) * _grown(flow * (part * (p + 1) / 2), source)
        for p, w in zip(points, weights, strict=True)
    ]
    lower = _triangular(np.concatenate(wide, axis=-1))
    ahead = _grown(flow * part, np.broadcast_to(np.eye(size), flow.shape))
    for _ in range(halvings):
        lower = _triangular(np.concatenate([lower, ahead @ lower], axis=-1))
        ahead = ahead @ ahead
    return lower.reshape(*flow.shape[:-2], size, size)


def _grown(flow: Array, vectors: Array) -> Array:
    """e^A V for A of at most one half, by its series; all matrices at once, unlike SciPy's."""
    total = vectors
    for k in range(TERMS, 0, -1):
        total = vectors + flow @ total / k
    return total


def _triangular(wide: Array) -> Array:
    """The lower triangular L with L Lᵀ = B Bᵀ and a diagonal that is not negative."""
    upper: Any = np.linalg.qr(np.swapaxes(wide, -1, -2), mode="r")
    signs = np.where(np.diagonal(upper, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
    return np.swapaxes(upper * signs[..., :, None], -1, -2)

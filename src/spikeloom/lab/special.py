"""Special points of a branch: where fixed points meet and vanish, or begin to oscillate.

A saddle-node is where the determinant of the Jacobian goes through zero, and a Hopf point where
the sum of a turning pair does. Between two points of a branch with different signs the segment is
cut again and again, each new point put back onto the branch, until nothing is left of it.

Source: Kuznetsov 2004, Elements of Applied Bifurcation Theory, chapters 3 and 10.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spikeloom.lab.branches import Branch, Curve
from spikeloom.lab.lyapunov import first_lyapunov
from spikeloom.lab.vector_field import Array

Name = Literal["saddle-node", "branch point", "Hopf", "threshold"]
PIECES, ROUNDS = 8, 12


@dataclass(frozen=True, eq=False)
class SpecialPoint:
    """A bifurcation of fixed points.

    Arguments:
        kind: ``"saddle-node"``; ``"Hopf"``; ``"branch point"`` where two branches cross; or
            ``"threshold"`` where a rest moves beyond the threshold and is lost.
        value: Of the parameter or input, in its unit.
        state: The states that move there, (S,).
        eigenvalues: (S,).
        omega: Radians per time unit of the oscillation that begins at a Hopf point, else NaN.
        first_lyapunov: Of a Hopf point: below zero, a stable oscillation grows out of it softly;
            above, it is there at once, at full size. NaN elsewhere.

    >>> from spikeloom import FitzHughNagumo, one
    >>> from spikeloom.lab.bifurcation import bifurcation
    >>> found = bifurcation(FitzHughNagumo(), "I", (0, 2) * one, sweeps=False)
    >>> [isinstance(point, SpecialPoint) for point in found.points]
    [True, True]
    """

    kind: Name
    value: float
    state: Array
    eigenvalues: Array
    omega: float
    first_lyapunov: float = float("nan")


def folds(eigenvalues: Array) -> Array:
    """The sign of the determinant, (P,), with the size of its smallest factor."""
    product = np.sign(np.prod(_signs(eigenvalues), axis=-1).real)
    return product * np.abs(eigenvalues).min(-1)


def turns(eigenvalues: Array) -> Array:
    """The sign of the product of all sums of two eigenvalues, (P,), with the smallest of them."""
    size = eigenvalues.shape[-1]
    first, second = np.triu_indices(size, 1)
    sums = eigenvalues[..., first] + eigenvalues[..., second]
    if not sums.shape[-1]:
        return np.ones(eigenvalues.shape[:-1])
    return np.sign(np.prod(_signs(sums), axis=-1).real) * np.abs(sums).min(-1)


def _changes(values: Array) -> Array:
    above = values >= 0
    return np.flatnonzero(above[:-1] != above[1:])


def _signs(values: Array) -> Array:
    size = np.abs(values)
    return values / np.where(size > 0, size, 1)


def special_points(curve: Curve, line: Array) -> list[SpecialPoint]:
    """All of them on one line of fixed points, in order along it."""
    branch = curve.branch(line)
    if len(branch.values) != len(line):
        return []
    found: list[tuple[int, SpecialPoint]] = []
    tests: tuple[tuple[Name, Callable[[Array], Array]], ...] = (
        ("saddle-node", folds),
        ("Hopf", turns),
    )
    for kind, test in tests:
        values = test(branch.eigenvalues)
        for k in _changes(values):
            point = _located(curve, line[k : k + 2], test)
            made = _judged(curve, kind, point, line[k : k + 2])
            if made is not None:
                found.append((int(k), made))
    for k in np.flatnonzero(branch.fires[:-1] != branch.fires[1:]):
        point = curve.branch(_met(curve, line[k : k + 2])[None])
        found.append((int(k), SpecialPoint("threshold", float(point.values[0]), point.states[0],
                                           point.eigenvalues[0], float("nan"))))  # fmt: skip
    return [made for _, made in sorted(found, key=lambda pair: pair[0])]


def _met(curve: Curve, ends: Array) -> Array:
    """The point between two ends at which the neuron begins to fire."""
    for _ in range(50):
        middle = curve.onto(ends.mean(0)[None])
        same = curve.branch(middle).fires[0] == curve.branch(ends[:1]).fires[0]
        ends = np.concatenate([middle, ends[1:]] if same else [ends[:1], middle])
    return ends.mean(0)


def _located(curve: Curve, ends: Array, test: Callable[[Array], Array]) -> Array:
    """The point between two ends at which the test changes its sign."""
    share = np.linspace(0, 1, PIECES + 1)[:, None]
    for _ in range(ROUNDS):
        points = curve.onto(ends[0] + share * (ends[1] - ends[0]))
        points[0], points[-1] = ends
        values = test(curve.branch(points).eigenvalues)
        if len(values) != len(points):
            break
        changes = _changes(values)
        if not len(changes):
            break
        ends = points[changes[0] : changes[0] + 2]
        if np.all(np.abs(ends[1] - ends[0]) <= 1e-13 * np.abs(ends).max()):
            break
    return curve.onto(ends.mean(0)[None])[0]


def _judged(curve: Curve, kind: Name, point: Array, ends: Array) -> SpecialPoint | None:
    branch: Branch = curve.branch(point[None])
    if not len(branch.values):
        return None
    eigenvalues, omega = branch.eigenvalues[0], float("nan")
    around = curve.branch(ends).eigenvalues
    size = float(np.abs(np.concatenate([around, eigenvalues[None]])).max())
    if kind == "Hopf":
        first, second = np.triu_indices(len(eigenvalues), 1)
        sums = np.abs(eigenvalues[first] + eigenvalues[second])
        pair = eigenvalues[[first[np.argmin(sums)], second[np.argmin(sums)]]]
        omega = float(np.abs(pair.imag).max())
        if omega <= 1e-6 * size or abs(pair[0].imag + pair[1].imag) > 1e-6 * size:
            return None  # a saddle whose eigenvalues add up to zero
    elif np.abs(eigenvalues).min() > 1e-3 * size:
        return None  # a pole, where no eigenvalue goes through zero
    elif (point[0] - ends[0, 0]) * (ends[1, 0] - point[0]) > 0 and not _turns_back(curve, point):
        kind = "branch point"
    state, value = curve.exact(point), float(point[0])
    first = float("nan")
    if kind == "Hopf":
        first = first_lyapunov(curve.reduction.field, state, (value,))
    return SpecialPoint(kind, value, state, eigenvalues, omega, first)


def _turns_back(curve: Curve, point: Array) -> bool:
    """Whether the branch has an upright tangent here: the parameter enters what is singular."""
    core, p = point[None, 1:], (point[:1],)
    own = curve.reduction.jacobian(core, p)[0]
    free = curve.reduction.by_free(core, p)[0, :, 0]
    left = np.linalg.svd(own)[0][:, -1]
    return abs(float(left @ free)) > 1e-6 * float(np.abs(free).max(initial=0.0)) > 0

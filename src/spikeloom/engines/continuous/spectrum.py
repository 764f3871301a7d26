"""Sums of exponentials: the solution of a linear flow, and where such a sum first rises to 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.engines.continuous.roots import crossing

Array = np.ndarray[Any, np.dtype[Any]]
WELL = 1e4
"""Condition of the eigenvectors up to which they are used: it costs as many digits."""
FLAT = 1e-13
"""Share of the length below which a stretch is not cut any more."""


def summed(M: Array) -> tuple[Array, Array, Array | None]:
    """Eigenvalues, eigenvectors and the inverse of these, None where it would cost digits."""
    values, vectors = np.linalg.eig(M)
    size = np.linalg.cond(vectors)
    return values, vectors, np.linalg.inv(vectors) if size < WELL else None


def propagated(M: Array, z: Array, times: Array) -> Array:
    """exp(M t) z for each time, (n, times), also where eigenvalues coincide."""
    from scipy.linalg import expm

    return (expm(M * times[:, None, None]) @ z).T


@dataclass(frozen=True)
class Sum:
    """f(t) = Re Σ weights · exp(rates t)."""

    weights: Array
    rates: Array

    def at(self, t: float) -> float:
        """f(t)."""
        return float(np.real(self.weights @ np.exp(self.rates * t)))

    def slope(self, t: float) -> float:
        """f'(t)."""
        return float(np.real(self.weights * self.rates @ np.exp(self.rates * t)))

    def bound(self, order: int, a: float, b: float) -> float:
        """A number that no derivative of this order exceeds between a and b."""
        growth = np.real(self.rates)
        largest = np.exp(np.maximum(growth * a, growth * b))
        return float(np.abs(self.weights) * np.abs(self.rates) ** order @ largest)


def first_rise(f: Sum, length: float) -> float | None:
    """The first t in (0, length] at which f has risen from below 0 to 0.

    A stretch is cut in halves until, by bounds on the derivatives, f has no zero there or is
    monotone there, so no crossing is lost, however short.
    """
    waiting = [(0.0, length)]
    while waiting:
        a, b = waiting.pop()
        middle, half = 0.5 * (a + b), 0.5 * (b - a)
        if f.at(middle) < -f.bound(1, a, b) * half:
            continue
        if abs(f.slope(middle)) > f.bound(2, a, b) * half or half < FLAT * length:
            if f.at(a) < 0 <= f.at(b):
                return crossing(f.at, a, b)
            continue
        waiting += [(middle, b), (a, middle)]
    return None

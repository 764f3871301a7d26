"""The five arrays of a neuron linear between events, and what a search for crossings needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from spikeloom.errors import NumericsError

Array = np.ndarray[Any, np.dtype[Any]]
TINY = 1e-12
"""Share of its own size below which a product of matrices counts as zero."""


@dataclass(frozen=True, eq=False)
class EventSystem:
    r"""dz/dt = A z from z(0) = z; arrivals z + w b; spikes where r z rises through 0, then R z.

    The last entry of z is the constant 1. The first axis runs over groups: one, or one for each
    neuron where neurons differ. Times are in the unit of A.

    Arguments:
        name: Of the model, for messages.
        A, R: (groups, n, n).
        r, b, z: (groups, n).
        spikes: Whether the neuron fires at all.
        strict: Whether a reset must leave the threshold, as every neuron's does; an observer,
            which changes nothing, is not strict.
    """

    name: str
    A: Array
    r: Array
    R: Array
    b: Array
    z: Array
    spikes: bool = True
    strict: bool = True

    def __post_init__(self) -> None:
        for part in (self.A, self.r, self.R, self.b, self.z):
            if not np.isfinite(part).all():
                raise NumericsError(
                    f"{self.name}: its matrices are not finite with these parameters.",
                    hint="look for a division by zero: a time constant must not be 0",
                )
        if self.spikes and self.strict:
            margin = np.einsum("gi,gi->g", self.r, self.z)
            if (margin >= 0).any():
                raise NumericsError(
                    f"{self.name}: it starts at or above its threshold.",
                    hint="start it below: exact spike times are rises through the threshold",
                )

    @property
    def n(self) -> int:
        """Entries of the augmented state."""
        return self.A.shape[-1]

    @property
    def groups(self) -> int:
        """How many different neurons there are."""
        return self.A.shape[0]

    @cached_property
    def rates(self) -> Array:
        """Eigenvalues of A (groups, n), largest first; exact where no states form a loop."""
        return np.array([rates_of(a, self.name) for a in self.A])

    @cached_property
    def chain(self) -> tuple[Array, Array]:
        r"""Functionals (groups, K, n) and rates (groups, K - 1) that isolate all crossings.

        f₀ = r z is the distance past threshold and f_{k+1} = f_k' − λ_k f_k, each a row times z,
        where λ are the eigenvalues of A. The last is one exponential and never changes its sign,
        and since (e^{−λ_k t} f_k)' = e^{−λ_k t} f_{k+1}, f_k crosses zero at most once between two
        zeros of f_{k+1}: bracketing them from the last to the first finds every crossing, equal
        eigenvalues or not.

        Source: Pólya, Trans. Amer. Math. Soc. 24:312 (1922), for the factorisation.
        """
        made = [
            chain_of(a, r, rates) for a, r, rates in zip(self.A, self.r, self.rates, strict=True)
        ]
        length = max(len(rows) for rows, _ in made)
        rows, rates = np.zeros((len(made), length, self.n)), np.zeros((len(made), length))
        for k, (some, used) in enumerate(made):
            rows[k, : len(some)], rates[k, : len(used)] = some, used
        return rows, rates


def rates_of(a: Array, name: str) -> Array:
    """Real eigenvalues of a matrix, the constant first; an error where there are others."""
    found: list[complex] = []
    for block in _loops(a):
        found += [complex(x) for x in np.linalg.eigvals(a[np.ix_(block, block)])]
    if any(abs(x.imag) > 1e-9 * abs(x) for x in found):
        raise NumericsError(
            f"{name}: with these parameters it oscillates between spikes.",
            hint="exact spike times need real time constants; simulate it in time steps",
        )
    # The constant first: then f_1 is the slope of the distance to threshold.
    real = np.array([x.real for x in found])
    return np.concatenate([np.sort(real[real == 0]), np.sort(real[real != 0])[::-1]])


def _loops(a: Array) -> list[list[int]]:
    """Sets of entries that drive one another, each entry in one set."""
    n = len(a)
    reach = (a != 0) | np.eye(n, dtype=bool)
    for k in range(n):
        reach |= reach[:, k : k + 1] & reach[k : k + 1]
    both = reach & reach.T
    return [[j for j in range(n) if both[i, j]] for i in range(n) if not both[i, :i].any()]


def chain_of(a: Array, r: Array, rates: Array) -> tuple[list[Array], list[float]]:
    """Functionals and rates that isolate the crossings of one neuron; see `EventSystem.chain`."""
    unused = list(rates)
    for value in list(rates):  # factors that the functional does not need
        fewer = list(unused)
        fewer.remove(value)
        if _vanishes(a, r, fewer):
            unused = fewer
    rows, used = [r], []
    for value in unused[:-1]:
        rows.append(rows[-1] @ a - value * rows[-1])
        used.append(float(value))
    return rows, [*used, float(unused[-1]) if unused else 0.0]


def _vanishes(a: Array, r: Array, rates: list[float]) -> bool:
    row, size = r, abs(r)
    for value in rates:
        row, size = row @ a - value * row, size @ abs(a) + abs(value) * size
    return bool((abs(row) <= TINY * size).all())

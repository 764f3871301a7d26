"""What a recording says of the parameters, and what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.errors import CompileError
from spikeloom.lab.candidates import Candidates
from spikeloom.lab.intervals import Intervals
from spikeloom.lab.search import jacobian

Array = np.ndarray[Any, np.dtype[Any]]

FINEST_TIME = 0.01
"""ms: no spike is known better."""
FINEST_POTENTIAL = 1e-3
"""In standard deviations of the potential: no sample is known better."""
OPEN = 0.1
"""Spread of a direction, in widths of the ranges, from which on the recording does not tell it."""
PART = 0.2
"""Share of a parameter in a direction from which on it belongs to it."""


@dataclass(frozen=True, eq=False, repr=False)
class Identifiability:
    r"""Directions among the parameters, and how well the recording tells each.

    J holds the slopes of what is left by the parameters, each in widths of its range (in logarithms
    where the range is wide), over the size of what is left, but at least what a recording is known
    to: 0.01 ms or a quarter of a step of a spike, a thousandth of the deviation of a potential. The
    curvature of the summed squares is JᵀJ; along its eigenvector k the parameters are known to
    1/σₖ.

    Arguments:
        names: Parameters, P of them.
        directions: A direction in each column, (P, P), the best known first.
        spread: How well each is known, (P,), in widths of the ranges; infinite if not at all.

    Source: Gutenkunst et al. 2007, PLoS Comput. Biol. 3:e189 (sloppy directions).

    >>> from spikeloom import LIF, MOhm, OrnsteinUhlenbeck, lab, ms, mV, nA
    >>> noise = OrnsteinUhlenbeck(0.2 * nA, 0.1 * nA, tau=5 * ms)
    >>> known = lab.Recording.of(lab.response(LIF(), noise, 200 * ms), potential=False)
    >>> where = {"tau": [5, 50] * ms, "R": [50, 200] * MOhm, "theta": [-57, -40] * mV}
    >>> found = lab.fit(LIF(), known, where, method="gradient")
    >>> isinstance(found.identifiability, lab.Identifiability), found.identifiability.open
    (True, (('R', 'theta'),))
    """

    names: tuple[str, ...]
    directions: Array
    spread: Array

    @property
    def open(self) -> tuple[tuple[str, ...], ...]:
        """Groups of parameters that may move together without the recording changing."""
        return tuple(self._group(int(k)) for k in np.flatnonzero(self.spread > OPEN))

    @property
    def undetermined(self) -> tuple[str, ...]:
        """Every parameter in one of them."""
        return tuple(n for n in self.names if any(n in group for group in self.open))

    def _group(self, k: int) -> tuple[str, ...]:
        return tuple(n for n, x in zip(self.names, self.directions[:, k], strict=True)
                     if abs(x) > PART)  # fmt: skip

    def __repr__(self) -> str:
        lines = ["Identifiability:"]
        for k, size in enumerate(self.spread):
            mixed = " ".join(
                f"{x:+.2f} {n}" for n, x in zip(self.names, self.directions[:, k], strict=True)
                if abs(x) > 0.05
            )  # fmt: skip
            known = "not told" if size > OPEN else f"to {100 * size:.2g} % of the range"
            lines.append(f"  {mixed}: {known}")
        return "\n".join(lines)


def told(candidates: Candidates, place: Array) -> tuple[Identifiability | None, Array]:
    """(identifiability at a place (P,), standard errors of the values (P,)).

    None and NaN where what is left has no slopes: spikes that do not correspond.
    """
    names, nothing = candidates.ranges.names, np.full(len(place), np.nan)
    parts = [part for part in _parts(candidates, place) if len(part[0])]
    total = sum(len(left) for left, _, _ in parts)
    if not total or not all(np.isfinite(left).all() and np.isfinite(table).all()
                            for left, table, _ in parts):  # fmt: skip
        return None, nothing
    rows: list[Array] = []
    for left, table, finest in parts:
        size = np.sqrt(np.square(left).mean() * total / max(total - len(place), 1))
        rows.append(table / max(float(size), finest))
    _, sigma, across = np.linalg.svd(np.concatenate(rows), full_matrices=True)
    spread = np.full(len(place), np.inf)
    seen = np.flatnonzero(sigma > 0)
    spread[seen] = 1 / sigma[seen]
    found = Identifiability(names, across.T, spread)
    clear = spread <= OPEN
    variance = np.square(across[clear] * spread[clear, None]).sum(0)
    errors = np.sqrt(variance) * candidates.ranges.slopes(candidates.ranges.values(place))
    if total <= len(place):
        return found, nothing
    return found, np.where([n in found.undetermined for n in names], np.nan, errors)


def _parts(candidates: Candidates, place: Array) -> list[tuple[Array, Array, float]]:
    """Of potential and spikes: (what is left (n,), its slopes (n, P), how well it may be known)."""
    parts: list[tuple[Array, Array, float]] = []
    if len(candidates.target):
        left = candidates.residuals(place[:, None])
        if left is not None:
            parts.append((left[:, 0], jacobian(candidates, place), FINEST_POTENTIAL))
    if candidates.recording.spikes is None:
        return parts
    finest = max(FINEST_TIME, candidates.ready.step / 4)
    try:
        late, table = Intervals(candidates).left(place[:, None])
        parts.append((late[:, 0], table[:, :, 0], finest))
    except CompileError:  # what fires by several conditions has no slopes
        free = None if parts else candidates.residuals(place[:, None])
        if free is not None:  # spikes are known to a time step: a shift must be wider to be seen
            parts.append((free[:, 0], jacobian(candidates, place, 1e-4), finest))
    return parts

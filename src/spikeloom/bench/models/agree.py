"""Do both sides compute the same thing? Asked of every model before any time is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spikeloom.bench.compare import same
from spikeloom.errors import BenchmarkError

Results = Mapping[str, np.ndarray]
ROUNDING = 1e-9
"""In float64: by how much of its scale a state may differ."""
NEAR, LOOSE = 1e-4, 1e-3
"""In float32: how far from float64 we may be, and a peer. Constants of a peer may have lost digits
before the first step, by small differences of large numbers (GLIF's, in Brian2: 3e-4); that we are
nearer is no reason to leave a model out."""
OUTLIERS = 1e-3
"""Share of neurons that may fire a step earlier on one side, and are then elsewhere."""


@dataclass(frozen=True)
class Agreement:
    """What was found.

    Arguments:
        apart: Largest difference of a state from that of the other side; None under chance.
        off: In float32: side → how far it is from float64, as a share of each state's scale.
    """

    apart: float | None = None
    off: Mapping[str, float] | None = None


def agree(
    name: str, mine: Results, theirs: Results, dtype: str, *, stochastic: bool = False
) -> Agreement:
    """Compare states after a few steps and spikes of the whole run.

    Arguments:
        name: Of the model, which begins the names of its arrays: ``LIF.v``, ``LIF:counts``.
        mine, theirs: Results of both sides; ours have ``true:LIF.v`` from float64.
        dtype: In which both ran.
        stochastic: Chance decides: only the number of spikes can agree.

    Raises:
        BenchmarkError: They differ.
    """
    case, counts = f"{name} {dtype}", f"{name}:counts"
    if counts in mine:
        _same_spikes(case, mine[counts], theirs[counts], dtype, stochastic)
    if stochastic:
        return Agreement()
    ours, others = ({k: v for k, v in side.items() if k.startswith(f"{name}.")}
                    for side in (mine, theirs))  # fmt: skip
    if dtype == "float64":
        return Agreement(same(ours, others, peer="brian2", case=case, tolerance=ROUNDING))
    true = {k: mine[f"true:{k}"] for k in ours}
    same(ours, true, peer="float64", case=case, tolerance=NEAR, outliers=OUTLIERS)
    same(others, true, peer="float64", case=f"{case}, brian2", tolerance=LOOSE, outliers=OUTLIERS)
    apart = same(ours, others, peer="brian2", case=case, tolerance=NEAR + LOOSE, outliers=OUTLIERS)
    return Agreement(apart, {"ours": _off(ours, true), "brian2": _off(others, true)})


def _off(states: Results, true: Results) -> float:
    """The largest share of its scale by which a state is off, but for the outliers."""
    shares: list[float] = []
    for name, values in states.items():
        scale = float(np.abs(true[name]).max(initial=0.0))
        if scale > 0:
            far = np.abs(values - true[name]) / scale
            shares.append(float(np.quantile(far, 1 - OUTLIERS, method="lower")))
    return max(shares, default=0.0)


def _same_spikes(
    case: str, mine: np.ndarray, theirs: np.ndarray, dtype: str, stochastic: bool
) -> None:
    a, b = int(mine.sum()), int(theirs.sum())
    if stochastic:
        wrong = abs(a - b) > 5 * (a + b) ** 0.5  # twice in a million runs, if spikes are Poisson
    elif dtype == "float64":
        # A tie at threshold that the two round differently moves one spike of one neuron.
        wrong = (mine != theirs).mean() > OUTLIERS
    else:
        wrong = abs(a - b) > 0.005 * b
    if wrong:
        raise BenchmarkError(
            f"benchmark case {case!r}: ours and brian2 do not compute the same thing: "
            f"{a} and {b} spikes.",
            hint="no time is reported; make the two sides do the same work first",
        )

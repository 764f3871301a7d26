"""A descent to recorded spikes by the slopes of their times: Gauss and Newton's rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.lab.candidates import Candidates
from spikeloom.lab.intervals import Intervals
from spikeloom.lab.progress import FitProgress
from spikeloom.lab.search import Found, polished

if TYPE_CHECKING:
    from spikeloom.lab.descent import GradientDescent

Array = np.ndarray[Any, np.dtype[Any]]

PLACES = 24
"""Places that are looked at for each parameter before the best of them are started from."""
MATTERS = 2.0
"""ms from which a deviation counts by its size and no more by its square: one spike that the model
cannot make must not pull all others away."""
ENOUGH = 0.05
"""ms that may be left, as a root of the mean square, for no further start to be needed; a step at
least."""


def descend_to_spikes(
    candidates: Candidates, options: GradientDescent, start: Array | None, seed: int, show: bool
) -> Found:
    """From several places along the slopes of all spike times to the nearest minimum.

    Arguments:
        candidates: The neuron and its recorded spikes.
        options: How many places and how many steps from each.
        start: A place to begin with, (P,).
        seed: Of the other places.
        show: Whether to say how far it is.
    """
    from scipy.optimize import least_squares

    intervals, bar = Intervals(candidates), FitProgress(show)
    count = len(candidates.ranges.names)
    places = spread_places(count, start, seed)
    first, _ = intervals.left(places)
    costs = _cost(first)
    order = np.argsort(costs, kind="stable")[: options.starts]
    if start is not None and 0 not in order:
        order = np.append(order[:-1], 0) if len(order) > 1 else order
    history, runs = [float(costs[order[0]])], places.shape[1]
    best, lowest, ended = places[:, order[0]], float(costs[order[0]]), "no step led down"
    known: dict[bytes, tuple[Array, Array]] = {}

    def at(x: Array) -> tuple[Array, Array]:
        nonlocal runs
        if x.tobytes() not in known:
            known.clear()
            left, slopes = intervals.left(x[:, None])
            known[x.tobytes()] = left[:, 0], np.nan_to_num(slopes[:, :, 0])
            runs += 1
        return known[x.tobytes()]

    enough = max(ENOUGH, candidates.ready.step)
    for turn, k in enumerate(order):
        by: Any = lambda x: at(x)[1]  # noqa: E731  (the stubs of SciPy know texts only)
        tried = least_squares(
            lambda x: at(x)[0], np.clip(places[:, k], 1e-6, 1 - 1e-6), by, bounds=(0, 1),
            loss="soft_l1", f_scale=MATTERS, xtol=1e-10, ftol=1e-12, gtol=1e-12,
            max_nfev=max(options.last, 1),
        )  # fmt: skip
        found = np.asarray(tried.x)
        cost = float(_cost(at(found)[0][:, None])[0])
        if cost < lowest:
            best, lowest = found, cost
            ended = (
                "the gradient has come to rest" if tried.success else "the last step was reached"
            )
        history.append(lowest)
        bar.at("start", turn + 1, len(order), lowest)
        if np.sqrt(np.square(at(found)[0]).mean()) < enough:
            ended = "the recording is matched"
            break
    # Where spikes are known off the grid the last digits come from running on as the neuron does.
    if candidates.ready.method is None and not len(candidates.target):
        free = float(candidates.costs(best[:, None])[0])
        best, _ = polished(candidates, best, free, candidates.costs)
    bar.close()
    return Found(best, np.array(history), runs, ended)


def spread_places(count: int, start: Array | None, seed: int) -> Array:
    """Places (P, N): where to begin, and a Latin hypercube."""
    from scipy.stats import qmc

    spread = qmc.LatinHypercube(count, rng=np.random.default_rng(seed)).random(PLACES * count)
    first = np.full(count, 0.5) if start is None else start
    return np.concatenate([first[None], 0.02 + 0.96 * spread]).T


def _cost(left: Array) -> Array:
    """The mean of what is left (K, N), squares where it is small and sizes where it is large."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = 2 * MATTERS**2 * (np.sqrt(1 + np.square(left / MATTERS)) - 1)
    return np.nan_to_num(found.mean(0), nan=np.inf)

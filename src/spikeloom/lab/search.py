"""A global search: each generation of candidates is one population of neurons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.lab.candidates import HOPELESS, Candidates
from spikeloom.lab.progress import FitProgress

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class GlobalSearch:
    """SciPy's differential evolution, then least squares from the best candidate.

    Arguments:
        population: Candidates of a generation, for each parameter.
        generations: At most so many.
        tolerance: It stops when the costs of a generation spread by less than this share of their
            mean.
        enough: It stops when the best cost is below this.
        polish: Whether the best candidate goes on to the nearest minimum of the squared deviations,
            by the Gauss-Newton rule of SciPy's trust-region method.

    Source: Storn & Price 1997, J. Global Optim. 11:341.

    >>> GlobalSearch(population=20)
    GlobalSearch(population=20, generations=200, tolerance=0.001, enough=1e-09, polish=True)
    """

    population: int = 12
    generations: int = 200
    tolerance: float = 1e-3
    enough: float = 1e-9
    polish: bool = True

    def __post_init__(self) -> None:
        for name in ("population", "generations"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ParameterError(
                    f"GlobalSearch: {name} must be a whole number above 0, got {value!r}."
                )
        for name in ("tolerance", "enough"):
            if not getattr(self, name) >= 0:
                raise ParameterError(f"GlobalSearch: {name} must not be negative.")


@dataclass(frozen=True, eq=False)
class Found:
    """What a search gives back.

    Arguments:
        place: The best candidate, (P,).
        history: Best cost after each round.
        runs: Neurons that were run.
        ended: Why it stopped, in words.
    """

    place: Array
    history: Array
    runs: int
    ended: str


def search(
    candidates: Candidates, options: GlobalSearch, start: Array | None, seed: int, show: bool
) -> Found:
    """Look for the parameters everywhere in their ranges.

    Arguments:
        candidates: The neuron and its recording.
        options: Of the search.
        start: A place to try first, (P,).
        seed: Of the search.
        show: Whether to say how far it is.
    """
    from scipy.optimize import differential_evolution

    count = len(candidates.ranges.names)
    bar, history, runs = FitProgress(show), list[float](), 0

    def cost(places: Array) -> Array:
        nonlocal runs
        places = places if places.ndim == 2 else places[:, None]
        runs += places.shape[1]
        return candidates.costs(np.clip(places, 0.0, 1.0))

    def told(intermediate_result: Any) -> bool:
        best = float(intermediate_result.fun)
        history.append(best)
        bar.at("generation", len(history), options.generations, best)
        return best <= options.enough

    found = differential_evolution(
        cost, [(0.0, 1.0)] * count, vectorized=True, updating="deferred", polish=False,
        popsize=options.population, maxiter=options.generations, tol=options.tolerance,
        rng=np.random.default_rng(seed), callback=told, x0=start,
    )  # fmt: skip
    place, best = np.asarray(found.x), float(found.fun)
    ended = "the candidates agree" if found.success else "the last generation was reached"
    if history and history[-1] <= options.enough:
        ended = "the recording is matched"
    if options.polish and best < HOPELESS:
        place, best = polished(candidates, place, best, cost)
        history.append(best)
    bar.close()
    return Found(place, np.array(history), runs, ended)


def polished(candidates: Candidates, place: Array, best: float, cost: Any) -> tuple[Array, float]:
    """The nearest minimum of the squared deviations, where that is better."""
    from scipy.optimize import least_squares

    before = candidates.residuals(place[:, None])
    if before is None:
        return place, best
    size = len(before)

    def left(x: Array) -> Array:
        found = candidates.residuals(x[:, None])
        return (
            np.full(size, HOPELESS) if found is None else np.nan_to_num(found[:, 0], nan=HOPELESS)
        )

    slopes: Any = partial(jacobian, candidates)  # the stubs of SciPy know texts only
    tried = least_squares(
        left, np.clip(place, 1e-9, 1 - 1e-9), slopes, bounds=(0, 1),
        xtol=1e-12, ftol=1e-14, gtol=1e-14, max_nfev=40,
    )  # fmt: skip
    after = float(cost(tried.x[:, None])[0])
    return (np.asarray(tried.x), after) if after < best else (place, best)


def jacobian(candidates: Candidates, place: Array, width: float = 1e-5) -> Array:
    """How the residuals change with each place (n, P), by differences in one population."""
    count = len(place)
    up = np.minimum(place + width, 1.0)
    down = np.maximum(place - width, 0.0)
    both = np.repeat(place[:, None], 2 * count, axis=1)
    for k in range(count):
        both[k, k], both[k, count + k] = up[k], down[k]
    found = candidates.residuals(both)
    if found is None:  # spikes came or went on the way
        return np.zeros((len(candidates.recording.times), count))
    table = (found[:, :count] - found[:, count:]) / (up - down)
    return np.nan_to_num(table, nan=0.0, posinf=0.0, neginf=0.0)

"""Neurons that fire by chance: the parameters under which the recorded spikes are most likely.

The recorded spikes reset the model. In each step it fires with a probability that its equations
state, so the logarithm of the likelihood is a sum over steps; with that sum go its slopes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import RK4, Program, bind
from spikeloom.compile.graph import Graph, Node
from spikeloom.compile.lower import Lowered
from spikeloom.compile.methods import Flow
from spikeloom.engines.population import native
from spikeloom.errors import CompileError, ParameterError
from spikeloom.lab.candidates import HOPELESS, Candidates
from spikeloom.lab.identify import OPEN, Identifiability
from spikeloom.lab.progress import FitProgress
from spikeloom.lab.search import Found
from spikeloom.lab.spike_descent import spread_places
from spikeloom.lab.tangent import assembled, tangent, tangents

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory
    from spikeloom.lab.descent import GradientDescent

Array = np.ndarray[Any, np.dtype[Any]]

LOG, REST, FIRED = "likely.log", "likely.rest", "likely.fired"
LEAST = 1e-12
"""Least probability of a spike in a step: one that the model excludes must not end the search."""


def likelihood(
    neuron: Cell | Neuron | Refractory, names: tuple[str, ...], method: Any = None
) -> Program:
    """A step that adds the logarithm of its probability, with tangents.

    Its input ``likely.fired`` is 1 where a spike was recorded at the end of the step.

    Raises:
        CompileError: The neuron does not fire by a probability of its own.
    """
    d, graph = neuron.definition, Graph()
    low = Lowered(graph, d, None, None)
    g, dt = graph, graph.leaf("dt")
    moving = (*low.states, LOG, *((REST,) if low.hold else ()))
    leaf = {n: g.leaf(f"state:{n}") for n in moving}
    before = {n: leaf[n] for n in low.states}
    share, received = g.const(1), low.receive(before)
    if low.hold:
        share = g.sub(g.const(1), g.div(leaf[REST], dt))
        share = g.apply("min", g.apply("max", share, g.const(0)), g.const(1))
        resting = g.apply("gt", leaf[REST], g.const(0))
        received |= {n: g.select(resting, before[n], received[n]) for n in low.hold}

    def rates(point: Any) -> dict[str, Node]:
        made = low.rates(point)
        return {n: g.mul(share, r) if n in low.hold else r for n, r in made.items()}

    moved = (method or RK4()).step(Flow(g, dt, low.states, low.inflows, rates, low.model), received)
    threshold = low.fires(received, moved)
    if threshold is None or threshold.probability is None or threshold.gate is not None:
        raise CompileError(f"{low.model}: it has no probability of a spike.", hint="fit(...)")
    chance = g.apply("max", threshold.probability, g.const(LEAST))
    chance = g.apply("min", chance, g.const(1 - 1e-15))
    fired = g.apply("gt", g.leaf(f"input:{FIRED}"), g.const(0.5))
    term = g.select(fired, g.apply("log", chance), g.apply("log1p", g.neg(chance)))
    reset = low.reset(moved)
    after = {n: g.select(fired, reset[n], moved[n]) for n in low.states}
    after[LOG] = g.add(leaf[LOG], g.mul(share, term) if low.hold else term)
    if low.hold:
        left = g.apply("max", g.sub(leaf[REST], dt), g.const(0))
        after[REST] = g.select(fired, g.leaf(f"param:{d.period}"), left)
    roots = {f"state:{n}": node for n, node in after.items()}
    roots |= tangents(g, after, moving, names)
    roots["out"] = after[low.states[0]]
    begin = {**low.start(), LOG: g.const(0), REST: g.const(0)}
    begin = {n: begin[n] for n in after}
    begin |= {key.removeprefix("state:"): node for key, node in
              tangents(g, begin, moving, names).items()}  # fmt: skip
    return assembled(g, d, roots, begin, repr(method or RK4()), (FIRED,))


@dataclass(frozen=True, eq=False)
class Likelihood:
    """How likely recorded spikes are.

    Arguments:
        candidates: A neuron that fires by chance, and its spikes.
    """

    candidates: Candidates

    @cached_property
    def kernel(self) -> Program:
        """One step."""
        ready = self.candidates.ready
        return likelihood(ready.neuron, self.candidates.ranges.names, ready.method)

    @cached_property
    def inputs(self) -> dict[str, Array]:
        """Input → (T,), the recorded spikes among them."""
        steps, dt = self.candidates.steps, self.candidates.ready.step
        fired = np.zeros(steps)
        at = np.ceil(self.candidates.recording.times / dt - 1e-6).astype(np.int64) - 1
        fired[np.clip(at, 0, steps - 1)] = 1
        made = {n: np.broadcast_to(np.asarray(x, float), (steps,))
                for n, x in self.candidates.plain.items()}  # fmt: skip
        return made | {FIRED: fired}

    def minus(self, places: Array) -> tuple[Array, Array]:
        """(minus the log-likelihood (N,), its slopes by the places (P, N))."""
        ranges, ready, size = self.candidates.ranges, self.candidates.ready, places.shape[1]
        values = ranges.values(places)
        named = {**ready.numbers, **dict(zip(ranges.names, values, strict=True))}
        bound = bind(self.kernel, named, ready.step / ready.scale)
        given = {n: np.ascontiguousarray(np.repeat(x[:, None], size, 1))
                 for n, x in self.inputs.items()}  # fmt: skip
        run = native().simulate(
            self.kernel, bound.coefs, bound.initial(size), self.candidates.steps, given,
            spikes="none",
        )  # fmt: skip
        state = dict(zip(self.kernel.states, run.state, strict=True))
        slopes = np.array([state[tangent(k, LOG)] for k in range(len(ranges.names))])
        total = np.nan_to_num(-state[LOG], nan=HOPELESS, posinf=HOPELESS)
        return total, np.nan_to_num(-slopes * ranges.slopes(values), posinf=0.0, neginf=0.0)

    def curvature(self, place: Array, width: float = 1e-4) -> Array:
        """Second derivatives by the places (P, P): differences of the slopes."""
        count = len(place)
        both = np.repeat(place[:, None], 2 * count, axis=1)
        up, down = np.minimum(place + width, 1), np.maximum(place - width, 0)
        for k in range(count):
            both[k, k], both[k, count + k] = up[k], down[k]
        slopes = self.minus(both)[1]
        found = (slopes[:, :count] - slopes[:, count:]) / (up - down)
        return (found + found.T) / 2


def most_likely(
    candidates: Candidates, options: GradientDescent, start: Array | None, seed: int, show: bool
) -> Found:
    """The place at which the recorded spikes are most likely.

    Arguments:
        candidates: A neuron that fires by chance, and its spikes.
        options: How many places to start from, and how many steps from each.
        start: A place to begin with, (P,).
        seed: Of the other places.
        show: Whether to say how far it is.

    Raises:
        ParameterError: No spikes were recorded.

    Source: Paninski 2004, Network 15:243; Mensi et al. 2012, J. Neurophysiol. 107:1756.
    """
    from scipy.optimize import minimize

    spikes = candidates.recording.spikes
    if spikes is None or not len(candidates.recording.times):
        raise ParameterError(
            f"fit: {candidates.ready.neuron.definition.name} fires by chance, so it is fitted to "
            "spikes, and none were recorded.",
            hint="Recording(..., spikes=times * ms)",
        )
    likely, bar = Likelihood(candidates), FitProgress(show)
    places = spread_places(len(candidates.ranges.names), start, seed)
    costs = likely.minus(places)[0]
    order = np.argsort(costs, kind="stable")[: options.starts]
    each = len(candidates.recording.times)
    best, lowest, runs = places[:, order[0]], float(costs[order[0]]), places.shape[1]
    history, ended = [lowest / each], "no step led up"

    def both(x: Array) -> tuple[float, Array]:
        nonlocal runs
        runs += 1
        value, slopes = likely.minus(x[:, None])
        return float(value[0]) / each, slopes[:, 0] / each

    for turn, k in enumerate(order):
        tried = minimize(
            both, places[:, k], jac=True, method="L-BFGS-B", bounds=[(0, 1)] * len(best),
            options={"maxiter": max(options.rounds, 1), "ftol": 1e-13, "gtol": 1e-8},
        )  # fmt: skip
        if tried.fun * each < lowest:
            best, lowest = np.asarray(tried.x), float(tried.fun) * each
            ended = "the spikes are most likely here"
        history.append(lowest / each)
        bar.at("start", turn + 1, len(order), lowest / each)
    bar.close()
    return Found(best, np.array(history), runs, ended)


def told_by_likelihood(
    candidates: Candidates, place: Array
) -> tuple[Identifiability | None, Array]:
    """(identifiability, standard errors) by the curvature of the log-likelihood at its maximum."""
    names = candidates.ranges.names
    size, across = np.linalg.eigh(Likelihood(candidates).curvature(place))
    size, across = size[::-1], across[:, ::-1]
    spread = np.full(len(names), np.inf)
    spread[size > 0] = 1 / np.sqrt(size[size > 0])
    found = Identifiability(names, across, spread)
    seen = np.isfinite(spread) & (spread <= max(OPEN, 1.0))
    variance = np.square(across[:, seen] * spread[seen]).sum(1)
    errors = np.sqrt(variance) * candidates.ranges.slopes(candidates.ranges.values(place))
    lost = {n for k in np.flatnonzero(~seen) for n, x in zip(names, across[:, k], strict=True)
            if abs(x) > 0.2}  # fmt: skip
    return found, np.array([np.nan if n in lost else e for n, e in zip(names, errors, strict=True)])

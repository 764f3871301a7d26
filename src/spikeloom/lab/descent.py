"""Descent along the exact gradient of a potential, from several places at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.errors import CompileError, ParameterError
from spikeloom.lab.candidates import HOPELESS, Candidates
from spikeloom.lab.forced import SINCE, SPIKED, STEP, forced, has_resets, influences
from spikeloom.lab.progress import FitProgress
from spikeloom.lab.recording import Recording
from spikeloom.lab.search import Found, GlobalSearch, search
from spikeloom.lab.spike_descent import descend_to_spikes

if TYPE_CHECKING:
    from torch import Tensor

    from spikeloom.nn import Spiking

Array = np.ndarray[Any, np.dtype[Any]]

BEYOND = 1.0
"""How far outside of what was recorded a potential counts, in its standard deviations."""


@dataclass(frozen=True)
class GradientDescent:
    """Adam from several places side by side, then L-BFGS from the best of them.

    Arguments:
        starts: Places: the model's own values and others spread over the ranges.
        rounds: Steps of Adam.
        last: Steps of L-BFGS.
        rate: Step size of Adam, where a range is about six wide.

    Source: Kingma & Ba 2015, ICLR; Liu & Nocedal 1989, Math. Program. 45:503.

    >>> GradientDescent(starts=4)
    GradientDescent(starts=4, rounds=150, last=60, rate=0.1)
    """

    starts: int = 8
    rounds: int = 150
    last: int = 60
    rate: float = 0.1

    def __post_init__(self) -> None:
        for name, least in (("starts", 1), ("rounds", 0), ("last", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ParameterError(
                    f"GradientDescent: {name} must be a whole number >= {least}, got {value!r}."
                )
        if not self.rate > 0:
            raise ParameterError(f"GradientDescent: rate must be above 0, got {self.rate!r}.")


def descend(
    candidates: Candidates, options: GradientDescent, start: Array | None, seed: int, show: bool
) -> Found:
    """Follow the gradient of the potential, and search for the rest; or that of the spike times.

    Arguments:
        candidates: The neuron and its recording.
        options: Of the descent.
        start: A place to try first, (P,).
        seed: Of the places to start from.
        show: Whether to say how far it is.

    Raises:
        ParameterError: A potential of a model with resets, without its spikes.
    """
    recording, model = candidates.recording, candidates.ready.neuron
    if not len(candidates.target):
        return descend_to_spikes(candidates, options, start, seed, show)
    if has_resets(model) and recording.spikes is None:
        raise ParameterError(
            f"fit: a spike resets {model.definition.name}, so its spikes must be known.",
            hint="Recording(..., spikes=times), or method='global'",
        )
    told = forced(model, candidates.state)
    smooth = tuple(n for n in candidates.ranges.names if n in influences(told))
    others = tuple(n for n in candidates.ranges.names if n not in smooth)
    where = candidates.ranges
    values = where.values(np.full(len(where.names), 0.5))
    history, runs, ended = np.empty(0), 0, "nothing of it shows in the potential"
    if smooth:
        part, history, runs, ended = _smooth(candidates, smooth, options, seed, show)
        values[[where.names.index(n) for n in smooth]] = part
    place = where.places(values)
    if others:
        if recording.spikes is None:
            raise ParameterError(
                f"fit: the potential does not tell {', '.join(others)}.",
                hint="give the spikes too, or leave these out",
            )
        known = where.chosen(smooth).into(model, values[[where.names.index(n) for n in smooth]])
        rest = Candidates(replace(candidates.ready, neuron=known), recording, where.chosen(others))
        try:
            found = descend_to_spikes(rest, options, None, seed, show)
        except CompileError:  # it fires by several conditions, so no spike time has a slope
            found = search(rest, GlobalSearch(), None, seed, show)
        values[[where.names.index(n) for n in others]] = rest.ranges.values(found.place)
        place, runs = where.places(values), runs + found.runs
        history = np.concatenate([history, found.history])
    return Found(place, history, runs, ended)


def _smooth(
    candidates: Candidates, names: tuple[str, ...], options: GradientDescent, seed: int, show: bool
) -> tuple[Array, Array, int, str]:
    """Values of the parameters on which the potential depends, given the spikes."""
    import torch

    where, bar = candidates.ranges.chosen(names), FitProgress(show)
    starts = _starts(candidates, where, options.starts, seed)
    track = _Track(candidates, where.values(starts), where)
    history: list[float] = []
    if options.rounds and options.starts:
        adam = torch.optim.Adam(track.layer.parameters(), lr=options.rate)
        for turn in range(options.rounds):
            costs = track.costs()
            best = float(costs.detach().min())
            history.append(best)
            bar.at("step", turn + 1, options.rounds, best)
            adam.zero_grad()
            torch.nan_to_num(costs, nan=0.0, posinf=0.0).sum().backward()
            for p in track.layer.parameters():
                if p.grad is not None:
                    p.grad.nan_to_num_(0.0)
            adam.step()
    runs = options.rounds * options.starts
    with torch.no_grad():
        costs = torch.nan_to_num(track.costs(), nan=HOPELESS)
    chosen = int(costs.argmin())
    values = track.values()[:, chosen : chosen + 1]
    ended = "the last step was reached"
    if options.last and float(costs.min()) < HOPELESS:
        one = _Track(candidates, values, where)
        ended = one.finish(options.last, history, bar)
        runs += len(history) - options.rounds
        with torch.no_grad():
            better = float(one.costs()[0]) <= float(costs.min())
        values = one.values() if better else values
    bar.close()
    return values[:, 0], np.array(history), runs, ended


def _starts(candidates: Candidates, where: Any, count: int, seed: int) -> Array:
    """Places (P, starts): a Latin hypercube whose first point is the middle of the ranges."""
    from scipy.stats import qmc

    if count == 1:
        return np.full((len(where.names), 1), 0.5)
    spread = qmc.LatinHypercube(len(where.names), rng=np.random.default_rng(seed)).random(count - 1)
    return np.concatenate([np.full((1, len(where.names)), 0.5), 0.05 + 0.9 * spread]).T


class _Track:
    """A layer whose neurons are candidates, and the potential that they should have."""

    def __init__(self, candidates: Candidates, values: Array, where: Any) -> None:
        import torch

        from spikeloom.nn import Spiking

        self.names, self.size = where.names, values.shape[1]
        told = forced(candidates.ready.neuron, candidates.state)
        learnt = where.learnt(candidates.ready.neuron, values)
        object.__setattr__(told, "_values", learnt.values)
        self.layer: Spiking = Spiking(
            told, dt=candidates.ready.dt, method=candidates.ready.method
        ).double()
        steps, dt = candidates.steps, candidates.ready.step
        given = {n: np.broadcast_to(np.asarray(x, float), (steps,))
                 for n, x in candidates.plain.items()}  # fmt: skip
        after = np.rint(candidates.recording.times / dt).astype(np.int64)
        if has_resets(candidates.ready.neuron):
            mark = np.zeros(steps)
            mark[after[after < steps]] = 1
            given[SPIKED] = mark
        if candidates.ready.neuron.definition.period is not None:
            given[SINCE] = _since(after, steps) * dt / candidates.ready.scale
            given[STEP] = np.full(steps, dt / candidates.ready.scale)
        wide = {n: torch.from_numpy(x.copy())[:, None, None].expand(steps, 1, self.size)
                for n, x in given.items()}  # fmt: skip
        first = told.definition.inputs[0].name
        self.x = wide.pop(first)
        self.others = wide
        self.rows, self.target = _compared(candidates.recording, candidates.at,
                                           candidates.target / candidates.scale, dt)  # fmt: skip
        self.scale = candidates.scale

    def costs(self) -> Tensor:
        """Mean squared deviation over the variance, for each candidate (F,)."""
        import torch

        y, _ = self.layer(self.x, **self.others)
        found = y[torch.from_numpy(self.rows), 0] / self.scale
        # A spike of the model's own, far above all that was recorded, must not drown the rest.
        found = found.clamp(self.target.min() - BEYOND, self.target.max() + BEYOND)
        return (found - torch.from_numpy(self.target)[:, None]).square().mean(0)

    def values(self) -> Array:
        """The values of the candidates, (P, F)."""
        known = self.layer.parameter_values((self.size,))
        return np.array([known[n].detach().numpy() for n in self.names])

    def finish(self, steps: int, history: list[float], bar: FitProgress) -> str:
        """L-BFGS to the nearest minimum; why it stopped."""
        import torch

        lbfgs = torch.optim.LBFGS(
            self.layer.parameters(), max_iter=steps, history_size=20, tolerance_grad=1e-12,
            tolerance_change=1e-14, line_search_fn="strong_wolfe",
        )  # fmt: skip
        count = 0

        def closure() -> Tensor:
            nonlocal count
            lbfgs.zero_grad()
            cost = torch.nan_to_num(self.costs().sum(), nan=HOPELESS)
            cost.backward()
            count += 1
            history.append(float(cost.detach()))
            bar.at("last step", min(count, steps), steps, history[-1])
            return cost

        lbfgs.step(closure)
        state = lbfgs.state[lbfgs._params[0]]
        return (
            "the last step was reached"
            if state.get("n_iter", 0) >= steps
            else "the gradient has come to rest"
        )


def _since(after: Array, steps: int) -> Array:
    """Steps from the last recorded spike to the beginning of each step."""
    at = np.arange(steps)
    last = np.searchsorted(after, at, side="right") - 1
    return np.where(
        last >= 0, at - after[np.maximum(last, 0)] if len(after) else at, 10 * steps + at
    )


def _compared(recording: Recording, at: Array, target: Array, dt: float) -> tuple[Array, Array]:
    """Which steps are compared with what: all samples but the first, and those at a spike, where
    the model has not been reset yet."""
    spiked = np.rint(recording.times / dt).astype(np.int64)
    keep = (at > 0) & ~np.isin(at, spiked)
    return at[keep] - 1, target[keep]

"""`fit`: the parameters with which a model does what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spikeloom.compile import Method
from spikeloom.equations import Quantity, Unit
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.lab.candidates import HOPELESS, Candidates
from spikeloom.lab.descent import GradientDescent, descend
from spikeloom.lab.identify import Identifiability, told
from spikeloom.lab.likelihood import most_likely, told_by_likelihood
from spikeloom.lab.preparation import FINE, prepare
from spikeloom.lab.ranges import Ranges, ranges
from spikeloom.lab.recording import Recording
from spikeloom.lab.response import Response, respond
from spikeloom.lab.score import coincidence
from spikeloom.lab.search import Found, GlobalSearch, search

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
Way = Literal["global", "gradient"] | GlobalSearch | GradientDescent


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """A model fitted to a recording.

    Arguments:
        model: The neuron with its new parameters.
        values: Name → value, in `units`.
        errors: Name → standard error by the curvature of the squared deviations; NaN where the
            recording does not tell.
        units: Name → unit.
        at_edge: Parameters that ended at an end of their range.
        recording: What it was fitted to.
        response: What the model does, under the same input.
        rms: Root of the mean squared deviation of the potential, in its unit; NaN if there is none.
        gamma: Coincidence factor of the spikes within 4 ms: 1 for all, 0 for as many as by chance;
            NaN if none were recorded.
        history: Best cost after each round; 0 is perfect.
        runs: How many neurons were run.
        ended: Why it stopped.
        identifiability: Which parameters the recording tells, and which only together; None where
            spikes do not correspond.
    """

    model: Cell | Neuron | Refractory
    values: Mapping[str, float]
    errors: Mapping[str, float]
    units: Mapping[str, Unit]
    at_edge: tuple[str, ...]
    recording: Recording
    response: Response
    rms: float
    gamma: float
    history: Array
    runs: int
    ended: str
    identifiability: Identifiability | None = None

    def __repr__(self) -> str:
        unit = self.response.units[self.response.potential]
        parts = [f"potential to {self.rms:.3g} {unit!s}".rstrip()] * bool(np.isfinite(self.rms))
        parts += [f"coincidence factor {self.gamma:.3f}"] * bool(np.isfinite(self.gamma))
        rows = [f"{self.model.definition.name}: {', '.join(parts) or 'no match'}; {self.ended}"]
        width = max(len(name) for name in self.values)
        for name, value in self.values.items():
            error = self.errors[name]
            about = f" ± {error:.2g}" if np.isfinite(error) else ""
            edge = "  (at the end of its range)" if name in self.at_edge else ""
            rows.append(
                f"  {name:{width}}  {value:.6g}{about} {self.units[name]!s}".rstrip() + edge
            )
        for group in self.identifiability.open if self.identifiability else ():
            alone = f"{group[0]} makes no difference" if len(group) == 1 else (
                f"{', '.join(group[:-1])} and {group[-1]} may move together"
            )  # fmt: skip
            rows.append(f"  the recording does not tell: {alone}")
        return "\n".join(rows)


def fit(
    model: Cell | Neuron | Refractory,
    recording: Recording | Response,
    parameters: Mapping[str, Any] | None = None,
    *,
    method: Way = "global",
    dt: Quantity | None = None,
    integration: Method | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Fit:
    """Find the parameters with which a model does what was recorded.

    ``"global"`` looks everywhere in the ranges: a generation of candidates is one population of
    neurons in native code, and the best one is brought to the nearest minimum. It takes
    potentials, spikes or both, of any model. ``"gradient"`` descends from several places along
    exact slopes that are derived from the equations. With a potential they are those of the
    potential, by the adjoint: the recorded spikes reset the model, so that nothing jumps, and
    parameters that only decide when it fires are found afterwards, from the spikes. With spikes
    alone they are those of the spike times: each interval begins at the recorded spike, in the
    state in which the model itself fired, and the time of its next spike has a slope by every
    parameter.

    A neuron that fires by chance is fitted by maximum likelihood, along its exact gradient
    whatever the method; the cost is then minus the log-likelihood per recorded spike.

    Arguments:
        model: The neuron; parameters that are not fitted keep their values.
        recording: What it should do; what `response` gave will do as well.
        parameters: Name → (low, high), with units: ``{"tau": [5, 50] * ms}``. None takes what the
            model says by ``learn(value, low, high)``.
        method: ``"global"``, ``"gradient"``, or `GlobalSearch` and `GradientDescent` with options.
        dt: Time step; None takes 0.01 ms.
        integration: How to integrate; None as for `response`.
        seed: Of the search.
        progress: Whether to say how far it is, from two seconds on.

    Raises:
        ParameterError: No such parameter, no range, or a model that is driven by noise.
        UnitError: Something in another unit than in the model.

    >>> from spikeloom import LIF, OrnsteinUhlenbeck, lab, ms, nA
    >>> noise = OrnsteinUhlenbeck(0.15 * nA, 0.1 * nA, tau=5 * ms)
    >>> known = lab.response(LIF(tau=13 * ms), noise, 200 * ms)
    >>> found = lab.fit(LIF(), known, {"tau": [5, 50] * ms})
    >>> round(found.values["tau"], 1), round(found.gamma, 3)
    (13.0, 1.0)
    """
    way = _way(method)
    if isinstance(recording, Response):
        recording = Recording.of(recording)
    if not isinstance(recording, Recording):
        raise ParameterError(
            f"fit: recording must be a Recording or a Response, got {recording!r}.",
            hint="lab.Recording(input, duration, potential=v * mV, every=0.1 * ms)",
        )
    ready = prepare("fit", model, FINE * ms if dt is None else dt, integration, seed)
    if model.definition.noises:
        raise ParameterError(
            f"fit: {model.definition.name} is driven by noise, so no two of its runs are alike.",
            hint="fit the model without its noise",
        )
    where = ranges(model, parameters)
    candidates = Candidates(ready, recording, where)
    _ = candidates.inputs, candidates.target  # what does not fit is found before the search
    if ready.flow.random:
        options = way if isinstance(way, GradientDescent) else GradientDescent()
        found = most_likely(candidates, options, _start(model, where), seed, progress)
    elif isinstance(way, GradientDescent):
        found = descend(candidates, way, _start(model, where), seed, progress)
    else:
        found = search(candidates, way, _start(model, where), seed, progress)
    return _result(model, candidates, found)


def _way(method: Any) -> GlobalSearch | GradientDescent:
    if isinstance(method, GlobalSearch | GradientDescent):
        return method
    if method == "global":
        return GlobalSearch()
    if method == "gradient":
        return GradientDescent()
    raise ParameterError(
        f"fit: method must be 'global' or 'gradient', got {method!r}.",
        hint="'global' searches everywhere; 'gradient' needs a potential",
    )


def _start(model: Any, where: Ranges) -> Array | None:
    """The model's own values, if they lie in their ranges."""
    from spikeloom.compile.values import numbers

    known = numbers(model, size=1)
    own = np.array([float(np.ravel(known[n])[0]) for n in where.names])
    inside = (own >= where.low) & (own <= where.high)
    return where.places(own) if inside.all() else None


def _result(model: Any, candidates: Candidates, found: Found) -> Fit:
    where, recording = candidates.ranges, candidates.recording
    values = where.values(found.place)
    best = where.into(model, values)
    ready = prepare("fit", best, candidates.ready.dt, candidates.ready.method)
    answer = respond(ready, recording.input, recording.duration,
                     into=recording.into, held_=recording.held)  # fmt: skip
    tell = told_by_likelihood if ready.flow.random else told
    known, errors = tell(candidates, found.place)
    rms = float("nan")
    if len(candidates.target):
        left = answer.states[candidates.state][candidates.at] - candidates.target
        rms = float(np.sqrt(np.square(left).mean()))
    gamma = float("nan")
    if recording.spikes is not None:
        gamma = coincidence(recording.times, answer.spikes, recording.duration)
    edge = (found.place < 1e-3) | (found.place > 1 - 1e-3)
    hopeless = len(found.history) > 0 and found.history[-1] >= HOPELESS
    return Fit(
        model=best,
        values=dict(zip(where.names, map(float, values), strict=True)),
        errors=dict(zip(where.names, map(float, errors), strict=True)),
        units=dict(zip(where.names, where.units, strict=True)),
        at_edge=tuple(n for n, out in zip(where.names, edge, strict=True) if out),
        recording=recording,
        response=answer,
        rms=rms,
        gamma=gamma,
        history=found.history,
        runs=found.runs,
        ended="no candidate has a finite potential" if hopeless else found.ended,
        identifiability=known,
    )

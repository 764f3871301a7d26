"""Candidates for the parameters of a neuron, run side by side and compared with a recording."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from spikeloom.compile import bind
from spikeloom.compile.events import event_model
from spikeloom.engines import exact_spikes
from spikeloom.equations import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import CompileError, NumericsError, ParameterError, suggest
from spikeloom.lab.fi_curve import split
from spikeloom.lab.inputs import held, port_of, values
from spikeloom.lab.preparation import Preparation
from spikeloom.lab.ranges import Ranges
from spikeloom.lab.recording import Recording
from spikeloom.network.train_distance import filter_distance

Array = np.ndarray[Any, np.dtype[Any]]
MEMORIES = (4.0, 40.0)
"""Time constants in ms of the distances between spike trains: one sees timing, one sees rate."""
HOPELESS = 1e6
"""Cost of a candidate whose potential is not finite."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """A neuron whose parameters are looked for.

    Arguments:
        ready: The neuron.
        recording: What it should do.
        ranges: Where its parameters may lie.
    """

    ready: Preparation
    recording: Recording
    ranges: Ranges

    @property
    def state(self) -> str:
        """Name of the state that was recorded."""
        names = [s.name for s in self.ready.neuron.definition.states]
        wanted = self.recording.state or ("v" if "v" in names else names[0])
        if wanted not in names:
            raise ParameterError(
                f"fit: {self.ready.neuron.definition.name} has no state {wanted!r}.",
                hint=suggest(wanted, names),
            )
        return wanted

    @cached_property
    def steps(self) -> int:
        """Number of steps."""
        return self.ready.steps("duration", self.recording.duration)

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """Input → (T,), or a number."""
        definition = self.ready.neuron.definition
        port = port_of("fit", definition, self.recording.into)
        flow = values("fit", port, self.recording.input, self.steps, self.ready.step, 0)
        return {port.name: flow, **held(definition, self.recording.held, "fit")}

    @cached_property
    def plain(self) -> dict[str, Any]:
        """Every input of the model as numbers, those that are not given as 0."""
        given: dict[str, Any] = dict.fromkeys(
            (i.name for i in self.ready.neuron.definition.inputs), 0.0
        )
        for name, value in self.inputs.items():
            known = isinstance(value, np.ndarray)
            given[name] = value if known else self.ready.plain_input(name, value)
        return given

    @cached_property
    def target(self) -> Array:
        """The recorded potential, in the unit of the state."""
        definition = self.ready.neuron.definition
        return self.recording.values(definition.state(self.state).unit)

    @cached_property
    def at(self) -> Array:
        """The step after which each sample but the first was taken."""
        return np.rint(self.recording.sampled / self.ready.step).astype(np.int64)

    @cached_property
    def scale(self) -> float:
        """What a deviation of the potential is measured by: how much it varies."""
        return max(float(self.target.std()), 1e-12) if len(self.target) else 1.0

    def run(self, places: Array) -> tuple[Array, tuple[Array, ...]]:
        """Potentials at the samples (samples, S), and spike times, of candidates (P, S)."""
        size = places.shape[1]
        named = dict(zip(self.ranges.names, self.ranges.values(places), strict=True))
        wants = len(self.target) > 0
        given = {n: np.broadcast_to(x[:, None], (self.steps, size)) if np.ndim(x) else x
                 for n, x in self.inputs.items()}  # fmt: skip
        exact = None if wants else self._exact(named, size)
        if exact is not None:
            return np.empty((0, size)), exact
        ready, record = self.ready, (self.state,) if wants else ()
        run = ready.run(self.steps, size, given, record=record, values=named)
        trains = split(run.spike_times * ready.scale, run.spike_ids, size)
        if not wants:
            return np.empty((0, size)), trains
        bound = bind(ready.flow, {**ready.numbers, **named}, ready.step / ready.scale)
        first = bound.initial(size)[ready.flow.states.index(self.state)]
        whole = np.concatenate([first[None], run.traces[self.state]])
        return whole[self.at], trains

    def _exact(self, named: dict[str, Array], size: int) -> tuple[Array, ...] | None:
        """Spikes off the grid, where the model is linear between them."""
        waves = {n: x for n, x in self.inputs.items() if isinstance(x, np.ndarray)}
        if self.ready.method is not None or len(waves) != 1:
            return None
        definition = self.ready.neuron.definition
        ((name, flow),) = waves.items()
        port = next(i for i in definition.inputs if i.name == name)
        units = {p.name: p.unit for p in definition.params}
        model = self.ready.neuron.replace(**{n: Quantity(x, units[n]) for n, x in named.items()})
        inflow = port.kind == "inflow"
        jumps = np.diff(flow, prepend=flow[:1]) if inflow else flow
        (at,) = np.nonzero(jumps)
        arrivals = {name: (Quantity(at * self.ready.step, ms), Quantity(jumps[at], port.unit))}
        steady = {n: x for n, x in self.inputs.items() if n != name}
        if inflow:
            steady[name] = Quantity(float(flow[0]), port.unit)
        try:
            event_model(model)
            run = exact_spikes(
                model, self.recording.duration, arrivals=arrivals, size=size, **steady
            )
        except (CompileError, NumericsError):
            return None
        return split(run.spike_times, run.spike_ids, size)

    def costs(self, places: Array) -> Array:
        """How far each candidate is from the recording, (S,): 0 is perfect.

        The mean squared deviation of the potential over its variance, plus van Rossum distances
        between the spike trains over the number of recorded spikes.
        """
        found, trains = self.run(places)
        total = np.zeros(places.shape[1])
        if len(self.target):
            with np.errstate(over="ignore", invalid="ignore"):
                total += np.square((found - self.target[:, None]) / self.scale).mean(axis=0)
        if self.recording.spikes is not None:
            known = self.recording.times
            total += [
                sum(filter_distance(known, t, tau) for tau in MEMORIES) / max(len(known), 1)
                for t in trains
            ]
        return np.where(np.isfinite(total), total, HOPELESS)

    def residuals(self, places: Array) -> Array | None:
        """What is left at candidates (P, S): (n, S); None where spikes alone do not correspond."""
        found, trains = self.run(places)
        if len(self.target):
            return (found - self.target[:, None]) / self.scale
        known = self.recording.times
        if not len(known) or any(len(t) != len(known) for t in trains):
            return None
        return np.stack([t - known for t in trains], axis=1)

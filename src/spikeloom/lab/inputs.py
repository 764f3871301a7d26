"""What goes into a neuron under study: which of its inputs, and its value in each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.engines.inputs import Wander
from spikeloom.engines.inputs.wander import Walk
from spikeloom.engines.population import native
from spikeloom.equations import Definition, InputDecl, Quantity, Unit
from spikeloom.equations.units import cm2, ms, nA, uA
from spikeloom.errors import ParameterError, ShapeError, UnitError, suggest
from spikeloom.network.drive import waveform
from spikeloom.network.waveforms import OrnsteinUhlenbeck, Step, Waveform
from spikeloom.network.waveforms.waveform import Target, amount

Array = np.ndarray[Any, np.dtype[Any]]
CURRENTS = (nA, uA / cm2)
"""A current, and a current per area."""


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Impulses at given times, such as spikes that reach a synapse.

    Arguments:
        times: When, (E,), with a unit of time.
        sizes: One size for all, or (E,), in the unit of the input.

    >>> from spikeloom import CubaLIF, lab, ms, nA
    >>> once = lab.Arrivals([3, 5] * ms, 0.6 * nA)
    >>> lab.response(CubaLIF(), once, 50 * ms).spikes.round(3)
    array([8.281])
    """

    times: Any
    sizes: Any

    def __post_init__(self) -> None:
        if not isinstance(self.times, Quantity) or not self.times.unit.fits(ms):
            raise UnitError(
                f"Arrivals: times must be times, got {self.times!r}.", hint="[10, 30] * ms"
            )
        when = np.asarray(self.times.to(ms), np.float64)
        if when.ndim != 1 or not np.isfinite(when).all() or (when < 0).any():
            raise ParameterError(
                f"Arrivals: times must be a list of finite times from 0 on, got {self.times!r}."
            )
        sizes = amount("Arrivals: sizes", self.sizes)
        object.__setattr__(self, "sizes", sizes)
        if not isinstance(sizes, Quantity) or sizes.shape not in ((), when.shape):
            raise ShapeError(
                f"Arrivals: sizes must be one number or {len(when)} of them, got {sizes!r}."
            )

    def values(self, label: str, unit: Unit, steps: int, dt: float) -> Array:
        """What arrives at the beginning of each step, (T,); the nearest one counts."""
        if not self.sizes.unit.fits(unit):
            raise UnitError(
                f"{label} takes impulses in {unit.described}, got {self.sizes}.",
                hint=f"for example 0.5 * {unit!r}",
            )
        when = np.rint(np.asarray(self.times.to(ms), np.float64) / dt).astype(np.int64)
        sizes = np.broadcast_to(np.asarray(self.sizes.to(unit), np.float64), when.shape)
        inside = when < steps
        return np.bincount(when[inside], sizes[inside], minlength=steps)[:steps]


Input = Quantity | Unit | float | Waveform | OrnsteinUhlenbeck | Arrivals | Callable[..., Any]


def port_of(who: str, definition: Definition, into: str | None) -> InputDecl:
    """The input that is meant.

    Arguments:
        who: For messages.
        definition: Of the model.
        into: Its name; None takes the only inflow, the only one that is a current, or the only
            impulse.

    Raises:
        ParameterError: There is none of this name, or none by itself.
    """
    known = {i.name: i for i in definition.inputs}
    if into is not None:
        if into not in known:
            raise ParameterError(
                f"{who}: {definition.name} has no input {into!r}.", hint=suggest(str(into), known)
            )
        return known[into]
    flows = [i for i in definition.inputs if i.kind == "inflow"]
    currents = [i for i in flows if any(i.unit.fits(unit) for unit in CURRENTS)]
    for group in (flows, currents, definition.inputs):
        if len(group) == 1:
            return group[0]
    if not known:
        raise ParameterError(f"{who}: {definition.name} has no inputs.")
    listed = ", ".join(f"{i.name} ({i.kind} in {i.unit})" for i in known.values())
    raise ParameterError(
        f"{who}: {definition.name} has several inputs: {listed}.",
        hint=f"say which: into={next(iter(known))!r}",
    )


def values(
    who: str, port: InputDecl, given: Any, steps: int, dt: float, seed: int, size: int = 1
) -> Array:
    """An input as plain numbers in its declared unit.

    Arguments:
        who: For messages.
        port: The input.
        given: A quantity is there from the beginning on; or a waveform, a function of time,
            arrivals.
        steps: T.
        dt: Time step in ms.
        seed: Of what fluctuates.
        size: Neurons N, for a fluctuation that each has of its own.

    Returns:
        (T,) where all neurons get the same, else (T, N).

    Raises:
        UnitError: It has another unit than the input.
    """
    label = f"{who}: input {port.name!r}"
    if isinstance(given, Arrivals):
        if port.kind == "inflow":
            raise ParameterError(
                f"{label} is an inflow, which takes a current over time, not arrivals.",
                hint="lab.Pulses(…), or a receptor of a Cell: Cell(LIF(), exc=AlphaCurrent())",
            )
        return given.values(label, port.unit, steps, dt)
    if port.kind == "impulse":
        raise ParameterError(
            f"{label} takes impulses, which come at times; got {given!r}.",
            hint=f"lab.Arrivals([10, 30] * ms, 1 * {port.unit!r})",
        )
    made = waveform(given) if not isinstance(given, OrnsteinUhlenbeck) else given
    if made is None:
        if isinstance(given, Quantity) and given.shape:
            raise ShapeError(
                f"{label} has shape {given.shape}: one neuron gets one current.",
                hint="a recorded current is Samples(values, every=0.1 * ms)",
            )
        made = Step(given)
    if isinstance(made, OrnsteinUhlenbeck):  # of one label, so that all models get the same noise
        return _fluctuation(made, Target("lab", port.unit, size, seed), steps, dt, seed)
    target = Target(label, port.unit, size, seed)
    middles = (np.arange(steps) + 0.5) * dt
    parts = [(p.gain, p.course(middles)) for p in made.parts(target)]
    shared = all(gain.ndim == 0 and course.ndim == 1 for gain, course in parts)
    total = np.zeros(steps if shared else (steps, size))
    for gain, course in parts:
        total += gain * (course if shared or course.ndim == 2 else course[:, None])
    return total if shared or size > 1 else total[:, 0]


def _fluctuation(
    process: OrnsteinUhlenbeck, target: Target, steps: int, dt: float, seed: int
) -> Array:
    total = np.zeros((steps, target.size))
    for term in process.terms(target, dt):
        series = term.series
        if isinstance(series, Wander):
            series = Walk(series, seed, native().simulate)
        found = series.sample(0, steps)
        total += term.gain * (found[:, None] if found.ndim == 1 else found)
    return total[:, 0] if target.size == 1 else total


def held(definition: Definition, given: Mapping[str, Any] | None, who: str) -> dict[str, Any]:
    """Further inputs that stay as they are, by name."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ParameterError(
            f"{who}: held must map names of inputs to values, got {given!r}.",
            hint="held={'I_d': 2 * pA}",
        )
    known = [i.name for i in definition.inputs]
    for name in given:
        if name not in known:
            raise ParameterError(
                f"{who}: {definition.name} has no input {name!r}.", hint=suggest(str(name), known)
            )
    return dict(given)

"""`response`: what one neuron does when something flows into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import Method
from spikeloom.equations import Quantity, Unit
from spikeloom.equations.units import ms
from spikeloom.errors import NumericsError, ParameterError, suggest
from spikeloom.lab.exact import exact_course
from spikeloom.lab.halved import look_at_step
from spikeloom.lab.inputs import Input, held, port_of, values
from spikeloom.lab.preparation import Preparation, prepare

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
MOST_STEPS = 50_000_000
"""All states of all steps are kept: more would fill a computer."""


@dataclass(frozen=True, eq=False, repr=False)
class Response:
    """What one neuron did.

    Arguments:
        model: The neuron.
        times: In ms, from 0 on, (T + 1,).
        states: State name → its value at `times`, (T + 1,), in `units`.
        spikes: Times of the spikes, ms.
        input: What flowed in from each time on, (T + 1,); of impulses, what arrived then.
        port: Name of that input.
        units: Unit of every state, of the input, and of ``"time"``.
        dt: Time step in ms.
        impulses: Whether that input takes impulses.
        precise: Whether spikes and states are exact, with no error of a time step.

    >>> from spikeloom import AdEx, lab, ms, nA
    >>> lab.response(AdEx(), 1 * nA, 200 * ms)
    AdEx: 200 ms of I, 8 spikes, 20,000 steps of 0.01 ms; states v (mV), w (pA)
    """

    model: Cell | Neuron | Refractory
    times: Array
    states: Mapping[str, Array]
    spikes: Array
    input: Array
    port: str
    units: Mapping[str, Unit]
    dt: float
    impulses: bool
    precise: bool

    @property
    def count(self) -> int:
        """Number of spikes."""
        return len(self.spikes)

    @property
    def intervals(self) -> Array:
        """Time from each spike to the next, ms."""
        return np.diff(self.spikes)

    @property
    def rate(self) -> float:
        """Spikes per second over the whole time, Hz."""
        return 1000 * len(self.spikes) / float(self.times[-1])

    @property
    def latency(self) -> float:
        """Time of the first spike, ms; NaN if there is none."""
        return float(self.spikes[0]) if len(self.spikes) else float("nan")

    @property
    def potential(self) -> str:
        """Name of the state that is looked at first: ``v``, or else the first one."""
        return "v" if "v" in self.states else next(iter(self.states))

    def __repr__(self) -> str:
        spikes = f"{self.count:,} spike{'s' * (self.count != 1)}"
        steps = "exact" if self.precise else f"{len(self.times) - 1:,} steps of {self.dt:g} ms"
        states = ", ".join(f"{n} ({self.units[n]!s})" for n in self.states)
        name = self.model.definition.name
        return f"{name}: {self.times[-1]:g} ms of {self.port}, {spikes}, {steps}; states {states}"


def response(
    model: Cell | Neuron | Refractory,
    input: Input,
    duration: Quantity,
    dt: Quantity | None = None,
    *,
    into: str | None = None,
    held: Mapping[str, Any] | None = None,
    record: str | tuple[str, ...] | None = None,
    start: Mapping[str, Any] | None = None,
    method: Method | None = None,
    seed: int = 0,
) -> Response:
    """What one neuron does when something flows into it.

    A neuron that is linear between spikes is not stepped at all: its spikes have times of their
    own, and its states are exact at the times that are shown.

    Arguments:
        model: Any neuron, also one of your own or a `Cell`.
        input: A quantity is there from the beginning on; a waveform such as `Ramp`, `Pulses`,
            `Samples` or `OrnsteinUhlenbeck`; a function of time; or `Arrivals` at a synapse.
        duration: How long.
        dt: Time step; None takes 0.1 ms where a step is exact and 0.01 ms elsewhere.
        into: Name of the input, where there are several.
        held: Further inputs that stay as they are, by name.
        record: States to keep; all if None.
        start: States that begin elsewhere than the model says, by name.
        method: How to integrate; None takes the exact step where there is one, else Runge-Kutta.
        seed: Of everything random.

    Warns:
        NumericsWarning: With the `dt` that was given, half of it would move spikes; not where a
            method was named as well.

    Raises:
        ParameterError: It is not clear into which input this goes, or something does not exist.
        UnitError: The input is in another unit.
        NumericsError: dt is too large.

    >>> from spikeloom import HodgkinHuxley, cm2, lab, ms, uA
    >>> found = lab.response(HodgkinHuxley(), 10 * uA / cm2, 50 * ms)
    >>> found.spikes.round(2), round(float(found.states["v"].max()), 2)
    (array([ 1.91, 16.83, 31.48, 46.11]), 40.26)
    """
    ready = prepare("response", model, dt, method, seed)
    found = respond(ready, input, duration, into=into, held_=held, record=record, start=start)
    if dt is not None and method is None and not found.precise:
        look_at_step(ready, found.port, found.input[:-1], found.spikes, start, held)
    return found


def respond(
    ready: Preparation,
    given: Any,
    duration: Quantity,
    *,
    into: str | None = None,
    held_: Mapping[str, Any] | None = None,
    record: str | tuple[str, ...] | None = None,
    start: Mapping[str, Any] | None = None,
) -> Response:
    """`response` of a neuron that is ready."""
    model, definition = ready.neuron, ready.neuron.definition
    port = port_of(ready.who, definition, into)
    steps = ready.steps("duration", duration)
    if steps > MOST_STEPS:
        raise ParameterError(
            f"{ready.who}: {duration} are {steps:,} steps of {ready.dt}, and all are kept.",
            hint=f"at most {MOST_STEPS:,}; a longer dt, or simulate(..., every=100)",
        )
    kept = _kept(ready, record)
    flow = values(ready.who, port, given, steps, ready.step, ready.seed)
    others = held(definition, held_, ready.who)
    began = ready.started(1, start)
    course = None
    if ready.method is None and definition.fires is not None:
        plain = {n: ready.plain_input(n, x) for n, x in others.items()}
        course = exact_course(model, port.name, flow, ready.step, began, plain)
    if course is None:
        run = ready.run(
            steps, 1, {port.name: np.ascontiguousarray(flow[:, None]), **others},
            record=kept, state=began,
        )  # fmt: skip
        states = {n: np.concatenate([began[n], run.traces[n][:, 0]]) for n in kept}
        spikes = run.spike_times * ready.scale
    else:
        states, spikes = {n: course.states[n] for n in kept}, course.spikes
    _check_finite(ready, states)
    last = flow[-1:] if port.kind == "inflow" else np.zeros(1)
    units = {s.name: s.unit for s in definition.states} | {port.name: port.unit, "time": ms}
    return Response(
        model=model,
        times=np.arange(steps + 1) * ready.step,
        states=states,
        spikes=spikes,
        input=np.concatenate([flow, last]),
        port=port.name,
        units=units,
        dt=ready.step,
        impulses=port.kind == "impulse",
        precise=course is not None,
    )


def _check_finite(ready: Preparation, states: Mapping[str, Array]) -> None:
    for name, course in states.items():
        bad = ~np.isfinite(course)
        if bad.any():
            when = float(np.argmax(bad)) * ready.step
            raise NumericsError(
                f"{ready.who}: {name!r} of {ready.neuron.definition.name} is {course[bad][0]} from "
                f"{when:g} ms on.",
                hint=f"{getattr(ready.program, 'method', 'its ticks')} does not follow it at "
                f"{ready.dt}: take a shorter dt, or method=ROS2()",
            )


def _kept(ready: Preparation, record: Any) -> tuple[str, ...]:
    names = tuple(s.name for s in ready.neuron.definition.states)
    if record is None:
        return names
    wanted = (record,) if isinstance(record, str) else tuple(record)
    for name in wanted:
        if name not in names:
            raise ParameterError(
                f"{ready.who}: {ready.neuron.definition.name} has no state {name!r} to record.",
                hint=suggest(str(name), names),
            )
    return wanted

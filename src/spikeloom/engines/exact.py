"""`exact_spikes`: the spike times of unconnected neurons, off any grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spikeloom.compile.events import event_model
from spikeloom.compile.parts import check_parts
from spikeloom.compile.values import numbers
from spikeloom.engines.arguments import check_options, drive
from spikeloom.engines.events.arrivals import Arrivals
from spikeloom.engines.events.bind import system_of
from spikeloom.engines.events.choose import event_engine
from spikeloom.engines.events.system import EventSystem
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import NumericsError, ParameterError, ShapeError, UnitError, suggest

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class ExactRun:
    """What `exact_spikes` gives back.

    Arguments:
        model: Name of the model.
        size: Number of neurons.
        duration: Length of the run, ms.
        spike_times: Time of each spike, ms, in order.
        spike_ids: Neuron of each spike.

    >>> from spikeloom import LIF, ms, nA
    >>> exact_spikes(LIF(), 100 * ms, I=0.2 * nA)
    LIF: 1 neuron, 100 ms, 3 spikes at exact times
    """

    model: str
    size: int
    duration: float
    spike_times: Array
    spike_ids: Array

    def train(self, neuron: int = 0) -> Array:
        """Spike times of one neuron, ms."""
        return self.spike_times[self.spike_ids == neuron]

    def counts(self) -> Array:
        """Number of spikes of each neuron (N,)."""
        return np.bincount(self.spike_ids, minlength=self.size)

    def __repr__(self) -> str:
        neurons = f"{self.size} neuron{'s' * (self.size != 1)}"
        spikes = f"{len(self.spike_times)} spike{'s' * (len(self.spike_times) != 1)}"
        return f"{self.model}: {neurons}, {self.duration:g} ms, {spikes} at exact times"


def exact_spikes(
    neuron: Cell | Neuron | Refractory,
    duration: Quantity,
    *,
    arrivals: Mapping[str, tuple[Quantity, Quantity]] | None = None,
    size: int = 1,
    seed: int = 0,
    engine: Literal["cpu", "reference"] = "cpu",
    **inputs: Quantity | float,
) -> ExactRun:
    """Spike times to rounding, for neurons that are linear between events; there is no time step.

    Every crossing of the threshold is found, also one that is over before the next arrival: the
    search isolates the zeros of a sum of exponentials instead of looking at points of time.

    Arguments:
        neuron: What each neuron is.
        duration: How long.
        arrivals: Input → (times (E,), sizes), for one input. An impulse of that size arrives at
            each time; an inflow changes by it. Sizes are one number, (E,), or (E, N).
        size: Number of neurons N.
        seed: Seed of parameters that are distributions.
        engine: ``"cpu"``, or ``"reference"``, slow and obvious.
        inputs: Each inflow that does not change, by name: one number or (N,), with its unit.

    Returns:
        All spikes.

    Raises:
        CompileError: The model is not linear between events, noisy, refractory, or fires by chance.
        NumericsError: With these parameters it oscillates between spikes, or starts at threshold.
        ParameterError: No such input.
        ShapeError: Times or sizes of the wrong shape.

    Example:
        >>> from spikeloom import CubaLIF, LIF, ms, nA
        >>> exact_spikes(LIF(), 100 * ms, I=0.2 * nA).train()  # 20 log(4) apart
        array([27.72588722, 55.45177444, 83.17766167])
        >>> exact_spikes(CubaLIF(), 50 * ms, arrivals={"x": ([3, 5] * ms, 0.6 * nA)}).train()
        array([8.28055916])
    """
    check_parts("exact_spikes", neuron)
    check_options(size, 1, None, _HasSimulate(), 0, seed)
    model, definition = event_model(neuron), neuron.definition
    length = _ms("duration", duration, ())
    if not length > 0:
        raise ParameterError(f"exact_spikes: duration must be positive, got {duration}.")
    values = numbers(neuron, size=size, seed=seed)
    for name, value in values.items():
        if np.shape(value) not in ((), (size,)):
            raise ShapeError(
                f"exact_spikes: {definition.name}.{name} has shape {np.shape(value)}, not"
                f" ({size},).",
                hint=f"give one number, or one for each neuron: size={np.size(value)}",
            )
    events, weights, port = _arrivals(neuron, arrivals or {}, length, size)
    held = drive(neuron, inputs, 0, size)
    for name in held:
        if name in model.impulses:
            raise ParameterError(
                f"exact_spikes: {name!r} takes impulses, which come at times.",
                hint=f"arrivals={{{name!r}: (times, sizes)}}",
            )
    unit = float((1 * definition.time_unit).to(ms))
    system = system_of(model, values, port, unit)
    if not system.spikes:
        raise ParameterError(f"exact_spikes: {model.name} never fires.")
    system = _with_inflows(system, model.rows, held, size)
    run = event_engine(engine).forward(system, events, weights, length)
    where = np.arange(run.times.shape[2]) < run.count[0][:, None]
    times, ids = run.times[0][where], np.nonzero(where)[0]
    order = np.lexsort((ids, times))
    return ExactRun(model.name, size, length, times[order], ids[order])


class _HasSimulate:
    """Passes where options are checked for an engine with time steps."""

    simulate = None


def _ms(what: str, value: Any, shape: tuple[int, ...] | None) -> Any:
    if not isinstance(value, Quantity) or not value.unit.fits(ms):
        raise UnitError(
            f"exact_spikes: {what} must be a time, got {value!r}.", hint=f"{what}=100 * ms"
        )
    made = np.asarray(value.to(ms), np.float64)
    if shape is not None and made.shape != shape:
        raise ShapeError(f"exact_spikes: {what} must be one time, got shape {made.shape}.")
    if not np.isfinite(made).all():
        raise NumericsError(f"exact_spikes: {what} holds NaN or infinity.")
    return made if shape is None else float(made)


def _arrivals(
    neuron: Any, given: Mapping[str, Any], length: float, size: int
) -> tuple[Arrivals, Array, str]:
    """The events, a weight for each neuron and event, and the input they act on."""
    declared = {i.name: i.unit for i in neuron.definition.inputs}
    if len(given) > 1:
        raise ParameterError("exact_spikes: arrivals may act on one input, got several.")
    if not given:
        port = next(iter(declared), "")
        none = np.empty(0)
        empty = Arrivals(np.zeros(2, np.int64), none, np.empty(0, np.int64), none)
        return empty, np.zeros((size, 0)), port
    ((port, pair),) = given.items()
    if port not in declared:
        raise ParameterError(
            f"exact_spikes: {neuron.definition.name} has no input {port!r}.",
            hint=suggest(port, declared),
        )
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise ParameterError(
            f"exact_spikes: arrivals of {port!r} are a pair (times, sizes), got {pair!r}."
        )
    times = _ms("times", pair[0], None)
    if times.ndim != 1:
        raise ShapeError(f"exact_spikes: times must be (E,), got shape {times.shape}.")
    if not isinstance(pair[1], Quantity) or not pair[1].unit.fits(declared[port]):
        raise UnitError(
            f"exact_spikes: sizes at {port!r} are in {declared[port]}, got {pair[1]!r}.",
            hint=f"for example 0.5 * {declared[port]!r}",
        )
    sizes = np.asarray(pair[1].to(declared[port]), np.float64)
    count = len(times)
    if sizes.shape not in ((), (count,), (count, size)):
        raise ShapeError(
            f"exact_spikes: sizes must be one number, ({count},) or ({count}, {size}), got shape"
            f" {sizes.shape}."
        )
    if not np.isfinite(sizes).all():
        raise NumericsError("exact_spikes: sizes hold NaN or infinity.")
    full = sizes if sizes.ndim == 2 else sizes[..., None]
    weights = np.broadcast_to(full, (count, size)).T
    order = np.argsort(times, kind="stable")
    order = order[times[order] < length]
    events = Arrivals(
        np.array([0, len(order)]), times[order], order.astype(np.int64), np.ones(len(order))
    )
    return events, np.ascontiguousarray(weights), port


def _with_inflows(
    system: EventSystem, rows: tuple[str, ...], held: Mapping[str, Array], size: int
) -> EventSystem:
    """Neurons whose inflows have these values from the start on."""
    if not held:
        return system
    alike = system.groups == 1 and all((x == x[:1]).all() for x in held.values())
    groups = 1 if alike else size

    def grown(x: Array) -> Array:
        return np.ascontiguousarray(np.broadcast_to(x, (groups, *x.shape[1:])))

    start = grown(system.z).copy()
    for name, value in held.items():
        start[:, rows.index(name)] = value[:groups]
    made = {name: grown(getattr(system, name)) for name in ("A", "r", "R", "b")}
    return replace(system, **made, z=start)

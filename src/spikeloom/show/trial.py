"""A step of input that shows a neuron at work, found by trying: for any model, in its own units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.parts import check_parts
from spikeloom.engines.population import stepped
from spikeloom.equations import Quantity
from spikeloom.equations.units import ms, mV
from spikeloom.errors import NumericsError, ParameterError
from spikeloom.lab import Arrivals
from spikeloom.lab.inputs import port_of
from spikeloom.show.shapes import shaped

if TYPE_CHECKING:
    from spikeloom.equations import Cell, InputDecl, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
WATCHED = 1000.0
"""How long each input is tried, ms."""
STEPS = (0.05, 0.02, 0.01, 0.005)
"""Time steps in ms to try, coarse ones first."""
WHOLE = np.unique(np.concatenate([[0], np.round(10 ** (np.arange(0, 61) / 10))])).astype(int)
"""The same for a model of whole numbers."""
LEVELS = np.concatenate([[0.0], 10 ** (np.arange(-30, 41) / 10)])
"""Inputs to try at once, in the declared unit: any model fires somewhere between."""
APART = 10.0
"""Impulses come so many ms apart."""
NICE = np.array([1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10])
SPIKES = 7
"""As many intervals fill a picture."""
PUSH = 1e-3
"""Share of a state by which a rest is tried."""
SEEN = 10.0
"""A deflection in mV, or half of one without a unit, that is large enough to be seen."""


@dataclass(frozen=True)
class Trial:
    """A step of input, and how long to watch.

    Arguments:
        port: The input.
        level: Height of the step, or size of each impulse, in the unit of the port.
        onset, offset, duration: When it begins and ends, and when the picture ends, ms.
        rheobase: The least of the levels tried that makes it fire; None if none does or 0 does.
        apart: Time from one impulse to the next, ms.
        shape: One of `shapes.SHAPES`, or a waveform.
    """

    port: InputDecl
    level: float
    onset: float
    offset: float
    duration: float
    rheobase: float | None
    apart: float = APART
    shape: Any = "step"

    @property
    def input(self) -> Any:
        """What `lab.response` wants."""
        if self.port.kind == "impulse" and self.shape == "step":
            times = np.arange(self.onset, self.offset, self.apart)
            return Arrivals(times * ms, Quantity(self.level, self.port.unit))
        return shaped(self.port, self.level, self.onset, self.offset, self.shape)

    def around_first(self, spikes: Array) -> Trial:
        """The same step, seen until shortly after its second spike, or first if there is one."""
        if not len(spikes):
            return self
        last = float(spikes[min(1, len(spikes) - 1)])
        spent = last - self.onset
        onset = min(self.onset, max(0.15 * spent, 2.0))
        length = onset + 1.3 * spent
        return replace(self, onset=onset, offset=length, duration=length)


def trial(
    neuron: Cell | Neuron | Refractory,
    level: Quantity | float | None = None,
    *,
    into: str | None = None,
    duration: float | None = None,
    shape: Any = "step",
) -> Trial:
    """A step somewhat above the least input that keeps the neuron firing, over several spikes.

    Arguments:
        neuron: Any neuron.
        level: Height of the step; found if None.
        into: Name of the input; None takes the one that `lab.response` would, or the first.
        duration: Length of the picture in ms; found if None.
        shape: Of the input: one of `shapes.SHAPES`, or a waveform.

    >>> from spikeloom.models import LIF, HodgkinHuxley
    >>> found = trial(LIF())
    >>> found.level, found.port.name
    (0.2, 'I')
    >>> trial(HodgkinHuxley()).level
    8.0
    """
    check_parts("trial", neuron, None)
    port = first_port(neuron, into)
    found = None
    if level is None:
        found, rheobase = _search(neuron, port)
        # What no input brings to fire is shown with one that moves it.
        height = found if found is not None else _visible(neuron, port)
    else:
        height, rheobase = _given(port, level), None
    length = duration if duration is not None else _length(neuron, port, height)
    apart = 1.0 if neuron.definition.ticks else APART
    made = Trial(port, height, 0.1 * length, 0.85 * length, length, rheobase, apart, shape)
    _ = made.input  # a shape that does not suit is found now
    return made


def first_port(neuron: Cell | Neuron | Refractory, into: str | None = None) -> InputDecl:
    """The input that is meant; where that is not clear, the first one that flows.

    Raises:
        ParameterError: It has none, or none of this name.
    """
    inputs = neuron.definition.inputs
    try:
        return port_of("show", neuron.definition, into)
    except ParameterError:
        if into is not None or not inputs:
            raise
    return next((i for i in inputs if i.kind == "inflow"), inputs[0])


def settled(neuron: Cell | Neuron | Refractory) -> dict[str, Quantity]:
    """Its states after a while without input: where a picture should begin.

    A rest that it would leave at the least push, as on the edge of a hill, is none.
    """
    if neuron.definition.ticks:
        return {}
    port, units = first_port(neuron), {s.name: s.unit for s in neuron.definition.states}
    run = drive(neuron, port, np.zeros(1), 0.5 * WATCHED, record=())
    state = {n: x for n, x in run.state.items() if n in units}
    first = next(iter(state))
    if not run.counts.any():
        push = PUSH * max(float(abs(state[first][0])), 1.0)
        begun = {n: np.repeat(x, 2) for n, x in run.state.items()}
        begun[first] = begun[first] + push * np.array([-1.0, 1.0])
        after = drive(neuron, port, np.zeros(2), 0.5 * WATCHED, record=(), state=begun).state
        if np.abs(after[first] - state[first]).max() > 10 * push:
            state = {n: after[n][:1] for n in state}
    return {n: Quantity(float(x[0]), units[n]) for n, x in state.items()}


def nice(value: float) -> float:
    """The nearest number that is good to read.

    >>> [nice(x) for x in (0.193, 838.0, 0.0)]
    [0.2, 800.0, 0.0]
    """
    if value == 0 or not np.isfinite(value):
        return value
    power = 10.0 ** np.floor(np.log10(abs(value)))
    digit = NICE[np.argmin(np.abs(np.log(NICE * power / abs(value))))]
    return float(f"{np.sign(value) * digit * power:.3g}")


def _given(port: InputDecl, level: Quantity | float) -> float:
    quantity = level if isinstance(level, Quantity) else Quantity(level, port.unit)
    return float(np.asarray(quantity.to(port.unit)))


def _search(
    neuron: Cell | Neuron | Refractory, port: InputDecl
) -> tuple[float | None, float | None]:
    """The level to show, and the least one that makes it fire."""
    if neuron.definition.fires is None:
        return _visible(neuron, port), None
    for sign in (1.0, -1.0):
        levels = sign * levels_of(neuron, port)
        if port.span is not None and levels[-1] < port.span.low:
            continue  # an input without a sign takes no negative numbers
        run = drive(neuron, port, levels, WATCHED, record=())
        late = run.spike_times > 0.5 * run.steps * run.dt
        often = np.bincount(run.spike_ids[late], minlength=len(levels))
        for counts, least in ((often, 2), (run.counts, 1)):
            firing = np.flatnonzero(counts >= least)
            if not len(firing):
                continue
            if firing[0] == 0:  # it fires by itself: show what an input adds, beyond chance
                by_itself = run.counts[0]
                more = run.counts >= 2 * by_itself + 4 * np.sqrt(by_itself)
                return nice(float(levels[int(np.argmax(more))]) or float(levels[1])), None
            rheobase = float(levels[firing[0]])
            full = (np.abs(levels) >= 1.2 * abs(rheobase)) & (run.counts > SPIKES)
            enough = float(levels[int(np.argmax(full))]) if full.any() else 1.3 * rheobase
            return nice(enough), rheobase
    return None, None


def _visible(neuron: Cell | Neuron | Refractory, port: InputDecl) -> float:
    """The least level that moves the first state enough to be seen."""
    state, levels = neuron.definition.states[0], levels_of(neuron, port)
    run = drive(neuron, port, levels, 0.2 * WATCHED, record=(state.name,))
    trace = run.traces[state.name]
    with np.errstate(invalid="ignore", over="ignore"):
        moved = np.abs(trace - trace[:, :1]).max(axis=0)
    enough = SEEN / float((1 * mV).to(state.unit)) if state.unit.fits(mV) else 0.05 * SEEN
    seen = np.flatnonzero(moved >= enough)
    return nice(float(levels[seen[0]])) if len(seen) else 1.0


def _length(neuron: Cell | Neuron | Refractory, port: InputDecl, level: float) -> float:
    """A length in ms that holds several spikes, or the way to rest of one that does not fire."""
    run = drive(neuron, port, np.array([level]), WATCHED, record=())
    scale = float((1 * neuron.definition.time_unit).to(ms))
    train = run.train() * scale
    if not len(train):
        return 200.0
    last = train[min(SPIKES, len(train) - 1)]
    gaps = np.diff(train, prepend=0)
    # Three of the longest pauses at least, for what fires in bursts.
    wanted = max(last + 0.5 * gaps[: SPIKES + 1].max(), 3 * gaps[1:].max(initial=0), 15.0) / 0.75
    return float(max(round(nice(min(wanted, WATCHED))), 20))


def levels_of(neuron: Cell | Neuron | Refractory, port: InputDecl) -> Array:
    """What is tried of an input: numbers of any size, or all whole numbers that it takes."""
    if not neuron.definition.ticks:
        return LEVELS
    most = WHOLE[-1] if port.span is None else port.span.high
    return WHOLE[most >= WHOLE]


def drive(
    neuron: Cell | Neuron | Refractory, port: InputDecl, levels: Array, length: float, **more: Any
) -> Any:
    """Several levels side by side, at the coarsest time step that is stable.

    Impulses come every ten ms, and in every tick into a model of whole numbers.
    """
    if neuron.definition.ticks:
        more[port.name] = np.round(levels).astype(int)
        return stepped(neuron, round(length) * ms, dt=1 * ms, size=len(levels), **more)[0]
    for number, dt in enumerate(STEPS):
        given: Array = levels
        if port.kind == "impulse":
            given = np.zeros((round(length / dt), len(levels)))
            given[:: round(APART / dt)] = levels
        try:
            return stepped(
                neuron,
                length * ms,
                dt=dt * ms,
                size=len(levels),
                **{port.name: Quantity(given, port.unit)},
                **more,
            )[0]
        except NumericsError:
            if number == len(STEPS) - 1:
                raise
    raise NumericsError("no time step was tried.")

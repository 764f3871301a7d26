"""`simulate`: a population of unconnected neurons driven by currents, in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from spikeloom.compile import Method
from spikeloom.compile.motion import Motion
from spikeloom.compile.parts import check_parts
from spikeloom.compile.values import numbers
from spikeloom.engines.arguments import check_options, drive, grid, initial_state
from spikeloom.engines.built import build
from spikeloom.engines.halving import doubts
from spikeloom.engines.randomness import Chance
from spikeloom.engines.results import Simulation
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import NumericsWarning, ParameterError, ShapeError, suggest, warn

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
ENTITY = "simulate"
"""Who draws: the same for all models, so that one seed gives them the same noise."""


def default_engine(neuron: Cell | Neuron | Refractory) -> Stepper:
    """What runs a model if nothing else is asked for."""
    if neuron.definition.ticks:
        from spikeloom.engines.fixed import Fixed

        return Fixed()
    return native()


def native() -> Stepper:
    """What runs equations over real numbers if nothing else is asked for."""
    from spikeloom.engines.cpu import CPU

    return CPU("float64")


class Stepper(Protocol):
    """An engine that can step a population."""

    @property
    def dtype(self) -> str:
        """``"float32"`` or ``"float64"``; ``"int64"`` of an engine for whole numbers."""
        ...

    @property
    def simulate(self) -> Callable[..., Simulation]:
        """See `Reference.simulate`."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """What `simulate` gives back. Times and states are plain numbers in the model's own units.

    Arguments:
        dt: Time step in the model's time unit (ms unless the model declares another).
        size: Number of neurons N.
        steps: Number of steps T.
        spike_times: Time of each spike, in order: the end of the step in which it happened, or the
            time itself from an engine without time steps.
        spike_ids: Neuron of each spike.
        traces: State name → (rows, N), its values at `times`.
        times: Times of the rows of `traces`.
        first: Number of the first step.
        state: Last states, name → (N,); give it to `simulate` to go on.
        method: How it was integrated.
        reason: Why in this way.

    >>> from spikeloom import LIF, ms, nA
    >>> simulate(LIF(), 100 * ms, I=0.2 * nA)
    Run: 1 neuron, 1,000 steps of 0.1, 3 spikes; traces v (1000, 1)
    """

    dt: float
    size: int
    steps: int
    spike_times: Array
    spike_ids: Array
    traces: Mapping[str, Array]
    times: Array
    state: Mapping[str, Array]
    first: int = 0
    method: str = ""
    reason: str = ""

    def train(self, neuron: int = 0) -> Array:
        """Spike times of one neuron."""
        return self.spike_times[self.spike_ids == neuron]

    @property
    def counts(self) -> Array:
        """Number of spikes of each neuron, (N,)."""
        return np.bincount(self.spike_ids, minlength=self.size)

    def __repr__(self) -> str:
        neurons = f"{self.size:,} neuron{'' if self.size == 1 else 's'}"
        text = (
            f"Run: {neurons}, {self.steps:,} steps of {self.dt:g}, {len(self.spike_ids):,} spikes"
        )
        traces = ", ".join(f"{name} {rows.shape}" for name, rows in self.traces.items())
        return f"{text}; traces {traces}" if traces else text


def simulate(
    neuron: Cell | Neuron | Refractory,
    duration: Quantity,
    *,
    dt: Quantity | None = None,
    size: int = 1,
    record: str | tuple[str, ...] | None = None,
    every: int = 1,
    method: Method | None = None,
    state: Mapping[str, Array] | None = None,
    engine: Stepper | None = None,
    seed: int = 0,
    first: int = 0,
    **inputs: Quantity | float,
) -> Run:
    """Run a population of unconnected neurons.

    Arguments:
        neuron: What each neuron is.
        duration: How long, a whole number of steps.
        dt: Time step; 0.1 ms if None. Of a model of whole numbers it is how long a tick takes, 1 ms
            if None.
        size: Number of neurons N.
        record: States to keep; all if None.
        every: Keep the states after every so many steps.
        method: How to integrate; None chooses, and `Run.reason` says why.
        state: Last states of an earlier `Run`, to go on from there; None starts afresh.
        engine: ``CPU("float64")`` if None, and ``Fixed()`` for whole numbers. ``Precise()`` and
            ``Adaptive()`` of `spikeloom.engines` have no time steps: spikes are where they are, and
            `dt` says when states are kept and inputs may change.
        seed: Seed of parameters that are distributions, and of noise.
        first: Number of the first step. Noise and times go on from there: with `state` and
            ``first=run.first + run.steps`` two runs in a row are one run, bit for bit.
        inputs: Each input of the model by name, with its unit: one number, one for each neuron
            (N,), or one for each step and neuron (T, N).

    Returns:
        Spikes, traces and last states.

    Warns:
        NumericsWarning: Half the step would move spikes by more than rounding, where no method was
            named (`spikeloom.lab.check_dt` says more); or states have grown without bound.

    Raises:
        ParameterError: No such input, or times that make no sense.
        NumericsError: dt is too large for the method, or an input is not finite.
        ShapeError: An input or a state has the wrong shape.

    Example:
        >>> from spikeloom import LIF, ms, nA, simulate
        >>> run = simulate(LIF(), 100 * ms, I=0.2 * nA)
        >>> run.train().round(1).tolist()
        [27.8, 55.6, 83.4]
    """
    run, doubtful = stepped(
        neuron, duration, dt=dt, size=size, record=record, every=every, method=method,
        state=state, engine=engine, seed=seed, first=first, **inputs,
    )  # fmt: skip
    for text in doubtful():
        warn(text, NumericsWarning)
    return run


def stepped(
    neuron: Cell | Neuron | Refractory,
    duration: Quantity,
    *,
    dt: Quantity | None = None,
    size: int = 1,
    record: str | tuple[str, ...] | None = None,
    every: int = 1,
    method: Method | None = None,
    state: Mapping[str, Array] | None = None,
    engine: Stepper | None = None,
    seed: int = 0,
    first: int = 0,
    **inputs: Quantity | float,
) -> tuple[Run, Callable[[], Iterator[str]]]:
    """`simulate` without warnings, and what gives them: it looks at a neuron at half the step."""
    check_parts("simulate", neuron, method)
    engine = default_engine(neuron) if engine is None else engine
    check_options(size, every, record, engine, first, seed)
    definition = neuron.definition
    whole = definition.ticks  # the fixed engine refuses what is not, so it must see it
    usual = 1 * ms if whole else 0.1 * ms
    step, steps = grid(duration, usual if dt is None else dt, definition.time_unit)
    values = numbers(neuron, size=size, seed=seed)
    for name, value in values.items():
        if np.shape(value) not in ((), (size,)):
            raise ShapeError(
                f"simulate: {definition.name}.{name} has shape {np.shape(value)}, not ({size},).",
                hint=f"give one number, or one for each neuron: size={np.size(value)}",
            )
    bound = build(neuron, method, values, step, engine)
    program = bound.program
    start = bound.initial(size) if state is None else initial_state(program.states, state, size)
    kept = (record,) if isinstance(record, str) else record
    known = program.flowing if isinstance(program, Motion) else program.states
    kept = known if kept is None else tuple(kept)
    for name in kept:
        if name not in known:
            raise ParameterError(
                f"simulate: {definition.name} has no state {name!r} to record.",
                hint=suggest(name, known),
            )
    simulated: Callable[..., Simulation] = engine.simulate
    driven = drive(neuron, inputs, steps, size)
    run = simulated(
        program,
        bound.coefs,
        start if whole else np.ascontiguousarray(start, engine.dtype),
        steps,
        {n: x if whole else np.ascontiguousarray(x, engine.dtype) for n, x in driven.items()},
        spikes="indices",
        record=kept,
        every=every,
        **(
            {"dt": step}
            if isinstance(program, Motion)
            else {"chance": Chance.of(program, seed, ENTITY, first)}
            if program.random
            else {}
        ),
    )
    none = np.empty(0, np.int64)
    at = none if run.spike_steps is None else run.spike_steps
    exact = None if run.spike_times is None else run.spike_times + first * step
    made = Run(
        dt=step,
        size=size,
        steps=steps,
        spike_times=(at + first + 1) * step if exact is None else exact,
        spike_ids=none if run.spike_ids is None else run.spike_ids,
        traces=run.traces,
        times=(np.arange(0, steps, every) + first + 1) * step,
        state=dict(zip(program.states, run.state, strict=True)),
        first=first,
        method=repr(engine) if exact is not None else program.method,
        reason=program.reason,
    )

    def doubtful() -> Iterator[str]:
        yield from doubts(neuron, program, method, values, start, driven, made, engine)

    return made, doubtful

"""Do spike times depend on the time step? One neuron again, at half of it, beside what it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.bind import bind
from spikeloom.compile.methods import Exact
from spikeloom.compile.program import Program
from spikeloom.compile.step import COUNTER
from spikeloom.engines.results import Simulation

if TYPE_CHECKING:
    from spikeloom.compile import Method
    from spikeloom.engines.population import Run
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
SPIKES = 8
"""Spikes that are compared, the first ones."""
SHARE = 0.01
"""A shift below this part of the time of a spike is not worth a word."""


@dataclass(frozen=True)
class Shift:
    """How far half the step moves a spike.

    Arguments:
        spike: Which one, from 1 on.
        by: How much earlier it comes then; negative where it comes later.
        open: Whether the run ended before one of the two, so that this is the least it can be.

    >>> str(Shift(7, 2.4)), str(Shift(2, -1.0, True))
    ('spike 7 earlier by 2.4', 'spike 2 later by at least 1')
    """

    spike: int
    by: float
    open: bool = False

    def __str__(self) -> str:
        least = "at least " if self.open else ""
        way = "earlier" if self.by > 0 else "later"
        return f"spike {self.spike} {way} by {least}{abs(self.by):.3g}"


def compared(ours: Array, finer: Array, dt: float, end: float) -> Shift | None:
    """The spike that half the step moves most; None where that is rounding, or little.

    A spike of a stepped run stands at the end of its step, and so does all that follows from it:
    the k-th may be off by k + 1 steps and nothing is wrong.

    Arguments:
        ours, finer: Times of the first spikes with dt and with dt/2.
        dt: The time step.
        end: How long both runs were.

    >>> compared(np.array([10.2, 20.9]), np.array([10.0, 20.0]), 0.1, 30.0)
    Shift(spike=2, by=0.9, open=False)
    >>> compared(np.array([10.2, 20.3]), np.array([10.0, 20.0]), 0.1, 30.0) is None
    True
    """
    number = min(max(len(ours), len(finer)), SPIKES)
    both = np.full((2, number), end, float)
    for row, times in zip(both, (ours, finer), strict=True):
        row[: len(times)] = times[:number]
    by = both[0] - both[1]
    known = np.arange(1, number + 1)
    much = np.abs(by) > np.maximum((known + 1) * dt * (1 + 1e-9), SHARE * both[1])
    if not much.any():
        return None
    most = int(np.argmax(np.where(much, np.abs(by), 0.0)))
    cut = most >= min(len(ours), len(finer))
    return Shift(most + 1, round(float(by[most]), 12), cut)


def asks(program: object) -> bool:
    """Whether half the step is worth a try: spikes, no noise, and a method that is not exact."""
    return (
        isinstance(program, Program)
        and program.spikes
        and not program.random
        and program.method != repr(Exact())
    )


def shifted(
    program: Program,
    values: Mapping[str, Any],
    dt: float,
    start: Array,
    inputs: Mapping[str, Array],
    impulses: tuple[str, ...],
    times: Array,
    steps: int,
    engine: Any,
) -> Shift | None:
    """Run one neuron at half the step, up to its first few spikes, and compare.

    Arguments:
        program, values, dt: What ran, with plain numbers.
        start: Its first states (S, 1).
        inputs: What flowed in, (1,) or (T, 1).
        impulses: Those of them that arrive at once: they come in the first half of a step.
        times: Its spikes.
        steps: How many steps there were.
        engine: What ran it.
    """
    if len(times) >= SPIKES:  # a bit further, for spikes that come later
        steps = min(steps, round(1.25 * times[SPIKES - 1] / dt) + 1)
    halves: dict[str, Array] = {}
    for name, given in inputs.items():
        series = given if given.ndim == 2 else np.broadcast_to(given, (steps, 1))
        if given.ndim == 2 or name in impulses:
            made = np.repeat(series[:steps], 2, axis=0)
            if name in impulses:
                made[1::2] = 0
            given = made
        halves[name] = np.ascontiguousarray(given, engine.dtype)
    begun = np.array(start, engine.dtype)
    if COUNTER in program.states:  # steps that are left of a refractory period
        begun[program.states.index(COUNTER)] *= 2
    bound = bind(program, values, dt / 2)
    run: Simulation = engine.simulate(
        program, bound.coefs, begun, 2 * steps, halves, spikes="indices", record=()
    )
    none = np.empty(0)
    finer = none if run.spike_steps is None else (run.spike_steps + 1) * (dt / 2)
    if not np.all(np.isfinite(run.state)):
        return None
    return compared(times[times <= steps * dt], finer, dt, steps * dt)


def doubts(
    neuron: Cell | Neuron | Refractory,
    program: object,
    method: Method | None,
    values: Mapping[str, Any],
    start: Array,
    inputs: Mapping[str, Array],
    run: Run,
    engine: Any,
) -> Iterator[str]:
    """What a user should know of a run in time steps, in words.

    Arguments:
        neuron: What ran.
        program, values, start, inputs, engine: How: for N neurons.
        method: What the user named. Whoever names a method and a step has asked for just that: some
            models were published as one, and only states without bound are worth a word then.
        run: What came of it.
    """
    if not isinstance(program, Program) or not run.size:
        return
    name, step = neuron.definition.name, f"dt = {run.dt:g} {program.time_unit}"
    wild = ~np.all([np.isfinite(x) for x in run.state.values()], axis=0)
    if wild.any():
        which = "" if run.size == 1 else f" of {int(wild.sum()):,} in {run.size:,} neurons"
        yield (
            f"{name}: the states{which} grow without bound by {program.method} at {step}: take a"
            " shorter step, or another method"
        )
        return
    if method is not None or not asks(program) or not len(run.spike_ids):
        return
    one = int(np.argmax(run.counts))  # one that fires most
    of_one = slice(one, one + 1)
    shift = shifted(
        program,
        {n: x[of_one] if np.ndim(x) else x for n, x in values.items()},
        run.dt,
        start[:, of_one],
        {n: x[..., of_one] for n, x in inputs.items()},
        tuple(i.name for i in neuron.definition.inputs if i.kind == "impulse"),
        run.train(one) - run.first * run.dt,
        run.steps,
        engine,
    )
    if shift is not None:
        yield told(name, program, step, shift)


def told(name: str, program: Program, step: str, shift: Shift, unit: str = "") -> str:
    """The warning."""
    return (
        f"{name}: spike times depend on dt: by {program.method} at {step}, half the step puts"
        f" {shift} {unit or program.time_unit}. A shorter dt or a method of higher order helps;"
        " model.check_dt(...) says which."
    )

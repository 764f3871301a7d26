"""A neuron that is linear between events, without error of a time step: its spikes, and its states
on a grid of times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.events import event_model
from spikeloom.compile.values import numbers
from spikeloom.engines.events.arrivals import Arrivals
from spikeloom.engines.events.bind import system_of
from spikeloom.engines.events.choose import event_engine
from spikeloom.engines.events.system import EventSystem
from spikeloom.equations.units import ms
from spikeloom.errors import CompileError, NumericsError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
BLOCK = 64
"""Steps that are taken at once where nothing happens."""


@dataclass(frozen=True, eq=False)
class ExactCourse:
    """Spikes and states to rounding.

    Arguments:
        spikes: Times in ms.
        states: Name → (T + 1,), before what arrives at each time.
    """

    spikes: Array
    states: Mapping[str, Array]


def exact_course(
    neuron: Cell | Neuron | Refractory,
    port: str,
    values: Array,
    dt: float,
    start: Mapping[str, Array],
    held: Mapping[str, float],
) -> ExactCourse | None:
    """What a neuron does, off the grid; None where it is not linear between events.

    Arguments:
        neuron: The neuron.
        port: The input that changes.
        values: Its value in each step, (T,).
        dt: Time step in ms.
        start: State name → (1,).
        held: Inflows that stay as they are.
    """
    try:
        model = event_model(neuron)
        unit = float((1 * neuron.definition.time_unit).to(ms))
        system = system_of(model, numbers(neuron), port, unit)
        z = system.z.copy()
        for name, value in {**{n: float(x[0]) for n, x in start.items()}, **held}.items():
            z[:, model.rows.index(name)] = value
        inflow = port in model.inflows
        if inflow:
            z[:, model.rows.index(port)] = values[0]
        system = replace(system, z=z)
        _ = system.rates  # that they are real is found now
    except (CompileError, NumericsError, ValueError):
        return None
    jumps = np.diff(values, prepend=values[:1]) if inflow else values
    (at,) = np.nonzero(jumps)
    events = Arrivals(np.array([0, len(at)]), at * dt, np.arange(len(at)), np.ones(len(at)))
    found = event_engine("cpu").forward(system, events, jumps[at][None], len(values) * dt)
    count = int(found.count[0, 0])
    times = found.times[0, 0, :count]
    after = found.states[0, 0, :count] @ system.R[0].T
    table = _on_grid(system, jumps, dt, times, after)
    return ExactCourse(times, {n: table[:, model.rows.index(n)] for n in model.states})


def _on_grid(system: EventSystem, jumps: Array, dt: float, times: Array, after: Array) -> Array:
    """z at 0, dt, …, T dt, before what arrives then: (T + 1, n)."""
    from scipy.linalg import expm

    A, b, steps = system.A[0], system.b[0], len(jumps)
    powers = [expm(A * dt)]
    while len(powers) < min(BLOCK, steps):
        powers.append(powers[0] @ powers[-1])
    ahead = np.array(powers)
    place = np.minimum((times / dt).astype(np.int64), steps - 1)
    table = np.empty((steps + 1, system.n))
    table[0] = system.z[0]
    busy = np.union1d(np.flatnonzero(jumps), place)
    k = spike = turn = 0
    while k < steps:
        if turn < len(busy) and busy[turn] == k:  # something happens at or after the time k dt
            z, since = table[k] + jumps[k] * b, k * dt
            while spike < len(times) and place[spike] == k:
                z, since = after[spike], times[spike]
                spike += 1
            whole = since == k * dt
            table[k + 1] = (ahead[0] if whole else expm(A * ((k + 1) * dt - since))) @ z
            k, turn = k + 1, turn + 1
        else:
            until = min(busy[turn] if turn < len(busy) else steps, k + BLOCK)
            table[k + 1 : until + 1] = ahead[: until - k] @ table[k]
            k = until
    return table

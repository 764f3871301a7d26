"""Stepping a cable: from where, driven by what, keeping what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.cable.drive import Drive
from spikeloom.cable.places import several
from spikeloom.cable.result import CableRun, State
from spikeloom.engines.cable_plan import CableState, Probe, stepper
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms, mV
from spikeloom.errors import NumericsError, ParameterError, UnitError, suggest
from spikeloom.network.grid import milliseconds, whole_steps

if TYPE_CHECKING:
    from spikeloom.cable.cable import Cable

Array = np.ndarray[Any, np.dtype[Any]]
CHUNK_NUMBERS = 1 << 18
"""Numbers of currents, arrivals and watched potentials that are held for the engine at a time."""


def run(
    cable: Cable,
    duration: Quantity,
    *,
    dt: Quantity = 0.025 * ms,
    inject: Mapping[Any, Any] | None = None,
    spikes: Mapping[str, Any] | None = None,
    record: Any = None,
    states: Sequence[str] = (),
    every: int = 1,
    detect: Any = (),
    threshold: Quantity = 0 * mV,
    order: int | None = None,
    v: Quantity | None = None,
    state: State | None = None,
    seed: int = 0,
    engine: Any = None,
) -> CableRun:
    """Step a cable through time.

    Arguments:
        cable: The cable.
        duration: A whole number of steps.
        dt: Time step.
        inject: Place -> current: constant, a waveform of `spikeloom.network`, a function of time
            or an `OrnsteinUhlenbeck` process, whose value of a step is that at its beginning.
        spikes: Synapses -> (times, weight): one train for all their places, or a list of trains;
            one weight, or one for each place. Times count as the nearest step.
        record: Places whose potential is kept; None for all compartments, in the order of sections.
        states: Further states to keep at these places, such as ``("m", "h")``.
        every: Keep one of so many steps.
        detect: Places where spikes are looked for.
        threshold: The potential that a spike rises through; a membrane that resets has its own.
        order: 2, or 1 for backward Euler steps of the potentials: less accurate, but they damp
            what is much faster than dt, such as a voltage clamp or a reset. None is 1 where a
            membrane is reset, 2 otherwise.
        v: Potential everywhere at the start, or one for each compartment in the order of sections;
            None for that of each membrane. Other states are at rest at it.
        state: `CableRun.state` of an earlier run, to go on from there.
        seed: Of currents that fluctuate; a run that goes on needs the same.
        engine: ``CPU("float64")`` if None.

    Returns:
        The recorded potentials and states, the spikes, and the state to go on from.

    Raises:
        ParameterError, UnitError, ShapeError: Something given does not fit; said in words.
        NumericsError: A potential became NaN or infinite.
    """
    step = milliseconds("Cable.run: dt", dt)
    if not step > 0:
        raise ParameterError(f"Cable.run: dt must be above 0, got {dt}.")
    steps = whole_steps("Cable.run: duration", duration, dt)
    if isinstance(every, bool) or not isinstance(every, int | np.integer) or every < 1:
        raise ParameterError(f"Cable.run: every must be a whole number above 0, got {every!r}.")
    order = cable.order if order is None else order
    if isinstance(order, bool) or order not in (1, 2):
        raise ParameterError(f"Cable.run: order must be 1 or 2, got {order!r}.")
    engine = stepper(engine)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise ParameterError(f"Cable.run: seed must be a whole number, got {seed!r}.")
    drive = Drive(cable, inject or {}, spikes or {}, step, int(seed))
    places, watched = several(detect), _threshold(threshold)
    nodes = np.array([cable.node(p) for p in places], np.int64)
    kept = _record(cable, record)
    probes = [Probe(node=int(n)) for n in kept]
    probes += [_state_probe(cable, s, int(n)) for s in states for n in kept]
    present = [p for p in probes if p is not None]
    wired = cable.wired
    plan = wired.plan(step, order)
    if state is None:
        begin = wired.resting(_start(cable, v))
        first, now = 0, wired.ahead(begin, step, drive.at_start(0))
    else:
        if v is not None:
            raise ParameterError("Cable.run: give v or state, not both.")
        first, now = _continued(cable, state, step)
    rows = [np.array([[p.of(now) for p in present]])] if state is None else []
    row_steps = [np.array([first])] if state is None else []
    found: list[list[Array]] = [[] for _ in places]
    wide = len(nodes) + len(drive.stretch(0, 0).nodes) + sum(len(p.nodes) for p in plan.points)
    resets = np.zeros(len(cable.grid.areas), bool)
    for on in wired.membranes:
        resets[on.nodes] = on.mechanism.fire is not None
    chunk = max(1, CHUNK_NUMBERS // max(wide, 1)) // every * every or every
    last = np.array(now.v)[nodes]
    for begun in range(0, steps, chunk):
        count = min(chunk, steps - begun)
        given = drive.stretch(first + begun, count)
        done = engine.cable(plan, now, given, record=present, every=every, watch=nodes)
        now = done.state
        _finite(cable, now, (first + begun + count) * step)
        rows.append(done.traces)
        row_steps.append(first + begun + 1 + np.arange(0, count, every))
        for k, times in enumerate(_crossings(last, done.watched, watched)):
            if resets[nodes[k]]:  # at the end of the step
                times = 1.0 + np.flatnonzero(done.fired[:, k])
            found[k].append((times + first + begun) * step)
        last = done.watched[-1] if count else last
    table = np.concatenate([np.empty((0, len(present))), *rows])
    whole = np.full((len(table), len(probes)), np.nan)
    whole[:, [p is not None for p in probes]] = table
    by = {None: whole[:, : len(kept)]} | {
        s: whole[:, (i + 1) * len(kept) : (i + 2) * len(kept)] for i, s in enumerate(states)
    }
    v_rows = by.pop(None)
    return CableRun(
        cable=cable,
        times=np.concatenate([np.empty(0), *row_steps]) * step,
        v=v_rows,
        places=kept,
        states={str(s): x for s, x in by.items()},
        spikes={
            p: np.concatenate([np.empty(0), *times]) for p, times in zip(places, found, strict=True)
        },
        state=State(first + steps, step, now),
    )


def _threshold(value: Any) -> float:
    if not isinstance(value, Quantity) or not value.unit.fits(mV) or value.shape:
        raise UnitError(f"Cable.run: threshold must be one potential, got {value!r}.")
    return float(value.to(mV))


def _record(cable: Cable, record: Any) -> Array:
    if record is None:
        return np.concatenate(cable.grid.nodes)
    return np.array([cable.node(p) for p in several(record)], np.int64)


def _state_probe(cable: Cable, name: str, node: int) -> Probe | None:
    known = {s for on in cable.wired.membranes for s in on.mechanism.states}
    if name not in known:
        raise ParameterError(
            f"Cable.run: no membrane has a state {name!r} to record.", hint=suggest(name, known)
        )
    for k, on in enumerate(cable.wired.membranes):
        column = np.flatnonzero(on.nodes == node)
        if len(column) and name in on.mechanism.states:
            row = on.mechanism.states.index(name)
            return Probe(kind="membrane", part=k, row=row, column=int(column[0]))
    return None


def _start(cable: Cable, v: Any) -> Array | float | None:
    if v is None:
        return None
    if not isinstance(v, Quantity) or not v.unit.fits(mV):
        raise UnitError(f"Cable.run: v must be a potential, got {v!r}.", hint="v=-65 * mV")
    numbers = np.asarray(v.to(mV), float)
    count = sum(cable.grid.counts)
    if numbers.shape not in ((), (count,)) or not np.all(np.isfinite(numbers)):
        raise ParameterError(
            f"Cable.run: v must be one finite potential or one for each of {count:,} compartments,"
            f" got shape {numbers.shape}."
        )
    if not numbers.shape:
        return float(numbers)
    whole = np.empty(len(cable.grid.areas))
    whole[np.concatenate(cable.grid.nodes)] = numbers
    return whole


def _continued(cable: Cable, state: Any, dt: float) -> tuple[int, CableState]:
    if not isinstance(state, State):
        raise ParameterError(
            f"Cable.run: state must be that of an earlier run, got {type(state).__name__}.",
            hint="state=run.state",
        )
    if state.dt != dt:
        raise ParameterError(
            f"Cable.run: the state was made with dt = {state.dt:g} ms, this run has {dt:g} ms.",
            hint="gates are half a step ahead of the potentials: go on with the same dt",
        )
    inside = state.inside
    fits = len(inside.v) == len(cable.grid.areas) and all(
        x.shape == (len(on.mechanism.states), len(on.nodes))
        for group, ons in (
            (inside.membranes, cable.wired.membranes),
            (inside.points, cable.wired.points),
        )
        for x, on in zip(group, ons, strict=False)
    )
    same = (len(inside.membranes), len(inside.points)) == (
        len(cable.wired.membranes), len(cable.wired.points)
    )  # fmt: skip
    if not (fits and same):
        raise ParameterError("Cable.run: the state belongs to another cable.")
    return state.step, inside


def _finite(cable: Cable, state: CableState, time: float) -> None:
    bad = np.flatnonzero(~np.isfinite(state.v))
    if len(bad):
        section = cable.grid.section[bad[0]]
        where = "a joint" if section < 0 else repr(cable.morphology.sections[section].name)
        raise NumericsError(
            f"Cable.run: the potential in {where} is not finite at {time:g} ms.",
            hint="take a smaller dt, or look at the last finite state of a shorter run",
        )


def _crossings(before: Array, watched: Array, threshold: float) -> list[Array]:
    """For each watched node, when it rose through the threshold, in steps."""
    whole = np.concatenate([before[None, :], watched]).astype(float)
    made: list[Array] = []
    for column in whole.T:
        k = np.flatnonzero((column[:-1] < threshold) & (column[1:] >= threshold))
        made.append(k + (threshold - column[k]) / (column[k + 1] - column[k]))
    return made

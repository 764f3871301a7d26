"""`bifurcation`: how rest and oscillation of a neuron change with one parameter or input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import RK4, Exact, Method, compile_neuron
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import Hz, ms, one
from spikeloom.errors import ParameterError, suggest
from spikeloom.lab.box import box_of
from spikeloom.lab.branches import Branch, Curve
from spikeloom.lab.constant import constant_inputs, plain
from spikeloom.lab.cycles import CycleBranch, cycle_branches
from spikeloom.lab.over import Over, over_of
from spikeloom.lab.reduction import reduce
from spikeloom.lab.special import SpecialPoint, special_points
from spikeloom.lab.stepping import lanes
from spikeloom.lab.sweep import Sweep, Sweeper, last_moving, liveliest, sweep
from spikeloom.lab.vector_field import Array, VectorField, vector_field

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

SETTLE = 15.0
"""Slowest times of the flow before it is looked at, and while it is."""
STEPS = 60
"""Values of a sweep where only its ends are given."""


@dataclass(frozen=True, eq=False)
class CycleEnd:
    """Where an oscillation is given up for rest, far from where rest is lost.

    Arguments:
        value: Of the parameter or input, in its unit.
        low, high: Extrema of every state in the last oscillation, (S,).
        frequency: Of it, Hz.

    >>> from spikeloom import QuadraticIF, one
    >>> from spikeloom.lab.bifurcation import bifurcation
    >>> found = bifurcation(QuadraticIF(), "I", (-1, 1) * one, sweeps=False)
    >>> [isinstance(end, CycleEnd) for end in found.cycle_ends]
    []
    """

    value: float
    low: Array
    high: Array
    frequency: float


@dataclass(frozen=True, eq=False, repr=False)
class Bifurcation:
    """Fixed points and oscillations over one parameter or input.

    Arguments:
        model: Name of the model.
        over: What is varied, and `unit` its unit.
        ends: (low, high) of its range.
        states: The states that move, S of them.
        units: Unit of every state, and of ``"time"``.
        watched: The state whose extrema tell motion from rest.
        branches: Curves of fixed points with their stability.
        points: Where fixed points meet, or lose their stability to an oscillation.
        up, down: What the neuron settles to while the value rises, and while it falls; None if
            that was not asked for. Their states are those of the sweep: `sweep_states`.
        cycle_ends: Where an oscillation ends though no fixed point changes there.
        hybrid: Whether a spike moves the state: branches then hold between resets.
        cycles: Lines of periodic orbits, stable and unstable, from the Hopf points on; empty if
            they were not asked for.

    >>> from spikeloom import AdEx, pA
    >>> from spikeloom.lab.bifurcation import bifurcation
    >>> found = bifurcation(AdEx(), "I", (500, 700) * pA, sweeps=False)
    >>> isinstance(found, Bifurcation), [point.kind for point in found.points]
    (True, ['Hopf', 'saddle-node'])
    """

    model: str
    over: str
    unit: Unit
    ends: tuple[float, float]
    states: tuple[str, ...]
    sweep_states: tuple[str, ...]
    units: Mapping[str, Unit]
    watched: str
    branches: tuple[Branch, ...]
    points: tuple[SpecialPoint, ...]
    up: Sweep | None
    down: Sweep | None
    cycle_ends: tuple[CycleEnd, ...]
    hybrid: bool
    cycles: tuple[CycleBranch, ...] = ()

    def frequency(self, point: SpecialPoint) -> float:
        """Of the oscillation that begins at a Hopf point, Hz."""
        return float(point.omega / (2 * np.pi) * hertz(self.units["time"]))

    def named(self, kind: str) -> tuple[SpecialPoint, ...]:
        """All special points of one kind, such as ``"Hopf"``."""
        return tuple(point for point in self.points if point.kind == kind)

    def __repr__(self) -> str:
        shown = f" {self.unit!s}".rstrip()
        low, high = self.ends
        lines = [f"{self.model} over {self.over} from {low:g} to {high:g}{shown}"]
        for point in self.points:
            text = f"  {point.kind} at {point.value:.6g}{shown}"
            if point.kind == "Hopf":
                soft = "" if np.isnan(point.first_lyapunov) else (
                    ", soft" if point.first_lyapunov < 0 else ", hard"
                )  # fmt: skip
                text += f", {self.frequency(point):.5g} Hz{soft}"
            lines.append(text)
        for end in self.cycle_ends:
            lines.append(f"  oscillation ends at {end.value:.6g}{shown}, {end.frequency:.5g} Hz")
        for line in self.cycles:
            for turn in line.points:
                rate = hertz(self.units["time"]) / turn.period
                lines.append(f"  {turn.kind} at {turn.value:.6g}{shown}, {rate:.5g} Hz")
            if line.ends not in ("Hopf", "end of range"):
                ends = "lost" if line.ends == "lost" else f"ends in a {line.ends}"
                lines.append(f"  line of cycles {ends} at {line.values[-1]:.6g}{shown}")
        if not self.points and not self.cycle_ends:
            lines.append("  no bifurcation in range")
        if self.hybrid:
            lines.append("  (fixed points of the flow between resets)")
        return "\n".join(lines)


def hertz(time: Unit) -> float:
    """A rate of one per unit of time, in Hz."""
    return float(Quantity(1.0, one / time).to(Hz))


def bifurcation(
    model: Cell | Neuron | Refractory,
    over: str,
    values: Quantity,
    *,
    held: Mapping[str, Any] | None = None,
    within: Mapping[str, Any] | None = None,
    watch: str | None = None,
    sweeps: bool = True,
    cycles: bool = False,
    settle: Quantity | None = None,
    dt: Quantity | None = None,
    method: Method | None = None,
) -> Bifurcation:
    """Fixed points, their stability, and what the neuron settles to, over a parameter or input.

    Curves of fixed points come from the equations: every line of them in the box, with eigenvalues
    of the derived Jacobian, and saddle-node and Hopf points to about ten digits. Oscillations come
    from the native engine: the value rises in steps and falls again, and each state goes on from
    the last, so that two answers at one value are both seen. Periodic orbits that nothing runs
    into, because they are unstable, are solved for as they are: see `cycles`.

    Arguments:
        model: One neuron.
        over: Name of the input or parameter that varies.
        values: Its range, ``(low, high) * unit``, or every value of the sweeps.
        held: Constant inputs, name → value.
        within: Where fixed points are looked for: state → (low, high) with units.
        watch: The state whose extrema tell motion from rest; the first that moves if None.
        sweeps: Whether it is run, too, and not only its fixed points are followed.
        cycles: Whether lines of periodic orbits are followed from the Hopf points on, through folds
            and unstable parts, with Floquet multipliers; for neurons that no spike resets.
        settle: How long it runs at each value before it is looked at, and while it is; 15 of its
            slowest time constants if None.
        dt: Time step of the sweeps; None takes one by its fastest time constant.
        method: How to integrate; None takes the exact step where there is one, else Runge-Kutta.

    Returns:
        Branches, special points and sweeps; `show.bifurcation` draws them.

    Raises:
        ParameterError: Nothing of this name, or a range that is none.
        UnitError: A value does not have the unit of what it is for.

    Source: Kuznetsov 2004, Elements of Applied Bifurcation Theory; Izhikevich 2007, chapter 6;
    Doedel, Keller & Kernevez 1991 for the cycles.

    Example:
        >>> from spikeloom import FitzHughNagumo, one
        >>> from spikeloom.lab.bifurcation import bifurcation
        >>> bifurcation(FitzHughNagumo(), "I", (0, 2) * one, sweeps=False)
        FitzHughNagumo over I from 0 to 2
          Hopf at 0.331281, 43.848 Hz, hard
          Hopf at 1.41872, 43.848 Hz, hard
    """
    who = "bifurcation"
    inputs = constant_inputs(who, model, None, None, held)
    asked = over_of(who, model, over, values)
    field = vector_field(who, model, inputs, free=(asked.leaf,))
    reduction = reduce(field)
    box = box_of(who, field, reduction.core, within)
    curve = Curve(reduction, asked.low, asked.high, box)
    lines = curve.lines()
    points = sorted((p for line in lines for p in special_points(curve, line)),
                    key=lambda p: p.value)  # fmt: skip
    branches = tuple(branch for branch in map(curve.branch, lines) if len(branch.values))
    watched = _watched(who, field, watch)
    lines_of_cycles = _cycles(who, field, asked, points, branches) if cycles else ()
    up = down = None
    ends: list[CycleEnd] = []
    sweep_states: tuple[str, ...] = ()
    if sweeps:
        sweeper = _sweeper(who, model, inputs, field, asked, branches, watched, settle, dt, method)
        sweep_states = sweeper.lanes.program.states
        up, down, ends = _run(sweeper, curve, field, asked, points)
    return Bifurcation(
        model=field.definition.name,
        over=over,
        unit=asked.unit,
        ends=(asked.low, asked.high),
        states=field.states,
        sweep_states=sweep_states,
        units={s.name: s.unit for s in field.definition.states}
        | {"time": field.definition.time_unit},
        watched=watched,
        branches=branches,
        points=tuple(points),
        up=up,
        down=down,
        cycle_ends=tuple(ends),
        hybrid=field.hybrid,
        cycles=tuple(lines_of_cycles),
    )


def _cycles(
    who: str,
    field: VectorField,
    asked: Over,
    points: list[SpecialPoint],
    branches: tuple[Branch, ...],
) -> list[CycleBranch]:
    if field.hybrid:
        raise ParameterError(
            f"{who}: a spike resets {field.definition.name}, so its oscillations are no solutions "
            "of the flow alone.",
            hint="leave cycles=True out: the sweeps show them",
        )
    box = box_of(who, field, field.states, None)
    scale = 0.1 * (box.high - box.low)
    for branch in branches:
        scale = np.maximum(scale, np.ptp(branch.states, axis=0))
    return cycle_branches(field, points, (asked.low, asked.high), scale)


def _watched(who: str, field: VectorField, watch: str | None) -> str:
    if watch is None:
        return field.states[0]
    if watch not in field.states:
        raise ParameterError(
            f"{who}: {field.definition.name} has no state {watch!r} that moves.",
            hint=suggest(str(watch), field.states),
        )
    return watch


def _sweeper(
    who: str,
    model: Any,
    inputs: Mapping[str, float],
    field: VectorField,
    asked: Over,
    branches: tuple[Branch, ...],
    watched: str,
    settle: Quantity | None,
    dt: Quantity | None,
    method: Method | None,
) -> Sweeper:
    unit = field.definition.time_unit
    slow, fast = _speeds(field, asked, branches)
    time = SETTLE / slow if settle is None else plain(who, "settle", unit, settle)
    most = float((0.02 * ms if field.hybrid else 0.05 * ms).to(unit))
    step = min(most, _round(0.2 / fast)) if dt is None else plain(who, "dt", unit, dt)
    if not (step > 0 and time >= 10 * step):
        raise ParameterError(f"{who}: dt must be above 0, and settle at least ten steps of it.")
    if method is None:
        method = Exact() if compile_neuron(model).method == "Exact()" else RK4()
    made = lanes(model, inputs, asked.leaf, step, method)
    box = box_of(who, field, (watched,), None)
    steps = round(time / step)
    return Sweeper(
        made,
        made.program.states.index(watched),
        float(box.high[0] - box.low[0]),
        field.level(watched),
        field.hybrid,
        steps,
        steps,
    )


def _speeds(field: VectorField, asked: Over, branches: tuple[Branch, ...]) -> tuple[float, float]:
    """The slowest and the fastest rate of the flow: at rest, or where there is none, anywhere."""
    calm = [np.abs(b.eigenvalues[b.stable & ~b.fires]) for b in branches]
    sizes = [size for size in calm if len(size)] or [np.abs(b.eigenvalues) for b in branches]
    if not sizes:
        box = box_of("bifurcation", field, field.states, None)
        some = box.low + np.random.default_rng(0).random((200, len(box.low))) * (box.high - box.low)
        jacobian = field.jacobian(some, (asked.high,))
        jacobian = jacobian[np.isfinite(jacobian).all((-2, -1))]
        sizes = [np.median(np.abs(np.linalg.eigvals(jacobian)), axis=0)[None]]
    slow = float(np.median(np.concatenate([size.min(-1) for size in sizes])))
    fast = float(np.max(np.concatenate([size.max(-1) for size in sizes])))
    fast = fast if fast > 0 and np.isfinite(fast) else 0.1
    return max(slow, 1e-4 * fast), fast


def _round(step: float) -> float:
    """1, 2 or 5 times a power of ten, not above."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(max(m * power for m in (1, 2, 5) if m * power <= step * (1 + 1e-9)))


def _run(
    sweeper: Sweeper,
    curve: Curve,
    field: VectorField,
    asked: Over,
    points: list[SpecialPoint],
) -> tuple[Sweep, Sweep, list[CycleEnd]]:
    per_second = hertz(field.definition.time_unit)
    made = sweeper.lanes
    values = asked.values(STEPS)
    begin = made.start(values[:1])[:, 0]
    rests = curve.rests(float(values[0]))
    calm = [x for x in rests if np.linalg.eigvals(field.jacobian(x, (values[0],))).real.max() < 0]
    first = made.place(field.states, calm[0], begin) if calm else begin
    up, going_up = sweep(sweeper, values, first, per_second)
    last = liveliest(sweeper, float(values[-1]), curve.rests(float(values[-1])), field.states)
    down, going_down = sweep(sweeper, values[::-1], last, per_second)
    ends: list[CycleEnd] = []
    for way, states in ((up, going_up), (down, going_down)):
        for k in np.flatnonzero(way.moves[:-1] & ~way.moves[1:]):
            a, b = sorted((float(way.values[k]), float(way.values[k + 1])))
            if any(a <= p.value <= b and p.kind == "saddle-node" for p in points):
                continue  # on the circle: the oscillation ends where the fixed points are born
            value, seen = float("nan"), None
            for j in (int(k), int(k) - 1):  # just beyond the end it may have seemed to move still
                if seen is None and j >= 0:
                    here, there = float(way.values[j]), float(way.values[j + 1])
                    value, seen = last_moving(sweeper, here, there, states[j])
            near = 0.02 * (b - a)
            if seen is not None and all(abs(value - p.value) > near for p in points):
                ends.append(CycleEnd(value, seen.low, seen.high, seen.rate * per_second))
    return up, down, ends

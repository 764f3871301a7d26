"""`check_dt`: how much the time step matters, by halving it twice and by a run without steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import floor, isfinite, log2, log10
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import Method, choose_method
from spikeloom.compile.motion import motion
from spikeloom.compile.parts import check_parts
from spikeloom.engines import Adaptive, Precise, Run
from spikeloom.engines.arguments import drive, grid
from spikeloom.engines.population import stepped
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import CompileError, NumericsError, ParameterError, ShapeError, UnitError
from spikeloom.lab.strong_input import strong_input

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
HALVINGS = 3
TRIES = 8


@dataclass(frozen=True)
class DtRow:
    """One time step and what came of it, beside the reference.

    Arguments:
        dt: Time step, in the time unit of the model.
        spikes: Number of spikes; -1 where the states grew without bound.
        shift: Largest distance of a spike from its partner in the reference.
        state_error: Largest distance of each state from the reference, up to the first spike.

    >>> DtRow(0.1, -1, float("inf"), {}).diverged
    True
    """

    dt: float
    spikes: int
    shift: float
    state_error: Mapping[str, float]

    @property
    def diverged(self) -> bool:
        """Whether the states grew without bound."""
        return self.spikes < 0


@dataclass(frozen=True, repr=False)
class DtCheck:
    """What `check_dt` gives back; printing it shows the table.

    Arguments:
        model, method, reason: What was run, how, and why so.
        dt, tolerance: As asked for, in the time unit of the model.
        time_unit: That unit.
        input: What flowed in.
        against: The reference: ``"Precise()"``, ``"Adaptive(...)"`` or a very short step.
        spikes: Number of spikes of the reference.
        rows: dt, dt/2 and dt/4.
        order: Observed order of the error, NaN where there is none to see.
        recommended: The longest step that was tried and keeps the tolerance; NaN if none did.
        warnings: What a user should know.

    >>> from spikeloom import Izhikevich, ms, mV
    >>> check = Izhikevich().check_dt(0.5 * ms, 100 * ms, I=10 * mV / ms)
    >>> check.fine, check.recommended < 0.5
    (False, True)
    """

    model: str
    method: str
    reason: str
    dt: float
    tolerance: float
    time_unit: str
    input: str
    against: str
    spikes: int
    rows: tuple[DtRow, ...]
    order: float
    recommended: float
    warnings: tuple[str, ...]

    @property
    def fine(self) -> bool:
        """Whether the step that was asked for keeps the tolerance."""
        return self.recommended >= self.dt

    def __repr__(self) -> str:
        unit, names = self.time_unit, list(self.rows[0].state_error)
        shown = names[:4]
        lines = [
            f"{self.model} by {self.method}, {self.reason}",
            f"input {self.input}; {self.spikes} spikes in the reference {self.against}",
            "",
            "  ".join(["dt".rjust(9), "spikes", "spike shift", *[f"error of {n}" for n in shown]]),
        ]
        for row in self.rows:
            if row.diverged:
                lines.append(f"{row.dt:9.4g}  diverges: the states grow without bound")
                continue
            cells = [f"{row.dt:9.4g}", f"{row.spikes:6d}", f"{row.shift:11.3g}"]
            cells += [f"{row.state_error[n]:{9 + len(n)}.3g}" for n in shown]
            lines.append("  ".join(cells))
        order = f"observed order {self.order:.2g}; " if isfinite(self.order) else ""
        told = f"{order}to keep {self.tolerance:g} {unit}: "
        if isfinite(self.recommended):
            told += f"dt <= {self.recommended:g} {unit}"
        else:
            told += "none of the steps tried is short enough"
        return "\n".join([*lines, "", told, *[f"warning: {w}" for w in self.warnings]])


def check_dt(
    neuron: Cell | Neuron | Refractory,
    dt: Quantity,
    duration: Quantity,
    *,
    tolerance: Quantity = 0.1 * ms,
    method: Method | None = None,
    state: Mapping[str, Array] | None = None,
    **inputs: Quantity | float,
) -> DtCheck:
    """How much a time step changes spikes and states, and which step is short enough.

    The neuron runs with dt, dt/2 and dt/4, and once without time steps: by `Precise` where it is
    linear between spikes, else by `Adaptive`. Spikes are paired in order. A spike of a stepped run
    stands at the end of its step, so that a shift up to dt is rounding to the grid and no more;
    with steps, the error of spike times never falls faster than with order 1.

    Arguments:
        neuron: The neuron; not one with noise or chance, where each step draws its own numbers.
        dt: The step in question.
        duration: How long, a whole number of steps.
        tolerance: Largest shift of a spike that is acceptable.
        method: How to integrate; None chooses, for each step anew.
        state: States to start from, one neuron, as `simulate` takes them.
        inputs: Inputs by name, constant or one for each step (T,); without any, an input is looked
            for that makes the neuron fire several times.

    Raises:
        ParameterError: The neuron is random, or an input does not exist.
        UnitError: dt, the duration or the tolerance is no time.

    >>> from spikeloom import HodgkinHuxley, cm2, ms, uA
    >>> from spikeloom.compile import ExponentialEuler
    >>> cell, drive = HodgkinHuxley(), 10 * uA / cm2
    >>> check = check_dt(cell, 0.1 * ms, 100 * ms, method=ExponentialEuler(), I=drive)
    >>> round(check.rows[0].shift, 1), check.warnings[0]  # spike 7 comes 4.8 ms late
    (4.8, 'spike times depend on dt: up to 4.78 ms at dt = 0.1 ms')
    """
    check_parts("check_dt", neuron, method)
    definition = neuron.definition
    unit = definition.time_unit
    step, steps = grid(duration, dt, unit, "check_dt")
    if not isinstance(tolerance, Quantity) or tolerance.shape or not tolerance.unit.fits(unit):
        raise UnitError(f"check_dt: tolerance must be one time, got {tolerance!r}.",
                        hint="tolerance=0.1 * ms")  # fmt: skip
    allowed = float(tolerance.to(unit))
    if not allowed > 0 or steps < 1:
        raise ParameterError("check_dt: tolerance and duration must be positive times.")
    if definition.ticks:
        raise ParameterError(
            f"check_dt: {definition.name} goes from tick to tick in whole numbers, so nothing "
            "depends on how long a tick takes.",
            hint="simulate(...) runs it; a tick is one step",
        )
    for name, value in neuron.values.items():
        if isinstance(value, Quantity) and value.shape:
            raise ShapeError(
                f"check_dt: {definition.name}.{name} has shape {value.shape}; one neuron is run.",
                hint="give one number",
            )
    try:
        moving = motion(neuron)
    except CompileError as error:
        raise ParameterError(
            f"check_dt: there is nothing to compare with. {error.message}",
            hint="where chance is at work, compare statistics of many runs at two time steps",
        ) from error
    if not inputs:
        inputs = strong_input(neuron, duration, dt)
    once = _Once(neuron, step, steps, unit, method, state, inputs)
    true, _ = stepped(neuron, duration, dt=dt, engine=Precise() if moving.linear else Adaptive(),
                      state=state, **once.driven(1))  # fmt: skip
    rows = [once.row(2**k, true) for k in range(HALVINGS)]
    found = _recommended(once, rows, true, allowed)
    chosen = choose_method(neuron, dt) if method is None else None
    told = DtCheck(
        model=definition.name,
        method=repr(method) if chosen is None else chosen.method,
        reason="asked for" if chosen is None else chosen.reason,
        dt=step,
        tolerance=allowed,
        time_unit=str(unit),
        input=", ".join(f"{n} = {_short(x)}" for n, x in inputs.items()) or "none",
        against=true.method,
        spikes=len(true.spike_ids),
        rows=tuple(rows),
        order=_order(rows),
        recommended=found,
        warnings=(),
    )
    return replace(told, warnings=tuple(_warnings(told, moving.spikes)))


@dataclass(frozen=True)
class _Once:
    """One run at a part of the step."""

    neuron: Any
    step: float
    steps: int
    unit: Any
    method: Method | None
    state: Mapping[str, Array] | None
    inputs: Mapping[str, Any]

    def driven(self, parts: int) -> dict[str, Any]:
        """Inputs for steps that are a part as long; an impulse stays one, at the first part."""
        kinds = {i.name: (i.kind, i.unit) for i in self.neuron.definition.inputs}
        drive(self.neuron, {n: _column(x) for n, x in self.inputs.items()}, self.steps, 1)
        made: dict[str, Any] = {}
        for name, value in self.inputs.items():
            kind, unit = kinds[name]
            given = _column(value)
            if not np.ndim(getattr(given, "value", given)):
                if kind == "impulse":
                    given = Quantity(np.full((self.steps, 1), float(_in(given, unit))), unit)
                else:
                    made[name] = given
                    continue
            numbers = np.repeat(np.asarray(_in(given, unit), float), parts, axis=0)
            if kind == "impulse":
                numbers[np.arange(len(numbers)) % parts != 0] = 0.0
            made[name] = Quantity(numbers, unit)
        return made

    def run(self, parts: int) -> Run | None:
        """A run, or None where its states grow without bound."""
        try:
            run, _ = stepped(
                self.neuron, self.steps * self.step * self.unit,
                dt=self.step / parts * self.unit, every=1, method=self.method, state=self.state,
                **self.driven(parts),
            )  # fmt: skip
        except NumericsError:
            return None
        finite = all(np.all(np.isfinite(x)) for x in (*run.traces.values(), *run.state.values()))
        return run if finite else None

    def row(self, parts: int, true: Run) -> DtRow:
        """A line of the table."""
        run = self.run(parts)
        if run is None:
            return DtRow(self.step / parts, -1, np.inf, dict.fromkeys(true.traces, np.inf))
        ours, theirs = run.train(), true.train()
        paired = min(len(ours), len(theirs))
        shift = float(np.max(np.abs(ours[:paired] - theirs[:paired]), initial=0.0))
        first = min([*ours[:1], *theirs[:1], np.inf])
        before = true.times < first - self.step / parts
        errors = {
            name: float(np.max(np.abs(run.traces[name][parts - 1 :: parts] - rows)[before],
                               initial=0.0))
            for name, rows in true.traces.items()
        }  # fmt: skip
        return DtRow(self.step / parts, len(ours), shift, errors)


def _recommended(once: _Once, rows: list[DtRow], true: Run, allowed: float) -> float:
    """The longest of dt, dt/2, dt/4, … with the right number of spikes, all near enough."""
    count = len(true.spike_ids)
    for row in rows:
        if row.spikes == count and row.shift <= max(allowed, 0.0):
            return row.dt
    for k in range(HALVINGS, TRIES):
        row = once.row(2**k, true)
        if row.spikes == count and row.shift <= allowed:
            return row.dt
    return float("nan")


def _order(rows: list[DtRow]) -> float:
    """log₂ of what halving the step gains, by the last two steps; NaN where states are exact."""
    good = [row for row in rows if not row.diverged]
    if len(good) < 2:
        return float("nan")
    coarse, fine = good[-2], good[-1]
    sums = [sum(row.state_error.values()) for row in (coarse, fine)]
    if min(sums) > 1e-9:
        return log2(sums[0] / sums[1])
    return float("nan")


def _warnings(check: DtCheck, fires: bool) -> list[str]:
    unit, first = check.time_unit, check.rows[0]
    told: list[str] = []
    if first.diverged:
        told.append(f"at dt = {first.dt:g} {unit} the states grow without bound")
    elif first.shift > check.tolerance:
        told.append(
            f"spike times depend on dt: up to {first.shift:.3g} {unit} at dt = {first.dt:g} {unit}"
        )
    if not first.diverged and first.spikes != check.spikes:
        told.append(
            f"the number of spikes depends on dt: {first.spikes} in place of {check.spikes}"
        )
    if check.spikes == 0 and fires and check.input == "none":
        told.append("no spike was fired, as nothing flowed in: give an input by its name")
    elif check.spikes == 0 and fires:
        told.append("no spike was fired, so nothing is known of spike times: give a stronger input")
    return told


def _column(value: Any) -> Any:
    """A series (T,) as one neuron's column (T, 1)."""
    inner = getattr(value, "value", value)
    if np.ndim(inner) != 1:
        return value
    column = np.asarray(inner)[:, None]
    return Quantity(column, value.unit) if isinstance(value, Quantity) else column


def _in(value: Any, unit: Any) -> Any:
    return value.to(unit) if isinstance(value, Quantity) else value


def _short(value: Any) -> str:
    if np.ndim(getattr(value, "value", value)):
        return f"a series of {len(np.asarray(getattr(value, 'value', value)))} steps"
    if isinstance(value, Quantity):
        size = float(np.asarray(value.value))
        digits = 3 - floor(log10(abs(size))) if size else 0
        return f"{round(size, digits):g} {value.unit}"
    return f"{value:g}"

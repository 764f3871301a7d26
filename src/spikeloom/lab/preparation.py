"""A neuron made ready for a measurement: checked, with an accurate time step and method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import (
    RK4,
    Bound,
    Exact,
    Method,
    Program,
    TickProgram,
    bind,
    compile_neuron,
    compile_ticks,
)
from spikeloom.compile.choice import stable_program
from spikeloom.compile.parts import check_parts
from spikeloom.compile.stability import stable_step
from spikeloom.compile.tick_numeric import TickBound, bind_ticks
from spikeloom.compile.values import numbers
from spikeloom.engines import Chance, Run
from spikeloom.engines.arguments import drive, initial_state
from spikeloom.engines.population import ENTITY, default_engine
from spikeloom.engines.results import Simulation
from spikeloom.equations import Quantity, Unit
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, ShapeError, UnitError, suggest
from spikeloom.network.grid import milliseconds

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
FINE, COARSE, TICK = 0.01, 0.1, 1.0
"""Time steps in ms where the caller names none; COARSE where a step of any length is exact, TICK
where it is a tick of whole numbers."""


@dataclass(frozen=True, eq=False)
class Preparation:
    """A neuron, and how its equations are stepped.

    Arguments:
        who: The function that measures, for messages.
        neuron: The neuron.
        dt: Time step.
        method: How to integrate; None leaves it to the compiler.
        seed: Of noise and of parameters that are distributions.
    """

    who: str
    neuron: Cell | Neuron | Refractory
    dt: Quantity
    method: Method | None
    seed: int = 0

    @property
    def step(self) -> float:
        """The time step in ms."""
        return float(self.dt.to(ms))

    @property
    def scale(self) -> float:
        """The model's unit of time in ms."""
        return float((1 * self.neuron.definition.time_unit).to(ms))

    @cached_property
    def program(self) -> Program | TickProgram:
        """Its equations, compiled."""
        if self.neuron.definition.ticks:
            return compile_ticks(self.neuron)
        return compile_neuron(self.neuron, self.method)

    @property
    def flow(self) -> Program:
        """The program of a neuron over real numbers.

        Raises:
            ParameterError: It counts in whole numbers.
        """
        if isinstance(self.program, TickProgram):
            raise ParameterError(
                f"{self.who}: {self.neuron.definition.name} computes with whole numbers, which "
                "cannot be moved by small amounts.",
                hint="take a neuron of real numbers, such as LIF()",
            )
        return self.program

    @cached_property
    def numbers(self) -> dict[str, Any]:
        """Its parameters as plain numbers."""
        return numbers(self.neuron, size=1, seed=self.seed)

    @property
    def stochastic(self) -> bool:
        """Whether it draws random numbers."""
        return bool(self.program.random)

    def steps(self, what: str, duration: Any) -> int:
        """How many steps a time is; it is rounded to whole steps.

        Raises:
            UnitError: It is no time.
            ParameterError: It is shorter than a step.
        """
        steps = round(milliseconds(f"{self.who}: {what}", duration) / self.step)
        if steps < 1:
            raise ParameterError(
                f"{self.who}: {what} must be at least one step of {self.dt}, got {duration}."
            )
        return steps

    def run(
        self,
        steps: int,
        size: int,
        inputs: Mapping[str, Any],
        *,
        record: tuple[str, ...] = (),
        state: Mapping[str, Array] | None = None,
        first: int = 0,
        values: Mapping[str, Array] | None = None,
    ) -> Run:
        """`simulate` with what is compiled already, once for all runs.

        Arguments:
            steps: T.
            size: Neurons N.
            inputs: Name → plain numbers in the declared unit, (N,) or (T, N), or a quantity.
            record: States to keep.
            state: As for `simulate`; None starts afresh.
            first: As for `simulate`.
            values: Parameters that are not those of the neuron, (N,), in their declared units.
        """
        units = {i.name: i.unit for i in self.neuron.definition.inputs}
        given = {
            n: Quantity(x, units[n]) if isinstance(x, np.ndarray) else x for n, x in inputs.items()
        }
        driven = drive(self.neuron, given, steps, size)
        program, step = self.program, self.step / self.scale
        bound = self._bound({**self.numbers, **(values or {})}, step)
        start = bound.initial(size) if state is None else initial_state(program.states, state, size)
        chance = Chance.of(program, self.seed, ENTITY, first) if program.random else None
        simulated: Callable[..., Simulation] = default_engine(self.neuron).simulate
        run = simulated(
            program, bound.coefs, np.ascontiguousarray(start), steps,
            {n: np.ascontiguousarray(x) for n, x in driven.items()}, record=record,
            chance=chance,
        )  # fmt: skip
        none = np.empty(0, np.int64)
        at = none if run.spike_steps is None else run.spike_steps
        return Run(
            dt=step,
            size=size,
            steps=steps,
            spike_times=(at + first + 1) * step,
            spike_ids=none if run.spike_ids is None else run.spike_ids,
            traces=run.traces,
            times=(np.arange(steps) + first + 1) * step,
            state=dict(zip(program.states, run.state, strict=True)),
            first=first,
        )

    def _bound(self, values: Mapping[str, Any], step: float) -> Bound | TickBound:
        program = self.program
        if isinstance(program, TickProgram):
            return bind_ticks(program, values)
        return bind(program, values, step)

    def plain_input(self, name: str, value: Any) -> float:
        """One number in the declared unit of an input.

        Raises:
            UnitError: It is in another unit.
        """
        unit = next(i.unit for i in self.neuron.definition.inputs if i.name == name)
        return float(_plain(self.who, name, value, unit))

    def started(self, size: int, start: Mapping[str, Any] | None) -> dict[str, Array]:
        """All states at the beginning, name → (N,).

        Arguments:
            size: Neurons N.
            start: States that begin elsewhere than the model says, by name, with their units.

        Raises:
            ParameterError: No such state.
            UnitError: In another unit.
        """
        bound = self._bound(self.numbers, self.step / self.scale)
        state = dict(zip(self.program.states, bound.initial(size), strict=True))
        if start is not None and not isinstance(start, Mapping):
            raise ParameterError(
                f"{self.who}: start must map names of states to values, got {start!r}.",
                hint="start={'v': -60 * mV}",
            )
        declared = {s.name: s.unit for s in self.neuron.definition.states}
        for name, value in (start or {}).items():
            if name not in declared:
                raise ParameterError(
                    f"{self.who}: {self.neuron.definition.name} has no state {name!r}.",
                    hint=suggest(str(name), declared),
                )
            state[name] = np.broadcast_to(_plain(self.who, name, value, declared[name]), (size,))
        return {n: np.array(x, np.float64) for n, x in state.items()}


def prepare(
    who: str,
    neuron: Cell | Neuron | Refractory,
    dt: Quantity | None = None,
    method: Method | None = None,
    seed: int = 0,
) -> Preparation:
    """A single neuron, with a time step and a method chosen where none is given.

    Equations that are linear between spikes are stepped exactly. Others without noise are stepped
    by the classical Runge-Kutta rule, which costs more than what a network would choose and is
    right to more digits, where that is stable; and what remains by what the compiler chooses.

    Raises:
        ParameterError: No neuron, or parameters for many neurons.
        NumericsError: dt is too large for the method.
    """
    check_parts(who, neuron, method)
    for name, value in neuron.values.items():
        if isinstance(value, Quantity) and value.shape:
            raise ShapeError(
                f"{who}: {neuron.definition.name}.{name} has shape {value.shape}; one neuron is "
                "measured.",
                hint="give one number",
            )
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise ParameterError(f"{who}: seed must be a whole number, got {seed!r}.")
    ticks = neuron.definition.ticks
    exact = ticks or compile_neuron(neuron, method).method == repr(Exact())
    if dt is None:
        dt = (TICK if ticks else COARSE if exact else FINE) * ms
    elif not milliseconds(f"{who}: dt", dt) > 0:
        raise ParameterError(f"{who}: dt must be above 0, got {dt}.")
    chosen = method if ticks else _stable(neuron, dt, method, exact=exact, seed=seed)
    return Preparation(who, neuron, dt, chosen, int(seed))


def _stable(
    neuron: Cell | Neuron | Refractory,
    dt: Quantity,
    method: Method | None,
    *,
    exact: bool,
    seed: int,
) -> Method | None:
    """RK4 where nothing was named and it is stable, else what `simulate` would take."""
    step = float(dt.to(neuron.definition.time_unit))
    values = numbers(neuron, size=1, seed=seed)
    if method is None and not exact and not neuron.definition.noises:
        fine = stable_step(compile_neuron(neuron, RK4()), values, step)
        if fine is None:
            return RK4()
    return stable_program(lambda by: compile_neuron(neuron, by), method, values, step)[1]


def _plain(who: str, name: str, value: Any, unit: Unit) -> Array:
    quantity = 1.0 * value if isinstance(value, Unit) else value
    if not isinstance(quantity, Quantity):
        if not unit.dimensionless:
            raise UnitError(
                f"{who}: {name!r} is a {unit.kind} and needs a unit, got {value!r}.",
                hint=f"… * {unit!r}",
            )
        quantity = Quantity(quantity, unit)
    if not quantity.unit.fits(unit):
        raise UnitError(f"{who}: {name!r} is in {unit.described}, got {quantity}.")
    return np.asarray(quantity.to(unit), np.float64)

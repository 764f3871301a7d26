"""Which method integrates a neuron, and why: by its equations, and by how stiff they are at dt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.compiler import compile_neuron
from spikeloom.compile.implicit import LARGEST, LinearlyImplicitEuler
from spikeloom.compile.methods import Method
from spikeloom.compile.parts import check_parts
from spikeloom.compile.program import Program
from spikeloom.compile.stability import stable_step, too_large
from spikeloom.compile.values import numbers
from spikeloom.compile.verify import RANDOM
from spikeloom.equations.quantity import Quantity
from spikeloom.errors import UnitError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory, Surrogate

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Choice:
    """A method by its name, and the reason for it.

    >>> from spikeloom import HodgkinHuxley
    >>> print(choose_method(HodgkinHuxley()))  # doctest: +ELLIPSIS
    ExponentialEuler(): every rate is linear in its own state, so each state relaxes exactly ...
    """

    method: str
    reason: str

    def __str__(self) -> str:
        return f"{self.method}: {self.reason}"


def choose_method(neuron: Cell | Neuron | Refractory, dt: Quantity | None = None) -> Choice:
    """The method that spikeloom takes where none is named, and why.

    Linear equations get an exact step, those that are linear in each state by itself exponential
    Euler, all others RK4. With a time step given, an explicit method that is not stable there,
    because some time constant is much shorter, gives way to an implicit one of
    first order, the only one that cannot overshoot within a step.

    Arguments:
        neuron: A neuron with its parameters.
        dt: Time step that it will be run with; None looks at the equations alone.

    Raises:
        UnitError: dt is no time.
        NumericsError: No method is stable at this step.

    >>> from spikeloom import AdEx, LIF, ms, nS
    >>> choose_method(LIF(), 1 * ms)
    Choice(method='Exact()', reason='all rates are linear, so the step is exact')
    >>> leaky = AdEx(g=30_000 * nS)  # a membrane time constant of a hundredth of a millisecond
    >>> choose_method(leaky, 0.1 * ms).method, choose_method(leaky, 0.01 * ms).method
    ('LinearlyImplicitEuler()', 'RK4()')
    """
    check_parts("choose_method", neuron)
    if dt is None:
        program = compile_neuron(neuron)
    else:
        unit = neuron.definition.time_unit
        given: Any = dt
        if not isinstance(given, Quantity) or given.shape or not given.unit.fits(unit):
            raise UnitError(f"choose_method: dt must be one time, got {dt!r}.", hint="dt=0.1 * ms")
        program = program_for(neuron, None, numbers(neuron, size=1), float(dt.to(unit)))
    return Choice(program.method, program.reason)


def program_for(
    neuron: Cell | Neuron | Refractory,
    method: Method | None,
    values: Mapping[str, Array | float],
    dt: float,
    surrogate: Surrogate | None = None,
) -> Program:
    """The Program of a neuron that will run with this step, by a method that is stable there.

    Arguments:
        neuron: What to compile.
        method: The method that was asked for; None chooses.
        values: Parameter values, as for `bind`.
        dt: Time step in the time unit of the model.
        surrogate: As for `compile_neuron`.

    Raises:
        NumericsError: The step is too large, and no implicit method is at hand.
    """

    def compiled(by: Method | None) -> Program:
        return compile_neuron(neuron, by, surrogate=surrogate)

    return stable_program(compiled, method, values, dt)[0]


def stable_program(
    compiled: Callable[[Method | None], Program],
    method: Method | None,
    values: Mapping[str, Array | float],
    dt: float,
) -> tuple[Program, Method | None]:
    """What runs, and by which method: the one decision behind `simulate`, layers and networks.

    Arguments:
        compiled: Gives the Program of the equations by a method; None is its own choice.
        method: The method that was asked for; None chooses.
        values: Parameter values, as for `bind`.
        dt: Time step in the time unit of the model.

    Returns:
        The Program, and the method to compile it by again: None, or one that is implicit.

    Raises:
        NumericsError: The step is too large, and no implicit method is at hand.
    """
    program = compiled(method)
    stable = stable_step(program, values, dt)
    if stable is None:
        return program, method
    if method is not None:
        raise too_large(program, dt, stable, "or leave method=None, or take an implicit method such"
                        " as ROS2()")  # fmt: skip
    if any(name.startswith(RANDOM) for name in (*program.random, *_given(program))):
        raise too_large(program, dt, stable, "implicit steps do not follow noise")
    if len(program.states) > LARGEST:
        raise too_large(program, dt, stable, f"implicit steps follow at most {LARGEST} states")
    implicit = LinearlyImplicitEuler()
    instead = compiled(implicit)
    if stable_step(instead, values, dt) is not None:
        raise too_large(program, dt, stable, f"{implicit!r} is not stable there either")
    reason = (
        f"the equations are stiff: at dt = {dt:g} {program.time_unit} a small error of"
        f" {program.method} would grow, which needs at most {stable:.2g} {program.time_unit};"
        " an implicit step, of first order, does not mind"
    )
    return replace(instead, reason=reason), implicit


def _given(program: Program) -> tuple[str, ...]:
    """Random numbers that a Program takes as inputs, under the names they would be drawn by."""
    return tuple(name.replace(".", ":", 1) for name in program.inputs)

"""What an engine runs: a Program in time steps, or the neuron in continuous time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.bind import bind, coefficients, initial
from spikeloom.compile.choice import program_for
from spikeloom.compile.motion import Motion, motion
from spikeloom.compile.program import Program
from spikeloom.compile.tick_numeric import bind_ticks
from spikeloom.compile.tick_program import TickProgram
from spikeloom.compile.ticks import compile_ticks
from spikeloom.errors import ParameterError

if TYPE_CHECKING:
    from spikeloom.compile import Method
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Built:
    """A neuron with numbers in place, for `simulate`."""

    program: Program | Motion | TickProgram
    coefs: Mapping[str, Array]
    start: Mapping[str, Array]

    def initial(self, size: int) -> Array:
        """Starting states (S, N)."""
        return initial(self.start, self.program.states, size)


def build(
    neuron: Cell | Neuron | Refractory,
    method: Method | None,
    values: Mapping[str, Array | float],
    dt: float,
    engine: Any,
) -> Built:
    """Compile a neuron for an engine, by a method that is stable at its time step."""
    ticks = neuron.definition.ticks
    if ticks is not (getattr(engine, "dtype", "") == "int64"):
        raise ParameterError(
            f"simulate: {neuron.definition.name} computes with {'whole' if ticks else 'real'} "
            f"numbers, and {engine!r} does not.",
            hint="leave engine out, or take Fixed() for whole numbers and CPU('float64') for real",
        )
    if ticks:
        if method is not None:
            raise ParameterError(
                f"simulate: {neuron.definition.name} goes from tick to tick, so there is nothing "
                f"to integrate by {method!r}.", hint="leave method out",
            )  # fmt: skip
        whole = bind_ticks(compile_ticks(neuron), values)
        return Built(whole.program, whole.coefs, whole.start)
    if getattr(engine, "continuous", False):
        if method is not None:
            raise ParameterError(
                f"simulate: {engine!r} has no time steps, so it takes no method, got {method!r}.",
                hint="leave out method=..., or engine=...",
            )
        moving = motion(neuron)
        return Built(moving, *coefficients(moving, values, dt))
    program = program_for(neuron, method, values, dt)
    bound = bind(program, values, dt)
    return Built(program, bound.coefs, bound.start)

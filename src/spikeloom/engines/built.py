"""What an engine runs: a Program in time steps, or the neuron in continuous time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.bind import bind, coefficients, initial
from spikeloom.compile.compiler import compile_neuron
from spikeloom.compile.motion import Motion, motion
from spikeloom.compile.program import Program
from spikeloom.compile.stability import check_step
from spikeloom.errors import ParameterError

if TYPE_CHECKING:
    from spikeloom.compile import Method
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Built:
    """A neuron with numbers in place, for `simulate`."""

    program: Program | Motion
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
    """Compile a neuron for an engine, and check that the time step suits it."""
    if getattr(engine, "continuous", False):
        if method is not None:
            raise ParameterError(
                f"simulate: {engine!r} has no time steps, so it takes no method, got {method!r}.",
                hint="leave out method=..., or engine=...",
            )
        moving = motion(neuron)
        return Built(moving, *coefficients(moving, values, dt))
    program = compile_neuron(neuron, method)
    check_step(program, values, dt)
    bound = bind(program, values, dt)
    return Built(program, bound.coefs, bound.start)

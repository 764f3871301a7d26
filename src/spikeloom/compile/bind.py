"""Binding: a Program meets parameter values and a time step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from spikeloom.compile.numeric import run_block
from spikeloom.compile.program import Block, Program
from spikeloom.errors import ParameterError

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Bound:
    """A Program with its coefficients and starting states, each a number or one per neuron."""

    program: Program
    coefs: dict[str, Array]
    start: dict[str, Array]

    def initial(self, *shape: int) -> Array:
        """Starting states (S, *shape), the last axis running over neurons.

        Arguments:
            shape: Batch axes, then the number of neurons.
        """
        return initial(self.start, self.program.states, *shape)


def initial(start: Mapping[str, Array], states: tuple[str, ...], *shape: int) -> Array:
    """Starting states (S, *shape) in this order."""
    rows = [np.broadcast_to(start[name], shape) for name in states]
    return np.array(rows, np.float64).reshape(len(rows), *shape)


def bind(program: Program, values: Mapping[str, Array | float], dt: float) -> Bound:
    """Run the prologue of a Program.

    Arguments:
        program: What the compiler made.
        values: Parameter name → number or array (F,), in the unit that the model declares.
        dt: Time step in `program.time_unit`.

    Raises:
        ParameterError: A parameter is missing, or `dt` is not a positive number.
    """
    coefs, start = coefficients(program, values, dt)
    return Bound(program, coefs, start)


class Prologued(Protocol):
    """What has a prologue: a `Program`, or a neuron in continuous time."""

    @property
    def model(self) -> str: ...
    @property
    def time_unit(self) -> str: ...
    @property
    def states(self) -> tuple[str, ...]: ...
    @property
    def params(self) -> tuple[str, ...]: ...
    @property
    def coefs(self) -> tuple[str, ...]: ...
    @property
    def prologue(self) -> Block: ...


def coefficients(
    program: Prologued, values: Mapping[str, Array | float], dt: float
) -> tuple[dict[str, Array], dict[str, Array]]:
    """The coefficients and the starting states; see `bind`."""
    if not (np.isfinite(dt) and dt > 0):
        raise ParameterError(
            f"{program.model}: dt must be a positive time, got {dt!r} {program.time_unit}.",
            hint="for example dt = 0.1 * ms",
        )
    missing = [name for name in program.params if name not in values]
    if missing:
        raise ParameterError(f"{program.model}: no value for parameter {missing[0]!r}.")
    leaves: dict[str, Array | float] = {f"param:{name}": values[name] for name in program.params}
    given = run_block(program.prologue, {**leaves, "dt": dt})
    for name in program.coefs:
        if not np.all(np.isfinite(given[f"coef:{name}"])):
            raise ParameterError(
                f"{program.model}: with these parameters and dt = {dt:g} {program.time_unit} a"
                " coefficient of the step is not finite.",
                hint="look for a division by zero; where a neuron starts exactly at threshold,"
                " give the surrogate its scale: width=1 * mV",
            )
    return (
        {name: given[f"coef:{name}"] for name in program.coefs},
        {name: given[f"start:{name}"] for name in program.states},
    )

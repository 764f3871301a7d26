"""Is dt small enough? A check of one step against a much finer one, around the starting state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeloom.compile.bind import Bound, bind
from spikeloom.compile.numeric import run_block
from spikeloom.compile.program import Program
from spikeloom.compile.step import COUNTER
from spikeloom.errors import NumericsError

Array = np.ndarray[Any, np.dtype[Any]]
FINE = 1e-4


def check_step(program: Program, values: Mapping[str, Array | float], dt: float) -> None:
    """Refuse a time step that makes the integration itself blow up.

    One step is linearised around the starting state. Where its largest amplification exceeds
    that of the equations (taken from a step 10 000 times finer), errors grow without end.

    Arguments:
        program: What will be run.
        values: Parameter values, as for `bind`; arrays enter with their extremes.
        dt: Time step in the Program's time unit.

    Raises:
        NumericsError: The step is not stable; the message names one that is.
    """
    fine = stable_step(program, values, dt)
    if fine is not None:
        other = "or leave method=None, or take an implicit method such as ROS2()"
        raise too_large(program, dt, fine, other)


def too_large(program: Program, dt: float, stable: float, other: str) -> NumericsError:
    """The error for a step that is not stable, with one that is and what else could be done."""
    return NumericsError(
        f"{program.model}: dt = {dt:g} {program.time_unit} is too large for"
        f" {program.method}: a small error grows at every step.",
        hint=f"a stable step is {stable:g} {program.time_unit}; {other}",
    )


def stable_step(program: Program, values: Mapping[str, Array | float], dt: float) -> float | None:
    """None where `dt` is stable, else a shorter step that is; see `check_step`."""
    if not all(np.size(value) for value in values.values()):
        return None  # no neurons, nothing to grow
    corners = [
        {name: float(pick(np.asarray(value))) for name, value in values.items()}
        for pick in (np.min, np.max)
    ]
    for corner in corners[: 1 if corners[0] == corners[1] else 2]:
        bind(program, corner, dt)  # so that a message names the step that was asked for
        true = _growth(bind(program, corner, dt * FINE), dt * FINE)
        if np.isfinite(true) and not _stable(program, corner, dt, true):
            fine = dt
            while fine > dt * FINE and not _stable(program, corner, fine, true):
                fine /= 2
            return fine
    return None


def _growth(bound: Bound, dt: float) -> float:
    """Fastest growth rate of a small deviation; negative where all of them decay."""
    largest = max(np.abs(np.linalg.eigvals(_amplification(bound))), default=0.0)
    return float(np.log(largest) / dt) if largest > 0 else -np.inf


def _stable(program: Program, values: Mapping[str, float], dt: float, true: float) -> bool:
    largest = max(np.abs(np.linalg.eigvals(_amplification(bind(program, values, dt)))), default=0.0)
    allowed = np.exp(min(max(true, 0.0) * dt, 50.0))
    return bool(np.isfinite(largest) and largest <= 1.5 * allowed - 0.5 + 1e-6)


def _amplification(bound: Bound) -> Array:
    """Jacobian of one step at the starting state, by central differences."""
    program = bound.program
    names = [n for n in program.states if n != COUNTER]
    leaves = {f"coef:{n}": v for n, v in bound.coefs.items()}
    leaves |= {f"input:{n}": np.float64(0) for n in program.inputs}
    # Neither noise nor chance: 0 in the middle of the normal numbers, 1 above every probability.
    leaves |= {n: np.float64(n.startswith("uniform")) for n in program.random}
    start = {f"state:{n}": bound.start[n] for n in program.states}
    columns: list[Array] = []
    for name in names:
        width = 1e-5 * max(1.0, abs(float(bound.start[name])))
        ends: list[Array] = []
        for sign in (1, -1):
            moved = start | {f"state:{name}": start[f"state:{name}"] + sign * width}
            given = run_block(program.forward, {**leaves, **moved})
            ends.append(np.array([float(given[f"state:{n}"]) for n in names]))
        columns.append((ends[0] - ends[1]) / (2 * width))
    matrix: Array = np.array(columns).T.reshape(len(names), len(names))
    return np.where(np.isfinite(matrix), matrix, 1e300)

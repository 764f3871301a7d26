"""Adaptive integration by SciPy, with the times of spikes found between its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from spikeloom.compile.motion import Motion
from spikeloom.engines.continuous.cell import Inputs, NumberCell
from spikeloom.engines.continuous.many import run_all
from spikeloom.engines.continuous.roots import crossing
from spikeloom.engines.results import Simulation
from spikeloom.errors import NumericsError, ParameterError

Array = np.ndarray[Any, np.dtype[Any]]
Solver = Literal["DOP853", "RK45", "LSODA", "Radau", "BDF"]
LOOKS = 8
"""Points within a step of the solver at which the threshold is looked at."""
STALL = 1e-13
"""A hundred steps in a row that are shorter than this go nowhere."""
SOON = 1e-9
"""Where the solver cannot go on, a threshold this near in time counts as reached."""


@dataclass(frozen=True)
class Adaptive:
    """Reference runs: SciPy chooses the steps, and spikes are found where they are.

    Give it to `simulate` as its engine. Rates and Jacobian come from the model's equations. The
    solver stops at every spike, arrival, change of an inflow and end of a refractory period, so no
    discontinuity lies within one of its steps. It is slow, some ten thousand evaluations a second,
    and right: `dt` only says when states are kept and when inputs may change.

    Arguments:
        solver: A method of SciPy's ``solve_ivp``: ``"LSODA"`` (of up to order 12, switches to an
            implicit one where the equations are stiff), ``"DOP853"`` (explicit, order 8),
            ``"Radau"`` and ``"BDF"`` (implicit), ``"RK45"``.
        rtol: Relative tolerance of a step.
        atol: Absolute tolerance, in the unit of each state.

    Raises:
        ParameterError: No such solver, or tolerances that are not small positive numbers.

    Source: Hairer, Nørsett & Wanner 1993, Solving Ordinary Differential Equations I, II.5 and II.6.

    >>> from spikeloom import AdEx, ms, nA, simulate
    >>> simulate(AdEx(), 30 * ms, I=1 * nA, engine=Adaptive()).train().round(4)
    array([11.7916, 25.3761])
    """

    solver: Solver = "LSODA"
    rtol: float = 1e-10
    atol: float = 1e-10

    continuous = True
    """It needs no time steps: `simulate` gives it a `Motion` in place of a `Program`."""
    dtype = "float64"

    def __post_init__(self) -> None:
        known = ("DOP853", "RK45", "LSODA", "Radau", "BDF")
        if self.solver not in known:
            given: Any = self.solver
            number = isinstance(given, int | float)
            raise ParameterError(
                f"Adaptive: there is no solver {given!r}.",
                hint=f"one of {', '.join(known)}" + (f"; rtol={given!r} sets a tolerance" * number),
            )
        for name in ("rtol", "atol"):
            value: Any = getattr(self, name)
            number = isinstance(value, int | float | np.floating) and not isinstance(value, bool)
            if not number or not 0 < value < 1 or (name == "rtol" and value < 1e-13):
                raise ParameterError(
                    f"Adaptive: {name} must be a small positive number, got {value!r}.",
                    hint="rtol from 1e-13 on, for example rtol=1e-10, atol=1e-10",
                )

    def simulate(
        self,
        program: Motion,
        coefs: Mapping[str, Array],
        state: Array,
        steps: int,
        inputs: Mapping[str, Array | None],
        *,
        dt: float,
        record: tuple[str, ...] = (),
        every: int = 1,
        **_: Any,
    ) -> Simulation:
        """Run a population, one neuron after another; see `Reference.simulate`.

        Arguments:
            program: The neuron in continuous time.
            coefs, state, steps, inputs, record, every: As in `Reference.simulate`.
            dt: Time between two kept states.
        """
        return run_all(
            program, coefs, state, steps, inputs, dt, record, every,
            lambda cell: _Mover(cell, self),
        )  # fmt: skip


@dataclass
class _Mover:
    cell: NumberCell
    options: Adaptive

    def go(self, x: Array, length: float, inputs: Inputs, resting: bool, watch: bool) -> _Leg:
        from scipy import integrate

        cell, kind = self.cell, getattr(integrate, self.options.solver)
        implicit = self.options.solver in ("LSODA", "Radau", "BDF")
        options: dict[str, Any] = {"rtol": self.options.rtol, "atol": self.options.atol}
        if implicit:
            options["jac"] = lambda t, y: cell.jacobian(y, inputs, resting)
        solver = kind(lambda t, y: cell.rates(y, inputs, resting), 0.0, x, length, **options)
        pieces: list[tuple[float, Any]] = []
        stalled = 0
        before = cell.margin(x, inputs) if watch else 0.0
        while solver.status == "running":
            kept, said = (solver.t, solver.y), solver.step()
            # Where states explode, LSODA creeps on for ever in steps that no clock could tell.
            stalled = stalled + 1 if solver.t - kept[0] <= STALL * max(solver.t, 1.0) else 0
            if solver.status == "failed" or stalled > 99 or not np.all(np.isfinite(solver.y)):
                if watch and self._about_to_fire(*kept, inputs):
                    return _Leg(x, pieces, kept[0], True)
                raise NumericsError(
                    f"{cell.motion.model}: {self.options.solver} found no step ({said}).",
                    hint="its states may grow without bound; or take another solver, such as"
                    " Adaptive(solver='Radau')",
                )
            dense = solver.dense_output()
            pieces.append((solver.t, dense))
            if not watch:
                continue
            points = np.linspace(solver.t_old, solver.t, LOOKS + 1)
            for a, b in pairwise(points):
                after = cell.margin(dense(b), inputs)
                if before < 0 <= after:
                    margin = partial(_margin, cell, dense, inputs)
                    # Two pieces that meet at a differ by their tolerance: then it is there.
                    found = a if margin(a) >= 0 else crossing(margin, a, b)
                    return _Leg(x, pieces, b if found is None else found, True)
                before = after
        return _Leg(x, pieces, length, False)

    def _about_to_fire(self, t: float, x: Array, inputs: Inputs) -> bool:
        """Whether it reaches its threshold before the clock can tell: an upstroke that explodes."""
        cell = self.cell
        rise = float(cell.slope(x, inputs) @ cell.rates(x, inputs, False))
        return rise > 0 and -cell.margin(x, inputs) <= SOON * max(t, 1.0) * rise


@dataclass
class _Leg:
    start: Array
    pieces: list[tuple[float, Any]]
    length: float
    fired: bool

    def at(self, times: Array) -> Array:
        ends = np.array([end for end, _ in self.pieces])
        which = np.minimum(np.searchsorted(ends, times), len(ends) - 1)
        made = np.empty((len(self.start), len(times)))
        for k in np.unique(which):
            made[:, which == k] = self.pieces[k][1](times[which == k])
        made[:, times <= 0] = self.start[:, None]
        return made


def _margin(cell: NumberCell, dense: Any, inputs: Inputs, t: float) -> float:
    return cell.margin(dense(t), inputs)

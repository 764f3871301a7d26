"""Spikes to rounding for every neuron that is linear between events, on any kind of run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from spikeloom.compile.motion import Motion
from spikeloom.engines.continuous.cell import Inputs, NumberCell
from spikeloom.engines.continuous.many import run_all
from spikeloom.engines.continuous.roots import crossing
from spikeloom.engines.continuous.spectrum import Sum, first_rise, propagated, summed
from spikeloom.engines.events.system import chain_of, rates_of
from spikeloom.engines.results import Simulation
from spikeloom.errors import CompileError, NumericsError

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Precise:
    """Spikes off the grid, exact but for rounding, where equations are linear between events.

    Give it to `simulate` as its engine. States move by the matrix exponential; every rise through
    the threshold is found, however short: a sum of real exponentials is taken apart by its chain of
    derivatives, an oscillating one by bounds on its slope. Any reset will do, and a refractory
    period lasts as long as it says instead of whole steps.

    >>> from spikeloom import LIF, Refractory, ms, nA, simulate
    >>> run = simulate(Refractory(LIF(), 2 * ms), 100 * ms, I=0.2 * nA, engine=Precise())
    >>> run.train()  # 20 log(4), then 2 ms more
    array([27.72588722, 57.45177444, 87.17766167])
    """

    continuous = True
    """It needs no time steps: `simulate` gives it a `Motion` in place of a `Program`."""
    dtype = "float64"

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
        """Run a population, one neuron after another; see `Adaptive.simulate`.

        Raises:
            CompileError: Some rate or the threshold is not linear.
            NumericsError: It oscillates with coinciding eigenvalues, or grows without bound.
        """
        if not program.linear:
            raise CompileError(
                f"{program.model}: Precise() needs rates and a threshold that are linear between"
                " spikes.",
                hint="take engine=Adaptive(), which finds spikes off the grid for any equations",
            )
        return run_all(program, coefs, state, steps, inputs, dt, record, every, _Mover)


class _Mover:
    """One neuron: its matrix, and what a search for crossings needs."""

    def __init__(self, cell: NumberCell) -> None:
        self.cell, self._known = cell, dict[tuple[bool, tuple[float, ...]], _System]()

    def go(self, x: Array, length: float, inputs: Inputs, resting: bool, watch: bool) -> _Leg:
        key = (resting, tuple(inputs))
        if key not in self._known:
            if len(self._known) > 64:  # noise as an input would fill the memory
                self._known.clear()
            self._known[key] = _System(self.cell, inputs, resting)
        system, z = self._known[key], np.append(x, 1.0)
        found = system.first_crossing(z, length) if watch else None
        return _Leg(system, z, length if found is None else found, found is not None)


class _System:
    """dz/dt = M z with z = (states, 1), and the distance to threshold r z."""

    def __init__(self, cell: NumberCell, inputs: Inputs, resting: bool) -> None:
        n, nothing = cell.size, np.zeros(cell.size)
        self.name = cell.motion.model
        self.M = np.zeros((n + 1, n + 1))
        self.M[:n, :n] = cell.jacobian(nothing, inputs, resting)
        self.M[:n, n] = cell.rates(nothing, inputs, resting)
        self.values, self.vectors, self.inverse = summed(self.M)
        self.real, self.rows = True, list[Array]()
        if not cell.motion.spikes:
            return
        self.r = np.append(cell.slope(nothing, inputs), cell.margin(nothing, inputs))
        values = np.linalg.eigvals(self.M)
        self.real = bool(np.all(abs(values.imag) <= 1e-9 * abs(values)))
        if self.real:
            self.rows, _ = chain_of(self.M, self.r, rates_of(self.M, self.name))
        elif self.inverse is None:
            raise NumericsError(
                f"{self.name}: it oscillates, with eigenvalues that coincide.",
                hint="take engine=Adaptive()",
            )

    def at(self, z: Array, times: Array) -> Array:
        """z after each time, (S + 1, n)."""
        if self.inverse is None:
            return propagated(self.M, z, times)
        parts = self.vectors * (self.inverse @ z)
        return np.real(parts @ np.exp(np.outer(self.values, times)))

    def first_crossing(self, z: Array, length: float) -> float | None:
        """The first rise through the threshold within `length`."""
        if not self.real and self.inverse is not None:
            return first_rise(self._sum(self.r, z, self.inverse), length)
        points = [0.0, length]
        for row in self.rows[-2:0:-1]:
            f = self._function(row, z)
            inner = [crossing(f, a, b) for a, b in pairwise(points)]
            points = [0.0, *[t for t in inner if t is not None], length]
        f = self._function(self.rows[0], z)
        for a, b in pairwise(points):
            if f(a) < 0 <= f(b):
                return crossing(f, a, b)
        return None

    def _sum(self, row: Array, z: Array, inverse: Array) -> Sum:
        return Sum((row @ self.vectors) * (inverse @ z), self.values)

    def _function(self, row: Array, z: Array) -> Callable[[float], float]:
        if self.inverse is not None:
            return self._sum(row, z, self.inverse).at
        return lambda t: float(row @ propagated(self.M, z, np.array([t]))[:, 0])


@dataclass
class _Leg:
    system: _System
    start: Array
    length: float
    fired: bool

    def at(self, times: Array) -> Array:
        return self.system.at(self.start, times)[:-1]

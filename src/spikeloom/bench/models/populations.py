"""Which models the benchmark steps, how both sides integrate them, and what drives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from spikeloom import models as shelf
from spikeloom.bench.models.brian_text import BrianText, brian_text
from spikeloom.compile.bind import bind
from spikeloom.compile.compiler import compile_neuron
from spikeloom.compile.methods import RK4, EulerMaruyama, Exact, ExponentialEuler, Method
from spikeloom.compile.values import numbers
from spikeloom.engines.reference import Reference
from spikeloom.equations import Neuron, Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import NumericsError
from spikeloom.lab.fi_curve import fi_curve
from spikeloom.models import GIF

if TYPE_CHECKING:
    from spikeloom.compile.program import Program
    from spikeloom.engines.results import Simulation
    from spikeloom.equations import Unit

DT = 0.05
"""Time step, ms."""
WATCHED = 200 * ms
BUSY = 20.0
"""Rate in Hz that the weakest drive gives, if any current does."""
WILD = 500.0
"""Rate in Hz above which no drive goes: some models fire in every step if they are pushed, and then
only the list of their spikes is timed."""
LADDER = 2.0 ** np.arange(-14, 15)
"""Currents that are tried, in the unit of the input."""
BRIAN = {Exact(): "exact", ExponentialEuler(): "exponential_euler", RK4(): "rk4",
         EulerMaruyama(): "euler"}  # fmt: skip
"""Our methods, and Brian2's names of the same."""
OTHERWISE: Mapping[str, Neuron] = {"GIF": GIF(tau_eta_1=25 * ms)}
"""With time constants that coincide, as by default, Brian2's exact step divides by zero."""


@dataclass(frozen=True)
class Population:
    """A model as both sides step it.

    Arguments:
        neuron: With the parameters it comes with.
    """

    neuron: Neuron

    @property
    def stochastic(self) -> bool:
        """Whether chance decides: spikes can then agree in number only."""
        return bool(self.program.random)

    @cached_property
    def method(self) -> Method:
        """What our compiler chooses, where Brian2 has the same; else a rule that both have."""
        chosen = compile_neuron(self.neuron).method
        if self.neuron.definition.noises:
            return EulerMaruyama()
        named = {repr(method): method for method in BRIAN}
        return named.get(chosen, RK4())

    @cached_property
    def program(self) -> Program:
        """The model compiled by this method."""
        return compile_neuron(self.neuron, self.method)

    @cached_property
    def drive(self) -> str | None:
        """The first input that acts all through a step; impulses stay away."""
        flows = [i.name for i in self.neuron.definition.inputs if i.kind == "inflow"]
        return flows[0] if flows else None

    def brian(self) -> BrianText:
        """The same equations for Brian2."""
        return brian_text(self.neuron, BRIAN[self.method], self.drive)

    @cached_property
    def impulse(self) -> str | None:
        """What a neuron without a drive is kicked by before the first step."""
        kicks = [i.name for i in self.neuron.definition.inputs if i.kind == "impulse"]
        return kicks[0] if kicks and self.drive is None else None

    def currents(self, size: int, seed: int) -> np.ndarray:
        """The drive of each neuron: from what makes it fire at `BUSY` up to two times that."""
        low, high = _strengths(self.neuron, self.drive)
        return np.random.default_rng([seed, size]).uniform(low, high, size)

    def starts(self, size: int, seed: int) -> dict[str, np.ndarray]:
        """State → where each neuron begins: at rest, or just after an impulse."""
        bound = bind(self.program, numbers(self.neuron), DT)

        def after(kicks: np.ndarray, steps: int) -> Simulation:
            rest = [np.full(len(kicks), float(bound.start[n])) for n in self.program.states]
            given = np.zeros((steps, len(kicks)))
            given[0] = kicks
            inputs = {} if self.impulse is None else {self.impulse: given}
            return Reference().simulate(self.program, bound.coefs, np.stack(rest), steps, inputs)

        if self.impulse is None:
            return {n: np.full(size, float(bound.start[n])) for n in self.program.states}
        watched = float(WATCHED.to(ms))
        ids = after(LADDER, round(watched / DT)).spike_ids
        none = np.empty(0, np.int64)
        fired = np.bincount(none if ids is None else ids, minlength=len(LADDER))
        enough = np.flatnonzero(fired >= BUSY * watched / 1e3)
        weakest = LADDER[enough[0] if len(enough) else fired.argmax()]
        kicks = np.random.default_rng([seed, size]).uniform(weakest, 2 * weakest, size)
        return dict(zip(self.program.states, after(kicks, 1).state, strict=True))


def _strengths(neuron: Neuron, drive: str | None) -> tuple[float, float]:
    """The weakest and the strongest drive."""
    if drive is None:
        return 0.0, 0.0
    if neuron.definition.fires is None:
        return 1.0, 2.0
    unit = next(i.unit for i in neuron.definition.inputs if i.name == drive)
    low = _weakest(neuron, drive, unit)
    tried = low * (1 + 2.0 ** -np.arange(6))
    found = fi_curve(neuron, Quantity(tried, unit), WATCHED, dt=DT * ms, into=drive)
    calm = np.flatnonzero(found.rate <= WILD)
    return low, float(tried[calm[0]]) if len(calm) else low


def _weakest(neuron: Neuron, drive: str, unit: Unit) -> float:
    tried = LADDER
    while len(tried):
        try:
            found = fi_curve(neuron, Quantity(tried, unit), WATCHED, dt=DT * ms, into=drive)
        except NumericsError:  # the strongest of them tear the equations apart
            tried = tried[:-2]
            continue
        enough = np.flatnonzero(found.rate >= BUSY)
        return float(tried[enough[0] if len(enough) else int(found.rate.argmax())])
    return 1.0


def populations() -> Mapping[str, Population]:
    """Every model of the library that has a flow, by name."""
    found: dict[str, Population] = {}
    for name in dir(shelf):
        model = getattr(shelf, name)
        if isinstance(model, type) and issubclass(model, Neuron) and model is not Neuron:
            neuron = model()
            if not neuron.definition.ticks:
                found[name] = Population(OTHERWISE.get(name, neuron))
    return found

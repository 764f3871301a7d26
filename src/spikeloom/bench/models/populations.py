"""Which models the benchmark steps, how both sides integrate them, and what drives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from spikeloom import models as shelf
from spikeloom.bench.models.brian_text import BrianText, brian_text
from spikeloom.compile.compiler import compile_neuron
from spikeloom.compile.methods import RK4, EulerMaruyama, Exact, ExponentialEuler, Method
from spikeloom.equations import Neuron, Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import NumericsError
from spikeloom.lab.fi_curve import fi_curve
from spikeloom.models import GIF

if TYPE_CHECKING:
    from spikeloom.compile.program import Program

DT = 0.05
"""Time step, ms."""
WATCHED = 200 * ms
BUSY = 20.0
"""Rate in Hz that the weakest drive gives, if any current does."""
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

    def currents(self, size: int, seed: int) -> np.ndarray:
        """The drive of each neuron: between one and two times what makes it fire at `BUSY`."""
        weakest = _weakest(self.neuron, self.drive)
        return np.random.default_rng([seed, size]).uniform(weakest, 2 * weakest, size)


def _weakest(neuron: Neuron, drive: str | None) -> float:
    if drive is None:
        return 0.0
    unit = next(i.unit for i in neuron.definition.inputs if i.name == drive)
    if neuron.definition.fires is None:
        return 1.0
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

"""The situations in which all engines must agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spikeloom.compile import Bound, Method, bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.equations import Cell, Quantity, Refractory
from spikeloom.equations.units import ms, mV, nS

if TYPE_CHECKING:
    from spikeloom.equations import Neuron, Surrogate

Array = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["mixed", "silent", "firing", "ties", "nan"]


@dataclass(frozen=True)
class Case:
    """One situation: a neuron, a number of neurons and an input.

    Arguments:
        name: What is special about it; the id of the test.
        neuron: The model.
        size: Number of neurons F.
        drive: Input at which the model fires now and then, in the unit of its first input.
        kind: ``mixed`` random input, all ``silent``, all ``firing``, potentials exactly on
            threshold (``ties``), or one ``nan`` among the inputs.
        steps, batch: T and B.
        dt: Time step.
        method: Integration method; None lets the compiler choose.
        spread: Whether a parameter differs from neuron to neuron.
    """

    name: str
    neuron: Cell | Neuron | Refractory
    size: int
    drive: float
    kind: Kind = "mixed"
    steps: int = 70
    batch: int = 2
    dt: Quantity = 1 * ms
    method: Method | None = None
    spread: bool = False

    def bound(self, surrogate: Surrogate) -> Bound:
        """The compiled model with its coefficients."""
        program = compile_neuron(self.neuron, self.method, surrogate=surrogate, given_noise=True)
        values = numbers(self.neuron, surrogate)
        if self.spread:
            first = self.neuron.definition.params[0].name
            values[first] = values[first] * np.linspace(0.8, 1.2, self.size)
        return bind(program, values, float(self.dt.to(self.neuron.definition.time_unit)))

    def inputs(self) -> dict[str, Array]:
        """Input name → (T, B, F): noise into the first input, now and then an impulse elsewhere.

        The random numbers of a model come in as inputs, so that all engines get the same.
        """
        shape = (self.steps, self.batch, self.size)
        generator = np.random.Generator(np.random.Philox(7))
        definition = self.neuron.definition
        made = {}
        for place, declared in enumerate(definition.inputs):
            noise = generator.normal(1.0, 0.6, shape)
            if place > 0:
                noise *= 0.2 * (generator.random(shape) < 0.1)
            level = {"silent": 0.0, "firing": 40.0, "ties": 0.0}.get(self.kind)
            made[declared.name] = self.drive * (noise if level is None else np.full(shape, level))
        if self.kind == "nan" and self.size:
            made[definition.inputs[0].name][self.steps // 2, 0, self.size // 2] = np.nan
        whole = compile_neuron(self.neuron, self.method, given_noise=True)
        for name in whole.inputs[len(definition.inputs) :]:
            draw = generator.normal if name.startswith("normal.") else generator.random
            made[name] = draw(size=shape)
        # Both precisions must see the same numbers.
        return {n: x.astype(np.float32).astype(np.float64) for n, x in made.items()}

    def state(self, bound: Bound) -> Array:
        """States before the first step, (S, B, F)."""
        state = bound.initial(self.batch, self.size)
        if self.kind == "ties":
            # With no input and no leak a potential that starts on threshold stays on it.
            state[0] = float(bound.coefs["theta"])
        return state.astype(np.float32).astype(np.float64)


def cases() -> list[Case]:
    """The shared list: every model of the library, then every awkward size and input for LIF."""
    from spikeloom import models as m

    lif, perfect = m.LIF(), m.PerfectIF()
    leaky = m.ConductanceLIF()
    currents = Cell(
        Refractory(lif, 3 * ms), exc=m.ExponentialCurrent(), inh=m.AlphaCurrent(),
        slow=m.DualExponentialCurrent(), fast=m.Delta(),
    )  # fmt: skip
    conductances = Cell(
        Refractory(leaky, 3 * ms), exc=m.ExponentialConductance(),
        inh=m.AlphaConductance(E=-80 * mV), slow=m.DualExponentialConductance(),
    )  # fmt: skip
    noisy = Cell(leaky, exc=m.OUConductance(), inh=m.OUCurrent())
    every = [
        Case("perfect_if", perfect, 63, 150.0),
        Case("lif", lif, 63, 0.25),
        Case("cuba_lif", m.CubaLIF(), 63, 0.15),
        Case("alif", m.ALIF(), 63, 0.25),
        Case("exponential_if", m.ExponentialIF(), 63, 0.25, dt=0.1 * ms),
        Case("quadratic_if", m.QuadraticIF(), 63, 2.0, dt=0.1 * ms),
        Case("adex", m.AdEx(), 63, 1500.0, dt=0.1 * ms),
        Case("izhikevich", m.Izhikevich(), 63, 12.0, dt=0.25 * ms),
        Case("fitzhugh_nagumo", m.FitzHughNagumo(), 63, 0.6, dt=0.1 * ms),
        Case("hodgkin_huxley", m.HodgkinHuxley(), 63, 15.0, dt=0.025 * ms, steps=200),
        Case("conductance_lif", leaky, 63, 150.0),
        Case("traub_miles", m.TraubMiles(), 63, 400.0, dt=0.05 * ms, steps=200),
        Case("cell_currents", currents, 63, 0.3, dt=0.5 * ms),
        Case("cell_conductances", conductances, 63, 150.0, dt=0.25 * ms),
        Case("cell_nmda", Cell(lif, slow=m.NMDA(g=50 * nS)), 63, 0.3, dt=0.25 * ms),
        Case("leaky_integrator", m.LeakyIntegrator(), 63, 0.2),
        Case("refractory_lif", Refractory(lif, 3 * ms), 63, 0.4),
        Case("diffusion_lif", m.DiffusionLIF(), 63, 0.2),
        Case("refractory_ou_lif", Refractory(m.OULIF(), 3 * ms), 63, 0.2),
        Case("escape_lif", Refractory(m.EscapeLIF(), 3 * ms), 63, 0.2),
        Case("probabilistic_lif", m.ProbabilisticLIF(), 63, 0.3),
        Case("glm", m.GLM(), 63, 1.0),
        Case("stochastic_srm", m.StochasticSRM(), 63, 0.2),
        Case("poisson_neuron", m.PoissonNeuron(), 63, 0.2),
        Case("cell_noise", noisy, 63, 100.0, dt=0.25 * ms),
        Case("spread", lif, 63, 0.25, spread=True),
    ]
    awkward = [
        Case("no_neuron", lif, 0, 0.25),
        Case("one_neuron", lif, 1, 0.25),
        Case("thousand", lif, 1000, 0.25, steps=20),
        Case("empty_batch", lif, 5, 0.25, batch=0),
        Case("one_step", lif, 63, 0.25, steps=1),
        Case("silent", lif, 63, 0.25, kind="silent"),
        Case("all_firing", lif, 63, 0.25, kind="firing"),
        Case("ties", perfect, 63, 1.0, kind="ties", steps=3),
        Case("nan_in", lif, 63, 0.25, kind="nan"),
    ]
    return every + awkward

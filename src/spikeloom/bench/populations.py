"""The populations of the step benchmark: model, method, time step, starting states and drive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.compiler import compile_neuron
from spikeloom.compile.methods import Euler, Exact, ExponentialEuler, Method
from spikeloom.equations.units import ms
from spikeloom.models.neurons.adex import AdEx
from spikeloom.models.neurons.cuba_lif import CubaLIF
from spikeloom.models.neurons.hodgkin_huxley import HodgkinHuxley
from spikeloom.models.neurons.izhikevich import Izhikevich

if TYPE_CHECKING:
    from spikeloom.compile.program import Program
    from spikeloom.equations import Neuron, Surrogate

Arrays = Mapping[str, np.ndarray]
Draw = Callable[[np.random.Generator, int], Arrays]


@dataclass(frozen=True)
class Population:
    """One model as it is stepped.

    Arguments:
        neuron: The model with its parameters.
        method: How both sides integrate.
        dt: Time step in ms.
        draw: Starting states and the constant input, from a generator, for so many neurons.
        input: Name of the input that is driven; None leaves all inputs silent.
    """

    neuron: Neuron
    method: Method
    dt: float
    draw: Draw
    input: str | None = None

    def program(self, surrogate: Surrogate | None = None) -> Program:
        """The model compiled for this method."""
        return compile_neuron(self.neuron, self.method, surrogate=surrogate)

    def parameters(self) -> dict[str, float]:
        """Parameter values as plain numbers in the units that the model declares."""
        return {
            p.name: _number(self.neuron.values[p.name], p.unit)
            for p in self.neuron.definition.params
        }

    def arrays(self, size: int, seed: int) -> dict[str, np.ndarray]:
        """Starting states by name and, under ``drive``, the input of every neuron; float64."""
        return dict(self.draw(np.random.default_rng([seed, size]), size))


def save(path: str | Path, arrays: Arrays) -> None:
    """Write arrays where a worker can read them."""
    named: dict[str, Any] = dict(arrays)
    np.savez(path, **named)


def _number(value: Any, unit: Any) -> float:
    return float(value.to(unit)) if hasattr(value, "to") else float(value)


def _cuba(random: np.random.Generator, n: int) -> Arrays:
    # Nothing arrives: the synaptic current starts large and decays slowly, so that neurons fire
    # during the whole run while a step is what it is in a network, without its synapses.
    return {"v": random.uniform(-65, -50, n), "i": random.uniform(0.1, 0.6, n)}


def _adex(random: np.random.Generator, n: int) -> Arrays:
    return {
        "v": random.uniform(-70, -55, n),
        "w": random.uniform(0, 50, n),
        "drive": random.uniform(600, 1500, n),
    }


def _izhikevich(random: np.random.Generator, n: int) -> Arrays:
    v = random.uniform(-65, -55, n)
    return {"v": v, "u": 0.2 * v, "drive": random.uniform(5, 20, n)}


def _hodgkin_huxley(random: np.random.Generator, n: int) -> Arrays:
    gates = {"m": 0.053, "h": 0.596, "n": 0.318}
    return {
        "v": random.uniform(-70, -60, n),
        **{name: np.full(n, value) for name, value in gates.items()},
        "drive": random.uniform(7, 20, n),
    }


POPULATIONS: Mapping[str, Population] = {
    "CUBA-LIF": Population(CubaLIF(tau_syn=100 * ms), Exact(), 0.1, _cuba),
    "AdEx": Population(AdEx(), Euler(), 0.1, _adex, "I"),
    "Izhikevich": Population(Izhikevich(), Euler(), 0.1, _izhikevich, "I"),
    "HH": Population(HodgkinHuxley(), ExponentialEuler(), 0.025, _hodgkin_huxley, "I"),
}
"""What `spikeloom bench step` runs."""

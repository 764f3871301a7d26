"""COBA: the same balance by conductances."""

from __future__ import annotations

from typing import Any

from spikeloom.compile import Method
from spikeloom.equations import Cell, Neuron, Refractory, normal
from spikeloom.equations.units import ms, mV, nS
from spikeloom.models import ConductanceLIF, ExponentialConductance
from spikeloom.network.library.example import RATE, Band, Built, Example, Setup
from spikeloom.network.receptors import Impulse
from spikeloom.network.rules import FixedProbability


def coba(setup: Setup) -> Built:
    """Neurons that rest below threshold and keep each other active.

    They start with the conductances of a network that is active already; without these it would
    stay silent.
    """
    neuron = ConductanceLIF(E_L=-60 * mV, theta=-50 * mV, v_reset=-60 * mV)
    return balanced(setup, Refractory(neuron, 5 * ms))


def balanced(setup: Setup, neuron: Neuron | Refractory, method: Method | None = None) -> Built:
    """The network of benchmarks 1 and 3, which differ in their neuron alone."""
    net = setup.network()
    cell = Cell(
        neuron,
        exc=ExponentialConductance(tau=5 * ms, E=0 * mV),
        inh=ExponentialConductance(tau=10 * ms, E=-80 * mV),
    )
    start: dict[str, Any] = {
        "v": normal(-65, 5) * mV,
        "exc_g": normal(40, 15) * nS,
        "inh_g": normal(200, 120) * nS,
    }
    exc = net.population(setup.of(3200), cell, name="exc", method=method, **start)
    inh = net.population(setup.of(800), cell, name="inh", method=method, **start)
    some = FixedProbability(min(0.02 / setup.scale, 1.0))
    net.connect(exc, exc + inh, Impulse("exc"), some, weight=6 * nS)
    net.connect(inh, exc + inh, Impulse("inh"), some, weight=67 * nS)
    spikes = net.record(exc + inh, "spikes")
    return Built(net, spikes, net.record(exc[:3], "v"))


COBA = Example(
    name="coba",
    title="Balanced network of conductance-based synapses",
    source="Vogels & Abbott 2005, J. Neurosci. 25:10786; Brette et al. 2007, benchmark 1",
    build=coba,
    bands=(Band(RATE, 15, 25),),
)

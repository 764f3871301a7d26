"""CUBA: balanced excitation and inhibition by currents."""

from __future__ import annotations

from spikeloom.equations import Refractory, uniform
from spikeloom.equations.units import ms, mV, pA
from spikeloom.models import ConductanceLIF, ExponentialCurrent
from spikeloom.network.library.example import RATE, Band, Built, Example, Setup
from spikeloom.network.rules import FixedProbability


def cuba(setup: Setup) -> Built:
    """Neurons near threshold, each with 64 excitatory and 16 inhibitory inputs on average.

    The weights move the potential by 1.62 mV and -9 mV per millisecond of leak: 16.2 pA and
    -90 pA at a leak of 10 nS.
    """
    net = setup.network()
    neuron = Refractory(ConductanceLIF(E_L=-49 * mV, theta=-50 * mV, v_reset=-60 * mV), 5 * ms)
    exc = net.population(setup.of(3200), neuron, name="exc", v=uniform(-60, -50) * mV)
    inh = net.population(setup.of(800), neuron, name="inh", v=uniform(-60, -50) * mV)
    some = FixedProbability(min(0.02 / setup.scale, 1.0))
    excite, inhibit = ExponentialCurrent(tau=5 * ms), ExponentialCurrent(tau=10 * ms)
    net.connect(exc, exc + inh, excite, some, weight=16.2 * pA, receptor="exc")
    net.connect(inh, exc + inh, inhibit, some, weight=-90 * pA, receptor="inh")
    spikes = net.record(exc + inh, "spikes")
    return Built(net, spikes, net.record(exc[:3], "v"))


CUBA = Example(
    name="cuba",
    title="Balanced network of current-based neurons",
    source="Vogels & Abbott 2005, J. Neurosci. 25:10786; Brette et al. 2007, benchmark 2",
    build=cuba,
    bands=(Band(RATE, 5, 7),),
)

"""COBAHH: the same network of cells with sodium and potassium channels."""

from __future__ import annotations

from typing import Any

from spikeloom.equations import Cell, normal
from spikeloom.equations.units import ms, mV, nS
from spikeloom.models import ExponentialConductance, TraubMiles
from spikeloom.network.library.example import Band, Built, Example, Setup
from spikeloom.network.receptors import Impulse
from spikeloom.network.rules import FixedProbability


def cobahh(setup: Setup) -> Built:
    """Cells with a leak of E_L = -60 mV, which fire by themselves, as in the later scripts."""
    net = setup.network()
    cell = Cell(
        TraubMiles(),
        exc=ExponentialConductance(tau=5 * ms, E=0 * mV),
        inh=ExponentialConductance(tau=10 * ms, E=-80 * mV),
    )
    start: dict[str, Any] = {
        "v": normal(-65, 5) * mV,
        "exc_g": normal(40, 15) * nS,
        "inh_g": normal(200, 120) * nS,
    }
    exc = net.population(setup.of(3200), cell, name="exc", **start)
    inh = net.population(setup.of(800), cell, name="inh", **start)
    some = FixedProbability(min(0.02 / setup.scale, 1.0))
    net.connect(exc, exc + inh, Impulse("exc"), some, weight=6 * nS)
    net.connect(inh, exc + inh, Impulse("inh"), some, weight=67 * nS)
    spikes = net.record(exc + inh, "spikes")
    return Built(net, spikes, net.record(exc[:3], "v"))


COBAHH = Example(
    name="cobahh",
    title="Balanced network of cells with ion channels",
    source="Brette et al. 2007, J. Comput. Neurosci. 23:349, benchmark 3",
    build=cobahh,
    bands=(Band("rate", 30, 45),),
    duration=1000.0,
)

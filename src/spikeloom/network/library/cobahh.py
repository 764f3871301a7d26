"""COBAHH: the same network of cells with sodium and potassium channels."""

from __future__ import annotations

from spikeloom.compile import ExponentialEuler
from spikeloom.models import TraubMiles
from spikeloom.network.library.coba import balanced
from spikeloom.network.library.example import RATE, Band, Built, Example, Setup


def cobahh(setup: Setup) -> Built:
    """Cells with a leak of E_L = -60 mV, which fire by themselves, as in the later scripts."""
    # The benchmark is this method at 0.1 ms; shorter steps bring spikes some per cent earlier.
    return balanced(setup, TraubMiles(), ExponentialEuler())


COBAHH = Example(
    name="cobahh",
    title="Balanced network of cells with ion channels",
    source="Brette et al. 2007, J. Comput. Neurosci. 23:349, benchmark 3",
    build=cobahh,
    bands=(Band(RATE, 30, 45),),
    duration=1000.0,
)

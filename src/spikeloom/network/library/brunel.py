"""Brunel's sparse random network, at four points of its phase diagram."""

from __future__ import annotations

from functools import partial

from spikeloom.equations import Refractory, uniform
from spikeloom.equations.units import Hz, ms, mV
from spikeloom.errors import ParameterError
from spikeloom.models import ConductanceLIF, Delta
from spikeloom.network.library.example import CV, RATE, RHYTHM, Band, Built, Example, Setup
from spikeloom.network.rules import FixedInDegree

NEEDED = 10.0
"""Rate in Hz of each external input at which a neuron alone just reaches threshold."""


def brunel(setup: Setup, *, g: float, drive: float) -> Built:
    """10,000 excitatory and 2,500 inhibitory neurons with 1,000 and 250 inputs each.

    Arguments:
        setup: What may be chosen.
        g: How much stronger inhibition is than excitation.
        drive: Rate of the external inputs, relative to what is needed to reach threshold.

    Raises:
        ParameterError: The scale leaves fewer neurons than inputs.
    """
    if setup.of(10_000) <= 1000:
        raise ParameterError(
            f"brunel: at scale {setup.scale:g} there are fewer neurons than inputs of each.",
            hint="a scale of 0.11 is the smallest",
        )
    net = setup.network()
    neuron = Refractory(ConductanceLIF(E_L=0 * mV, theta=20 * mV, v_reset=10 * mV), 2 * ms)
    exc = net.population(setup.of(10_000), neuron, name="exc", v=uniform(0, 20) * mV)
    inh = net.population(setup.of(2500), neuron, name="inh", v=uniform(0, 20) * mV)
    # A kick acts at the beginning of a step, the threshold is tested at its end: with this dt less,
    # 1.5 ms pass from a spike to the spike that it sets off, as in the codes of the bands.
    J, D = 0.1 * mV, 1.5 * ms - setup.dt
    net.connect(exc, exc + inh, Delta(), FixedInDegree(1000), weight=J, delay=D)
    net.connect(inh, exc + inh, Delta(), FixedInDegree(250), weight=-g * J, delay=D)
    net.poisson(exc + inh, Delta(), rate=drive * NEEDED * Hz, weight=J, n=1000)
    spikes = net.record(exc + inh, "spikes")
    return Built(net, spikes, net.record(exc[:3], "v"))


def _point(
    letter: str, title: str, g: float, drive: float, duration: float, *bands: Band
) -> Example:
    return Example(
        name=f"brunel-{letter}",
        title=f"Sparse random network, {title}",
        source="Brunel 2000, J. Comput. Neurosci. 8:183, figure 8",
        build=partial(brunel, g=g, drive=drive),
        bands=bands,
        settle=200.0,
        duration=duration,
    )


BRUNEL = (
    _point("a", "synchronous and regular", 3, 2, 400.0, Band(RATE, 320, 350)),
    _point("b", "fast oscillation", 6, 4, 1200.0, Band(RATE, 56, 63), Band(RHYTHM, 170, 190)),
    _point(
        "c", "asynchronous and irregular", 5, 2, 700.0,
        Band(RATE, 36.5, 39.5), Band(CV, 0.33, 0.50),
    ),
    _point(
        "d", "slow oscillation", 4.5, 0.9, 1200.0,
        Band(RATE, 4.5, 6.5), Band(RHYTHM, 18, 40),
    ),
)  # fmt: skip
"""The four points, from A to D."""

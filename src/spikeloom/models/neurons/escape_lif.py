"""Leaky integrate-and-fire with a soft threshold: it fires more likely the higher it is."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, escapes, exp, inflow, state
from spikeloom.equations.units import MOhm, kHz, ms, mV, nA


class EscapeLIF(Neuron):
    """Leaky integrate-and-fire neuron with exponential escape noise.

    It fires at random with the rate `rho` exp((v - theta) / D). The smaller D, the sharper the
    threshold; towards 0 it is the plain LIF.

    Source: Plesser & Gerstner 2000, Neural Comput. 12:367; Gerstner, Kistler, Naud & Paninski 2014,
    Neuronal Dynamics, section 9.1.
    """

    tau: Param = 20 * ms
    """Membrane time constant."""
    R: Param = 100 * MOhm
    """Membrane resistance."""
    E: Param = -65 * mV
    """Resting potential, and the potential after a spike."""
    theta: Param = -50 * mV
    """Potential at which it fires with the rate `rho`."""
    D: Param = 2 * mV
    """Width of the threshold."""
    rho: Param = 0.1 * kHz
    """Rate at threshold."""

    v: State = state(mV, start="E")
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        d.v = (self.E - self.v + self.R * self.I) / self.tau

    def fires(self) -> Condition:
        return escapes(self.rho * exp((self.v - self.theta) / self.D))

    def reset(self, after: Self) -> None:
        after.v = self.E

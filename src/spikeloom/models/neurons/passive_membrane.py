"""A membrane that only leaks: the passive cable of Rall."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import cm2, kOhm, mV, uA, uF


class PassiveMembrane(Neuron):
    """A leaky membrane of a unit of area, which never fires; the potential decays with R C.

    Source: Rall 1977, Core conductor theory and cable properties of neurons, eq. 2.5.
    """

    C: Param = 1 * uF / cm2
    """Capacitance."""
    R: Param = 20 * kOhm * cm2
    """Resistance: that of a patch is R divided by its area."""
    E: Param = -65 * mV
    """Resting potential."""

    v: State = state(mV, start="E")
    I: Input = inflow(uA / cm2)

    def flow(self, d: Self) -> None:
        d.v = ((self.E - self.v) / self.R + self.I) / self.C

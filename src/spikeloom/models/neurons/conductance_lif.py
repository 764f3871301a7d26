"""Leaky integrate-and-fire in terms of capacitance and conductance."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import mV, nS, pA, pF


class ConductanceLIF(Neuron):
    """Leaky integrate-and-fire neuron, written with the charge that crosses its membrane.

    The same as `LIF` with tau = C / g_L and R = 1 / g_L, in the units of synaptic conductances.

    Source: Vogels & Abbott 2005, J. Neurosci. 25:10786; Brette et al. 2007, benchmark 1.
    """

    C: Param = 200 * pF
    """Membrane capacitance."""
    g_L: Param = 10 * nS
    """Leak conductance."""
    E_L: Param = -60 * mV
    """Resting potential."""
    theta: Param = -50 * mV
    """Threshold."""
    v_reset: Param = -60 * mV
    """Potential after a spike."""

    v: State = state(mV, start="E_L")
    I: Input = inflow(pA)

    def flow(self, d: Self) -> None:
        d.v = (self.g_L * (self.E_L - self.v) + self.I) / self.C

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.v_reset

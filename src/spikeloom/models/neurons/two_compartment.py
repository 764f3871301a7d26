"""Soma and dendrite: the smallest neuron with a shape."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import mV, nS, pA, pF


class TwoCompartment(Neuron):
    """Leaky soma, which fires, coupled to a leaky dendrite, which does not.

    Without a spike both decay in two modes. For equal compartments their sum decays with C / g and
    their difference with C / (g + 2 g_c).

    Source: Koch 1999, Biophysics of Computation, chapter 3; Bower & Beeman 1998, The Book of
    GENESIS, chapter 2.
    """

    C_s: Param = 200 * pF
    C_d: Param = 200 * pF
    g_s: Param = 10 * nS
    g_d: Param = 10 * nS
    """Capacitance and leak of soma and dendrite."""
    g_c: Param = 5 * nS
    """Conductance between them."""
    E: Param = -65 * mV
    """Resting potential of both."""
    theta: Param = -50 * mV
    """Threshold of the soma."""
    v_reset: Param = -65 * mV
    """Potential of the soma after a spike."""

    v: State = state(mV, start="E")
    """Potential of the soma."""
    v_d: State = state(mV, start="E")
    """Potential of the dendrite."""
    I: Input = inflow(pA)
    I_d: Input = inflow(pA)
    """Current into the dendrite."""

    def flow(self, d: Self) -> None:
        inward = self.g_c * (self.v_d - self.v)
        d.v = (self.g_s * (self.E - self.v) + inward + self.I) / self.C_s
        d.v_d = (self.g_d * (self.E - self.v_d) - inward + self.I_d) / self.C_d

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.v_reset

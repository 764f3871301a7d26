"""Generalised integrate-and-fire: what is fitted to recordings of single neurons."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, escapes, exp, inflow, state
from spikeloom.equations.units import kHz, ms, mV, nS, pA, pF


class GIF(Neuron):
    """Leaky neuron with spike-triggered currents, a moving threshold and escape noise.

    Two exponentials make the currents, two the threshold; by default their jumps are 0.

    Source: Mensi et al. 2012, J. Neurophysiol. 107:1756; Pozzorini et al. 2015, PLoS Comput. Biol.
    11:e1004275, eqs. 1 to 6.
    """

    C: Param = 80 * pF
    g: Param = 4 * nS
    E: Param = -70 * mV
    v_reset: Param = -55 * mV
    v_T: Param = -35 * mV
    """Threshold of a neuron that has been silent for long."""
    D: Param = 0.5 * mV
    rho: Param = 0.001 * kHz
    """Rate at threshold."""
    q_1: Param = 0 * pA
    q_2: Param = 0 * pA
    tau_eta_1: Param = 20 * ms
    tau_eta_2: Param = 200 * ms
    """Jumps and time constants of the currents."""
    jump_1: Param = 0 * mV
    jump_2: Param = 0 * mV
    tau_gamma_1: Param = 20 * ms
    tau_gamma_2: Param = 200 * ms
    """Jumps of the threshold, and the time constants with which they are forgotten."""

    v: State = state(mV, start="E")
    eta_1: State = state(pA)
    eta_2: State = state(pA)
    gamma_1: State = state(mV)
    gamma_2: State = state(mV)
    I: Input = inflow(pA)

    def flow(self, d: Self) -> None:
        d.v = (self.g * (self.E - self.v) - self.eta_1 - self.eta_2 + self.I) / self.C
        d.eta_1, d.eta_2 = -self.eta_1 / self.tau_eta_1, -self.eta_2 / self.tau_eta_2
        d.gamma_1, d.gamma_2 = -self.gamma_1 / self.tau_gamma_1, -self.gamma_2 / self.tau_gamma_2

    def fires(self) -> Condition:
        above = self.v - self.v_T - self.gamma_1 - self.gamma_2
        return escapes(self.rho * exp(above / self.D))

    def reset(self, after: Self) -> None:
        after.v = self.v_reset
        after.eta_1, after.eta_2 = self.eta_1 + self.q_1, self.eta_2 + self.q_2
        after.gamma_1, after.gamma_2 = self.gamma_1 + self.jump_1, self.gamma_2 + self.jump_2

"""Spike response model of zeroth order: only the last spike counts."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import MOhm, ms, mV, nA


class SRM0(Neuron):
    """Spike response model with exponential kernels: v = E + h + eta.

    h is the input seen through the membrane, eta the after-potential of the last spike. That is
    not the LIF neuron, whose resets add up: with ``keep=1`` they do, and with tau_eta = tau and
    eta_0 the way from reset to threshold this is `LIF`, spike for spike.

    Source: Gerstner 1995, Phys. Rev. E 51:738; Gerstner, Kistler, Naud & Paninski 2014, Neuronal
    Dynamics, section 6.4.
    """

    tau: Param = 20 * ms
    """Time constant of the input filter."""
    tau_eta: Param = 20 * ms
    """Time constant of the after-potential."""
    R: Param = 100 * MOhm
    """Membrane resistance."""
    E: Param = -65 * mV
    """Resting potential."""
    eta_0: Param = 15 * mV
    """How far a spike lowers the potential."""
    theta: Param = -50 * mV
    """Threshold."""
    keep: Param = 0.0
    """Share of earlier after-potentials that outlives a spike."""

    h: State = state(mV)
    eta: State = state(mV)
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        d.h = (self.R * self.I - self.h) / self.tau
        d.eta = -self.eta / self.tau_eta

    def fires(self) -> Condition:
        return self.E + self.h + self.eta >= self.theta

    def reset(self, after: Self) -> None:
        after.eta = self.keep * self.eta - self.eta_0

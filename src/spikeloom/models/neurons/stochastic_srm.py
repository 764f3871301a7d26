"""Spike response model: a filtered input, an after-potential, and a soft threshold."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, escapes, exp, inflow, state
from spikeloom.equations.units import MOhm, kHz, ms, mV, nA


class StochasticSRM(Neuron):
    """Spike response model with escape noise and exponential kernels.

    The potential is E + h + eta: the input seen through the membrane, and the after-potentials of
    all earlier spikes, summed. With tau_eta = tau and eta_0 the way from threshold to reset it is a
    LIF neuron with a soft threshold.

    Source: Gerstner 1995, Phys. Rev. E 51:738; Gerstner, Kistler, Naud & Paninski 2014, Neuronal
    Dynamics, section 6.4 and chapter 9.
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
    """Potential at which it fires with the rate `rho`."""
    D: Param = 2 * mV
    """Width of the threshold."""
    rho: Param = 0.1 * kHz
    """Rate at threshold."""

    h: State = state(mV)
    eta: State = state(mV)
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        d.h = (self.R * self.I - self.h) / self.tau
        d.eta = -self.eta / self.tau_eta

    def fires(self) -> Condition:
        v = self.E + self.h + self.eta
        return escapes(self.rho * exp((v - self.theta) / self.D))

    def reset(self, after: Self) -> None:
        after.eta = self.eta - self.eta_0

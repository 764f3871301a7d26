"""Leaky integrate-and-fire whose threshold looks after its rate."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import MOhm, ms, mV, nA


class HomeostaticLIF(Neuron):
    """Leaky integrate-and-fire neuron with a threshold that seeks a mean rate.

    A spike raises the threshold by eta, and silence lowers it by eta rho per time, so that it
    stands still on average where the neuron fires at the rate rho. This is intrinsic plasticity:
    it belongs to the neuron, whatever its synapses do.

    Source: Lazar, Pipa & Triesch 2009, Front. Comput. Neurosci. 3:23, eq. 3, in continuous time.
    """

    tau: Param = 20 * ms
    """Membrane time constant."""
    R: Param = 100 * MOhm
    """Membrane resistance."""
    E: Param = -65 * mV
    """Resting potential, and the potential after a spike."""
    theta_0: Param = -50 * mV
    """Threshold at the beginning."""
    eta: Param = 0.1 * mV
    """Step of the threshold."""
    rho: Param = 0.01 / ms
    """Rate that it seeks."""

    v: State = state(mV, start="E")
    theta: State = state(mV, start="theta_0")
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        d.v = (self.E - self.v + self.R * self.I) / self.tau
        d.theta = -self.eta * self.rho

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.E
        after.theta = self.theta + self.eta

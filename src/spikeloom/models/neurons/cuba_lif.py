"""Leaky integrate-and-fire with a synaptic current that decays exponentially."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, impulse, state
from spikeloom.equations.units import MOhm, ms, mV, nA


class CubaLIF(Neuron):
    """Current-based leaky integrate-and-fire neuron (CUBA).

    An arriving spike adds x to the synaptic current, which decays with tau_syn. Both equations
    are linear, so a step of any length is exact, also where tau_syn = tau.

    Source: Vogels & Abbott 2005, J. Neurosci. 25:10786; Brette et al. 2007, benchmark 2.
    """

    tau: Param = 20 * ms
    """Membrane time constant."""
    tau_syn: Param = 5 * ms
    """Time constant of the synaptic current."""
    R: Param = 100 * MOhm
    """Membrane resistance."""
    E: Param = -65 * mV
    """Resting potential, and the potential after a spike."""
    theta: Param = -50 * mV
    """Threshold."""

    v: State = state(mV, start="E")
    i: State = state(nA)
    """Synaptic current."""
    x: Input = impulse(nA)
    """Sum of the weights of the spikes that arrive."""

    def flow(self, d: Self) -> None:
        d.v = (self.E - self.v + self.R * self.i) / self.tau
        d.i = -self.i / self.tau_syn

    def receive(self, after: Self) -> None:
        after.i = self.i + self.x

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.E

"""Leaky integrate-and-fire: the workhorse."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import MOhm, ms, mV, nA


class LIF(Neuron):
    """Leaky integrate-and-fire neuron.

    The potential decays to rest with the time constant tau and is driven there by the current I
    through the resistance R. It fires when it reaches the threshold, also when it just touches it.

    Source: Gerstner, Kistler, Naud & Paninski 2014, Neuronal Dynamics, eq. 1.5.

    >>> from spikeloom.equations.units import ms
    >>> print(LIF(tau=10 * ms))
    LIF  1 state (v in mV) · inflow I in nA
      dv/dt = (E - v + R*I)/tau : mV
      I : nA
      spike when: v >= theta
      after a spike: v = E
      start: v = E
      tau 10 ms   R 100 MΩ   E -65 mV   theta -50 mV
    """

    tau: Param = 20 * ms
    """Membrane time constant."""
    R: Param = 100 * MOhm
    """Membrane resistance."""
    E: Param = -65 * mV
    """Resting potential, and the potential after a spike."""
    theta: Param = -50 * mV
    """Threshold."""

    v: State = state(mV, start="E")
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        d.v = (self.E - self.v + self.R * self.I) / self.tau

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.E

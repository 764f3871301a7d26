"""Leaky integrate-and-fire whose threshold rises with every spike."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import MOhm, ms, mV, nA


class ALIF(Neuron):
    """Adaptive leaky integrate-and-fire neuron, the unit of an LSNN.

    Every spike raises the threshold by `jump`, which is forgotten with tau_b; the potential falls
    by the height of the threshold above rest. In the discrete form with
    b <- rho b + (1 - rho) z and beta, `jump` is beta (1 - rho) / rho.

    Source: Bellec, Salaj, Subramoney, Legenstein & Maass 2018, NeurIPS.
    """

    tau: Param = 20 * ms
    """Membrane time constant."""
    tau_b: Param = 200 * ms
    """Time constant of the adaptation."""
    R: Param = 100 * MOhm
    """Membrane resistance."""
    E: Param = -65 * mV
    """Resting potential."""
    theta: Param = -50 * mV
    """Threshold of a neuron that has been silent for long."""
    jump: Param = 1.5 * mV
    """Rise of the threshold at a spike."""

    v: State = state(mV, start="E")
    b: State = state(mV)
    """How far the threshold is above `theta`."""
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        d.v = (self.E - self.v + self.R * self.I) / self.tau
        d.b = -self.b / self.tau_b

    def fires(self) -> Condition:
        return self.v > self.theta + self.b

    def reset(self, after: Self) -> None:
        after.v = self.v - (self.theta + self.b - self.E)
        after.b = self.b + self.jump

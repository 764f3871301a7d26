"""Leaky integrate-and-fire driven by noise with a memory."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import (
    Condition,
    Input,
    Neuron,
    Noise,
    Param,
    State,
    inflow,
    noise,
    sqrt,
    state,
)  # fmt: skip
from spikeloom.equations.units import MOhm, ms, mV, nA


class OULIF(Neuron):
    """Leaky integrate-and-fire neuron driven by an Ornstein-Uhlenbeck current.

    The noise current has the mean 0, the standard deviation `sigma` and the correlation time tau_n.
    Without threshold the potential has the variance R^2 sigma^2 tau_n / (tau + tau_n).

    Source: Uhlenbeck & Ornstein 1930, Phys. Rev. 36:823; Brunel & Sergi 1998, J. Theor. Biol.
    195:87.
    """

    tau: Param = 20 * ms
    """Membrane time constant."""
    tau_n: Param = 5 * ms
    """Correlation time of the noise."""
    R: Param = 100 * MOhm
    """Membrane resistance."""
    E: Param = -65 * mV
    """Resting potential, and the potential after a spike."""
    theta: Param = -50 * mV
    """Threshold."""
    sigma: Param = 0.1 * nA
    """Standard deviation of the noise current."""

    v: State = state(mV, start="E")
    i: State = state(nA)
    """Noise current."""
    I: Input = inflow(nA)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.v = (self.E - self.v + self.R * (self.I + self.i)) / self.tau
        d.i = -self.i / self.tau_n + self.sigma * sqrt(2 / self.tau_n) * self.xi

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.E

"""Leaky integrate-and-fire with white noise: the diffusion limit of many small inputs."""

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


class DiffusionLIF(Neuron):
    """Leaky integrate-and-fire neuron under white noise.

    Without threshold the potential has the standard deviation `sigma`. In the notation of Siegert's
    rate, where the variance is s^2 / 2, s is sqrt(2) sigma.

    Source: Gerstner, Kistler, Naud & Paninski 2014, Neuronal Dynamics, chapter 8; its rate:
    Siegert 1951, Phys. Rev. 81:617.
    """

    tau: Param = 20 * ms
    """Membrane time constant."""
    R: Param = 100 * MOhm
    """Membrane resistance."""
    E: Param = -65 * mV
    """Resting potential."""
    v_reset: Param = -65 * mV
    """Potential after a spike."""
    theta: Param = -50 * mV
    """Threshold."""
    sigma: Param = 5 * mV
    """Standard deviation of the potential below threshold."""

    v: State = state(mV, start="E")
    I: Input = inflow(nA)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        drift = (self.E - self.v + self.R * self.I) / self.tau
        d.v = drift + self.sigma * sqrt(2 / self.tau) * self.xi

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.v_reset

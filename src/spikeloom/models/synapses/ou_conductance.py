"""Point conductance: synaptic bombardment as one fluctuating conductance."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import (
    Expr,
    Input,
    Noise,
    Param,
    Post,
    State,
    Synapse,
    impulse,
    maximum,
    noise,
    sqrt,
    state,
)  # fmt: skip
from spikeloom.equations.units import ms, mV, nS


class OUConductance(Synapse):
    """Ornstein-Uhlenbeck conductance: the background of a cortical cell in vivo.

    Mean `g_0`, standard deviation `sigma`, correlation time tau; arrivals add to it. What is below
    zero counts as zero. The defaults are those of excitation; inhibition has E -75 mV, g_0 57 nS,
    sigma 6.6 nS and tau 10.5 ms.

    Source: Destexhe, Rudolph, Fellous & Sejnowski 2001, Neuroscience 107:13, point conductance.
    """

    tau: Param = 2.7 * ms
    """Correlation time, and decay of what arrives."""
    E: Param = 0 * mV
    """Reversal potential."""
    g_0: Param = 12 * nS
    """Mean."""
    sigma: Param = 3 * nS
    """Standard deviation."""

    g: State = state(nS, start="g_0")
    w: Input = impulse(nS)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.g = (self.g_0 - self.g) / self.tau + self.sigma * sqrt(2 / self.tau) * self.xi

    def receive(self, after: Self) -> None:
        after.g = self.g + self.w

    def gives(self, post: Post) -> Expr:
        return maximum(self.g, 0 * nS) * (self.E - post.v)

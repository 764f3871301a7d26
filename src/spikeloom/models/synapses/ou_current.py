"""Exponential current that fluctuates by itself."""

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
    noise,
    sqrt,
    state,
)  # fmt: skip
from spikeloom.equations.units import ms, pA


class OUCurrent(Synapse):
    """Ornstein-Uhlenbeck current: background noise with a mean, to which arrivals add.

    Stands for the many inputs that a network leaves out: mean `mu`, standard deviation `sigma`,
    correlation time tau, independent for each neuron.

    Source: Uhlenbeck & Ornstein 1930, Phys. Rev. 36:823.
    """

    tau: Param = 5 * ms
    """Correlation time, and decay of what arrives."""
    mu: Param = 0 * pA
    """Mean."""
    sigma: Param = 100 * pA
    """Standard deviation."""

    i: State = state(pA, start="mu")
    w: Input = impulse(pA)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.i = (self.mu - self.i) / self.tau + self.sigma * sqrt(2 / self.tau) * self.xi

    def receive(self, after: Self) -> None:
        after.i = self.i + self.w

    def gives(self, post: Post) -> Expr:
        return self.i

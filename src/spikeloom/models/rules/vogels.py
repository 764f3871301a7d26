"""Inhibitory plasticity that balances excitation."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, post, pre
from spikeloom.equations.units import Hz, ms


class VogelsSTDP(LearningRule):
    """Near spikes of both sides strengthen inhibition, lone spikes of the source weaken it.

    A spike of the source adds eta (y − 2 rho tau), one of the target eta x: without correlations
    the target settles at the rate rho. `scale` is 1 nS in the paper's network.

    Source: Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, Science 334:1569, eq. S9 ff.
    """

    tau: Param = 20 * ms
    eta: Param = 1e-2
    """Learning rate."""
    rho: Param = 5 * Hz
    """Rate that the target shall have."""
    w_max: Param = 100.0

    x: Trace = pre()
    y: Trace = post()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau
        d.y = -self.y / self.tau

    def on_pre(self, after: Self) -> None:
        alone = 2 * self.rho * self.tau
        after.w = clip(self.w + self.eta * (self.y - alone), 0, self.w_max)
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.w = clip(self.w + self.eta * self.x, 0, self.w_max)
        after.y = self.y + 1

"""Spike-timing dependent plasticity that waits for a reward, and compares it with the usual one."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, post, pre, shared, synaptic
from spikeloom.equations.units import ms


class RewardSTDP(LearningRule):
    """Pairs of spikes mark a synapse as eligible; a reward r adds eta (r − mean) c to its weight.

    A pair changes the eligibility c as it changes w in `PairSTDP`. `mean` follows the rewards with
    the share `keep` of each, so that only what is better or worse than usual teaches.

    Source: Frémaux, Sprekeler & Gerstner 2010, J. Neurosci. 30:13326, eqs. 5, 9 and 12.
    """

    tau_plus: Param = 20 * ms
    tau_minus: Param = 20 * ms
    A_plus: Param = 0.01
    A_minus: Param = 0.0
    tau_c: Param = 500 * ms
    """Time constant of eligibility."""
    eta: Param = 1.0
    """Learning rate."""
    keep: Param = 0.2
    w_max: Param = 1.0

    x: Trace = pre()
    y: Trace = post()
    c: Trace = synaptic()
    mean: Trace = shared()

    def flow(self, d: Self) -> None:
        d.x, d.y = -self.x / self.tau_plus, -self.y / self.tau_minus
        d.c, d.mean = -self.c / self.tau_c, 0

    def on_pre(self, after: Self) -> None:
        after.c, after.x = self.c - self.A_minus * self.y, self.x + 1

    def on_post(self, after: Self) -> None:
        after.c, after.y = self.c + self.A_plus * self.x, self.y + 1

    def on_reward(self, after: Self) -> None:
        surprise = self.reward - self.mean
        after.w = clip(self.w + self.eta * surprise * self.c, 0, self.w_max)
        after.mean = self.mean + self.keep * surprise

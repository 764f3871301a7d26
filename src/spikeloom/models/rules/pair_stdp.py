"""Spike-timing dependent plasticity of all pairs of spikes, additive."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, post, pre
from spikeloom.equations.units import ms


class PairSTDP(LearningRule):
    """Every pair of spikes counts: w grows when the source fires first, and shrinks otherwise.

    A pair with t_post − t_pre = Δ > 0 adds A_plus exp(−Δ / tau_plus), one with Δ < 0 takes
    A_minus exp(Δ / tau_minus) away, whatever w is; a pair in one step does neither. w stays
    between 0 and w_max; `scale` is what w = 1 stands for, here the greatest conductance.

    Source: Song, Miller & Abbott 2000, Nat. Neurosci. 3:919, eqs. 1 and 2.
    """

    tau_plus: Param = 20 * ms
    tau_minus: Param = 20 * ms
    A_plus: Param = 0.005
    A_minus: Param = 0.00525
    w_max: Param = 1.0

    x: Trace = pre()
    y: Trace = post()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau_plus
        d.y = -self.y / self.tau_minus

    def on_pre(self, after: Self) -> None:
        after.w = clip(self.w - self.A_minus * self.y, 0, self.w_max)
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.w = clip(self.w + self.A_plus * self.x, 0, self.w_max)
        after.y = self.y + 1

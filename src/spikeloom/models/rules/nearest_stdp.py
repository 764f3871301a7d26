"""Additive pair STDP between nearest spikes, symmetric."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, post, pre
from spikeloom.equations.units import ms


class NearestSTDP(LearningRule):
    """Each spike makes a pair with the last spike of the other side alone.

    Amounts as in `PairSTDP`; a spike sets its trace to 1 where there it adds 1.

    Source: Morrison, Diesmann & Gerstner 2008, Biol. Cybern. 98:459, fig. 7A.
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
        after.x = 1.0

    def on_post(self, after: Self) -> None:
        after.w = clip(self.w + self.A_plus * self.x, 0, self.w_max)
        after.y = 1.0

"""Pair STDP in which depression is proportional to the weight."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, maximum, post, pre
from spikeloom.equations.units import ms


class MultiplicativeSTDP(LearningRule):
    """Potentiation adds a constant, depression takes a share of w away: weights stay unimodal.

    Without correlations w settles near c_p tau_plus / (c_d tau_minus). In the paper w is a
    conductance in pS, so that `scale` is 1 pS; its noise of the change is left out.

    Source: van Rossum, Bi & Turrigiano 2000, J. Neurosci. 20:8812, eqs. 1 and 2.
    """

    tau_plus: Param = 20 * ms
    tau_minus: Param = 20 * ms
    c_p: Param = 1.0
    """What a pair adds."""
    c_d: Param = 0.003
    """Share that a pair takes away."""

    x: Trace = pre()
    y: Trace = post()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau_plus
        d.y = -self.y / self.tau_minus

    def on_pre(self, after: Self) -> None:
        after.w = maximum(self.w * (1 - self.c_d * self.y), 0)
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.w = self.w + self.c_p * self.x
        after.y = self.y + 1

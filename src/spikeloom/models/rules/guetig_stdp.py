"""Pair STDP between the additive and the multiplicative rule."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, post, pre
from spikeloom.equations.units import ms


class GuetigSTDP(LearningRule):
    """How much a pair changes depends on a power of the room that is left.

    A pair adds lambda_ (1 − w)^mu_plus or takes lambda_ alpha w^mu_minus away, each times the
    exponential of its distance in time; 0 <= w <= 1. mu = 0 is additive, mu = 1 multiplicative.

    Source: Gütig, Aharonov, Rotter & Sompolinsky 2003, J. Neurosci. 23:3697, eqs. 1 to 3.
    """

    tau_plus: Param = 20 * ms
    tau_minus: Param = 20 * ms
    lambda_: Param = 0.005
    """Learning rate."""
    alpha: Param = 1.05
    """Strength of depression."""
    mu_plus: Param = 0.02
    mu_minus: Param = 0.02

    x: Trace = pre()
    y: Trace = post()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau_plus
        d.y = -self.y / self.tau_minus

    def on_pre(self, after: Self) -> None:
        down = self.lambda_ * self.alpha * self.w**self.mu_minus
        after.w = clip(self.w - down * self.y, 0, 1)
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        up = self.lambda_ * (1 - self.w) ** self.mu_plus
        after.w = clip(self.w + up * self.x, 0, 1)
        after.y = self.y + 1

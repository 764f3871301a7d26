"""Pair STDP with power-law potentiation."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, maximum, post, pre
from spikeloom.equations.units import ms


class PowerLawSTDP(LearningRule):
    """A pair adds lambda_ w^mu or takes lambda_ alpha w away, the less the further apart it is.

    w is in units of the paper's w0 = 1 pA, so that `scale` is 1 pA. A weight of 0 stays 0.

    Source: Morrison, Aertsen & Diesmann 2007, Neural Comput. 19:1437, eq. 2.1 and table 1.
    """

    tau_plus: Param = 20 * ms
    tau_minus: Param = 20 * ms
    lambda_: Param = 0.1
    """Learning rate."""
    mu: Param = 0.4
    alpha: Param = 0.11
    """Strength of depression."""

    x: Trace = pre()
    y: Trace = post()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau_plus
        d.y = -self.y / self.tau_minus

    def on_pre(self, after: Self) -> None:
        after.w = maximum(self.w * (1 - self.lambda_ * self.alpha * self.y), 0)
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.w = self.w + self.lambda_ * self.w**self.mu * self.x
        after.y = self.y + 1

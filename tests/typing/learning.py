"""What a type checker must accept and refuse in a learning rule and in its use."""

from __future__ import annotations

from typing import Self, assert_type

from spikeloom.equations import (
    Condition,
    Expr,
    LearningRule,
    Param,
    Target,
    Trace,
    Weight,
    clip,
    post,
    pre,
    shared,
    synaptic,
    target,
    weight,
)  # fmt: skip
from spikeloom.equations.units import Hz, ms, mV, nS


class Pairs(LearningRule):
    """A rule as users write it: no line here may need an ignore."""

    tau: Param = 20 * ms
    A: Param = 0.01
    every: Param = 1 * ms
    x: Trace = pre()
    y: Trace = post(Hz)
    u: Trace = post(mV, lag="tau")
    c: Trace = synaptic(start="A")
    D: Trace = shared()
    v: Target = target(mV)

    def flow(self, d: Self) -> None:
        d.x, d.y = -self.x / self.tau, -self.y / self.tau
        d.u = (self.v - self.u) / self.tau
        d.c, d.D = 0, -self.D / self.tau

    def on_pre(self, after: Self) -> None:
        after.w = clip(self.w - self.A * self.c, 0, 1)
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.y = self.y + 1 / self.tau

    def on_reward(self, after: Self) -> None:
        after.D = self.D + self.reward

    def on_tick(self, after: Self) -> None:
        after.c = self.c + self.D * self.dt / self.tau

    def post_event(self) -> Condition:
        return self.v > -50 * mV

    def sends(self, after: Self) -> Expr:
        return after.w * self.x


assert_type(Pairs(tau=10 * ms, scale=5 * nS), Pairs)
assert_type(Pairs().replace(A=0.02, scale=2 * nS), Pairs)

Pairs(tua=10 * ms)  # pyright: ignore[reportCallIssue]
Pairs(x=1)  # pyright: ignore[reportCallIssue]
Pairs(10 * ms)  # pyright: ignore[reportCallIssue]


class InSiemens(LearningRule):
    """The weight may have a unit."""

    w: Weight = weight(nS)

    def on_pre(self, after: Self) -> None:
        after.w = self.w + 0.1 * nS


class Wrong(LearningRule):
    """Mistakes that a type checker finds before the class is ever made."""

    x: Trace = pre()

    def on_pre(self, after: Self) -> None:
        after.x = self.z + 1  # pyright: ignore[reportAttributeAccessIssue]
        if self.x > 1:  # pyright: ignore[reportGeneralTypeIssues]
            after.w = 1

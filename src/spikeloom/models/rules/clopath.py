"""Voltage-based plasticity with homeostasis."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Target, Trace, clip, maximum, post, pre, target
from spikeloom.equations.expr import Condition
from spikeloom.equations.units import Hz, ms, mV


class ClopathSTDP(LearningRule):
    """What counts is the target's potential, low-passed and high at once; not its spikes.

    A spike of the source takes A_LTD [u_minus − theta_minus]₊ away; while v is above theta_plus,
    w grows at the rate A_LTP x [v − theta_plus]₊ [u_plus − theta_minus]₊. The neuron's potential
    must have spikes in it, which are seen `lag` late, so that none meets itself. A_LTD is constant.

    Source: Clopath, Büsing, Vasilaki & Gerstner 2010, Nat. Neurosci. 13:344; ModelDB 144566.
    """

    theta_minus: Param = -70.6 * mV
    theta_plus: Param = -45.3 * mV
    A_LTD: Param = 14e-5 / mV
    A_LTP: Param = 8e-5 / mV**2
    tau_x: Param = 15 * ms
    tau_minus: Param = 10 * ms
    tau_plus: Param = 7 * ms
    lag: Param = 3 * ms
    w_max: Param = 1.0

    v: Target = target(mV)
    u_minus: Trace = post(mV, start="theta_minus", lag="lag")
    u_plus: Trace = post(mV, start="theta_minus", lag="lag")
    x: Trace = pre(Hz)

    def flow(self, d: Self) -> None:
        d.u_minus = (self.v - self.u_minus) / self.tau_minus
        d.u_plus = (self.v - self.u_plus) / self.tau_plus
        d.x = -self.x / self.tau_x

    def on_pre(self, after: Self) -> None:
        low = maximum(self.u_minus - self.theta_minus, 0)
        after.w = clip(self.w - self.A_LTD * low, 0, self.w_max)
        after.x = self.x + 1 / self.tau_x

    def post_event(self) -> Condition:
        return self.v > self.theta_plus

    def on_post(self, after: Self) -> None:
        high = (self.v - self.theta_plus) * maximum(self.u_plus - self.theta_minus, 0)
        after.w = clip(self.w + self.A_LTP * self.x * high * self.dt, 0, self.w_max)

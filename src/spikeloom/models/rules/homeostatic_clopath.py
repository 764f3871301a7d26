"""Voltage-based plasticity whose depression follows the target's activity."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Target, Trace, clip, maximum, post, pre, target
from spikeloom.equations.expr import Condition
from spikeloom.equations.units import Hz, ms, mV


class HomeostaticClopathSTDP(LearningRule):
    """`ClopathSTDP` with the depression times u_bar / u_ref, both of them squared potentials.

    u_bar is a slow average of (v − E)², so that a neuron that is active for long loses weight.

    Source: Clopath, Büsing, Vasilaki & Gerstner 2010, Nat. Neurosci. 13:344; ModelDB 144566.
    """

    theta_minus: Param = -70.6 * mV
    theta_plus: Param = -45.3 * mV
    A_LTD: Param = 14e-5 / mV
    A_LTP: Param = 8e-5 / mV**2
    E: Param = -70.6 * mV
    u_ref: Param = 60 * mV**2
    tau_x: Param = 15 * ms
    tau_minus: Param = 10 * ms
    tau_plus: Param = 7 * ms
    tau_bar: Param = 1200 * ms
    lag: Param = 3 * ms
    w_max: Param = 1.0

    v: Target = target(mV)
    u_minus: Trace = post(mV, start="theta_minus", lag="lag")
    u_plus: Trace = post(mV, start="theta_minus", lag="lag")
    u_bar: Trace = post(mV**2)
    x: Trace = pre(Hz)

    def flow(self, d: Self) -> None:
        d.u_minus = (self.v - self.u_minus) / self.tau_minus
        d.u_plus = (self.v - self.u_plus) / self.tau_plus
        d.u_bar = ((self.v - self.E) ** 2 - self.u_bar) / self.tau_bar
        d.x = -self.x / self.tau_x

    def on_pre(self, after: Self) -> None:
        low = maximum(self.u_minus - self.theta_minus, 0) * self.u_bar / self.u_ref
        after.w = clip(self.w - self.A_LTD * low, 0, self.w_max)
        after.x = self.x + 1 / self.tau_x

    def post_event(self) -> Condition:
        return self.v > self.theta_plus

    def on_post(self, after: Self) -> None:
        high = (self.v - self.theta_plus) * maximum(self.u_plus - self.theta_minus, 0)
        after.w = clip(self.w + self.A_LTP * self.x * high * self.dt, 0, self.w_max)

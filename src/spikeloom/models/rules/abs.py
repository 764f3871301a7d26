"""The rule of Artola, Bröcher and Singer."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Target, Trace, clip, post, pre, target, where
from spikeloom.equations.units import Hz, ms, mV


class ABS(LearningRule):
    """Two thresholds of the target's potential decide between nothing, depression and potentiation.

    At every tick, with the low-passed potential u and the activity p of the source: p and u high
    add `step`; p high and u between the thresholds take it away (homosynaptic depression), p low
    and u high too (heterosynaptic). 1 of p stands for the rate `unit`.

    Source: Artola, Bröcher & Singer 1990, Nature 347:69; the four cases from Garagnani, Wennekers
    & Pulvermüller 2008, Eur. J. Neurosci. 27:492.
    """

    step: Param = 5e-4
    theta_minus: Param = -60 * mV
    theta_plus: Param = -55 * mV
    theta_p: Param = 0.05
    tau_u: Param = 20 * ms
    E: Param = -70 * mV
    """Where u begins."""
    tau: Param = 50 * ms
    unit: Param = 100 * Hz
    w_max: Param = 1.0
    every: Param = 1 * ms

    v: Target = target(mV)
    u: Trace = post(mV, start="E")
    p: Trace = pre()

    def flow(self, d: Self) -> None:
        d.u = (self.v - self.u) / self.tau_u
        d.p = -self.p / self.tau

    def on_pre(self, after: Self) -> None:
        after.p = self.p + 1 / (self.tau * self.unit)

    def on_tick(self, after: Self) -> None:
        active, high = self.p >= self.theta_p, self.u >= self.theta_plus
        middle = (self.u >= self.theta_minus) & ~high
        sign = where(active & high, 1, where(active & middle | ~active & high, -1, 0))
        after.w = clip(self.w + self.step * sign, 0, self.w_max)

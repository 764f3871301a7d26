"""Spike-timing dependent plasticity that waits for dopamine."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, post, pre, shared, synaptic
from spikeloom.equations.units import Hz, ms, second


class DopamineSTDP(LearningRule):
    """Pairs of spikes mark a synapse as eligible; its weight follows eligibility times dopamine.

    dw/dt = (D + base) c. A pair changes c as it changes w in `PairSTDP`; a reward r raises the
    dopamine D of the whole connection by r. w moves at the ticks.

    Source: Izhikevich 2007, Cereb. Cortex 17:2443, eqs. 1 to 3 and methods.
    """

    tau_plus: Param = 20 * ms
    tau_minus: Param = 20 * ms
    A_plus: Param = 0.1
    A_minus: Param = 0.15
    tau_c: Param = 1 * second
    """Time constant of eligibility."""
    tau_d: Param = 0.2 * second
    """Time constant of dopamine."""
    base: Param = 0.0 * Hz
    """Change without dopamine."""
    w_max: Param = 4.0
    every: Param = 10 * ms

    x: Trace = pre()
    y: Trace = post()
    c: Trace = synaptic()
    D: Trace = shared(Hz)

    def flow(self, d: Self) -> None:
        d.x, d.y = -self.x / self.tau_plus, -self.y / self.tau_minus
        d.c, d.D = -self.c / self.tau_c, -self.D / self.tau_d

    def on_pre(self, after: Self) -> None:
        after.c, after.x = self.c - self.A_minus * self.y, self.x + 1

    def on_post(self, after: Self) -> None:
        after.c, after.y = self.c + self.A_plus * self.x, self.y + 1

    def on_reward(self, after: Self) -> None:
        after.D = self.D + self.reward * Hz

    def on_tick(self, after: Self) -> None:
        after.w = clip(self.w + (self.D + self.base) * self.c * self.every, 0, self.w_max)

"""The rule of Bienenstock, Cooper and Munro."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, post, pre
from spikeloom.equations.units import Hz, ms, second


class BCM(LearningRule):
    """dw/dt = eta x y (y − theta) with a threshold that follows y²/y0.

    A neuron becomes selective to one of its input patterns. The threshold must be faster than the
    weights. Activities x and y are low-passed spike trains; 1 stands for the rate `unit`.

    Source: Bienenstock, Cooper & Munro 1982, J. Neurosci. 2:32; Intrator & Cooper 1992, Neural
    Netw. 5:3, eqs. 2.3 and 2.8.
    """

    eta: Param = 0.01 * Hz
    """Learning rate."""
    y0: Param = 1.0
    tau_theta: Param = 1 * second
    """Time constant of the threshold."""
    tau: Param = 50 * ms
    """Time constant of the activities."""
    unit: Param = 10 * Hz
    w_min: Param = -10.0
    """0 for synapses that keep their sign."""
    w_max: Param = 10.0
    every: Param = 1 * ms

    x: Trace = pre()
    y: Trace = post()
    theta: Trace = post(start="y0")

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau
        d.y = -self.y / self.tau
        d.theta = 0

    def on_pre(self, after: Self) -> None:
        after.x = self.x + 1 / (self.tau * self.unit)

    def on_post(self, after: Self) -> None:
        after.y = self.y + 1 / (self.tau * self.unit)

    def on_tick(self, after: Self) -> None:
        change = self.eta * self.x * self.y * (self.y - self.theta)
        after.w = clip(self.w + self.every * change, self.w_min, self.w_max)
        after.theta = self.theta + self.every / self.tau_theta * (self.y**2 / self.y0 - self.theta)

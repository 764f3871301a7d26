"""Hebb's rule between rates."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, post, pre
from spikeloom.equations.units import Hz, ms


class Hebb(LearningRule):
    """What fires together wires together: dw/dt = eta (x − x0)(y − y0); nothing bounds w.

    Activities x and y are low-passed spike trains; 1 stands for the rate `unit`. With x0 and y0 at
    the mean activities it is the covariance rule.

    Source: Hebb 1949, The Organization of Behavior; Sejnowski 1977, J. Math. Biol. 4:303.
    """

    eta: Param = 0.01 * Hz
    """Learning rate."""
    tau: Param = 50 * ms
    """Time constant of the activities."""
    unit: Param = 10 * Hz
    x0: Param = 0.0
    y0: Param = 0.0
    every: Param = 1 * ms

    x: Trace = pre()
    y: Trace = post()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau
        d.y = -self.y / self.tau

    def on_pre(self, after: Self) -> None:
        after.x = self.x + 1 / (self.tau * self.unit)

    def on_post(self, after: Self) -> None:
        after.y = self.y + 1 / (self.tau * self.unit)

    def on_tick(self, after: Self) -> None:
        after.w = self.w + self.every * self.eta * (self.x - self.x0) * (self.y - self.y0)

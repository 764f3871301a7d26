"""Oja's rule between rates."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, post, pre
from spikeloom.equations.units import Hz, ms


class Oja(LearningRule):
    """Hebb's rule that keeps its length: dw/dt = eta y (x − y w).

    The weights of a linear neuron turn to the first principal axis of its inputs, with length 1.
    Activities x and y are low-passed spike trains; 1 stands for the rate `unit`.

    Source: Oja 1982, J. Math. Biol. 15:267, eq. 3.
    """

    eta: Param = 0.01 * Hz
    """Learning rate."""
    tau: Param = 50 * ms
    """Time constant of the activities."""
    unit: Param = 10 * Hz
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
        after.w = self.w + self.every * self.eta * self.y * (self.x - self.y * self.w)

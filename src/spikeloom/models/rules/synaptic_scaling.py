"""Homeostatic scaling of all synapses of a neuron."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, post
from spikeloom.equations.units import Hz, ms, second


class SynapticScaling(LearningRule):
    """All weights of a neuron grow or shrink together until it fires at its goal.

    dw/dt = w (beta (goal − a) + gamma s), with the slow rate a of the target and the integral s of
    goal − a, which leaves no error behind.

    Source: van Rossum, Bi & Turrigiano 2000, J. Neurosci. 20:8812, eq. 3; Turrigiano et al. 1998,
    Nature 391:892.
    """

    goal: Param = 20 * Hz
    tau: Param = 10 * second
    """Time constant of the rate."""
    beta: Param = 4e-5
    """Change of w, as a share of it, per second and per Hz."""
    gamma: Param = 1e-7 * Hz
    w_max: Param = 100.0
    every: Param = 100 * ms

    a: Trace = post(Hz)
    s: Trace = post()

    def flow(self, d: Self) -> None:
        d.a = -self.a / self.tau
        d.s = self.goal - self.a

    def on_post(self, after: Self) -> None:
        after.a = self.a + 1 / self.tau

    def on_tick(self, after: Self) -> None:
        rate = self.beta * (self.goal - self.a) + self.gamma * self.s
        after.w = clip(self.w * (1 + rate * self.every), 0, self.w_max)

"""NMDA receptors, which magnesium blocks at low potentials."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Expr, Input, Param, Post, State, Synapse, exp, impulse, state
from spikeloom.equations.units import mM, ms, mV, nS, one


class NMDA(Synapse):
    """Channels that open slowly, saturate, and let current pass only at high potentials.

    The current is g s B(v) (E − v) with the open part s and B = 1 / (1 + Mg / 3.57 mM · exp(−0.062
    v / mV)). Because s saturates, spikes of two sources that share one receptor are not the sum of
    the two; the weight counts spikes, and g scales the current.

    Source: Jahr & Stevens 1990, J. Neurosci. 10:3178; Wang 1999, J. Neurosci. 19:9587.
    """

    g: Param = 1 * nS
    """Conductance where every channel is open and none is blocked."""
    E: Param = 0 * mV
    Mg: Param = 1 * mM
    """Magnesium outside the cell."""
    tau_rise: Param = 2 * ms
    tau_decay: Param = 100 * ms
    alpha: Param = 0.5 / ms
    """How fast transmitter opens channels."""

    s: State = state(one)
    """Open part of the channels."""
    x: State = state(one)
    """Transmitter."""
    w: Input = impulse(one)
    """Number of spikes, each releasing one unit of transmitter."""

    def block(self, v: Expr) -> Expr:
        """The part of the open channels that magnesium leaves free."""
        return 1 / (1 + self.Mg / (3.57 * mM) * exp(-0.062 / mV * v))

    def flow(self, d: Self) -> None:
        d.s = self.alpha * self.x * (1 - self.s) - self.s / self.tau_decay
        d.x = -self.x / self.tau_rise

    def receive(self, after: Self) -> None:
        after.x = self.x + self.w

    def gives(self, post: Post) -> Expr:
        return self.g * self.s * self.block(post.v) * (self.E - post.v)

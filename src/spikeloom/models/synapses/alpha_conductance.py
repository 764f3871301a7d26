"""A synaptic conductance with the shape of an alpha function."""

from __future__ import annotations

from math import e
from typing import Self

from spikeloom.equations import Expr, Input, Param, Post, State, Synapse, impulse, state
from spikeloom.equations.units import ms, mV, nS


class AlphaConductance(Synapse):
    """An arriving spike of weight w gives the conductance w e (t / tau) exp(−t / tau).

    It rises to w at the time tau and then falls; the current is g (E − v).

    Source: Rall 1967, J. Neurophysiol. 30:1138.
    """

    tau: Param = 2 * ms
    """Time from the arrival to the peak."""
    E: Param = 0 * mV
    """Reversal potential: excitatory above the threshold of the target, inhibitory below."""

    g: State = state(nS)
    h: State = state(nS)
    """What is still to come; decays with the same time constant."""
    w: Input = impulse(nS)
    """Peak of the conductance."""

    def flow(self, d: Self) -> None:
        d.g = (e * self.h - self.g) / self.tau
        d.h = -self.h / self.tau

    def receive(self, after: Self) -> None:
        after.h = self.h + self.w

    def gives(self, post: Post) -> Expr:
        return self.g * (self.E - post.v)

"""A synaptic current with the shape of an alpha function."""

from __future__ import annotations

from math import e
from typing import Self

from spikeloom.equations import Expr, Input, Param, Post, State, Synapse, impulse, state
from spikeloom.equations.units import ms, pA


class AlphaCurrent(Synapse):
    """An arriving spike of weight w gives the current w e (t / tau) exp(−t / tau).

    It rises to w at the time tau and then falls.

    Source: Rall 1967, J. Neurophysiol. 30:1138; Rotter & Diesmann 1999, Biol. Cybern. 81:381.
    """

    tau: Param = 2 * ms
    """Time from the arrival to the peak."""

    i: State = state(pA)
    h: State = state(pA)
    """What is still to come; decays with the same time constant."""
    w: Input = impulse(pA)
    """Peak of the current."""

    def flow(self, d: Self) -> None:
        d.i = (e * self.h - self.i) / self.tau
        d.h = -self.h / self.tau

    def receive(self, after: Self) -> None:
        after.h = self.h + self.w

    def gives(self, post: Post) -> Expr:
        return self.i

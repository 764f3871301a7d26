"""A synaptic current that decays exponentially."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Expr, Input, Param, Post, State, Synapse, impulse, state
from spikeloom.equations.units import ms, pA


class ExponentialCurrent(Synapse):
    """An arriving spike adds its weight to a current, which decays with tau.

    On a leaky neuron the whole is linear, so a step of any length is exact.

    Source: Rotter & Diesmann 1999, Biol. Cybern. 81:381, eq. 2.
    """

    tau: Param = 5 * ms
    """Time constant of the current."""

    i: State = state(pA)
    w: Input = impulse(pA)
    """Size of the jump of the current."""

    def flow(self, d: Self) -> None:
        d.i = -self.i / self.tau

    def receive(self, after: Self) -> None:
        after.i = self.i + self.w

    def gives(self, post: Post) -> Expr:
        return self.i

"""A conductance that stays: a leak at one place, an electrode, a killed end."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Expr, Input, Param, Post, State, Synapse, impulse, state
from spikeloom.equations.units import ms, mV, nS


class Shunt(Synapse):
    """A conductance from its target to a fixed potential, from the beginning on and for ever.

    What arrives changes it for good. A large one holds the potential: a voltage clamp through a
    series resistance of 1 / G, or the killed end of a dendrite.

    Source: Koch 1999, Biophysics of Computation, section 1.5.
    """

    G: Param = 1 * nS
    """The conductance at the beginning."""
    E: Param = -65 * mV
    """The potential that it leads to."""

    g: State = state(nS, start="G")
    w: Input = impulse(nS)
    """What is added to the conductance."""

    def flow(self, d: Self) -> None:
        d.g = 0 * nS / ms

    def receive(self, after: Self) -> None:
        after.g = self.g + self.w

    def gives(self, post: Post) -> Expr:
        return self.g * (self.E - post.v)

"""A synaptic conductance that decays exponentially."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Expr, Input, Param, Post, State, Synapse, impulse, state
from spikeloom.equations.units import ms, mV, nS


class ExponentialConductance(Synapse):
    """An arriving spike adds its weight to a conductance, which decays with tau.

    The current is g (E − v): it pulls the potential towards E. Inhibition has a low E and a weight
    above 0.

    Source: Vogels & Abbott 2005, J. Neurosci. 25:10786; Brette et al. 2007, benchmark 1.
    """

    tau: Param = 5 * ms
    """Time constant of the conductance."""
    E: Param = 0 * mV
    """Reversal potential: excitatory above the threshold of the target, inhibitory below."""

    g: State = state(nS)
    w: Input = impulse(nS)
    """Size of the jump of the conductance."""

    def flow(self, d: Self) -> None:
        d.g = -self.g / self.tau

    def receive(self, after: Self) -> None:
        after.g = self.g + self.w

    def gives(self, post: Post) -> Expr:
        return self.g * (self.E - post.v)

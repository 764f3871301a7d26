"""A synaptic conductance that rises and decays with time constants of their own."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import (
    Expr,
    Input,
    Param,
    Post,
    State,
    Synapse,
    exp,
    exprel,
    impulse,
    log,
    state,
)
from spikeloom.equations.units import ms, mV, nS


class DualExponentialConductance(Synapse):
    """A spike of weight w gives the conductance w N (exp(−t / tau_decay) − exp(−t / tau_rise)).

    N makes w the peak, also where both time constants are equal; the current is g (E − v).

    Source: Roth & van Rossum 2009, in Computational Modeling Methods for Neuroscientists, ch. 6.
    """

    tau_rise: Param = 0.5 * ms
    tau_decay: Param = 3 * ms
    E: Param = 0 * mV
    """Reversal potential: excitatory above the threshold of the target, inhibitory below."""

    g: State = state(nS)
    h: State = state(nS)
    """What is still to come; decays with tau_rise."""
    w: Input = impulse(nS)
    """Peak of the conductance."""

    def flow(self, d: Self) -> None:
        gain = exp(1 / exprel(log(self.tau_decay / self.tau_rise)))
        d.g = gain * self.h / self.tau_rise - self.g / self.tau_decay
        d.h = -self.h / self.tau_rise

    def receive(self, after: Self) -> None:
        after.h = self.h + self.w

    def gives(self, post: Post) -> Expr:
        return self.g * (self.E - post.v)

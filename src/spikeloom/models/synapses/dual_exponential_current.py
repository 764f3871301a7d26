"""A synaptic current that rises and decays with time constants of their own."""

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
from spikeloom.equations.units import ms, pA


class DualExponentialCurrent(Synapse):
    """A spike of weight w gives the current w N (exp(−t / tau_decay) − exp(−t / tau_rise)).

    N makes w the peak. The current is driven by a part that decays with tau_rise, with a gain that
    stays finite where both time constants are equal: there it is the alpha function.

    Source: Roth & van Rossum 2009, in Computational Modeling Methods for Neuroscientists, ch. 6.
    """

    tau_rise: Param = 0.5 * ms
    tau_decay: Param = 3 * ms

    i: State = state(pA)
    h: State = state(pA)
    """What is still to come; decays with tau_rise."""
    w: Input = impulse(pA)
    """Peak of the current."""

    def flow(self, d: Self) -> None:
        gain = exp(1 / exprel(log(self.tau_decay / self.tau_rise)))
        d.i = gain * self.h / self.tau_rise - self.i / self.tau_decay
        d.h = -self.h / self.tau_rise

    def receive(self, after: Self) -> None:
        after.h = self.h + self.w

    def gives(self, post: Post) -> Expr:
        return self.i

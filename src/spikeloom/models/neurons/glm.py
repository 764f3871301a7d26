"""Generalised linear model: a rate from stimulus, history and other neurons."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import (
    Condition,
    Input,
    Neuron,
    Param,
    State,
    escapes,
    exp,
    impulse,
    inflow,
    state,
)  # fmt: skip
from spikeloom.equations.units import kHz, ms, one


class GLM(Neuron):
    """Point-process generalised linear model with exponential filters.

    Its rate is `rate` exp(k + h + c): the stimulus x through a filter of unit area, the neuron's
    own spikes, each of which adds `jump`, and spikes of others, which add their weights.

    Source: Truccolo et al. 2005, J. Neurophysiol. 93:1074; Pillow et al. 2008, Nature 454:995.
    """

    rate: Param = 0.02 * kHz
    """Rate without stimulus, long after any spike."""
    tau_k: Param = 10 * ms
    """Time constant of the stimulus filter."""
    tau_h: Param = 20 * ms
    """Time constant of the history filter."""
    tau_c: Param = 5 * ms
    """Time constant of the coupling filter."""
    jump: Param = -3.0
    """What a spike of its own adds to the logarithm of the rate."""

    k: State = state(one)
    h: State = state(one)
    c: State = state(one)
    x: Input = inflow(one)
    w: Input = impulse(one)

    def flow(self, d: Self) -> None:
        d.k = (self.x - self.k) / self.tau_k
        d.h = -self.h / self.tau_h
        d.c = -self.c / self.tau_c

    def receive(self, after: Self) -> None:
        after.c = self.c + self.w

    def fires(self) -> Condition:
        return escapes(self.rate * exp(self.k + self.h + self.c))

    def reset(self, after: Self) -> None:
        after.h = self.h + self.jump

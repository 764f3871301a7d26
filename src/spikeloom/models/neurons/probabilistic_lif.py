"""Leaky integrate-and-fire that does not answer every time it reaches threshold."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import (
    Condition,
    Input,
    Neuron,
    Param,
    State,
    chance,
    impulse,
    inflow,
    state,
)  # fmt: skip
from spikeloom.equations.units import MOhm, ms, mV, nA


class ProbabilisticLIF(Neuron):
    """Leaky integrate-and-fire neuron that fires with the probability `p` once it may.

    In every step that ends at or above threshold it fires with this probability, and otherwise
    keeps its potential; the mean wait at threshold is dt / p. Arrivals add to the potential.

    Source: Kasabov 2010, Neural Netw. 23:16, the probability of a spike at threshold.
    """

    tau: Param = 20 * ms
    """Membrane time constant."""
    R: Param = 100 * MOhm
    """Membrane resistance."""
    E: Param = -65 * mV
    """Resting potential, and the potential after a spike."""
    theta: Param = -50 * mV
    """Threshold."""
    p: Param = 0.5
    """Probability of a spike in a step at threshold."""

    v: State = state(mV, start="E")
    I: Input = inflow(nA)
    x: Input = impulse(mV)

    def flow(self, d: Self) -> None:
        d.v = (self.E - self.v + self.R * self.I) / self.tau

    def receive(self, after: Self) -> None:
        after.v = self.v + self.x

    def fires(self) -> Condition:
        return (self.v >= self.theta) & chance(self.p)

    def reset(self, after: Self) -> None:
        after.v = self.E

"""A unit of rates that makes its own output exponentially distributed."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Input, Neuron, Param, State, inflow, sigmoid, state
from spikeloom.equations.units import ms, one


class TrieschUnit(Neuron):
    """Gain a and offset b of f = 1 / (1 + exp(−a x − b)) adapt until f is exponential with mean mu.

    Its output y follows f with the time constant tau. It has no spikes: x is its summed input.

    Source: Triesch 2007, Neural Comput. 19:885, eqs. 2.7 and 2.8.
    """

    mu: Param = 0.1
    """Mean activity that it seeks."""
    eta: Param = 1e-3 / ms
    """Learning rate."""
    tau: Param = 1 * ms
    """Time constant of the output."""

    y: State = state(one)
    a: State = state(one, start=1.0)
    """Gain."""
    b: State = state(one)
    """Offset."""
    x: Input = inflow(one)

    def flow(self, d: Self) -> None:
        f = sigmoid(self.a * self.x + self.b)
        offset = self.eta * (1 - (2 + 1 / self.mu) * f + f**2 / self.mu)
        d.y = (f - self.y) / self.tau
        d.a = self.eta / self.a + self.x * offset
        d.b = offset

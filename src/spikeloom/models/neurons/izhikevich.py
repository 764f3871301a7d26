"""Izhikevich's model: cheap, and able to fire in twenty ways."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import ms, mV


class Izhikevich(Neuron):
    """Izhikevich's simple model; by default a regular spiking cell.

    The numbers of the paper carry the units that they imply there: mV and ms. The papers differ
    in the tie rule; here a spike is cut off where v reaches the peak.

    Source: Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569, eq. 1 to 3.
    """

    a: Param = 0.02 / ms
    """How fast the recovery is."""
    b: Param = 0.2 / ms
    """How strongly the recovery follows v."""
    c: Param = -65 * mV
    """Potential after a spike."""
    d: Param = 8 * mV / ms
    """Recovery that a spike adds."""
    peak: Param = 30 * mV
    """Where the spike is cut off."""

    v: State = state(mV, start="c")
    u: State = state(mV / ms)
    """Recovery: what potassium and inactivating sodium do together."""
    I: Input = inflow(mV / ms)

    def initial(self, at: Self) -> None:
        at.u = self.b * self.v

    def flow(self, d: Self) -> None:
        square = 0.04 / (mV * ms) * self.v**2
        d.v = square + 5 / ms * self.v + 140 * mV / ms - self.u + self.I
        d.u = self.a * (self.b * self.v - self.u)

    def fires(self) -> Condition:
        return self.v >= self.peak

    def reset(self, after: Self) -> None:
        after.v = self.c
        after.u = self.u + self.d

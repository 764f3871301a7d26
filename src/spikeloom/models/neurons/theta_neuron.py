"""Theta neuron: the quadratic integrate-and-fire neuron on a circle, where nothing explodes."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, cos, inflow, pi, state
from spikeloom.equations.units import ms, one


class ThetaNeuron(Neuron):
    """Theta neuron; with v = tan(phi / 2) it is `QuadraticIF` with its peak at infinity.

    It fires where the phase passes pi. A constant I > 0 gives the period pi tau / sqrt(I); I < 0
    gives a resting phase, -2 atan(sqrt(-I)), and a threshold at 2 atan(sqrt(-I)).

    Source: Ermentrout & Kopell 1986, SIAM J. Appl. Math. 46:233.
    """

    tau: Param = 10 * ms
    """Time constant."""

    phi: State = state(one, start=-pi / 2)
    """Phase on the circle."""
    I: Input = inflow(one)

    def flow(self, d: Self) -> None:
        d.phi = (1 - cos(self.phi) + (1 + cos(self.phi)) * self.I) / self.tau

    def fires(self) -> Condition:
        return self.phi >= pi

    def reset(self, after: Self) -> None:
        after.phi = self.phi - 2 * pi

"""Mihalas and Niebur's neuron: linear equations, a moving threshold, twenty ways to fire."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, maximum, state
from spikeloom.equations.units import ms, mV
from spikeloom.models.patterns.mihalas_niebur import MIHALAS_NIEBUR
from spikeloom.models.patterns.pattern import chosen


class MihalasNiebur(Neuron):
    """Integrate-and-fire neuron with two spike-induced currents and a threshold that follows v.

    Currents are given per capacitance, in mV/ms.

    Source: Mihalas & Niebur 2009, Neural Comput. 21:704, eqs. 2.1 and 2.2.
    """

    G: Param = 0.05 / ms
    E: Param = -70 * mV
    a: Param = 0 / ms
    """How strongly the threshold follows v."""
    b: Param = 0.01 / ms
    """How fast the threshold returns."""
    theta_inf: Param = -50 * mV
    theta_r: Param = -60 * mV
    """Lowest threshold after a spike."""
    v_reset: Param = -70 * mV
    k_1: Param = 0.2 / ms
    k_2: Param = 0.02 / ms
    R_1: Param = 0.0
    R_2: Param = 1.0
    """Share of an induced current that outlives a spike."""
    A_1: Param = 0 * mV / ms
    A_2: Param = 0 * mV / ms

    v: State = state(mV, start="E")
    theta: State = state(mV, start="theta_inf")
    I_1: State = state(mV / ms)
    I_2: State = state(mV / ms)
    I: Input = inflow(mV / ms)

    def flow(self, d: Self) -> None:
        d.v = self.I + self.I_1 + self.I_2 - self.G * (self.v - self.E)
        d.theta = self.a * (self.v - self.E) - self.b * (self.theta - self.theta_inf)
        d.I_1, d.I_2 = -self.k_1 * self.I_1, -self.k_2 * self.I_2

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v, after.theta = self.v_reset, maximum(self.theta, self.theta_r)
        after.I_1, after.I_2 = self.R_1 * self.I_1 + self.A_1, self.R_2 * self.I_2 + self.A_2

    @classmethod
    def pattern(cls, name: str) -> MihalasNiebur:
        """A cell of the paper's figure, such as ``"rebound burst"``; all in `MIHALAS_NIEBUR`."""
        return cls(**chosen(MIHALAS_NIEBUR, name))

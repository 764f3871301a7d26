"""Morris and Lecar's muscle fibre: two equations, and both ways to begin firing."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Expr, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.functions import cosh, rises, tanh
from spikeloom.equations.units import cm2, mS, ms, mV, one, uA, uF


class MorrisLecar(Neuron):
    """Morris-Lecar cell: instant calcium, slow potassium. By default class II.

    Source: Morris & Lecar 1981, Biophys. J. 35:193; both sets: Rinzel & Ermentrout 1998, table 7.1.
    """

    C: Param = 20 * uF / cm2
    g_Ca: Param = 4.4 * mS / cm2
    g_K: Param = 8 * mS / cm2
    g_L: Param = 2 * mS / cm2
    E_Ca: Param = 120 * mV
    E_K: Param = -84 * mV
    E_L: Param = -60 * mV
    V_1: Param = -1.2 * mV
    V_2: Param = 18 * mV
    V_3: Param = 2 * mV
    V_4: Param = 30 * mV
    phi: Param = 0.04 / ms
    theta: Param = 0 * mV
    """Where a spike is counted; nothing is reset."""

    v: State = state(mV, start="E_L")
    w: State = state(one)
    I: Input = inflow(uA / cm2)

    def open(self) -> Expr:
        """Share of open potassium channels at rest at this potential."""
        return (1 + tanh((self.v - self.V_3) / self.V_4)) / 2

    def initial(self, at: Self) -> None:
        at.w = self.open()

    def flow(self, d: Self) -> None:
        calcium = self.g_Ca * (1 + tanh((self.v - self.V_1) / self.V_2)) / 2 * (self.v - self.E_Ca)
        others = self.g_K * self.w * (self.v - self.E_K) + self.g_L * (self.v - self.E_L)
        d.v = (self.I - calcium - others) / self.C
        d.w = self.phi * cosh((self.v - self.V_3) / (2 * self.V_4)) * (self.open() - self.w)

    def fires(self) -> Condition:
        return rises(self.v, self.theta)

    @classmethod
    def class_one(cls) -> MorrisLecar:
        """Begins to fire at any low rate, through a saddle-node on a circle."""
        return cls(g_Ca=4 * mS / cm2, V_3=12 * mV, V_4=17.4 * mV, phi=0.067 / ms)

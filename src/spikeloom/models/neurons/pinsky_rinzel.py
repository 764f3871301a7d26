"""Pinsky and Rinzel's pyramidal cell of CA3: a soma that spikes, a dendrite that bursts."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, exp, inflow, minimum, state
from spikeloom.equations.functions import exprel, rises, where
from spikeloom.equations.units import cm2, mS, ms, mV, one, uA, uF


class PinskyRinzel(Neuron):
    """Soma (sodium, potassium) and dendrite (calcium and its potassium channels), from rest = 0 mV.

    Source: Pinsky & Rinzel 1994, J. Comput. Neurosci. 1:39, eqs. 1 to 6 and appendix.
    """

    C: Param = 3 * uF / cm2
    g: Param = 0.1 * mS / cm2
    g_c: Param = 2.1 * mS / cm2
    p: Param = 0.5
    """Share of the soma in the area."""
    theta: Param = 50 * mV
    v: State = state(mV, start=-4.6 * mV)
    v_d: State = state(mV, start=-4.5 * mV)
    h: State = state(one, start=0.999)
    n: State = state(one, start=0.001)
    s: State = state(one, start=0.009)
    c: State = state(one, start=0.007)
    q: State = state(one, start=0.01)
    Ca: State = state(one, start=0.2)
    I: Input = inflow(uA / cm2)
    I_d: Input = inflow(uA / cm2)

    def flow(self, d: Self) -> None:
        u, w, unit = self.v / mV, self.v_d / mV, uA / cm2
        a, b = 1.28 / exprel((13.1 - u) / 4), 1.4 / exprel((u - 40.1) / 5)
        soma = 30 * (a / (a + b)) ** 2 * self.h * (120 - u) - 15 * self.n * (u + 15)
        calcium = 10 * self.s**2 * (w - 140)
        potassium = 0.8 * self.q + 15 * self.c * minimum(self.Ca / 250, 1)
        across = self.g_c * (self.v_d - self.v)
        d.v = (soma * unit - self.g * self.v + (across + self.I) / self.p) / self.C
        dendrite = -self.g * self.v_d - (calcium + potassium * (w + 15)) * unit
        d.v_d = (dendrite + (self.I_d - across) / (1 - self.p)) / self.C
        d.Ca = (-0.13 * calcium - 0.075 * self.Ca) / ms
        slow = 2 * exp((6.5 - w) / 27)
        c = where(w <= 50, exp((w - 10) / 11 - (w - 6.5) / 27) / 18.975, slow)
        d.h, d.n, d.s, d.c, d.q = (
            (opens * (1 - x) - closes * x) / ms
            for x, opens, closes in (
                (self.h, 0.128 * exp((17 - u) / 18), 4 / (1 + exp((40 - u) / 5))),
                (self.n, 0.08 / exprel((35.1 - u) / 5), 0.25 * exp(0.5 - 0.025 * u)),
                (self.s, 1.6 / (1 + exp(-0.072 * (w - 65))), 0.1 / exprel((w - 51.1) / 5)),
                (self.c, c, slow - c),
                (self.q, minimum(2e-5 * self.Ca, 0.01), 0.001),
            )
        )

    def fires(self) -> Condition:
        return rises(self.v, self.theta)

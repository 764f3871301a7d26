"""Hodgkin and Huxley's squid axon."""

from __future__ import annotations

from typing import Any, Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, exp, inflow, rises, state
from spikeloom.equations.units import cm2, mS, ms, mV, one, uA, uF


class HodgkinHuxley(Neuron):
    """The squid giant axon at 6.3 °C, in today's sign convention, starting at rest.

    Source: Hodgkin & Huxley 1952, J. Physiol. 117:500.
    """

    C: Param = 1 * uF / cm2
    g_Na: Param = 120 * mS / cm2
    g_K: Param = 36 * mS / cm2
    g_L: Param = 0.3 * mS / cm2
    E_Na: Param = 50 * mV
    E_K: Param = -77 * mV
    E_L: Param = -54.387 * mV
    phi: Param = 1.0
    """Speed of the gates: 3 ** ((T - 6.3) / 10) at T °C."""
    theta: Param = 0 * mV
    """Where a spike is counted; nothing is reset."""

    v: State = state(mV, start=-64.99638 * mV)
    m: State = state(one)
    h: State = state(one)
    n: State = state(one)
    I: Input = inflow(uA / cm2)

    def gates(self) -> tuple[tuple[Any, Any], ...]:
        """How fast the gates m, h and n open and close."""
        v = self.v
        a_m = 0.1 / mV * (v + 40 * mV) / (1 - exp(-(v + 40 * mV) / (10 * mV))) / ms
        a_n = 0.01 / mV * (v + 55 * mV) / (1 - exp(-(v + 55 * mV) / (10 * mV))) / ms
        a_h = 0.07 * exp(-(v + 65 * mV) / (20 * mV)) / ms
        b_m = 4 * exp(-(v + 65 * mV) / (18 * mV)) / ms
        b_n = 0.125 * exp(-(v + 65 * mV) / (80 * mV)) / ms
        b_h = 1 / (1 + exp(-(v + 35 * mV) / (10 * mV))) / ms
        return (a_m, b_m), (a_h, b_h), (a_n, b_n)

    def initial(self, at: Self) -> None:
        at.m, at.h, at.n = (a / (a + b) for a, b in self.gates())

    def flow(self, d: Self) -> None:
        sodium = self.g_Na * self.m**3 * self.h * (self.v - self.E_Na)
        potassium = self.g_K * self.n**4 * (self.v - self.E_K)
        leak = self.g_L * (self.v - self.E_L)
        d.v = (self.I - sodium - potassium - leak) / self.C
        gates = zip((self.m, self.h, self.n), self.gates(), strict=True)
        d.m, d.h, d.n = (self.phi * (a * (1 - x) - b * x) for x, (a, b) in gates)

    def fires(self) -> Condition:
        return rises(self.v, self.theta)

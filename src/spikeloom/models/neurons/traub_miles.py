"""A cell with the fast sodium and potassium channels of Traub and Miles."""

from __future__ import annotations

from typing import Any, Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, exp, inflow, rises, state
from spikeloom.equations.units import ms, mV, nS, one, pA, pF


class TraubMiles(Neuron):
    """Conductance-based cell of the COBAHH benchmark; nothing is reset after a spike.

    With E_L = −60 mV it fires without input, with the −65 mV of the first script it rests.

    Source: Traub & Miles 1991, Neuronal Networks of the Hippocampus; Brette et al. 2007, J. Comput.
    Neurosci. 23:349, benchmark 3.
    """

    C: Param = 200 * pF
    g_L: Param = 10 * nS
    g_Na: Param = 20000 * nS
    g_K: Param = 6000 * nS
    E_L: Param = -60 * mV
    E_Na: Param = 50 * mV
    E_K: Param = -90 * mV
    V_T: Param = -63 * mV
    """Shifts the potentials at which the channels open."""
    theta: Param = -20 * mV
    """Where a spike is counted."""

    v: State = state(mV, start="E_L")
    m: State = state(one)
    h: State = state(one)
    n: State = state(one)
    I: Input = inflow(pA)

    def gates(self) -> tuple[tuple[Any, Any], ...]:
        """How fast the gates m, h and n open and close."""
        u = (self.v - self.V_T) / mV
        a_m = 0.32 * (13 - u) / (exp((13 - u) / 4) - 1) / ms
        b_m = 0.28 * (u - 40) / (exp((u - 40) / 5) - 1) / ms
        a_n = 0.032 * (15 - u) / (exp((15 - u) / 5) - 1) / ms
        b_n = 0.5 * exp((10 - u) / 40) / ms
        a_h = 0.128 * exp((17 - u) / 18) / ms
        b_h = 4 / (1 + exp((40 - u) / 5)) / ms
        return (a_m, b_m), (a_h, b_h), (a_n, b_n)

    def initial(self, at: Self) -> None:
        at.m, at.h, at.n = (a / (a + b) for a, b in self.gates())

    def flow(self, d: Self) -> None:
        sodium = self.g_Na * self.m**3 * self.h * (self.E_Na - self.v)
        potassium = self.g_K * self.n**4 * (self.E_K - self.v)
        d.v = (self.g_L * (self.E_L - self.v) + sodium + potassium + self.I) / self.C
        gates = zip((self.m, self.h, self.n), self.gates(), strict=True)
        d.m, d.h, d.n = (a * (1 - x) - b * x for x, (a, b) in gates)

    def fires(self) -> Condition:
        return rises(self.v, self.theta)

"""The Allen Institute's generalised leaky integrate-and-fire neurons, levels 1 to 5."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, exp, inflow, state
from spikeloom.equations.refractory import Refractory
from spikeloom.equations.units import ms, mV, nS, pA, pF
from spikeloom.models.patterns.glif import GLIF_LEVELS, HELD, chosen


class GLIF(Neuron):
    """Leaky neuron with a reset rule, after-spike currents and two parts of its threshold.

    Source: Teeter et al. 2018, Nat. Commun. 9:709; by default cell 490626718 of the Allen database.
    """

    C: Param = 58.72 * pF
    g: Param = 9.43 * nS
    E: Param = -78.85 * mV
    theta: Param = -51.68 * mV
    t_ref: Param = 3.75 * ms
    f_v: Param = 0.2
    d_v: Param = 18.51 * mV
    b_s: Param = 0.009 / ms
    d_theta: Param = 0.37 * mV
    a_v: Param = 0.005 / ms
    b_v: Param = 0.09 / ms
    k_1: Param = 0.003 / ms
    k_2: Param = 0.1 / ms
    d_1: Param = -9.18 * pA
    d_2: Param = -198.94 * pA

    v: State = state(mV, start="E")
    theta_s: State = state(mV)
    theta_v: State = state(mV)
    I_1: State = state(pA)
    I_2: State = state(pA)
    I: Input = inflow(pA)

    def flow(self, d: Self) -> None:
        d.v = (self.g * (self.E - self.v) + self.I + self.I_1 + self.I_2) / self.C
        d.theta_s = -self.b_s * self.theta_s
        d.theta_v = self.a_v * (self.v - self.E) - self.b_v * self.theta_v
        d.I_1, d.I_2 = -self.k_1 * self.I_1, -self.k_2 * self.I_2

    def fires(self) -> Condition:
        return self.v > self.theta + self.theta_s + self.theta_v

    def reset(self, after: Self) -> None:
        after.v = self.E + self.f_v * (self.v - self.E) + self.d_v
        after.theta_s = self.theta_s * exp(-self.b_s * self.t_ref) + self.d_theta
        after.I_1 = self.d_1 + self.I_1 * exp(-self.k_1 * self.t_ref)
        after.I_2 = self.d_2 + self.I_2 * exp(-self.k_2 * self.t_ref)

    @classmethod
    def level(cls, n: int) -> Refractory:
        """1 leaky, 2 reset rule, 3 after-spike currents, 4 both, 5 all; still for `t_ref`."""
        return Refractory(cls(**chosen(GLIF_LEVELS, n)), cls().t_ref, hold=HELD)

"""Perfect integrate-and-fire: a capacitor with a threshold."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import mV, pA, pF


class PerfectIF(Neuron):
    """Perfect integrate-and-fire neuron: it never forgets what it has received.

    Between spikes it charges like a capacitor, so a constant current I gives a spike every
    C (theta - v_reset) / I.

    Source: Lapicque 1907; Abbott 1999, Brain Res. Bull. 50:303.

    >>> print(PerfectIF().equations)
    dv/dt = I/C : mV
    I : pA
    spike when: v >= theta
    after a spike: v = v_reset
    start: v = v_reset
    """

    C: Param = 200 * pF
    """Membrane capacitance."""
    theta: Param = -50 * mV
    """Threshold."""
    v_reset: Param = -65 * mV
    """Potential after a spike."""

    v: State = state(mV, start="v_reset")
    I: Input = inflow(pA)

    def flow(self, d: Self) -> None:
        d.v = self.I / self.C

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.v_reset

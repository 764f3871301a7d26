"""Integrate-and-fire that keeps what exceeds the threshold."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import mV, pA, pF


class SubtractiveIF(Neuron):
    """Perfect integrate-and-fire neuron that gives up exactly one threshold with each spike.

    No charge is lost: after T steps of a constant current the number of spikes is that charge in
    units of the threshold, rounded down, as long as one spike a step suffices. The potential counts
    from rest and may be negative.

    Source: Rueckauer, Lungu, Hu, Pfeiffer & Liu 2017, Front. Neurosci. 11:682, eq. 4.

    >>> print(SubtractiveIF().equations)
    dv/dt = I/C : mV
    I : pA
    spike when: v >= theta
    after a spike: v = v - theta
    start: v = v_start
    """

    C: Param = 200 * pF
    """Membrane capacitance."""
    theta: Param = 15 * mV
    """Threshold above rest, and what a spike takes from the potential."""
    v_start: Param = 0 * mV
    """Potential at the start."""

    v: State = state(mV, start="v_start")
    I: Input = inflow(pA)

    def flow(self, d: Self) -> None:
        d.v = self.I / self.C

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.v - self.theta

"""Adaptive exponential integrate-and-fire: two equations, many firing patterns."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, exp, inflow, minimum, state
from spikeloom.equations.units import ms, mV, nS, pA, pF
from spikeloom.models.patterns.adex import ADEX
from spikeloom.models.patterns.pattern import chosen


class AdEx(Neuron):
    """Adaptive exponential integrate-and-fire neuron, with the parameters of its first paper.

    Source: Brette & Gerstner 2005, J. Neurophysiol. 94:3637; the patterns: Naud et al. 2008.
    """

    C: Param = 281 * pF
    g: Param = 30 * nS
    E: Param = -70.6 * mV
    v_T: Param = -50.4 * mV
    """Where the upstroke begins."""
    D: Param = 2 * mV
    """Sharpness of the upstroke."""
    tau_w: Param = 144 * ms
    """Time constant of the adaptation."""
    a: Param = 4 * nS
    """Adaptation below threshold."""
    b: Param = 80.5 * pA
    """Adaptation that a spike adds."""
    v_reset: Param = -70.6 * mV
    peak: Param = 0 * mV
    """Where the spike is cut off."""

    v: State = state(mV, start="E")
    w: State = state(pA)
    """Adaptation current."""
    I: Input = inflow(pA)

    def flow(self, d: Self) -> None:
        v = minimum(self.v, self.peak)  # within a step v may pass the peak, where exp explodes
        upstroke = self.g * self.D * exp((v - self.v_T) / self.D)
        d.v = (self.g * (self.E - v) + upstroke - self.w + self.I) / self.C
        d.w = (self.a * (v - self.E) - self.w) / self.tau_w

    def fires(self) -> Condition:
        return self.v >= self.peak

    def reset(self, after: Self) -> None:
        after.v = self.v_reset
        after.w = self.w + self.b

    @classmethod
    def pattern(cls, name: str) -> AdEx:
        """A cell of Naud et al.: ``"tonic"``, ``"bursting"``, ``"irregular"``…; all in `ADEX`."""
        return cls(**chosen(ADEX, name))

"""STDP of triplets of spikes, all to all."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, post, pre
from spikeloom.equations.units import ms


class TripletSTDP(LearningRule):
    """Pairs count, and more so where either side has fired shortly before; full visual cortex.

    Source: Pfister & Gerstner 2006, J. Neurosci. 26:9673, eqs. 2 to 4 and tables 3 and 4.
    """

    tau_plus: Param = 16.8 * ms
    tau_minus: Param = 33.7 * ms
    tau_x: Param = 101 * ms
    tau_y: Param = 125 * ms
    A2_plus: Param = 5e-10
    A3_plus: Param = 6.2e-3
    A2_minus: Param = 7e-3
    A3_minus: Param = 2.3e-4
    w_max: Param = 1.0

    r1: Trace = pre()
    r2: Trace = pre()
    o1: Trace = post()
    o2: Trace = post()

    def flow(self, d: Self) -> None:
        d.r1, d.r2 = -self.r1 / self.tau_plus, -self.r2 / self.tau_x
        d.o1, d.o2 = -self.o1 / self.tau_minus, -self.o2 / self.tau_y

    def on_pre(self, after: Self) -> None:
        down = self.o1 * (self.A2_minus + self.A3_minus * self.r2)
        after.w = clip(self.w - down, 0, self.w_max)
        after.r1, after.r2 = self.r1 + 1, self.r2 + 1

    def on_post(self, after: Self) -> None:
        up = self.r1 * (self.A2_plus + self.A3_plus * self.o2)
        after.w = clip(self.w + up, 0, self.w_max)
        after.o1, after.o2 = self.o1 + 1, self.o2 + 1

    @classmethod
    def visual_cortex_minimal(cls) -> TripletSTDP:
        """Visual cortex with the two amplitudes that it cannot do without."""
        return cls(A2_plus=0, A3_plus=6.5e-3, A2_minus=7.1e-3, A3_minus=0, tau_y=114 * ms)

    @classmethod
    def hippocampus(cls) -> TripletSTDP:
        """Hippocampal cultures, full model."""
        a2, a3 = {"A2_plus": 6.1e-3, "A2_minus": 1.6e-3}, {"A3_plus": 6.7e-3, "A3_minus": 1.4e-3}
        return cls(**a2, **a3, tau_x=946 * ms, tau_y=27 * ms)

    @classmethod
    def hippocampus_minimal(cls) -> TripletSTDP:
        """Hippocampal cultures with three amplitudes."""
        return cls(A2_plus=5.3e-3, A3_plus=8e-3, A2_minus=3.5e-3, A3_minus=0, tau_y=40 * ms)

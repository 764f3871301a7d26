"""STDP of triplets of spikes, nearest spikes."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, post, pre
from spikeloom.equations.units import ms


class NearestTripletSTDP(LearningRule):
    """Pairs count, and more so where either side has fired just before.

    Only the last spike of each side counts: a spike sets its traces to 1. The defaults are the full
    model of visual cortex.

    Source: Pfister & Gerstner 2006, J. Neurosci. 26:9673, eqs. 2 to 4 and tables 3 and 4.
    """

    tau_plus: Param = 16.8 * ms
    tau_minus: Param = 33.7 * ms
    tau_x: Param = 714 * ms
    tau_y: Param = 40 * ms
    A2_plus: Param = 8.8e-11
    A3_plus: Param = 5.3e-2
    A2_minus: Param = 6.6e-3
    A3_minus: Param = 3.1e-3
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
        after.r1, after.r2 = 1.0, 1.0

    def on_post(self, after: Self) -> None:
        up = self.r1 * (self.A2_plus + self.A3_plus * self.o2)
        after.w = clip(self.w + up, 0, self.w_max)
        after.o1, after.o2 = 1.0, 1.0

    @classmethod
    def visual_cortex_minimal(cls) -> NearestTripletSTDP:
        """Visual cortex with the two amplitudes that it cannot do without."""
        return cls(A2_plus=0, A3_plus=5e-2, A2_minus=8e-3, A3_minus=0, tau_y=40 * ms)

    @classmethod
    def hippocampus(cls) -> NearestTripletSTDP:
        """Hippocampal cultures, full model."""
        return cls(
            A2_plus=4.6e-3, A3_plus=9.1e-3, A2_minus=3e-3, A3_minus=7.5e-9,
            tau_x=575 * ms, tau_y=47 * ms,
        )  # fmt: skip

"""Additive pair STDP between nearest spikes that have no partner yet."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, synaptic
from spikeloom.equations.units import ms


class ReducedSTDP(LearningRule):
    """Immediate pairs only: the first spike of one side after the last of the other.

    Amounts as in `PairSTDP`. Depression comes with the first spike of the source after one of the
    target, potentiation with the first of the target after one of the source, so that they
    alternate. This is the scheme with which one neuron finds a repeating pattern.

    Source: Burkitt, Meffin & Grayden 2004, Neural Comput. 16:885, model IV; Masquelier, Guyonneau
    & Thorpe 2008, PLoS ONE 3:e1377.
    """

    tau_plus: Param = 20 * ms
    tau_minus: Param = 20 * ms
    A_plus: Param = 0.005
    A_minus: Param = 0.00525
    w_max: Param = 1.0

    x: Trace = synaptic()
    y: Trace = synaptic()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau_plus
        d.y = -self.y / self.tau_minus

    def on_pre(self, after: Self) -> None:
        after.w = clip(self.w - self.A_minus * self.y, 0, self.w_max)
        after.x = 1.0
        after.y = 0.0

    def on_post(self, after: Self) -> None:
        after.w = clip(self.w + self.A_plus * self.x, 0, self.w_max)
        after.x = 0.0
        after.y = 1.0

    @classmethod
    def masquelier(cls) -> ReducedSTDP:
        """As one neuron needs it to find a repeating pattern."""
        a = 2**-5
        return cls(A_plus=a, A_minus=0.85 * a, tau_plus=16.8 * ms, tau_minus=33.7 * ms)

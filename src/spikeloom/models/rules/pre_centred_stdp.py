"""Additive pair STDP in which each spike of the source has two partners."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import LearningRule, Param, Trace, clip, post, synaptic
from spikeloom.equations.units import ms


class PreCentredSTDP(LearningRule):
    """Each spike of the source makes a pair with the target's spike before it and the one after it.

    Amounts as in `PairSTDP`. With A_plus > A_minus and A_minus tau_minus > A_plus tau_plus two
    independent Poisson trains give a BCM rule with the threshold
    (A_minus / tau_plus − A_plus / tau_minus) / (A_plus − A_minus) for the target's rate.

    Source: Izhikevich & Desai 2003, Neural Comput. 15:1511, eqs. 3.1 to 3.4.
    """

    tau_plus: Param = 20 * ms
    tau_minus: Param = 20 * ms
    A_plus: Param = 0.005
    A_minus: Param = 0.00525
    w_max: Param = 1.0

    x: Trace = synaptic()
    """Spikes of the source that still wait for one of the target."""
    y: Trace = post()

    def flow(self, d: Self) -> None:
        d.x = -self.x / self.tau_plus
        d.y = -self.y / self.tau_minus

    def on_pre(self, after: Self) -> None:
        after.w = clip(self.w - self.A_minus * self.y, 0, self.w_max)
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.w = clip(self.w + self.A_plus * self.x, 0, self.w_max)
        after.x = 0.0
        after.y = 1.0

    @classmethod
    def froemke_dan(cls) -> PreCentredSTDP:
        """Layer 2/3 of visual cortex, as fitted by Froemke & Dan 2002: threshold 11.8 Hz."""
        return cls(A_plus=1.03, A_minus=0.51, tau_plus=14 * ms, tau_minus=34 * ms)

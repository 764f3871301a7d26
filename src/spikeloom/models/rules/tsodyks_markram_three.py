"""Short-term plasticity with resources that are at work for a while."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Expr, LearningRule, Param, Trace, pre
from spikeloom.equations.units import ms


class TsodyksMarkramThree(LearningRule):
    """Resources are recovered (x), active (y) or resting (1 − x − y).

    A spike makes u x of them active; they rest after tau_in and recover after tau_rec. With
    `ExponentialCurrent(tau=tau_in)` as the synapse its current is w y, as in the paper.

    Source: Tsodyks & Markram 1997, PNAS 94:719, eq. 1; Tsodyks, Pawelzik & Markram 1998, Neural
    Comput. 10:821, eqs. 2.1 to 2.3.
    """

    U: Param = 0.5
    tau_rec: Param = 800 * ms
    tau_f: Param = 1e-6 * ms
    """Of facilitation; next to nothing for a synapse that only tires."""
    tau_in: Param = 3 * ms

    u: Trace = pre()
    x: Trace = pre(start=1.0)
    y: Trace = pre()

    def flow(self, d: Self) -> None:
        d.u = -self.u / self.tau_f
        d.x = (1 - self.x - self.y) / self.tau_rec
        d.y = -self.y / self.tau_in

    def on_pre(self, after: Self) -> None:
        after.u = self.u + self.U * (1 - self.u)
        released = after.u * self.x
        after.x, after.y = self.x - released, self.y + released

    def sends(self, after: Self) -> Expr:
        return self.w * after.u * self.x

    @classmethod
    def facilitating(cls) -> TsodyksMarkramThree:
        """A synapse that grows with use, onto an interneuron."""
        return cls(U=0.03, tau_rec=130 * ms, tau_f=530 * ms, tau_in=1.5 * ms)

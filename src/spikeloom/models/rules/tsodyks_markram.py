"""Short-term plasticity: facilitation and depression."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Expr, LearningRule, Param, Trace, pre
from spikeloom.equations.units import ms, second
from spikeloom.errors import ParameterError, suggest


class TsodyksMarkram(LearningRule):
    """A spike raises the use u of resources, and sends w u r, which is missing from r afterwards.

    u decays to 0 with tau_f, r recovers to 1 with tau_rec: u⁺ = u + U (1 − u), r⁺ = r − u⁺ r. The
    first spike finds u = 0 and r = 1. w itself does not change.

    Source: Tsodyks, Pawelzik & Markram 1998, Neural Comput. 10:821, eqs. 2.1 to 2.5; sets from
    Tsodyks, Uziel & Markram 2000, J. Neurosci. 20:RC50.
    """

    U: Param = 0.5
    tau_rec: Param = 800 * ms
    tau_f: Param = 1e-6 * ms
    """Of facilitation; next to nothing for a synapse that only tires."""

    u: Trace = pre()
    r: Trace = pre(start=1.0)

    def flow(self, d: Self) -> None:
        d.u = -self.u / self.tau_f
        d.r = (1 - self.r) / self.tau_rec

    def on_pre(self, after: Self) -> None:
        after.u = self.u + self.U * (1 - self.u)
        after.r = self.r - after.u * self.r

    def sends(self, after: Self) -> Expr:
        return self.w * after.u * self.r

    @classmethod
    def cortical(cls, kind: str) -> TsodyksMarkram:
        """Means of a cortical network: ``"EE"`` from E to E, ``"EI"``, ``"IE"`` or ``"II"``."""
        sets = {
            "EE": (0.5, 1.1, 0.05),
            "EI": (0.05, 0.125, 1.2),
            "IE": (0.25, 0.7, 0.02),
            "II": (0.32, 0.144, 0.06),
        }
        if kind not in sets:
            raise ParameterError(f"TsodyksMarkram: {kind!r} is no kind.", hint=suggest(kind, sets))
        U, rec, f = sets[kind]
        return cls(U=U, tau_rec=rec * second, tau_f=f * second)

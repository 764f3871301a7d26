"""Quadratic integrate-and-fire: the normal form of every neuron that starts firing slowly."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import ms, one


class QuadraticIF(Neuron):
    """Quadratic integrate-and-fire neuron in its normal form, without units but for time.

    With v = tan(phi / 2) it is the theta neuron. A constant I > 0 gives the period
    tau / sqrt(I) (atan(peak / sqrt(I)) - atan(v_reset / sqrt(I))); I < 0 gives a resting point at
    -sqrt(-I) and a threshold at sqrt(-I).

    Source: Ermentrout & Kopell 1986, SIAM J. Appl. Math. 46:233; Ermentrout 1996.
    """

    tau: Param = 10 * ms
    """Time constant."""
    peak: Param = 10.0
    """Where the spike is cut off."""
    v_reset: Param = -10.0
    """Value after a spike."""

    v: State = state(one)
    I: Input = inflow(one)

    def flow(self, d: Self) -> None:
        d.v = (self.v**2 + self.I) / self.tau

    def fires(self) -> Condition:
        return self.v >= self.peak

    def reset(self, after: Self) -> None:
        after.v = self.v_reset

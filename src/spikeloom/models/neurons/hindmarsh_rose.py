"""Hindmarsh and Rose's model: three polynomials that burst, regularly or in chaos."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, rises, state
from spikeloom.equations.units import ms, one


class HindmarshRose(Neuron):
    """Hindmarsh-Rose neuron; nothing is reset, a spike is counted where x rises through `theta`.

    Source: Hindmarsh & Rose 1984, Proc. R. Soc. Lond. B 221:87.
    """

    a: Param = 1.0
    b: Param = 3.0
    c: Param = 1.0
    d: Param = 5.0
    r: Param = 0.006
    """How much slower the adaptation is than the rest."""
    s: Param = 4.0
    x_rest: Param = -1.6
    theta: Param = 1.0
    tau: Param = 1 * ms
    """What one unit of the model's own time lasts."""

    x: State = state(one, start="x_rest")
    """Potential."""
    y: State = state(one)
    """Fast recovery."""
    z: State = state(one)
    """Slow adaptation."""
    I: Input = inflow(one)

    def initial(self, at: Self) -> None:
        at.y = self.c - self.d * self.x**2

    def flow(self, d: Self) -> None:
        d.x = (self.y - self.a * self.x**3 + self.b * self.x**2 - self.z + self.I) / self.tau
        d.y = (self.c - self.d * self.x**2 - self.y) / self.tau
        d.z = self.r * (self.s * (self.x - self.x_rest) - self.z) / self.tau

    def fires(self) -> Condition:
        return rises(self.x, self.theta)

"""FitzHugh-Nagumo: an excitable cell that fits on a sheet of paper."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, rises, state
from spikeloom.equations.units import ms, one


class FitzHughNagumo(Neuron):
    """FitzHugh-Nagumo neuron: Hodgkin and Huxley's cell cut down to a phase plane.

    Nothing is reset; a spike is counted where v rises through `theta`.

    Source: FitzHugh 1961, Biophys. J. 1:445; Nagumo, Arimoto & Yoshizawa 1962.
    """

    a: Param = 0.7
    b: Param = 0.8
    epsilon: Param = 0.08
    """How much slower the recovery is."""
    theta: Param = 1.0
    """Where a spike is counted."""
    tau: Param = 1 * ms
    """What one unit of the model's own time lasts."""

    v: State = state(one)
    w: State = state(one)
    """Recovery."""
    I: Input = inflow(one)

    def flow(self, d: Self) -> None:
        d.v = (self.v - self.v**3 / 3 - self.w + self.I) / self.tau
        d.w = self.epsilon * (self.v + self.a - self.b * self.w) / self.tau

    def fires(self) -> Condition:
        return rises(self.v, self.theta)

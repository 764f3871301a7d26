"""What a type checker must accept and refuse in a model and in its use."""

from __future__ import annotations

from typing import Self, assert_type

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import MOhm, ms, mV, nA


class Leaky(Neuron):
    """A model as users write it: no line here may need an ignore."""

    tau: Param = 20 * ms
    R: Param = 100 * MOhm
    E: Param = -65 * mV
    theta: Param = -50 * mV
    v: State = state(mV, start="E")
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        d.v = (self.E - self.v + self.R * self.I) / self.tau

    def fires(self) -> Condition:
        return self.v >= self.theta

    def reset(self, after: Self) -> None:
        after.v = self.E


assert_type(20 * ms, Quantity)
neuron = Leaky(tau=10 * ms)
assert_type(neuron, Leaky)
assert_type(neuron.replace(tau=5 * ms), Leaky)

Leaky(tua=10 * ms)  # pyright: ignore[reportCallIssue]
Leaky(10 * ms)  # pyright: ignore[reportCallIssue]


class Wrong(Neuron):
    """Mistakes that a type checker finds before the class is ever made."""

    tau: Param = 20 * ms
    v: State = state(mV)

    def flow(self, d: Self) -> None:
        d.v = -self.w / self.tau  # pyright: ignore[reportAttributeAccessIssue]

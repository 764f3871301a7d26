"""The neuron of the Loihi chip, in its own integers."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Expr, Input, Neuron, Param, State, clip, impulse, sign
from spikeloom.equations.integers import integer, state

LARGEST = (1 << 23) - 1


def decayed(x: Expr, by: Expr) -> Expr:
    """What a tick leaves of x, rounded towards 0."""
    return sign(x) * (abs(x) * (4096 - by) >> 12)


class LoihiNeuron(Neuron):
    """Loihi's leaky integrate-and-fire neuron with a synaptic current (CUBA), bit for bit.

    A tick takes the sum `a` of the weights that arrived, times 64. The current u goes round at the
    ends of its 24 bits, the potential v stays at plus or minus 2^23 - 1.

    Source: Davies et al. 2018, IEEE Micro 38(1):82; bit-accurate LIF of Intel's lava-nc.
    """

    du: Param = integer(409, bits=12, signed=False)
    """Decay of the current: a tick leaves 1 - (du + 1) / 4096 of it."""
    dv: Param = integer(128, bits=12, signed=False)
    """Decay of the potential: a tick leaves 1 - dv / 4096 of it."""
    vth: Param = integer(100, bits=17, signed=False)
    """Threshold, in units of 64."""
    bias: Param = integer(0, bits=13)
    """Mantissa of the constant input to the potential."""
    bexp: Param = integer(0, bits=3, signed=False)
    """Its exponent."""

    u: State = state(bits=24, overflow="wrap")
    v: State = state(bits=24)
    a: Input = impulse(bits=24)

    def tick(self, after: Self) -> None:
        after.u = decayed(self.u, self.du + 1) + (self.a << 6)
        moved = decayed(self.v, self.dv) + after.u + (self.bias << self.bexp)
        after.v = clip(moved, -LARGEST, LARGEST)

    def fires(self) -> Condition:
        return self.v > self.vth << 6

    def reset(self, after: Self) -> None:
        after.v = 0

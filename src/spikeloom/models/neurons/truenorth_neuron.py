"""The neuron of the TrueNorth chip, in its own integers."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Draw, Draws, Expr, Inputs, Neuron, Param, State
from spikeloom.equations.integers import draw, equals, hits, impulse, integer, sign, state, where


class TrueNorthNeuron(Neuron):
    """TrueNorth's digital neuron: weights of four axon types, a leak, two thresholds.

    A tick adds events a times the weight s of their type, and a leak lam that with eps has the sign
    of v times its own and stops at 0; with b or c each is one up or down by chance, (size + 1)/256.
    TM random bits raise the thresholds alpha and beta. At a spike v becomes R (gamma 0), loses the
    threshold (1) or stays (2); below -beta likewise upwards, but with kap it ends at -beta.
    Source: Cassidy et al. 2013, IJCNN, doi 10.1109/IJCNN.2013.6707077; widths: Akopyan et al. 2015.
    """

    s: Param = integer((1, 0, 0, 0), bits=9)
    b: Param = integer((0, 0, 0, 0), bits=1, signed=False)
    lam: Param = integer(0, bits=9)
    c: Param = integer(0, bits=1, signed=False)
    eps: Param = integer(0, bits=1, signed=False)
    alpha: Param = integer(1, bits=18, signed=False)
    beta: Param = integer(0, bits=18, signed=False)
    TM: Param = integer(0, low=0, high=18)
    R: Param = integer(0, bits=20)
    gamma: Param = integer(0, low=0, high=2)
    kap: Param = integer(0, bits=1, signed=False)
    v: State = state(bits=20, overflow="saturate")
    a: Inputs = impulse(bits=9, signed=False, of=4)
    rho: Draws = draw(bits=8, of=5)
    rho_T: Draw = draw(bits=18)

    def tick(self, after: Self) -> None:
        parts = zip((*self.b, self.c), (*self.s, self.lam), (*self.a, 1), self.rho, strict=True)
        *synaptic, leak = [where(equals(chance, 1), sign(size) * hits(rho, n, abs(size)), size * n)
                           for chance, size, n, rho in parts]  # fmt: skip
        v = sum(synaptic, self.v)
        moved = v + where(equals(self.eps, 1), sign(v), 1) * leak
        after.v = where(equals(self.eps, 1) & (sign(v) * sign(moved) < 0), 0, moved)

    def eta(self) -> Expr:
        return self.rho_T & (1 << self.TM) - 1

    def fires(self) -> Condition:
        return self.v >= self.alpha + self.eta()

    def reset(self, after: Self) -> None:
        after.v = self.put(self.R, self.v - self.alpha - self.eta())

    def otherwise(self, after: Self) -> None:
        floor = self.beta + where(equals(self.kap, 1), 0, self.eta())
        high = where(equals(self.kap, 1), -self.beta, self.put(-self.R, self.v + floor))
        after.v = where(self.v < -floor, high, self.v)

    def put(self, to: Expr, by: Expr) -> Expr:
        return where(equals(self.gamma, 0), to, where(equals(self.gamma, 1), by, self.v))

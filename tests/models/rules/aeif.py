"""The neuron of the voltage rule's authors."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, State, exp, impulse, state, where
from spikeloom.equations.units import ms, mV, nS, one, pA, pF


class SpikingAEIF(Neuron):
    """The adaptive neuron of the script, in which a spike is held for two steps of 1 ms.

    Written for Euler's method with dt = 1 ms: ``c`` counts the steps of a spike, and rates of
    (goal − v)/ms put a state at its goal in one step.

    Source: Clopath et al. 2010, Nat. Neurosci. 13:344; ModelDB 144566, aEIF.m.
    """

    v: State = state(mV, start=-70.6 * mV)
    w: State = state(pA)
    z: State = state(pA)
    VT: State = state(mV, start=-50.4 * mV)
    c: State = state(one)
    kick: State = state(pA)
    got: State = state(one)
    push: Input = impulse(pA)
    none: Input = impulse(one)

    def flow(self, d: Self) -> None:
        C, gL, EL, rest, sharp = 281 * pF, 30 * nS, -70.6 * mV, -50.4 * mV, 2 * mV
        ends, held = self.c > 1.5, (self.c > 0.5) & (self.c < 1.5)
        v = where(ends, EL + 21.0984 * mV, self.v)
        w = where(ends, self.w + 0.0805 * pA, self.w)
        z = where(ends, 400 * pA, self.z)
        VT = where(ends, rest + 20 * mV, self.VT)
        upward = gL * sharp * exp((v - VT) / sharp)
        current = upward - gL * (v - EL) - w + z + self.kick
        free = v + current / C * (1 * ms)
        d.v = (where(held, 32.862 * mV, free) - self.v) / (1 * ms)
        adapted = w + (4 * nS * (v - EL) - w) / (144 * ms) * (1 * ms)
        d.w = (where(held, self.w, adapted) - self.w) / (1 * ms)
        d.z = (z - z / 40 - self.z) / (1 * ms)
        d.VT = (rest / 50 + VT * (1 - 1 / 50) - self.VT) / (1 * ms)
        d.c = (where(held, 2.0, 0.0) - self.c) / (1 * ms)
        d.kick = -self.kick / (1 * ms)
        d.got = 0

    def receive(self, after: Self) -> None:
        after.kick = self.kick + self.push
        after.got = self.got + self.none

    def fires(self) -> Condition:
        return (self.v > 20 * mV) & (self.c < 0.5)

    def reset(self, after: Self) -> None:
        after.v = 29.4 * mV
        after.c = 1.0

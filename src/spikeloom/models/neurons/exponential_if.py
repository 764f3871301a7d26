"""Exponential integrate-and-fire: the upstroke of the spike is part of the model."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, exp, inflow, minimum, state
from spikeloom.equations.units import MOhm, ms, mV, nA


class ExponentialIF(Neuron):
    """Exponential integrate-and-fire neuron.

    Above v_T the sodium current, an exponential of slope factor D, carries the potential to the
    peak by itself. The rheobase of a constant current is R I = v_T - E - D.

    Source: Fourcaud-Trocmé, Hansel, van Vreeswijk & Brunel 2003, J. Neurosci. 23:11628.
    """

    tau: Param = 10 * ms
    """Membrane time constant."""
    R: Param = 100 * MOhm
    """Membrane resistance."""
    E: Param = -65 * mV
    """Resting potential of the leak."""
    v_T: Param = -50 * mV
    """Where the upstroke begins."""
    D: Param = 3 * mV
    """Sharpness of the upstroke."""
    peak: Param = 0 * mV
    """Where the spike is cut off."""
    v_reset: Param = -65 * mV
    """Potential after a spike."""

    v: State = state(mV, start="E")
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        v = minimum(self.v, self.peak)  # within a step v may pass the peak, where exp explodes
        d.v = (self.E - v + self.D * exp((v - self.v_T) / self.D) + self.R * self.I) / self.tau

    def fires(self) -> Condition:
        return self.v >= self.peak

    def reset(self, after: Self) -> None:
        after.v = self.v_reset

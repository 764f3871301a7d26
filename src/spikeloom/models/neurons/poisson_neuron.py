"""A source of Poisson spikes that stands in a network as a neuron."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, escapes, inflow, state
from spikeloom.equations.units import kHz, ms


class PoissonNeuron(Neuron):
    """Fires at random with a rate, whatever happened before.

    The rate is a state, so that it can be set while a network runs; `drive` adds to it over time.
    At most one spike falls into a step.

    Source: Kingman 1993, Poisson Processes; Dayan & Abbott 2001, Theoretical Neuroscience,
    section 1.4.
    """

    rate: Param = 0.01 * kHz
    """Rate."""

    r: State = state(kHz, start="rate")
    drive: Input = inflow(kHz)

    def flow(self, d: Self) -> None:
        d.r = 0 * kHz / ms

    def fires(self) -> Condition:
        return escapes(self.r + self.drive)

"""A leaky integrator: reads out a spiking network without firing itself."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import MOhm, ms, mV, nA


class LeakyIntegrator(Neuron):
    """A membrane without threshold; its potential is the output of a network.

    Source: Gerstner, Kistler, Naud & Paninski 2014, Neuronal Dynamics, section 1.3.1.

    >>> print(LeakyIntegrator().equations)
    dv/dt = (R*I - v)/tau : mV
    I : nA
    """

    tau: Param = 20 * ms
    """Membrane time constant."""
    R: Param = 100 * MOhm
    """Membrane resistance."""

    v: State = state(mV)
    """Potential above rest."""
    I: Input = inflow(nA)

    def flow(self, d: Self) -> None:
        d.v = (self.R * self.I - self.v) / self.tau

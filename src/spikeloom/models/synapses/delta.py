"""A synapse that acts at once."""

from __future__ import annotations

from spikeloom.equations import Expr, Input, Post, Synapse, impulse
from spikeloom.equations.units import mV


class Delta(Synapse):
    """An arriving spike moves the potential by its weight, within the step.

    A refractory neuron that holds its potential loses what arrives.

    Source: Brunel 2000, J. Comput. Neurosci. 8:183, eq. 2.
    """

    w: Input = impulse(mV)
    """Size of the jump of the potential."""

    def kicks(self, post: Post) -> Expr:
        return self.w

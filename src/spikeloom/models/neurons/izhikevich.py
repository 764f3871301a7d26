"""Izhikevich's model: cheap, and able to fire in twenty ways."""

from __future__ import annotations

from typing import Self

from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import ms, mV
from spikeloom.models.patterns.izhikevich import IZHIKEVICH
from spikeloom.models.patterns.izhikevich_cells import IZHIKEVICH_CELLS, chosen


class Izhikevich(Neuron):
    """Izhikevich's simple model; by default a regular spiking cell.

    The numbers of the paper carry the units that they imply there: mV and ms. A spike is cut off
    where v reaches the peak. The last four parameters change in three of the twenty patterns.

    Source: Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569, eq. 1 to 3.
    """

    a: Param = 0.02 / ms
    b: Param = 0.2 / ms
    c: Param = -65 * mV
    d: Param = 8 * mV / ms
    peak: Param = 30 * mV
    slope: Param = 5 / ms
    base: Param = 140 * mV / ms
    v_u: Param = 0 * mV
    hold: Param = 0.0

    v: State = state(mV, start="c")
    u: State = state(mV / ms)
    """Recovery."""
    I: Input = inflow(mV / ms)

    def initial(self, at: Self) -> None:
        at.u = self.b * self.v

    def flow(self, d: Self) -> None:
        square = 0.04 / (mV * ms) * self.v**2
        d.v = square + self.slope * self.v + self.base - self.u + self.I
        altered = self.a * (self.hold * self.u - self.b * self.v_u)
        d.u = self.a * (self.b * self.v - self.u) + altered

    def fires(self) -> Condition:
        return self.v >= self.peak

    def reset(self, after: Self) -> None:
        after.v, after.u = self.c, self.u + self.d

    @classmethod
    def pattern(cls, name: str) -> Izhikevich:
        """A cell of the figure of 2004, such as ``"tonic bursting"``; all are in `IZHIKEVICH`."""
        return cls(**chosen(IZHIKEVICH, name))

    @classmethod
    def cell(cls, kind: str) -> Izhikevich:
        """A cell: ``"RS"``, ``"IB"``, ``"CH"``, ``"FS"``, ``"LTS"``, ``"TC"`` or ``"RZ"``."""
        return cls(**chosen(IZHIKEVICH_CELLS, kind))

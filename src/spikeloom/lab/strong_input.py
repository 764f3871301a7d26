"""An input that makes a neuron fire several times, for when nobody says which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.engines.population import stepped
from spikeloom.equations.quantity import Quantity
from spikeloom.errors import NumericsError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

SIZES = np.concatenate([[0.0], 10.0 ** np.linspace(-4, 6, 101), -(10.0 ** np.linspace(-4, 4, 21))])
"""Inputs that are tried, in the unit that the model declares."""
ENOUGH = 4
"""Spikes that are several."""


def strong_input(
    neuron: Cell | Neuron | Refractory, duration: Quantity, dt: Quantity
) -> dict[str, Any]:
    """The smallest constant inflow that gives at least four spikes, or else the most.

    All sizes run at once, at a quarter of the step. A neuron without an inflow gets nothing.
    """
    ports = [i for i in neuron.definition.inputs if i.kind == "inflow"]
    if not ports:
        return {}
    port = ports[0]
    for part in (4, 32):
        try:
            drive: dict[str, Any] = {port.name: Quantity(SIZES, port.unit)}
            run, _ = stepped(neuron, duration, dt=dt / part, size=len(SIZES), record=(), **drive)
        except NumericsError:
            continue
        finite = np.all([np.isfinite(x) for x in run.state.values()], axis=0)
        counts = np.where(finite, run.counts, 0)
        enough = np.flatnonzero(counts >= min(ENOUGH, max(int(counts.max()), 1)))
        if len(enough):
            return {port.name: float(SIZES[enough[0]]) * port.unit}
    return {port.name: 1.0 * port.unit}

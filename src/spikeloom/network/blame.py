"""Which number went wrong in a network, and which term of its equation made it so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.engines.network_run import NetworkEngine
from spikeloom.network.description import Description
from spikeloom.network.ranks.engine import SpreadEngine

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Ill:
    """A state that is NaN or infinite.

    Arguments:
        population: Place of the population.
        row: Place of the state.
        neuron: Which neuron.
        value: The state.
    """

    population: int
    row: int
    neuron: int
    value: float


def find_ill(engine: NetworkEngine) -> Ill | None:
    """The first state that is NaN or infinite."""
    if isinstance(engine, SpreadEngine):
        own = find_ill(engine.own)
        found = engine.first(own and (own.population, own.row, own.neuron, own.value))
        return None if found is None else Ill(*found)
    for place in range(len(engine.plan.populations)):
        states = engine.state(place)
        bad = ~np.isfinite(states)
        if bad.any():
            row, neuron = np.unravel_index(int(np.argmax(bad)), bad.shape)
            first = engine.plan.populations[place].first
            return Ill(place, int(row), first + int(neuron), float(states[row, neuron]))
    return None


def blame(engine: NetworkEngine, ill: Ill, said: Description) -> str:
    """The term that made it so, in words."""
    return ""

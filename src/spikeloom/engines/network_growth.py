"""The state of a network that has grown: what was there stays bit for bit, what is new is fresh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.errors import EngineError

Array = np.ndarray[Any, np.dtype[Any]]


def carried(
    old: NetworkPlan, state: Mapping[str, Array], new: NetworkPlan, fresh: Mapping[str, Array]
) -> dict[str, Array]:
    """A state of the old plan as one of the new.

    Arguments:
        old: A plan.
        state: Of an engine that runs it.
        new: The same plan with more in it: more populations, projections and sources at the end,
            more states and channels in its populations, longer delays, other coefficients.
        fresh: Of an engine for the new plan that has not run; what is new is taken from here.

    Raises:
        EngineError: Something would be lost.
    """
    made, step = dict(fresh), int(state["step"])
    for key in fresh.keys() - state.keys():
        if ".since." in key:  # traces of synapses that are new begin now
            made[key] = np.full_like(fresh[key], step - 1)
    for key, value in state.items():
        kind, _, rest = key.partition(".")
        if kind == "states":
            before = old.populations[int(rest)].program.states
            after = new.populations[int(rest)].program.states
            table = np.array(fresh[key])
            for row, name in zip(value, before, strict=True):
                table[after.index(name)] = row
            made[key] = table
        elif kind == "coming":
            made[key] = _longer(value, fresh[key].shape[0], step)
        elif key in fresh and fresh[key].shape == value.shape:
            made[key] = value
        else:
            raise EngineError(f"network: {key!r} has no place in the network as it is now.")
    return made


def _longer(ring: Array, slots: int, step: int) -> Array:
    """A ring with more slots; what arrives in step n is in slot n mod slots."""
    if len(ring) == slots:
        return ring
    arrival = np.arange(step, step + len(ring))
    longer = np.zeros((slots, *ring.shape[1:]), ring.dtype)
    longer[arrival % slots] = ring[arrival % len(ring)]
    return longer

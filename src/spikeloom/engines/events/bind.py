"""From the prologue of an `EventModel` to the arrays of an `EventSystem`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeloom.compile.events import EventModel
from spikeloom.compile.numeric import run_block
from spikeloom.engines.events.system import EventSystem

Array = np.ndarray[Any, np.dtype[Any]]


def system_of(
    model: EventModel, values: Mapping[str, Array | float], port: str, unit: float = 1.0
) -> EventSystem:
    """The neurons of one layer with numbers in place.

    Arguments:
        model: What `event_model` found.
        values: Parameter name → number or array (neurons,), in the declared unit.
        port: The input that arrivals act on, an inflow or an impulse of the model.
        unit: The model's time unit in ms.
    """
    given = run_block(model.prologue, {f"param:{n}": v for n, v in values.items()})
    groups = max((x.shape[0] for x in given.values() if x.ndim), default=1)
    made = place(model, given, port, unit, groups)
    parts = (made[name] for name in ("A", "r", "R", "b", "z"))
    return EventSystem(model.name, *parts, spikes=model.spikes)


def place(
    model: EventModel, given: Mapping[str, Array], port: str, unit: float, groups: int
) -> dict[str, Array]:
    """The arrays A, r, R, b, z from the named entries."""
    rows = {name: k for k, name in enumerate(model.rows)}
    n = len(rows)
    made = {
        "A": np.zeros((groups, n, n)),
        "r": np.zeros((groups, n)),
        "R": np.zeros((groups, n, n)),
        "b": np.zeros((groups, n)),
        "z": np.zeros((groups, n)),
    }
    for name, value in given.items():
        array, *where = name.split(":")
        if array == "b" and where.pop(0) != port:
            continue
        index = tuple(rows[w] for w in where)
        made[array][(slice(None), *index)] = value / unit if array == "A" else value
    return made

"""A population without time steps: one neuron after another, put together as one result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from spikeloom.compile.motion import Motion
from spikeloom.engines.continuous.cell import NumberCell
from spikeloom.engines.continuous.walk import Mover, walk
from spikeloom.engines.results import Simulation

Array = np.ndarray[Any, np.dtype[Any]]


def run_all(
    motion: Motion,
    coefs: Mapping[str, Array],
    state: Array,
    steps: int,
    inputs: Mapping[str, Array | None],
    dt: float,
    record: tuple[str, ...],
    every: int,
    mover: Callable[[NumberCell], Mover],
) -> Simulation:
    """Every neuron on its own way; `record` names states that the Motion has."""
    size = state.shape[1]
    given = {n: np.asarray(x, np.float64) for n, x in inputs.items() if x is not None}
    for name in given.keys() - set(motion.inflows):  # an impulse arrives in every step anew
        given[name] = np.broadcast_to(given[name], (steps, size))
    last = np.array(state, np.float64)
    rows = {name: np.zeros((-(-steps // every), size)) for name in record}
    times: list[Array] = []
    ids: list[Array] = []
    for k in range(size):
        own = {n: float(np.broadcast_to(v, (size,))[k]) for n, v in coefs.items()}
        cell = NumberCell(motion, own)
        driven = {n: x[:, k] if x.ndim == 2 else x[k] for n, x in given.items()}
        trip = walk(cell, mover(cell), state[:, k], dt, steps, driven)
        last[:, k] = trip.last
        for name in record:
            if name in motion.flowing:
                rows[name][:, k] = trip.rows[::every, motion.flowing.index(name)]
        times.append(np.array(trip.spikes, np.float64))
        ids.append(np.full(len(trip.spikes), k, np.int64))
    spikes = np.concatenate([*times, np.empty(0)])
    who = np.concatenate([*ids, np.empty(0, np.int64)])
    order = np.lexsort((who, spikes))
    return Simulation(last, spike_ids=who[order], traces=rows, spike_times=spikes[order])

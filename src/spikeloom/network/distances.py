"""Distances between spike trains: Elephant has them, so they are not written a second time."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.network.neo_export import module
from spikeloom.network.spikes import SpikeTrains

Array = np.ndarray[Any, np.dtype[Any]]


def van_rossum(trains: SpikeTrains, tau: float) -> Array:
    """See `SpikeTrains.van_rossum`."""
    _positive("van_rossum: tau", tau)
    elephant, pq = module("elephant.spike_train_dissimilarity"), module("quantities")
    return np.asarray(elephant.van_rossum_distance(trains.to_neo(), time_constant=tau * pq.ms))


def victor_purpura(trains: SpikeTrains, cost: float) -> Array:
    """See `SpikeTrains.victor_purpura`."""
    if cost != 0:
        _positive("victor_purpura: cost", cost)
    elephant, pq = module("elephant.spike_train_dissimilarity"), module("quantities")
    return np.asarray(elephant.victor_purpura_distance(trains.to_neo(), cost_factor=cost / pq.ms))


def _positive(what: str, value: Any) -> None:
    if not isinstance(value, (int, float, np.number)) or not 0 < value < float("inf"):
        raise ParameterError(f"{what} must be a number of ms above 0, got {value!r}.")

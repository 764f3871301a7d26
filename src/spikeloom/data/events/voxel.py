"""Voxel grids: each event shared between the two moments of a grid that lie around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.data.events.events import Events
from spikeloom.data.events.frames import cells, check_frames
from spikeloom.errors import ParameterError


@dataclass(frozen=True)
class VoxelGrid:
    """Events to a grid of `steps` moments, linearly interpolated in time.

    With the time scaled to s = (steps - 1)(t - t₀)/(t₁ - t₀), an event gives 1 - |s - k| to each
    moment k nearer than 1: together one, so the grid's sum is the number of events.

    Arguments:
        steps: How many moments.
        polarities: 2: OFF and ON in channels of their own; 1: together.
        signed: One channel in which an OFF event counts -1.
    Raises:
        ParameterError: A number is out of range.
    Source: Zhu, Yuan, Chaney & Daniilidis 2019, CVPR, eq. 1-3.

    >>> stream = Events(t=[0, 1, 4], x=[0] * 3, y=[0] * 3, p=[1] * 3, shape=(1, 1))
    >>> VoxelGrid(3, polarities=1)(stream)[:, 0, 0, 0].tolist()
    [1.5, 0.5, 1.0]
    """

    steps: int = 20
    polarities: int = 2
    signed: bool = False

    def __post_init__(self) -> None:
        check_frames("VoxelGrid", self.steps, self.polarities)
        if self.signed and self.polarities != 1:
            raise ParameterError("VoxelGrid: signed needs polarities=1: one channel holds both.")

    def __call__(self, events: Events) -> np.ndarray:
        """Events -> float32 array (steps, polarities, height, width)."""
        shape = (self.steps, self.polarities, *events.shape)
        if not len(events):
            return np.zeros(shape, np.float32)
        scaled = (self.steps - 1) * (events.t - events.t[0]) / max(events.duration_us, 1)
        lower = np.floor(scaled).astype(np.int64)
        late = scaled - lower
        sign = np.where(events.p == 1, 1.0, -1.0) if self.signed else np.ones(len(events))
        upper = np.minimum(lower + 1, self.steps - 1)  # at the last moment `late` is 0
        where = np.concatenate([cells(events, k, self.polarities) for k in (lower, upper)])
        share = np.concatenate([sign * (1 - late), sign * late])
        grid = np.bincount(where, weights=share, minlength=int(np.prod(shape)))
        return grid.reshape(shape).astype(np.float32)

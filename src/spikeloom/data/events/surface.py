"""Time surfaces: how recently each pixel has seen something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.data.events.events import Events
from spikeloom.data.events.frames import check_frames
from spikeloom.errors import ParameterError


@dataclass(frozen=True)
class TimeSurface:
    """Events to `steps` pictures of exp(-(T - t_last)/tau), taken at the ends of equal spans.

    Arguments:
        steps: How many pictures.
        tau_us: How fast an event fades, µs.
        polarities: 2: OFF and ON in channels of their own; 1: together.
    Raises:
        ParameterError: A number is out of range.
    Source: Lagorce, Orchard, Galluppi, Shi & Benosman 2017, IEEE TPAMI 39(7), eq. 2-3.

    >>> stream = Events(t=[0, 1000], x=[0, 1], y=[0, 0], p=[1, 1], shape=(1, 2))
    >>> TimeSurface(1, tau_us=1000, polarities=1)(stream)[0, 0, 0].astype(float).round(3).tolist()
    [0.368, 1.0]
    """

    steps: int = 20
    tau_us: float = 30_000.0
    polarities: int = 2

    def __post_init__(self) -> None:
        check_frames("TimeSurface", self.steps, self.polarities)
        if not 0 < self.tau_us < float("inf"):
            raise ParameterError(f"TimeSurface: tau_us must be positive, got {self.tau_us}.")

    def __call__(self, events: Events) -> np.ndarray:
        """Events -> float32 array (steps, polarities, height, width) in [0, 1]."""
        out = np.zeros((self.steps, self.polarities, *events.shape), np.float32)
        if not len(events):
            return out
        ends = events.t[0] + events.duration_us * np.arange(1, self.steps + 1) / self.steps
        stops = np.searchsorted(events.t, ends, side="right")
        stops[-1] = len(events)
        last = np.full(out.shape[1:], -np.inf)
        start = 0
        for picture, end, stop in zip(out, ends, stops, strict=True):
            part = slice(start, stop)
            channel = events.p[part] if self.polarities == 2 else 0
            # Times do not fall, so of several events in a pixel the last one stays.
            last[channel, events.y[part], events.x[part]] = events.t[part]
            np.exp((last - end) / self.tau_us, out=picture, casting="same_kind")
            start = stop
        return out

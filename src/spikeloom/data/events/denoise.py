"""Keep events that have company: noise of a sensor is alone in space and time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.data.events.events import Events
from spikeloom.errors import ParameterError

AROUND = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx)


@dataclass(frozen=True)
class Denoise:
    """Drop events without another one in the eight pixels around within `window_us` before.

    Polarity does not matter, and an event at the same instant counts as company.

    Arguments:
        window_us: How far back to look, µs.
    Raises:
        ParameterError: The window is not positive.
    Source: Delbruck 2008, "Frame-free dynamic digital vision" (background activity filter).

    >>> stream = Events(t=[0, 5, 9], x=[3, 4, 20], y=[3, 3, 20], p=[1, 1, 1], shape=(34, 34))
    >>> Denoise(window_us=10)(stream).x.tolist()
    [4]
    """

    window_us: int = 10_000

    def __post_init__(self) -> None:
        if self.window_us < 1:
            raise ParameterError(f"Denoise: window_us must be positive, got {self.window_us}.")

    def __call__(self, events: Events) -> Events:
        """Events -> those that have company, in the same order."""
        if not len(events):
            return events
        height, width = events.shape
        since = events.t - events.t[0]
        # A pixel and a time as one number: a sorted list answers "who was last before me there".
        long = int(since[-1]) + self.window_us + 1
        keys = np.sort((events.y * width + events.x) * long + since)
        kept = np.zeros(len(events), dtype=bool)
        for dy, dx in AROUND:
            y, x = events.y + dy, events.x + dx
            inside = (y >= 0) & (y < height) & (x >= 0) & (x < width) & ~kept
            wanted = (y[inside] * width + x[inside]) * long + since[inside]
            place = np.searchsorted(keys, wanted, side="right") - 1
            found = keys[np.maximum(place, 0)]
            kept[inside] |= (place >= 0) & (
                wanted - found <= np.minimum(self.window_us, since[inside])
            )
        return events[kept]

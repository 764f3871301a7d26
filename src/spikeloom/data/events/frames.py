"""Count events in frames: by time, or so many to a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.data.events.events import Events
from spikeloom.errors import ParameterError


@dataclass(frozen=True)
class FramesByTime:
    """Events to `steps` frames of equal length in time.

    An event at time t after the start of a span S goes to frame ⌊steps · t / S⌋; the one at the
    very end belongs to the last frame.

    Arguments:
        steps: How many frames.
        span_us: The time that the frames cover, from the first event on; later events are left
            out. None: each recording's own, so that every event counts.
        polarities: 2: OFF and ON in channels of their own; 1: together.
        cap: Largest count of a pixel in a frame; 1 tells only whether there was an event.
    Raises:
        ParameterError: A number is out of range.
    Source: Orchard et al. 2015, Front. Neurosci. 9:437 (the data that made it common).

    >>> stream = Events(t=[0, 4, 5, 10], x=[0] * 4, y=[0] * 4, p=[1] * 4, shape=(1, 1))
    >>> FramesByTime(2)(stream)[:, 1, 0, 0].tolist()
    [2.0, 2.0]
    """

    steps: int = 20
    span_us: int | None = None
    polarities: int = 2
    cap: int | None = None

    def __post_init__(self) -> None:
        check_frames("FramesByTime", self.steps, self.polarities, self.cap)
        if self.span_us is not None and self.span_us < 1:
            raise ParameterError(f"FramesByTime: span_us must be positive, got {self.span_us}.")

    def __call__(self, events: Events) -> np.ndarray:
        """Events -> float32 array (steps, polarities, height, width)."""
        span = events.duration_us if self.span_us is None else self.span_us
        since = events.t - events.t[0] if len(events) else events.t
        if self.span_us is not None:
            inside = since <= span
            events, since = events[inside], since[inside]
        frame = np.minimum(self.steps * since // max(span, 1), self.steps - 1)
        return counted(events, frame, self.steps, self.polarities, self.cap)


@dataclass(frozen=True)
class FramesByCount:
    """Events to `steps` frames of equal numbers of events, however long they take.

    Event i of n goes to frame ⌊steps · i / n⌋. Events at the same instant have no order among
    them, so all go to the frame of the first.

    Arguments:
        steps: How many frames.
        polarities: 2: OFF and ON in channels of their own; 1: together.
        cap: Largest count of a pixel in a frame.
    Raises:
        ParameterError: A number is out of range.

    >>> stream = Events(t=[0, 1, 2, 900], x=[0] * 4, y=[0] * 4, p=[1] * 4, shape=(1, 1))
    >>> FramesByCount(2)(stream)[:, 1, 0, 0].tolist()
    [2.0, 2.0]
    """

    steps: int = 20
    polarities: int = 2
    cap: int | None = None

    def __post_init__(self) -> None:
        check_frames("FramesByCount", self.steps, self.polarities, self.cap)

    def __call__(self, events: Events) -> np.ndarray:
        """Events -> float32 array (steps, polarities, height, width)."""
        first = np.searchsorted(events.t, events.t, side="left")
        frame = self.steps * first // max(len(events), 1)
        return counted(events, frame, self.steps, self.polarities, self.cap)


def check_frames(who: str, steps: int, polarities: int, cap: int | None = None) -> None:
    """Refuse numbers that give no frames."""
    if steps < 1:
        raise ParameterError(f"{who}: steps must be at least 1, got {steps}.")
    if polarities not in (1, 2):
        raise ParameterError(f"{who}: polarities must be 1 or 2, got {polarities}.")
    if cap is not None and cap < 1:
        raise ParameterError(f"{who}: cap must be at least 1, got {cap}.")


def cells(events: Events, frame: np.ndarray, polarities: int) -> np.ndarray:
    """Flat index of each event in an array (frames, polarities, height, width)."""
    height, width = events.shape
    channel = frame if polarities == 1 else 2 * frame + events.p
    return (channel * height + events.y) * width + events.x


def counted(
    events: Events, frame: np.ndarray, steps: int, polarities: int, cap: int | None
) -> np.ndarray:
    """How many events each pixel of each frame has, in one pass of native code."""
    shape = (steps, polarities, *events.shape)
    size = int(np.prod(shape))
    count = np.bincount(cells(events, frame, polarities), minlength=size).astype(np.float32)
    return (count if cap is None else np.minimum(count, cap, out=count)).reshape(shape)

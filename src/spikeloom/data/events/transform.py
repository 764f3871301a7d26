"""Apply a transform, ours or one of tonic's, and say what came out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spikeloom.data.events.denoise import Denoise
from spikeloom.data.events.events import Events
from spikeloom.data.events.frames import FramesByCount, FramesByTime
from spikeloom.data.events.surface import TimeSurface
from spikeloom.data.events.voxel import VoxelGrid
from spikeloom.errors import DataError

Transform = Callable[[Any], Any]
"""Events to frames (steps, channels, height, width). Ours take `Events`; any other callable, such
as those of tonic and its `Compose`, takes the structured array with fields x, y, t and p."""

OURS = (Denoise, FramesByCount, FramesByTime, TimeSurface, VoxelGrid)


def apply(steps: Transform | tuple[Transform, ...], events: Events, where: str) -> np.ndarray:
    """Send events through one transform or several in turn; the last gives frames.

    Arguments:
        steps: The transforms, each ours or tonic's.
        events: A recording.
        where: Which recording, for messages.
    Returns:
        float32 array (steps, *features).
    Raises:
        DataError: The last one did not give frames, or what it gave is not finite.
    """
    held: Any = events
    for step in steps if isinstance(steps, tuple) else (steps,):
        held = _step(step, held, events.shape)
    frames = np.asarray(held) if not isinstance(held, Events) else np.empty(0, "V1")
    if frames.dtype.kind not in "fiub" or frames.ndim < 2:
        raise DataError(
            f"{where}: the transform gave {_told(held)}, not frames (steps, *features) of numbers.",
            hint="end with one that makes frames, such as FramesByTime(20)",
        )
    frames = frames.astype(np.float32)
    if not np.isfinite(frames).all():
        raise DataError(f"{where}: the transform gave NaN or infinity.")
    return frames


def _step(step: Transform, given: Any, shape: tuple[int, int]) -> Any:
    """One transform on what it takes: ours on events, others on the structured array."""
    held: Any = given
    if isinstance(given, np.ndarray) and given.dtype.names is not None:
        held = Events.of(given, shape)
    if isinstance(held, Events) and not isinstance(step, OURS):
        return step(held.structured())
    return step(held)


def _told(held: Any) -> str:
    if isinstance(held, np.ndarray):
        return f"an array {held.shape} of {held.dtype}"
    return "events" if isinstance(held, Events) else type(held).__name__

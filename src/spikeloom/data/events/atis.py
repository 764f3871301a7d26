"""Address-event files of the ATIS camera, as N-MNIST and N-Caltech101 come: five bytes an event."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spikeloom.data.events.events import Events
from spikeloom.errors import DataError

OVERFLOW = 240
"""In the place of a row: the camera's counter has come round once more."""
TURN_US = 1 << 13


def read_atis(
    path: str | Path, shape: tuple[int, int] = (34, 34), *, content: bytes | None = None
) -> Events:
    """Read one recording: 40 bits an event: x (8), y (8), polarity (1), time in µs (23).

    An entry whose row is 240 is no event: all that follow are 2¹³ µs later than they say.

    Arguments:
        path: The file; with `content`, only its name for messages.
        shape: Height and width of the sensor.
        content: The bytes of the file where they are already at hand.
    Returns:
        The events in the order of their times.
    Raises:
        DataError: No such file, cut short, empty, or a pixel outside the sensor.
    Source: Orchard, Jayawant, Cohen & Thakor 2015, Front. Neurosci. 9:437 (format of the files).

    >>> read_atis("made.bin", content=bytes([3, 5, 0x80, 0, 9]))
    1 events in 0 µs on 34 × 34 pixels
    """
    if content is None:
        try:
            content = Path(path).read_bytes()
        except FileNotFoundError as fault:
            raise DataError(f"{path}: there is no such file.", hint="check the path") from fault
        except OSError as fault:
            raise DataError(f"{path}: cannot be read ({fault.strerror}).") from fault
    if len(content) % 5:
        raise DataError(
            f"{path}: cut short: {len(content):,} bytes, but an event has five.",
            hint="fetch the file again",
        )
    if not content:
        raise DataError(f"{path}: an empty recording: it holds no events.", hint="fetch it again")
    rows = np.frombuffer(content, np.uint8).reshape(-1, 5).astype(np.int64)
    x, y, p = rows[:, 0], rows[:, 1], rows[:, 2] >> 7
    t = (rows[:, 2] & 127) << 16 | rows[:, 3] << 8 | rows[:, 4]
    turns = (y == OVERFLOW) & (shape[0] <= OVERFLOW)
    t = t + TURN_US * np.cumsum(turns)
    order = np.argsort(t, kind="stable")
    order = order[~turns[order]]
    try:
        return Events(t[order], x[order], y[order], p[order], shape)
    except DataError as fault:
        raise DataError(f"{path}: {fault.message}", hint="is it of another camera?") from fault

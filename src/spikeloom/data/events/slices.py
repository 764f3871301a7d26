"""Cut a stream into pieces, by time or by number of events."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikeloom.data.events.events import Events
from spikeloom.errors import ParameterError


def slices_by_time(events: Events, window_us: int, step_us: int | None = None) -> Iterator[Events]:
    """Pieces of `window_us` each, one every `step_us`, until all events have been in one.

    Arguments:
        events: The stream.
        window_us: Length of a piece; an event at its very end belongs to the next.
        step_us: From the start of a piece to that of the next; None: pieces touch.
    Returns:
        The pieces; some may be empty.
    Raises:
        ParameterError: A length is not positive.

    >>> stream = Events(t=[0, 5, 10], x=[0] * 3, y=[0] * 3, p=[1] * 3, shape=(1, 1))
    >>> [len(piece) for piece in slices_by_time(stream, 5)]
    [1, 1, 1]
    """
    step = window_us if step_us is None else step_us
    if window_us < 1 or step < 1:
        raise ParameterError(f"slices_by_time: lengths must be positive, got {window_us}, {step}.")
    start = events.t[0] if len(events) else 0
    for number in range(events.duration_us // step + 1 if len(events) else 0):
        edges = start + number * step + np.array([0, window_us])
        first, last = np.searchsorted(events.t, edges, side="left")
        yield events[first:last]


def slices_by_count(events: Events, size: int) -> Iterator[Events]:
    """Pieces of `size` events each; the last one may be smaller.

    Arguments:
        events: The stream.
        size: Events in a piece.
    Raises:
        ParameterError: The size is not positive.

    >>> stream = Events(t=[0, 5, 10], x=[0] * 3, y=[0] * 3, p=[1] * 3, shape=(1, 1))
    >>> [len(piece) for piece in slices_by_count(stream, 2)]
    [2, 1]
    """
    if size < 1:
        raise ParameterError(f"slices_by_count: size must be at least 1, got {size}.")
    for first in range(0, len(events), size):
        yield events[first : first + size]

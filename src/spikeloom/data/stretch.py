"""Bring recordings of different lengths to one number of frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spikeloom.data.dataset import Dataset
from spikeloom.errors import DataError, ParameterError


def stretched(data: Dataset, frames: int) -> Dataset:
    """Stretch or squeeze every example in time, so that a word fills the same number of frames.

    Frame k of n is read at the place (k + 1/2) L / n - 1/2 of an example with L rows, between two
    rows by their weighted mean. How fast the word was said is lost; what remains has one shape.

    Arguments:
        data: Examples (n, rows, *features), of which `lengths` says how many rows are real.
        frames: Rows of the result.
    Returns:
        The data set with inputs (n, frames, *features) and no `lengths`.
    Raises:
        ParameterError: Less than one frame.
        DataError: An example without rows.

    >>> ramp = np.array([[[0.0], [1.0], [9.0]]], np.float32) / 9
    >>> data = Dataset("r", ramp, np.array([0]), ("a",), "", "", lengths=np.array([2]))
    >>> (9 * stretched(data, 4).inputs[0, :, 0]).tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    if isinstance(frames, bool) or not isinstance(frames, int) or frames < 1:
        raise ParameterError(f"stretched: frames must be a whole number >= 1, got {frames!r}.")
    rows = data.inputs.shape[1]
    lengths = np.full(len(data), rows) if data.lengths is None else data.lengths
    if len(data) and lengths.min() < 1:
        raise DataError(
            f"{data.name}: example {int(lengths.argmin())} has no rows to stretch.",
            hint="leave empty recordings out",
        )
    place = (np.arange(frames) + 0.5)[None, :] * lengths[:, None] / frames - 0.5
    place = np.clip(place, 0, lengths[:, None] - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, lengths[:, None] - 1)
    share = (place - low).astype(np.float32).reshape(*place.shape, *[1] * (data.inputs.ndim - 2))
    each = np.arange(len(data))[:, None]
    inputs = (1 - share) * data.inputs[each, low] + share * data.inputs[each, high]
    return replace(data, inputs=inputs.astype(np.float32), lengths=None)

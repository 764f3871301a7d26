"""What a stream of events is: when, where, and whether it became brighter or darker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.errors import DataError, ShapeError

STRUCTURED = np.dtype([("x", int), ("y", int), ("t", int), ("p", int)])
"""The form in which tonic hands events to its transforms."""


@dataclass(frozen=True, eq=False, repr=False)
class Events:
    """Events of one recording in the order of their times.

    Arguments:
        t: (n,) times in µs, never falling.
        x: (n,) columns, 0 at the left.
        y: (n,) rows, 0 at the top.
        p: (n,) polarity: 1 brighter (ON), 0 darker (OFF).
        shape: Height and width of the sensor in pixels.
    Raises:
        ShapeError: The arrays are not of one length, or not whole numbers.
        DataError: Times fall, a pixel lies outside the sensor, or a polarity is not 0 or 1.

    >>> stream = Events(t=[0, 7], x=[3, 3], y=[1, 2], p=[1, 0], shape=(34, 34))
    >>> stream
    2 events in 7 µs on 34 × 34 pixels
    >>> stream[stream.p == 1]
    1 events in 0 µs on 34 × 34 pixels
    """

    t: np.ndarray
    x: np.ndarray
    y: np.ndarray
    p: np.ndarray
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        for name, kind in (("t", np.int64), ("x", np.int64), ("y", np.int64), ("p", np.int64)):
            given = np.asarray(getattr(self, name))
            if given.size and given.dtype.kind not in "iub":
                raise ShapeError(
                    f"Events: {name} must be whole numbers, got {given.dtype}.",
                    hint="times are in µs: convert with .astype(np.int64)",
                )
            object.__setattr__(self, name, given.astype(kind, copy=False))
        if any(part.shape != (self.t.size,) for part in (self.t, self.x, self.y, self.p)):
            raise ShapeError(
                "Events: t, x, y and p must be rows of one length, got "
                f"{self.t.shape}, {self.x.shape}, {self.y.shape} and {self.p.shape}."
            )
        self._check()

    def _check(self) -> None:
        if not len(self):
            return
        falls = np.flatnonzero(np.diff(self.t) < 0)
        if len(falls):
            i = int(falls[0])
            raise DataError(
                f"Events: times must not fall, but event {i + 1:,} is at {self.t[i + 1]:,} µs "
                f"after one at {self.t[i]:,} µs.",
                hint="sort them: order = np.argsort(t, kind='stable')",
            )
        height, width = self.shape
        for name, part, most in (("x", self.x, width), ("y", self.y, height), ("p", self.p, 2)):
            low, high = int(part.min()), int(part.max())
            if low < 0 or high >= most:
                raise DataError(
                    f"Events: {name} must lie in 0 to {most - 1}, got {low} to {high}.",
                    hint="polarities -1 and 1 become p > 0"
                    if name == "p"
                    else f"is the sensor {width} pixels wide and {height} high?",
                )

    @classmethod
    def of(cls, given: Any, shape: tuple[int, int] | None = None) -> Events:
        """Events from a structured array with fields t, x, y and p, as tonic makes them.

        Arguments:
            given: The array, in any order of time, or events, which come back as they are.
            shape: Height and width of the sensor; needed for an array.

        >>> made = np.array([(3, 1, 9, True)], [("x", int), ("y", int), ("t", int), ("p", bool)])
        >>> Events.of(made, (34, 34)).p.tolist()
        [1]
        """
        if isinstance(given, Events):
            return given
        fields = getattr(getattr(given, "dtype", None), "names", None) or ()
        if not {"t", "x", "y", "p"} <= set(fields):
            raise ShapeError(
                "Events: expected events or a structured array with fields t, x, y and p, got "
                f"{f'the fields {fields}' if fields else type(given).__name__}."
            )
        if shape is None:
            raise ShapeError(
                "Events: a structured array does not say how large the sensor is.",
                hint="Events.of(array, (height, width))",
            )
        order = np.argsort(given["t"], kind="stable")
        t, x, y, p = (given[name][order] for name in "txyp")
        return cls(t, x, y, p > 0 if p.dtype.kind == "i" and (p < 0).any() else p, shape)

    def structured(self) -> np.ndarray:
        """The events as tonic has them: a structured array with fields x, y, t and p."""
        out = np.empty(len(self), STRUCTURED)
        for name in ("x", "y", "t", "p"):
            out[name] = getattr(self, name)
        return out

    def __len__(self) -> int:
        return self.t.size

    def __getitem__(self, rows: slice | np.ndarray) -> Events:
        """Some of the events: a slice, a mask, or rows in ascending order."""
        return Events(self.t[rows], self.x[rows], self.y[rows], self.p[rows], self.shape)

    @property
    def duration_us(self) -> int:
        """From the first event to the last."""
        return int(self.t[-1] - self.t[0]) if len(self) else 0

    def __repr__(self) -> str:
        height, width = self.shape
        return f"{len(self):,} events in {self.duration_us:,} µs on {width} × {height} pixels"

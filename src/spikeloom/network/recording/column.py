"""Rows that grow: in memory, in a file, or a part of either."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
CHUNK = 1 << 20
"""Rows that are read at once where all of them are gone through."""


class Column(ABC):
    """Rows of numbers, all of one shape, which are read when they are asked for."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def read(self, low: int = 0, high: int | None = None) -> Array:
        """Rows low to high - 1; all that follow if `high` is None."""

    @property
    @abstractmethod
    def width(self) -> tuple[int, ...]:
        """Shape of one row."""

    def pieces(self) -> Iterator[Array]:
        """All rows, some at a time."""
        for low in range(0, len(self), CHUNK):
            yield self.read(low, min(low + CHUNK, len(self)))

    def after(self, value: float) -> int:
        """How many rows are at most `value`, in a column that rises."""
        return bisect_right(range(len(self)), value, key=lambda i: self.read(i, i + 1)[0])


Rows: TypeAlias = "Column | Array"


class Grown(Column):
    """Rows in memory.

    Arguments:
        dtype: Kind of number.
        width: Shape of one row.
    """

    def __init__(self, dtype: str, width: tuple[int, ...] = ()) -> None:
        self._parts = [np.empty((0, *width), dtype)]
        self._count = 0

    def append(self, rows: Array) -> None:
        """Add rows at the end."""
        if len(rows):
            self._parts.append(np.asarray(rows, self._parts[0].dtype))
            self._count += len(rows)

    def __len__(self) -> int:
        return self._count

    def read(self, low: int = 0, high: int | None = None) -> Array:
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts)]
        return self._parts[0][low:high]

    @property
    def width(self) -> tuple[int, ...]:
        return self._parts[0].shape[1:]

    def after(self, value: float) -> int:
        return int(np.searchsorted(self.read(), value, side="right"))


class Given(Grown):
    """Rows that are an array.

    >>> import numpy as np
    >>> Given(np.array([1.0, 2.0, 2.0, 5.0])).after(2.0)
    3
    """

    def __init__(self, rows: Array) -> None:
        self._parts, self._count = [rows], len(rows)


class Part(Column):
    """Rows low to high - 1 of another column."""

    def __init__(self, whole: Column, low: int, high: int) -> None:
        self._whole, self._low, self._high = whole, low, max(low, high)

    def __len__(self) -> int:
        return self._high - self._low

    def read(self, low: int = 0, high: int | None = None) -> Array:
        end = len(self) if high is None else min(high, len(self))
        return self._whole.read(self._low + low, self._low + max(low, end))

    @property
    def width(self) -> tuple[int, ...]:
        return self._whole.width


class Joined(Column):
    """One column after another: what is in a file, then what is not there yet."""

    def __init__(self, first: Column, second: Column) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    def read(self, low: int = 0, high: int | None = None) -> Array:
        end, cut = len(self) if high is None else min(high, len(self)), len(self._first)
        if low >= cut:
            return self._second.read(low - cut, max(end, low) - cut)
        if end <= cut:
            return self._first.read(low, max(end, low))
        return np.concatenate([self._first.read(low, cut), self._second.read(0, end - cut)])

    @property
    def width(self) -> tuple[int, ...]:
        return self._first.width


def column(rows: Rows) -> Column:
    """An array as a column; a column as it is."""
    return rows if isinstance(rows, Column) else Given(np.asarray(rows))

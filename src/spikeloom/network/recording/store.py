"""Where recordings are kept while a network runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from spikeloom.network.recording.collector import Layout
from spikeloom.network.recording.column import Column, Grown

Array = np.ndarray[Any, np.dtype[Any]]


class Label(Protocol):
    """What a recorder is called."""

    @property
    def of(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def more(self) -> str: ...


class Kept(Protocol):
    """What is kept of a recorder, beside its rows."""

    @property
    def about(self) -> Mapping[str, Any]: ...
    @property
    def layouts(self) -> Mapping[str, Layout]: ...
    @property
    def state(self) -> Mapping[str, Array]: ...


class Store(ABC):
    """Holds the columns of all recorders of one run."""

    path: Path | None = None
    """The file; None for memory."""

    @abstractmethod
    def begin(self, labels: Sequence[Label], kept: Sequence[Kept]) -> None:
        """Make room for the columns of all recorders."""

    @abstractmethod
    def append(self, place: int, rows: Mapping[str, Array]) -> None:
        """Add rows to columns of one recorder."""

    @abstractmethod
    def commit(self, step: int, seconds: float, *, complete: bool | None = None) -> None:
        """Everything up to a step has been appended.

        Arguments:
            step: Steps done.
            seconds: How long the computer has taken so far.
            complete: Whether the run ended as it should; None while it goes on.
        """

    @abstractmethod
    def columns(self, place: int) -> Mapping[str, Column]:
        """All rows so far of one recorder."""

    @abstractmethod
    def close(self) -> None:
        """Nothing more will come."""


class Memory(Store):
    """Keeps everything in memory."""

    def begin(self, labels: Sequence[Label], kept: Sequence[Kept]) -> None:
        self._columns = [
            {name: Grown(layout.dtype, layout.width) for name, layout in c.layouts.items()}
            for c in kept
        ]

    def append(self, place: int, rows: Mapping[str, Array]) -> None:
        for name, new in rows.items():
            self._columns[place][name].append(new)

    def commit(self, step: int, seconds: float, *, complete: bool | None = None) -> None:
        pass

    def columns(self, place: int) -> Mapping[str, Column]:
        return self._columns[place]

    def close(self) -> None:
        pass

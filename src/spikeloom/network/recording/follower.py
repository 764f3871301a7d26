"""The other side of a file that another process writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.network.recording.collector import Layout
from spikeloom.network.recording.column import Column
from spikeloom.network.recording.file import StoredColumn
from spikeloom.network.recording.store import Kept, Label, Store
from spikeloom.network.recording.stream import name_of

Array = np.ndarray[Any, np.dtype[Any]]


class Follower(Store):
    """Keeps nothing: counts the rows that another process writes, and reads them from its file.

    Arguments:
        path, id: The file, and the mark by which it is known again.
    """

    def __init__(self, path: Path, id: str) -> None:
        self.path = self._path = path
        self._id = id
        self._names: list[str] = []
        self._layouts: list[Mapping[str, Layout]] = []
        self._counts: list[dict[str, int]] = []

    def begin(self, labels: Sequence[Label], kept: Sequence[Kept]) -> None:
        names: set[str] = set()
        for label, each in zip(labels, kept, strict=True):
            self._names.append(name_of(str(each.about["kind"]), label, names))
            self._layouts.append(each.layouts)
            self._counts.append(dict.fromkeys(each.layouts, 0))

    def append(self, place: int, rows: Mapping[str, Array]) -> None:
        for name, new in rows.items():
            self._counts[place][name] += len(new)

    def commit(self, step: int, seconds: float, *, complete: bool | None = None) -> None:
        pass

    def columns(self, place: int) -> Mapping[str, Column]:
        return {
            name: StoredColumn(
                *(self._path, self._id, f"/{self._names[place]}/{name}"),
                *(self._counts[place][name], layout.dtype, tuple(layout.width)),
            )
            for name, layout in self._layouts[place].items()
        }

    def close(self) -> None:
        pass

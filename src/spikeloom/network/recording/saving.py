"""A result in memory, written to a file of the same form as a run that was streamed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spikeloom.errors import ParameterError
from spikeloom.network.recording.column import Column
from spikeloom.network.recording.stream import Stream

if TYPE_CHECKING:
    from spikeloom.network.result import Result

AT_ONCE = 1 << 22
"""Bytes that are written at once, about."""


def save(result: Result, path: Path, replace: bool) -> Path:
    """Write all recordings; see `Result.save`."""
    if result.path is not None and path.exists() and path.samefile(result.path):
        raise ParameterError(f"{path}: this result is in that file already.")
    first = round(result.start / result.dt)
    store = Stream(path, result.about, result.dt, first, replace)
    try:
        store.begin(list(result.stored), list(result.stored.values()))
        last = round(result.stop / result.dt)
        for place, kept in enumerate(result.stored.values()):
            for name, column in kept.columns.items():
                step = max(1, AT_ONCE // _row(column))
                for low in range(0, len(column), step):
                    store.append(place, {name: column.read(low, low + step)})
                    store.commit(first, 0.0)
        store.commit(last, result.seconds, complete=result.complete)
    finally:
        store.close()
    return path


def _row(column: Column) -> int:
    return max(1, column.read(0, 1).nbytes)

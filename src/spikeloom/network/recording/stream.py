"""Recordings that go to an HDF5 file while a network runs.

Rows wait in memory until there are some megabytes of them or a second is over. Then they are
written, and a row is added to ``progress``: the step, and how many rows of each column are valid.
The file is in HDF5's mode for one writer and many readers, so at every moment, also after the
process has been killed, it is a whole file, and everything up to its last row of progress holds.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.errors import StorageError
from spikeloom.files import make_folder, storage_error
from spikeloom.network.recording.column import Column, Grown, Joined
from spikeloom.network.recording.file import FORMAT, KIND, PROGRESS, Fixed, StoredColumn, hdf5
from spikeloom.network.recording.reserve import Reserve
from spikeloom.network.recording.slots import LARGE, Hdf5, Slots
from spikeloom.network.recording.store import Kept, Label, Store

Array = np.ndarray[Any, np.dtype[Any]]
CHUNK = 1 << 16
"""Bytes of a chunk, about."""
WAITING = 1 << 22
"""Bytes that wait in memory at most before they are written."""
SECONDS = 1.0
"""Seconds that rows wait at most."""
SLACK = 1 << 18
"""Bytes for what HDF5 writes about the data."""


class Stream(Store):
    """Writes to a file.

    Arguments:
        path: The file.
        about: Where the recording comes from: stored as attributes.
        dt: Time step in ms.
        first: Steps done before the run.
        replace: Whether a file that exists may be replaced.

    Raises:
        StorageError: It exists, is a folder, or cannot be made.
    """

    def __init__(
        self, path: Path, about: Mapping[str, Any], dt: float, first: int, replace: bool = False
    ) -> None:
        self.path = self._path = path
        self._about, self._dt, self._first = about, dt, first
        self._id = secrets.token_hex(8)
        self._failed = self._closed = False
        self._columns: list[dict[str, _Growing]] = []
        self._slots = Slots(), Slots()  # of small arrays, and of large ones
        self._written = time.perf_counter()
        self._last: tuple[int, float] = (first, 0.0)
        module = hdf5()
        _clear(path, replace)
        try:
            self._file = module.File(path, "x", libver="latest")
        except OSError as error:
            raise _refused(path, error) from error
        self._reserve = Reserve(path)

    @property
    def id(self) -> str:
        """The mark by which the file is known again."""
        return self._id

    def begin(self, labels: Sequence[Label], kept: Sequence[Kept]) -> None:
        state_bytes = sum(2 * a.nbytes for k in kept for a in k.state.values())
        groups = sum(len(k.layouts) + len(k.state) + 1 for k in kept)
        try:
            self._room(state_bytes + SLACK + 8192 * groups)
            self._describe()
            names: set[str] = set()
            for place, (label, each) in enumerate(zip(labels, kept, strict=True)):
                self._add(place, label, each, names)
            paths = [c.name for columns in self._columns for c in columns.values()]
            width = Fixed.COUNT + len(paths)
            self._progress = self._file.create_dataset(
                PROGRESS, (0, width), "int64", maxshape=(None, width), chunks=(256, width)
            )
            self._progress.attrs["columns"] = json.dumps([*Fixed.NAMES, *paths])
            self._file.swmr_mode = True
            self._mark(self._first, 0.0, None)
        except BaseException:
            self._failed = True
            self.close()
            raise

    def append(self, place: int, rows: Mapping[str, Array]) -> None:
        for name, new in rows.items():
            self._columns[place][name].waiting.append(new)

    def commit(self, step: int, seconds: float, *, complete: bool | None = None) -> None:
        self._last = step, seconds
        waiting = sum(c.bytes_waiting for columns in self._columns for c in columns.values())
        idle = time.perf_counter() - self._written
        if self._failed or (complete is None and waiting < WAITING and idle < SECONDS):
            return
        try:
            self._write(step, seconds, complete)
        except StorageError:
            self._failed = True
            raise
        except (OSError, RuntimeError) as error:  # h5py raises both
            self._failed = True
            raise _refused(self._path, error) from error
        self._written = time.perf_counter()

    def columns(self, place: int) -> Mapping[str, Column]:
        found: dict[str, Column] = {}
        for name, c in self._columns[place].items():
            stored = StoredColumn(self._path, self._id, c.name, c.count, c.dtype, c.width)
            found[name] = Joined(stored, c.waiting) if len(c.waiting) else stored
        return found

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        size = None
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            size = self._file.id.get_filesize()
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._reserve.give_back(size or self._path.stat().st_size)

    def _describe(self) -> None:
        self._file.attrs.update(
            {
                "kind": KIND,
                "format": FORMAT,
                "id": self._id,
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "dt": self._dt,
                "dt unit": "ms",
                **self._about,
            }
        )

    def _add(self, place: int, label: Label, kept: Kept, names: set[str]) -> None:
        group = self._file.create_group(name_of(str(kept.about["kind"]), label, names))
        group.attrs.update(
            {
                "place": place,
                "of": label.of,
                "what": label.what,
                "more": label.more,
                "about": json.dumps(dict(kept.about)),
            }
        )
        columns: dict[str, _Growing] = {}
        for name, layout in kept.layouts.items():
            bytes_row = np.dtype(layout.dtype).itemsize * int(np.prod(layout.width))
            rows = max(1, min(8192, CHUNK // max(bytes_row, 1)))
            data = group.create_dataset(
                name,
                (0, *layout.width),
                layout.packed or layout.dtype,
                maxshape=(None, *layout.width),
                chunks=(rows, *(max(n, 1) for n in layout.width)),
            )
            data.attrs.update(
                {"unit": layout.unit, "description": layout.says, "dtype": layout.dtype}
            )
            columns[name] = _Growing(data, layout.dtype, rows * bytes_row)
        self._columns.append(columns)
        large = sum(array.nbytes for array in kept.state.values()) > LARGE
        group.attrs["large"] = large
        self._slots[large].hold(group, kept.state)

    def _write(self, step: int, seconds: float, complete: bool | None) -> None:
        columns = [c for of in self._columns for c in of.values()]
        self._room(SLACK + sum(c.most for c in columns))
        for column in columns:
            column.write()
        self._slots[0].write(now=True)
        self._slots[1].write(now=complete is not None)
        self._mark(step, seconds, complete)
        for column in columns:
            column.done()

    def _mark(self, step: int, seconds: float, complete: bool | None) -> None:
        """Declare valid what has been written."""
        state = -1 if complete is None else int(complete)
        counts = [c.filled for columns in self._columns for c in columns.values()]
        slots = [each.slot for each in self._slots]
        row = [step, state, int(seconds * 1e6), self._first, *slots, *counts]
        place = len(self._progress)
        self._progress.resize(place + 1, axis=0)
        self._progress[place] = row
        self._progress.flush()

    def _room(self, more: int) -> None:
        self._reserve.take(self._file.id.get_filesize(), more)


class _Growing:
    """A dataset, and the rows that wait to be written to it."""

    def __init__(self, data: Hdf5, dtype: str, chunk: int) -> None:
        self.data, self.name = data, str(data.name)
        self.dtype, self.width = dtype, tuple(data.shape[1:])
        self.waiting = Grown(self.dtype, self.width)
        self.count = self.filled = 0
        self._chunk = chunk
        self._row = np.dtype(dtype).itemsize * int(np.prod(self.width))

    @property
    def bytes_waiting(self) -> int:
        return len(self.waiting) * self._row

    @property
    def most(self) -> int:
        """Bytes by which the file can grow when all that waits is written."""
        return 2 * self._chunk + self.bytes_waiting if len(self.waiting) else 0

    def write(self) -> None:
        rows = self.waiting.read()
        if len(rows):
            self.filled = self.count + len(rows)
            self.data.resize(self.filled, axis=0)
            self.data[self.count :] = rows
            self.data.flush()

    def done(self) -> None:
        if len(self.waiting):
            self.count, self.waiting = self.filled, Grown(self.dtype, self.width)


def _clear(path: Path, replace: bool) -> None:
    """Make way for a new file."""
    make_folder(path.parent)
    if path.is_dir():
        raise StorageError(f"cannot write {path}: it is a folder.", hint='for example to="run.h5"')
    if path.exists():
        if not replace:
            raise StorageError(
                f"{path} exists already.", hint="choose another file, or say replace=True"
            )
        try:
            path.unlink()
        except OSError as error:
            raise storage_error(path, error) from error


def _refused(path: Path, error: Exception) -> StorageError:
    """HDF5 tells the number of the system's error only in its text."""
    known = re.search(r"errno = (\d+)", str(error))
    number = int(known[1]) if known else getattr(error, "errno", None)
    if number is None:
        return StorageError(f"cannot write {path}: {error}.", hint="choose another folder")
    import os

    return storage_error(path, OSError(number, os.strerror(number)))


def name_of(kind: str, label: Label, names: set[str]) -> str:
    """Where a recorder is found in the file: ``states/v of exc``."""
    text = f"{label.what} of {label.of}{label.more}" if label.what != kind else label.of
    # A slash would open a folder of HDF5, and a lone dot means the place itself.
    base = f"{kind}/{text.replace('/', '|').strip('.') or 'all'}"
    name, number = base, 2
    while name in names:
        name, number = f"{base} ({number})", number + 1
    names.add(name)
    return name

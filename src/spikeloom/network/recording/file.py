"""A file of recordings: its form, and reading what is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.errors import DataError, ParameterError
from spikeloom.network.recording.collector import Layout, Stored
from spikeloom.network.recording.column import Column
from spikeloom.network.recording.kinds import VALUES
from spikeloom.network.recording.slots import Hdf5

if TYPE_CHECKING:
    from spikeloom.network.result import Result

Array = np.ndarray[Any, np.dtype[Any]]
KIND, FORMAT = "spikeloom recording", 1
PROGRESS = "progress"
OWN = ("kind", "format", "id", "dt", "dt unit")
"""Attributes that say what the file is; the others say where the recording comes from."""


class Fixed:
    """The columns of ``progress`` before the numbers of rows."""

    NAMES = ("step", "complete", "microseconds", "first", "slot", "slot of large")
    COUNT = len(NAMES)


class StoredColumn(Column):
    """Rows in a file, which is opened for each reading.

    Arguments:
        path, id: The file, and the mark by which it is known again.
        name: Dataset.
        count: Rows that are valid.
        dtype: Kind of number.
        width: Shape of a row.
    """

    def __init__(
        self, path: Path, id: str, name: str, count: int, dtype: str, width: tuple[int, ...]
    ) -> None:
        self._path, self._id, self._name, self._count = path, id, name, count
        self._dtype, self._width = dtype, width

    def __len__(self) -> int:
        return self._count

    def read(self, low: int = 0, high: int | None = None) -> Array:
        end = self._count if high is None else min(high, self._count)
        if end <= low:
            return np.empty((0, *self._width), self._dtype)
        with opened(self._path) as file:
            if file.attrs["id"] != self._id:
                raise DataError(f"{self._path} has been replaced by another recording.")
            try:
                return _dataset(file, self._name)[low:end].astype(self._dtype, copy=False)
            except (OSError, KeyError) as error:
                raise DataError(f"{self._path}: the file is damaged ({error}).") from error

    def after(self, value: float) -> int:
        if not self._count:
            return 0
        with opened(self._path) as file:
            data = _dataset(file, self._name)
            low, high = 0, self._count
            while high - low > 1 << 14:  # then the rest is read at once
                middle = (low + high) // 2
                low, high = (middle, high) if data[middle] <= value else (low, middle)
            return low + int(np.searchsorted(data[low:high], value, side="right"))

    @property
    def width(self) -> tuple[int, ...]:
        return self._width


def place(path: str | Path) -> Path:
    """Where a file is, whatever the current folder will be.

    Raises:
        ParameterError: It is no path.
    """
    if not isinstance(path, str | Path) or not str(path).strip():
        raise ParameterError(
            f"a recording needs the path of a file, got {path!r}.", hint='for example "run.h5"'
        )
    return Path(path).absolute()


def hdf5() -> Any:
    """The package h5py.

    Raises:
        ParameterError: It is not installed.
    """
    try:
        import h5py
    except ModuleNotFoundError as missing:
        raise ParameterError(
            "recordings in files need h5py, which is not installed.",
            hint="pip install 'spikeloom[analysis]'",
        ) from missing
    return h5py


@contextmanager
def opened(path: Path) -> Iterator[Hdf5]:
    """A file of recordings, for reading; it may still be written by another process.

    Raises:
        DataError: It is missing or no such file.
    """
    module = hdf5()
    if not path.is_file():
        raise DataError(f"{path}: there is no such file.")
    try:
        file = module.File(path, "r", libver="latest", swmr=True)
    except OSError as error:
        raise DataError(f"{path}: no HDF5 file, or one that is damaged ({error}).") from error
    with file:
        if file.attrs.get("kind") != KIND:
            raise DataError(
                f"{path}: an HDF5 file, but no recording of spikeloom.",
                hint="give a file of net.run(…, to=path) or result.save(path)",
            )
        if file.attrs.get("format") != FORMAT:
            raise DataError(
                f"{path}: format {file.attrs.get('format')}, this version reads {FORMAT}."
            )
        # With readers allowed beside a writer, HDF5 itself does not look for a missing end.
        if file.id.get_filesize() > path.stat().st_size:
            raise DataError(f"{path}: the file is damaged: its end is missing.")
        yield file


def load(path: Path) -> Result:
    """Everything valid in a file; rows are read when they are asked for.

    Raises:
        DataError: Missing, damaged, or not such a file.
    """
    with opened(path) as file:
        try:
            return _result(path, file)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: the recording is damaged ({error}).") from error


def _result(path: Path, file: Hdf5) -> Result:
    from spikeloom.network.result import Recorder, result_of

    names, row = _valid(file)
    counts = dict(zip(names, map(int, row), strict=True))
    dt, id = float(file.attrs["dt"]), str(file.attrs["id"])
    found: list[tuple[int, Recorder[Any], Stored]] = []
    for kind in VALUES:
        for group in file.get(kind, {}).values():
            a = group.attrs
            recorder = Recorder[Any](str(a["of"]), str(a["what"]), str(a["more"]))
            found.append((int(a["place"]), recorder, _stored(path, id, group, counts, dt)))
    found.sort(key=lambda each: each[0])
    return result_of(
        [recorder for _, recorder, _ in found],
        [kept for _, _, kept in found],
        start=counts["first"] * dt,
        stop=counts["step"] * dt,
        seconds=counts["microseconds"] / 1e6,
        complete=counts["complete"] == 1,
        path=path,
        dt=dt,
        about={k: _plain(file.attrs[k]) for k in file.attrs if k not in OWN},
    )


def _valid(file: Hdf5) -> tuple[list[str], Array]:
    """What the columns of the last row of progress mean whose rows are all there, and that row."""
    progress = _dataset(file, PROGRESS)
    names = [str(name) for name in json.loads(str(progress.attrs["columns"]))]
    lengths = np.array([len(_dataset(file, name)) for name in names[Fixed.COUNT :]], np.int64)
    rows = progress[()]
    good = np.flatnonzero(np.all(rows[:, Fixed.COUNT :] <= lengths, axis=1))
    if not len(good):
        raise ValueError("it has no valid row of progress")
    return names, rows[good[-1]]


def _stored(path: Path, id: str, group: Hdf5, counts: Mapping[str, int], dt: float) -> Stored:
    columns: dict[str, Column] = {}
    layouts: dict[str, Layout] = {}
    for name, data in group.items():
        if name == "state":
            continue
        width, dtype = tuple(data.shape[1:]), str(data.attrs["dtype"])
        where = str(data.name)
        columns[name] = StoredColumn(path, id, where, counts[where], dtype, width)
        unit, says = str(data.attrs["unit"]), str(data.attrs["description"])
        layouts[name] = Layout(dtype, width, unit, says, str(data.dtype))
    slot = counts["slot of large" if group.attrs["large"] else "slot"]
    state = {name: data[slot] for name, data in group["state"].items()}
    about = json.loads(str(group.attrs["about"]))
    return Stored(about, columns, {k: np.asarray(v) for k, v in state.items()}, layouts, dt)


def _dataset(file: Hdf5, name: str) -> Any:
    return file[name]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value

"""N-MNIST: MNIST's digits as an event camera sees them on a screen while it moves."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spikeloom.data.dataset import Dataset, Splits
from spikeloom.data.events import Events, FramesByTime, read_atis
from spikeloom.data.events.transform import Transform, apply
from spikeloom.data.folds import check_classes
from spikeloom.data.home import Home, Remote
from spikeloom.data.npz import check_equal_lengths, check_labels, read_npz
from spikeloom.data.wav import AGAIN
from spikeloom.errors import DataError

SOURCE = (
    "G. Orchard, A. Jayawant, G. Cohen and N. Thakor (2015), Converting Static Image Datasets to "
    "Spiking Neuromorphic Datasets Using Saccades, Front. Neurosci. 9:437"
)
LICENCE = "CC BY-SA 4.0"
ADDRESS = "https://data.mendeley.com/public-files/datasets/468j46mzdv/files"
HOME = Home(
    "N-MNIST",
    "nmnist",
    (
        Remote(
            "Train.zip",
            f"{ADDRESS}/39c25547-014b-4137-a934-9d29fa53c7a0/file_downloaded",
            "md5:20959b8e626244a1b502305a9e6e2031",
            1_020_000_000,
            instead=("train.zip", "Train", "train.npz"),
        ),
        Remote(
            "Test.zip",
            f"{ADDRESS}/05a4d654-7e03-4c15-bdfa-9bb2bcbea494/file_downloaded",
            "md5:69ca8762b2fe404d9b9bad1103e97832",
            170_000_000,
            instead=("test.zip", "Test", "test.npz"),
        ),
    ),
)
SHAPE = (34, 34)
SMALL = {"train": 1000, "test": 100}
"""The first recordings of each part, in the order of MNIST's images."""


@dataclass(frozen=True, eq=False, repr=False)
class Recordings:
    """Labelled recordings of events, one after the other in the same arrays.

    Arguments:
        name: Short name.
        t: Times of all events, µs; they start anew in each recording.
        x: Columns.
        y: Rows.
        p: Polarities.
        offsets: (n + 1,) recording i is ``[offsets[i]:offsets[i + 1]]``.
        targets: int64 (n,) labels.

    >>> t, zero = np.array([0, 5, 2]), np.zeros(3, int)
    >>> two = Recordings("two", t, zero, zero, zero, np.array([0, 2, 3]), np.array([1, 7]))
    >>> two[0]
    2 events in 5 µs on 34 × 34 pixels
    """

    name: str
    t: np.ndarray
    x: np.ndarray
    y: np.ndarray
    p: np.ndarray
    offsets: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, number: int) -> Events:
        """One recording."""
        part = slice(int(self.offsets[number]), int(self.offsets[number + 1]))
        try:
            return Events(self.t[part], self.x[part], self.y[part], self.p[part], SHAPE)
        except DataError as fault:
            raise DataError(
                f"{self.name}, recording {number}: {fault.message}", hint="fetch the file again"
            ) from fault

    def __repr__(self) -> str:
        return f"{self.name}: {len(self):,} recordings, {len(self.t):,} events ({LICENCE})"


def load_nmnist(
    folder: str | Path | None = None,
    *,
    transform: Transform | tuple[Transform, ...] = FramesByTime(20),
    small: bool = True,
) -> Splits:
    """N-MNIST as frames: digits 0 to 9 on 34 × 34 pixels, brighter and darker apart, 0.3 s each.

    Arguments:
        folder: Holds ``train.npz`` and ``test.npz`` (the small set), or ``Train`` and ``Test`` of
            the data set itself, as ``.zip`` or as folders 0 to 9 of ``.bin`` files. None: the
            folder for data, filled from the net if need be (see `Home.find`).
        transform: Turns events into frames (steps, *features): one of `spikeloom.data.events`,
            one of tonic's, or several in a tuple that ends with frames.
        small: Take the first 1,000 and 100 recordings where the folder holds all 70,000.
    Returns:
        Splits with inputs (n, steps, channels, 34, 34). With so small a test, cross-validate:
        ``k_fold(load_nmnist(folder).together(), 5)``.
    Raises:
        DataError: A file is missing, cut short or holds other labels; a recording is empty.
    Source: Orchard, Jayawant, Cohen & Thakor 2015, Front. Neurosci. 9:437.
    """
    train, test = read_nmnist(folder, small=small)
    parts = [
        [apply(transform, part[i], f"{part.name}, recording {i}") for i in range(len(part))]
        for part in (train, test)
    ]
    rows = {frames.shape[1:] for part in parts for frames in part}
    if len(rows) > 1:
        raise DataError(f"the transform gave frames of different shapes: {sorted(rows)}.")
    longest = max(len(frames) for part in parts for frames in part)
    first = _dataset(train, parts[0], longest)
    return Splits(first, _dataset(test, parts[1], longest))


def read_nmnist(
    folder: str | Path | None = None, *, small: bool = True
) -> tuple[Recordings, Recordings]:
    """The recordings themselves: for training, and for the test.

    Arguments:
        folder: As for `load_nmnist`.
        small: Take the first 1,000 and 100 recordings where the folder holds all 70,000.
    Raises:
        DataError: A file is missing, cut short or holds other labels; a recording is empty.
    """
    folder = HOME.find(folder)
    if not folder.is_dir():
        raise DataError(
            f"{folder}: {'not a folder' if folder.exists() else 'there is no such folder'}.",
            hint="give the folder that holds N-MNIST, e.g. --data DIR",
        )
    parts = [_part(folder, role, SMALL[role] if small else None) for role in ("train", "test")]
    return parts[0], parts[1]


def _part(folder: Path, role: str, most: int | None) -> Recordings:
    if (folder / f"{role}.npz").is_file():
        return _packed(folder / f"{role}.npz", role)
    if (folder / role.capitalize()).is_dir():
        return _from_folder(folder / role.capitalize(), role, most)
    for archive in (folder / f"{role.capitalize()}.zip", folder / f"{role}.zip"):
        if archive.is_file():
            return _from_archive(archive, role, most)
    raise DataError(
        f"{folder}: neither {role}.npz nor {role.capitalize()}.zip nor a folder "
        f"{role.capitalize()} is there.",
        hint="put N-MNIST's Train.zip and Test.zip there, packed or unpacked",
    )


def _packed(path: Path, role: str) -> Recordings:
    found = read_npz(path, {name: ("iu", 1) for name in (*"txyp", "offsets", "label")})
    check_equal_lengths(path, {name: found[name] for name in "txyp"})
    check_labels(path, found["label"], 10)
    offsets = found["offsets"].astype(np.int64)
    if len(offsets) != len(found["label"]) + 1 or offsets[0] != 0 or offsets[-1] != len(found["t"]):
        raise DataError(
            f"{path}: cut short: its offsets do not fit {len(found['t']):,} events and "
            f"{len(found['label']):,} labels.",
            hint="fetch the file again",
        )
    empty = np.flatnonzero(np.diff(offsets) < 1)
    if len(empty):
        raise DataError(f"{path}: recording {empty[0]} is empty: it holds no events.")
    t, x, y, p = (found[name] for name in "txyp")
    return Recordings(f"N-MNIST {role}", t, x, y, p, offsets, found["label"].astype(np.int64))


def _from_folder(folder: Path, role: str, most: int | None) -> Recordings:
    files = {
        (path.name, digit): path
        for digit in range(10)
        for path in (folder / str(digit)).glob("*.bin")
    }
    return _recordings(folder, role, list(files), most, lambda key: files[key].read_bytes())


def _from_archive(path: Path, role: str, most: int | None) -> Recordings:
    try:
        with zipfile.ZipFile(path) as archive:
            files = {}
            for name in archive.namelist():
                *_, digit, last = ("", "", *name.split("/"))
                if last.endswith(".bin") and digit in tuple("0123456789"):
                    files[last, int(digit)] = name
            return _recordings(path, role, list(files), most, lambda key: archive.read(files[key]))
    except (zipfile.BadZipFile, EOFError, zlib.error) as fault:
        raise DataError(f"{path}: a damaged archive ({fault}).", hint=AGAIN) from fault


def _recordings(
    place: Path,
    role: str,
    keys: list[tuple[str, int]],
    most: int | None,
    read: Callable[[tuple[str, int]], bytes],
) -> Recordings:
    """Recordings by (name, digit), in the order of the names: they count MNIST's images."""
    keys = sorted(keys)[:most]
    if not keys:
        raise DataError(
            f"{place}: holds no recordings.",
            hint="it should have folders 0 to 9, each with .bin files",
        )
    found = [read_atis(place / str(key[1]) / key[0], SHAPE, content=read(key)) for key in keys]
    t, x, y, p = (np.concatenate([getattr(each, name) for each in found]) for name in "txyp")
    offsets = np.cumsum([0, *map(len, found)])
    targets = np.array([digit for _, digit in keys], np.int64)
    return Recordings(f"N-MNIST {role}", t, x, y, p, offsets, targets)


def _dataset(part: Recordings, frames: list[np.ndarray], longest: int) -> Dataset:
    lengths = np.array([len(each) for each in frames], np.int64)
    inputs = np.zeros((len(frames), longest, *frames[0].shape[1:]), np.float32)
    for row, each in zip(inputs, frames, strict=True):
        row[: len(each)] = each
    data = Dataset(
        part.name,
        inputs,
        part.targets,
        tuple("0123456789"),
        SOURCE,
        LICENCE,
        lengths=lengths if (lengths < longest).any() else None,
        bounds=(-np.inf, np.inf),
    )
    check_classes(data)
    return data

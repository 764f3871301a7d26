"""N-MNIST: MNIST's digits as an event camera sees them on a screen while it moves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spikeloom.data.dataset import Dataset, Splits
from spikeloom.data.events import Events, FramesByTime, read_atis
from spikeloom.data.events.transform import Transform, apply
from spikeloom.data.folds import check_classes
from spikeloom.data.npz import check_equal_lengths, check_labels, read_npz
from spikeloom.errors import DataError

SOURCE = (
    "G. Orchard, A. Jayawant, G. Cohen and N. Thakor (2015), Converting Static Image Datasets to "
    "Spiking Neuromorphic Datasets Using Saccades, Front. Neurosci. 9:437"
)
LICENCE = "CC BY-SA 4.0"
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
    folder: str | Path,
    *,
    transform: Transform | tuple[Transform, ...] = FramesByTime(20),
    small: bool = True,
) -> Splits:
    """N-MNIST as frames: digits 0 to 9 on 34 × 34 pixels, brighter and darker apart, 0.3 s each.

    Arguments:
        folder: Holds ``train.npz`` and ``test.npz`` (the small set), or the folders ``Train`` and
            ``Test`` of the data set itself, with ``.bin`` files in folders 0 to 9.
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


def read_nmnist(folder: str | Path, *, small: bool = True) -> tuple[Recordings, Recordings]:
    """The recordings themselves: for training, and for the test.

    Arguments:
        folder: As for `load_nmnist`.
        small: Take the first 1,000 and 100 recordings where the folder holds all 70,000.
    Raises:
        DataError: A file is missing, cut short or holds other labels; a recording is empty.
    """
    folder = Path(folder)
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
        return _unpacked(folder / role.capitalize(), role, most)
    raise DataError(
        f"{folder}: neither {role}.npz nor a folder {role.capitalize()} is there.",
        hint="put N-MNIST's folders Train and Test there, each with the folders 0 to 9",
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


def _unpacked(folder: Path, role: str, most: int | None) -> Recordings:
    files = [path for digit in range(10) for path in (folder / str(digit)).glob("*.bin")]
    if not files:
        raise DataError(
            f"{folder}: holds no recordings.",
            hint="it should have folders 0 to 9, each with .bin files",
        )
    files.sort(key=lambda path: (path.name, path.parent.name))  # the names count MNIST's images
    files = files[:most]
    read = [read_atis(path, SHAPE) for path in files]
    t, x, y, p = (np.concatenate([getattr(each, name) for each in read]) for name in "txyp")
    offsets = np.cumsum([0, *map(len, read)])
    targets = np.array([int(path.parent.name) for path in files], np.int64)
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

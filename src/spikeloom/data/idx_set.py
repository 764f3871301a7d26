"""A set of images in four idx files, as MNIST and all that copied its form come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spikeloom.data.dataset import Dataset, Splits
from spikeloom.data.home import Home, Remote
from spikeloom.data.idx import read_idx
from spikeloom.errors import DataError

STEMS = {"train": "train", "test": "t10k"}


@dataclass(frozen=True)
class IdxSet:
    """What tells one such set from another.

    Arguments:
        title: Its name, as it is written.
        task: The word by which the command line knows it.
        classes: Names of the classes, in the order of the labels.
        source: Who made it and where it is described.
        licence: Under which terms it may be passed on.
        address: Where its files are offered.
        files: For each file's stem its size in bytes and its sha256 sum.
    """

    title: str
    task: str
    classes: tuple[str, ...]
    source: str
    licence: str
    address: str
    files: tuple[tuple[str, int, str], ...]

    def home(self) -> Home:
        """Where it stands on this machine."""
        files = [
            Remote(name, f"{self.address}/{name}", f"sha256:{total}", size, _names(name)[1:])
            for name, size, total in self.files
        ]
        return Home(self.title, self.task, tuple(files))

    def read(self, folder: str | Path | None) -> Splits:
        """Both parts, from the four files in a folder, plain or ``.gz``."""
        folder = self.home().find(folder)
        if not folder.is_dir():
            raise DataError(
                f"{folder}: {'not a folder' if folder.exists() else 'there is no such folder'}.",
                hint=f"give the folder that holds {self.title}'s four idx files, e.g. --data DIR",
            )
        return Splits(self._part(folder, "train"), self._part(folder, "test"))

    def _part(self, folder: Path, role: str) -> Dataset:
        images_path = self._find(folder, f"{STEMS[role]}-images-idx3-ubyte.gz")
        labels_path = self._find(folder, f"{STEMS[role]}-labels-idx1-ubyte.gz")
        images = self._bytes(images_path, axes=3)
        labels = self._bytes(labels_path, axes=1)
        if images.shape[1:] != (28, 28):
            raise DataError(
                f"{images_path}: images must be 28 × 28, got "
                f"{images.shape[1]} × {images.shape[2]}.",
                hint=f"this is idx, but not {self.title}",
            )
        if len(images) != len(labels):
            raise DataError(
                f"{images_path} holds {len(images):,} images, "
                f"but {labels_path} holds {len(labels):,} labels.",
                hint="the two files must come from the same set",
            )
        if len(labels) == 0:
            raise DataError(f"{labels_path}: holds no labels.", hint="fetch the file again")
        most = len(self.classes) - 1
        if labels.max() > most:
            where = int(np.argmax(labels > most))
            raise DataError(
                f"{labels_path}: labels must be 0 to {most}, "
                f"but number {where:,} is {labels[where]}.",
                hint=f"this is idx, but not {self.title}'s labels",
            )
        if labels.min() == labels.max():
            raise DataError(
                f"{labels_path}: all {len(labels):,} labels are {labels[0]}.",
                hint="with one class there is nothing to learn; fetch the file again",
            )
        inputs = np.empty(images.shape, dtype=np.float32)
        np.divide(images, np.float32(255), out=inputs)  # straight into float32: no float64 copy
        return Dataset(
            f"{self.title} {role}",
            inputs,
            labels.astype(np.int64),
            self.classes,
            self.source,
            self.licence,
        )

    def _bytes(self, path: Path, axes: int) -> np.ndarray:
        values = read_idx(path, axes=axes)
        if values.dtype != np.uint8:
            raise DataError(
                f"{path}: values must be unsigned bytes (type code 08), got {values.dtype}.",
                hint=f"this is idx, but not {self.title}",
            )
        return values

    def _find(self, folder: Path, packed: str) -> Path:
        """The first file that exists among the names under which this part is passed around."""
        names = _names(packed)
        for name in names:
            if (folder / name).is_file():
                return folder / name
        raise DataError(
            f"{folder}: {self.title}'s file {names[-1]!r} is missing; "
            f"looked for {', '.join(names)}.",
            hint=f"put {self.title}'s four files (train-images, train-labels, t10k-images, "
            "t10k-labels; .gz as they are or unpacked) into one folder and name it with --data",
        )


def _names(packed: str) -> tuple[str, ...]:
    """``train-images-idx3-ubyte.gz`` and what else people call it."""
    plain = packed.removesuffix(".gz")
    dotted = plain.replace("-idx", ".idx")
    return (packed, f"{dotted}.gz", dotted, plain)

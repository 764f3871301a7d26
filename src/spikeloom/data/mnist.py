"""MNIST from its own four idx files, which the user brings along."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spikeloom.data.dataset import Dataset, Splits
from spikeloom.data.idx import read_idx
from spikeloom.errors import DataError

SOURCE = (
    "Y. LeCun, C. Cortes and C. Burges (1998), The MNIST database of handwritten digits; "
    "60,000 training and 10,000 test images after NIST special databases 1 and 3"
)
LICENCE = "CC BY-SA 3.0"
STEMS = {"train": "train", "test": "t10k"}


def load_mnist(folder: str | Path) -> Splits:
    """MNIST: handwritten digits 0 to 9, grey images of 28 × 28 pixels, bright on dark.

    Arguments:
        folder: Holds ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
            ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, plain or as ``.gz``.
    Returns:
        Training (60,000) and test (10,000) images as float32 (n, 28, 28) in [0, 1].
    Raises:
        DataError: A file is missing, damaged, or does not fit its partner; the file is named.
    Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document
        recognition", Proc. IEEE 86(11).
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(
            f"{folder}: {'not a folder' if folder.exists() else 'there is no such folder'}.",
            hint="give the folder that holds MNIST's four idx files, e.g. --data DIR",
        )
    return Splits(_part(folder, "train"), _part(folder, "test"))


def _part(folder: Path, role: str) -> Dataset:
    images_path = _find(folder, f"{STEMS[role]}-images", "idx3-ubyte")
    labels_path = _find(folder, f"{STEMS[role]}-labels", "idx1-ubyte")
    images = _bytes(images_path, axes=3)
    labels = _bytes(labels_path, axes=1)
    if images.shape[1:] != (28, 28):
        raise DataError(
            f"{images_path}: images must be 28 × 28, got {images.shape[1]} × {images.shape[2]}.",
            hint="this is idx, but not MNIST",
        )
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} holds {len(images):,} images, "
            f"but {labels_path} holds {len(labels):,} labels.",
            hint="the two files must come from the same set",
        )
    if len(labels) == 0:
        raise DataError(f"{labels_path}: holds no labels.", hint="fetch the file again")
    if labels.max() > 9:
        where = int(np.argmax(labels > 9))
        raise DataError(
            f"{labels_path}: labels must be 0 to 9, but number {where:,} is {labels[where]}.",
            hint="this is idx, but not MNIST's labels",
        )
    inputs = np.empty(images.shape, dtype=np.float32)
    np.divide(images, np.float32(255), out=inputs)  # straight into float32: no float64 copy
    return Dataset(
        f"MNIST {role}",
        inputs,
        labels.astype(np.int64),
        tuple("0123456789"),
        SOURCE,
        LICENCE,
    )


def _bytes(path: Path, axes: int) -> np.ndarray:
    values = read_idx(path, axes=axes)
    if values.dtype != np.uint8:
        raise DataError(
            f"{path}: values must be unsigned bytes (type code 08), got {values.dtype}.",
            hint="this is idx, but not MNIST",
        )
    return values


def _find(folder: Path, stem: str, kind: str) -> Path:
    """The first file that exists among the names under which this part is passed around."""
    names = [f"{stem}{joint}{kind}{end}" for joint in "-." for end in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DataError(
        f"{folder}: MNIST's file {names[0]!r} is missing; looked for {', '.join(names)}.",
        hint="put MNIST's four files (train-images, train-labels, t10k-images, t10k-labels; "
        ".gz as they are or unpacked) into one folder and name it with --data",
    )

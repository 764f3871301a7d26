"""The 1,797 handwritten digits of 8 × 8 pixels that travel inside the package."""

from __future__ import annotations

import zipfile
from importlib.resources import files

import numpy as np

from spikeloom.data.dataset import Dataset, Splits
from spikeloom.data.split import stratified
from spikeloom.errors import DataError

SOURCE = (
    "E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, "
    "UCI Machine Learning Repository, doi:10.24432/C50P49 (its test part, 13 writers)"
)
LICENCE = "CC BY 4.0"


def load_digits(*, test_fraction: float = 0.2, key: int = 0) -> Splits:
    """Handwritten digits 0 to 9, grey images of 8 × 8 pixels, from UCI's data set.

    The images are those of the data set's own test part (scikit-learn carries the same copy).
    Each pixel counts the ink in a block of 4 × 4 of the scanned bitmap, 0 to 16, and is divided
    by 16 here. The division into training and test images is ours: stratified by class, fixed by
    `key` (see `spikeloom.data.split.stratified`). The file does not say who wrote which image, so
    the same hand may appear on both sides; a score here says nothing about an unseen writer.

    Arguments:
        test_fraction: Share of each class that is kept for the test.
        key: Another key gives another division; leave it alone to compare with our figures.
    Returns:
        Training (1,438) and test (359) images as float32 (n, 8, 8) in [0, 1].
    Raises:
        DataError: The file inside the package is damaged.
    Source: Alpaydin & Kaynak 1998, UCI Machine Learning Repository, licence CC BY 4.0.

    >>> digits = load_digits()
    >>> digits.train
    digits train: 1438 examples of 8 × 8, 10 classes (CC BY 4.0)
    """
    path = files("spikeloom.data") / "digits.npz"
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            images, targets = archive["images"], archive["targets"].astype(np.int64)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as fault:
        raise DataError(
            f"{path}: the digits inside the package cannot be read ({fault}).",
            hint="install spikeloom again",
        ) from fault
    everything = Dataset(
        "digits",
        images.astype(np.float32) / np.float32(16),
        targets,
        tuple("0123456789"),
        SOURCE,
        LICENCE,
    )
    train, test = stratified(targets, test_fraction, key)
    return Splits(_named(everything[train], "train"), _named(everything[test], "test"))


def _named(part: Dataset, role: str) -> Dataset:
    return Dataset(
        f"{part.name} {role}",
        part.inputs,
        part.targets,
        part.classes,
        part.source,
        part.licence,
    )

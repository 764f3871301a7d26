"""The carried digits, their division, and what a Dataset refuses."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from spikeloom.data import Dataset, load_digits, stratified
from spikeloom.errors import DataError


def test_sizes_ranges_and_classes() -> None:
    digits = load_digits()
    assert (len(digits.train), len(digits.test)) == (1438, 359)
    for part in (digits.train, digits.test):
        assert part.shape == (8, 8)
        assert part.inputs.dtype == np.float32 and part.targets.dtype == np.int64
        assert part.inputs.min() == 0 and part.inputs.max() == 1
    assert np.bincount(digits.test.targets).tolist() == [36, 36, 35, 37, 36, 36, 36, 36, 35, 36]


def test_same_images_as_scikit_learn() -> None:
    theirs = pytest.importorskip("sklearn.datasets").load_digits()
    digits = load_digits()
    _, test = stratified(theirs.target, 0.2)
    assert np.array_equal(digits.test.inputs * 16, theirs.images[test])
    assert np.array_equal(digits.test.targets, theirs.target[test])


def test_the_division_is_pinned() -> None:
    labels = np.repeat(np.arange(3), 10)
    train, test = stratified(labels, 0.2)
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(30))
    assert test.tolist() == stratified(labels, 0.2)[1].tolist() == PINNED
    assert stratified(labels, 0.2, key=1)[1].tolist() != PINNED


PINNED = [0, 3, 11, 19, 24, 28]


@pytest.mark.parametrize(
    "inputs, targets, words",
    [
        (np.zeros((2, 3)), np.zeros(2, np.int64), "float32"),
        (np.zeros((2, 3), "f4"), np.zeros(3, np.int64), r"\(2, 3\) and \(3,\)"),
        (np.zeros(2, "f4"), np.zeros(2, np.int64), r"\(2,\)"),
        (np.full((2, 3), 2, "f4"), np.zeros(2, np.int64), "2 to 2"),
        (np.full((2, 3), np.nan, "f4"), np.zeros(2, np.int64), "nan"),
        (np.zeros((2, 3), "f4"), np.array([0, 2]), "0 to 1"),
    ],
)
def test_a_dataset_is_checked(inputs: np.ndarray, targets: np.ndarray, words: str) -> None:
    with pytest.raises(DataError, match=words):
        Dataset("trial", inputs, targets, ("a", "b"), "here", "CC0")


def test_reading_data_does_not_import_torch_or_matplotlib() -> None:
    code = (
        "import sys, spikeloom.data as d; d.load_digits();"
        "print([m for m in ('torch', 'matplotlib', 'PIL', 'scipy', 'sympy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

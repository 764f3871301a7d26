"""idx files: every kind of damage is named together with the file."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.data import load_fashion_mnist, load_mnist, read_idx
from spikeloom.errors import DataError


def idx(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


def mnist(folder: Path, *, gz: bool = False, n: int = 3, labels: object = None) -> Path:
    rng = np.random.default_rng(1)
    for stem in ("train", "t10k"):
        images = rng.integers(0, 256, (n, 28, 28))
        marks = np.arange(n) % 10 if labels is None else np.asarray(labels)
        for name, array in (("images-idx3", images), ("labels-idx1", marks)):
            body = idx(array)
            path = folder / f"{stem}-{name}-ubyte{'.gz' if gz else ''}"
            path.write_bytes(gzip.compress(body) if gz else body)
    return folder


@pytest.mark.parametrize("gz", [False, True])
def test_mnist_files_plain_and_compressed(tmp_path: Path, gz: bool) -> None:
    splits = load_mnist(mnist(tmp_path, gz=gz))
    assert splits.train.inputs.shape == (3, 28, 28)
    assert splits.train.inputs.dtype == np.float32 and splits.test.targets.dtype == np.int64
    assert splits.test.targets.tolist() == [0, 1, 2]


def test_fashion_mnist_has_the_same_form(tmp_path: Path) -> None:
    splits = load_fashion_mnist(mnist(tmp_path))
    assert splits.test.classes[9] == "Ankle boot" and len(splits.train) == 3
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="Fashion-MNIST's file"):
        load_fashion_mnist(tmp_path)


@pytest.mark.parametrize("code, kind", [(0x09, ">i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0E, ">f8")])
def test_other_number_types(tmp_path: Path, code: int, kind: str) -> None:
    values = np.array([[-1, 2, 3]], dtype=kind)
    path = tmp_path / "values"
    path.write_bytes(bytes([0, 0, code, 2]) + struct.pack(">2I", 1, 3) + values.tobytes())
    read = read_idx(path)
    assert read.tolist() == [[-1, 2, 3]] and read.dtype.isnative


def test_missing_file_tells_which_names_were_looked_for(tmp_path: Path) -> None:
    mnist(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz") as caught:
        load_mnist(tmp_path)
    assert "--data" in (caught.value.hint or "")


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        load_mnist(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "damage, words",
    [
        (lambda body: body[:-1], "cut short"),
        (lambda body: body[:6], "ends inside its header"),
        (lambda body: b"", "nothing"),
        (lambda body: b"PNG!" + body, "not an idx file"),
        (lambda body: body + b"x", "longer than"),
        (lambda body: bytes([0, 0, 8, 1]) + body[4:], "axes"),
        (lambda body: body[:4] + b"\xff" * 12 + body[16:], "cut short"),
    ],
)
@pytest.mark.parametrize("gz", [False, True])
def test_damaged_images(tmp_path: Path, damage, words: str, gz: bool) -> None:
    path = mnist(tmp_path) / "train-images-idx3-ubyte"
    body = damage(path.read_bytes())
    path.write_bytes(gzip.compress(body) if gz else body)
    with pytest.raises(DataError, match=words) as caught:
        load_mnist(tmp_path)
    assert str(path) in str(caught.value)


def test_truncated_gzip(tmp_path: Path) -> None:
    path = mnist(tmp_path, gz=True) / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="damaged gzip file"):
        load_mnist(tmp_path)


@pytest.mark.parametrize(
    "labels, words",
    [([0, 1], "3 images"), ([0, 1, 10], "number 2 is 10"), ([4, 4, 4], "all 3 labels are 4")],
)
def test_labels_that_do_not_fit(tmp_path: Path, labels: list[int], words: str) -> None:
    with pytest.raises(DataError, match=words):
        load_mnist(mnist(tmp_path, labels=labels))


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(tmp_path)


@given(st.binary(max_size=64))
def test_any_bytes_give_an_array_or_a_data_error(tmp_path_factory, body: bytes) -> None:
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(body)
    try:
        assert isinstance(read_idx(path), np.ndarray)
    except DataError as fault:
        assert str(path) in fault.message

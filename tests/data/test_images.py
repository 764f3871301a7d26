"""Pictures for predict: grey, range, size, and what is refused."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spikeloom.data import looks_inverted, read_image
from spikeloom.errors import DataError


def png(path: Path, values: np.ndarray, mode: str | None = None) -> Path:
    picture = Image.fromarray(values)
    (picture.convert(mode) if mode else picture).save(path)
    return path


def npy(path: Path, values: np.ndarray) -> Path:
    np.save(path, values)
    return path


GREY = (np.arange(64).reshape(8, 8) * 4).astype(np.uint8)


@pytest.mark.parametrize("mode", [None, "RGB", "RGBA", "LA", "P"])
def test_every_kind_of_png_gives_the_same_grey(tmp_path: Path, mode: str | None) -> None:
    read = read_image(png(tmp_path / "a.png", GREY, mode), (8, 8))
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, GREY / 255, atol=1e-6)


def test_sixteen_bits(tmp_path: Path) -> None:
    deep = GREY.astype(np.uint16) * 257
    np.testing.assert_allclose(read_image(png(tmp_path / "a.png", deep), (8, 8)), GREY / 255, 1e-6)


def test_transparent_is_black(tmp_path: Path) -> None:
    values = np.full((8, 8, 4), 255, np.uint8)
    values[:, :4, 3] = 0
    read = read_image(png(tmp_path / "a.png", values), (8, 8))
    assert read[:, :4].max() == 0 and read[:, 4:].min() == pytest.approx(1)


@pytest.mark.parametrize(
    "values",
    [GREY, GREY.astype(np.uint16) * 257, GREY / 255, (GREY / 255).astype("f4")[..., None]],
)
def test_every_kind_of_npy(tmp_path: Path, values: np.ndarray) -> None:
    np.testing.assert_allclose(
        read_image(npy(tmp_path / "a.npy", values), (8, 8)), GREY / 255, 1e-6
    )


def test_shrinking_takes_the_mean_of_the_area(tmp_path: Path) -> None:
    big = np.kron(GREY / 255, np.ones((3, 3)))
    np.testing.assert_allclose(read_image(npy(tmp_path / "a.npy", big), (8, 8)), GREY / 255, 1e-5)


def test_growing_stays_in_range(tmp_path: Path) -> None:
    read = read_image(npy(tmp_path / "a.npy", (GREY > 99)), (28, 28))
    assert read.shape == (28, 28) and read.min() >= 0 and read.max() <= 1


def test_invert_and_its_sign(tmp_path: Path) -> None:
    paper = np.full((8, 8), 255, np.uint8)
    paper[3:5, 3:5] = 0
    path = png(tmp_path / "a.png", paper)
    assert looks_inverted(read_image(path, (8, 8)))
    assert not looks_inverted(read_image(path, (8, 8), invert=True))


@pytest.mark.parametrize(
    "values, words",
    [
        (np.zeros((8, 9)), "proportions"),
        (np.zeros((2, 8, 8)), r"\(2, 8, 8\)"),
        (np.zeros((0, 8)), "proportions"),
        (np.full((8, 8), 16.0), "0, 1"),
        (np.full((8, 8), np.nan), "nan"),
        (np.zeros((8, 8), np.int64), "int64"),
    ],
)
def test_arrays_that_are_refused(tmp_path: Path, values: np.ndarray, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_image(npy(tmp_path / "a.npy", values), (8, 8))


@pytest.mark.parametrize("name", ["a.png", "a.npy"])
@pytest.mark.parametrize("body", [b"", b"rubbish", b"\x89PNG\r\n\x1a\n", b"\x93NUMPY\x01\x00"])
def test_damaged_files_are_named(tmp_path: Path, name: str, body: bytes) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(DataError, match=name):
        read_image(tmp_path / name, (8, 8))


def test_cut_png(tmp_path: Path) -> None:
    path = png(tmp_path / "a.png", np.random.default_rng(0).integers(0, 255, (64, 64)).astype("u1"))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match="damaged"):
        read_image(path, (8, 8))


def test_pickled_arrays_are_not_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="readable"):
        read_image(tmp_path / "a.npy", (8, 8))


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_image(tmp_path / "a.png", (8, 8))
    with pytest.raises(DataError, match=r"\.jpg"):
        read_image(tmp_path / "a.jpg", (8, 8))


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 100000000)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000000000000, 100000000)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 8)}",
        "{'descr': 'zz', 'fortran_order': False, 'shape': (8, 8)}",
        "(" * 9000,
        "-" * 9000 + "1",
        "__import__('os')",
    ],
    ids=["huge", "beyond", "negative", "kind", "brackets", "minus", "code"],
)
def test_headers_that_lie(tmp_path: Path, header: str) -> None:
    text = header.encode() + b"\n"
    (tmp_path / "a.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(256)
    )
    with pytest.raises(DataError, match=r"a\.npy"):
        read_image(tmp_path / "a.npy", (8, 8))


def test_a_huge_array_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|u1", "fortran_order": False, "shape": (60_000, 60_000)}
        )
        file.truncate(file.tell() + 60_000**2)  # a hole: nothing is stored
    with pytest.raises(DataError, match="too many"):
        read_image(tmp_path / "a.npy", (8, 8))


@pytest.mark.filterwarnings("error")
def test_a_large_picture_is_refused_in_our_words_alone(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((1, 1), np.uint8)).save(tmp_path / "a.png")
    body = bytearray((tmp_path / "a.png").read_bytes())
    body[16:24] = (10_000).to_bytes(4, "big") * 2
    body[29:33] = zlib.crc32(body[12:29]).to_bytes(4, "big")
    (tmp_path / "a.png").write_bytes(body)
    with pytest.raises(DataError, match="too many"):
        read_image(tmp_path / "a.png", (8, 8))

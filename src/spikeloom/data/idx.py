"""The idx file format: a magic number, the lengths of the axes, then the values, big-endian.

Source: Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import gzip
import struct
import zlib
from math import prod
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from spikeloom.errors import DataError

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
AGAIN = "fetch the file again: it was probably cut off or altered on its way"


def read_idx(path: str | Path, *, axes: int | None = None) -> np.ndarray:
    """Read one idx file, plain or gzip-compressed (told by its first bytes, not by its name).

    Arguments:
        path: The file.
        axes: How many axes it must have; None accepts any number.
    Returns:
        The array in the machine's byte order.
    Raises:
        DataError: The file is missing, is not idx, is cut short, or is longer than it says.
    """
    path = Path(path)
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            if packed:
                with gzip.open(plain) as unpacked:
                    return _read(cast(BinaryIO, unpacked), path, axes)
            return _read(plain, path, axes)
    except FileNotFoundError as fault:
        raise DataError(f"{path}: there is no such file.", hint="check the folder") from fault
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise DataError(f"{path}: damaged gzip file ({fault}).", hint=AGAIN) from fault
    except OSError as fault:
        raise DataError(
            f"{path}: cannot be read ({fault.strerror or fault}).",
            hint="check that it is a file and that you may read it",
        ) from fault


def _read(file: BinaryIO, path: Path, axes: int | None) -> np.ndarray:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or magic[3] == 0:
        raise DataError(
            f"{path}: not an idx file: it starts with {magic.hex(' ') or 'nothing'}, "
            "but idx starts with 00 00, a type code (08 to 0e) and the number of axes.",
            hint="is this MNIST's own file? images start with 00 00 08 03, labels with 00 00 08 01",
        )
    count = magic[3]
    if axes is not None and count != axes:
        raise DataError(
            f"{path}: has {count} axes where {axes} were expected.",
            hint="were the image file and the label file swapped? images have 3 axes, labels 1",
        )
    lengths = file.read(4 * count)
    if len(lengths) < 4 * count:
        raise DataError(f"{path}: ends inside its header.", hint=AGAIN)
    shape = struct.unpack(f">{count}I", lengths)
    kind = np.dtype(TYPES[magic[2]])
    expected = prod(shape) * kind.itemsize
    body = _take(file, expected)
    if len(body) < expected:
        raise DataError(
            f"{path}: cut short: its header announces {expected:,} bytes of data "
            f"({' × '.join(map(str, shape))}), but only {len(body):,} are there.",
            hint=AGAIN,
        )
    if file.read(1):
        raise DataError(
            f"{path}: longer than the {expected:,} bytes of data its header announces.", hint=AGAIN
        )
    return np.frombuffer(body, dtype=kind).reshape(shape).astype(kind.newbyteorder("="), copy=False)


def _take(file: BinaryIO, count: int) -> bytes:
    """Up to `count` bytes, in pieces: a lying header must not make us ask for a huge block."""
    pieces = []
    while count and (piece := file.read(min(count, 1 << 24))):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)

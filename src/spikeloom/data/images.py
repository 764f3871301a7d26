"""Read one picture (PNG or NPY) the way the training images were: grey, [0, 1], right size."""

from __future__ import annotations

import warnings
from pathlib import Path
from tokenize import TokenError

import numpy as np

from spikeloom.errors import DataError

MAX_PIXELS = 50_000_000
FULL_SCALE = {"uint8": 255.0, "uint16": 65535.0, "bool": 1.0}
HEADER_FAULTS = (SyntaxError, TokenError, RecursionError, MemoryError, TypeError, KeyError)
"""What NumPy lets through when the header of an NPY file is not the dictionary it should be."""
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def read_image(path: str | Path, shape: tuple[int, int], *, invert: bool = False) -> np.ndarray:
    """Read a picture as grey values in [0, 1], resized to what a network takes.

    The rules, in order. Colour becomes grey by luminance, 0.299 R + 0.587 G + 0.114 B; what is
    transparent counts as black. Bytes are divided by 255 and 16-bit values by 65,535; floats must
    lie in [0, 1] already. `invert` turns dark ink on light paper into bright on dark, as the data
    sets have it. Another size of the same proportions (within 2 %) is resized: each pixel is the
    mean of the area it covers when shrinking, cubic interpolation when growing. Other proportions
    are refused: where to crop is the user's choice.

    Arguments:
        path: ``.png`` or ``.npy`` with an array (height, width) or (height, width, 1, 3 or 4).
        shape: Height and width in pixels that the network takes.
        invert: Replace each value x by 1 - x.
    Returns:
        float32 array of that shape.
    Raises:
        DataError: No such file, not a picture, values out of range, wrong proportions.
    Source: ITU-R BT.601 (luminance).
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in (".png", ".npy"):
        raise DataError(
            f"{path}: pictures must be .png or .npy files, got {kind or 'no ending'!r}.",
            hint="save the picture as PNG, or the array with numpy.save",
        )
    if not path.is_file():
        raise DataError(f"{path}: there is no such file.", hint="check the path")
    grey = _grey(_scaled(_read_png(path) if kind == ".png" else _read_npy(path), path), path)
    if invert:
        grey = 1.0 - grey
    return _resized(grey, shape, path)


def looks_inverted(image: np.ndarray) -> bool:
    """Whether the picture's border is brighter than mid-grey: dark ink on light paper.

    >>> looks_inverted(np.ones((8, 8)))
    True
    """
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return bool(np.median(border) > 0.5)


def _read_png(path: Path) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=["PNG"]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise _too_large(path, (picture.height, picture.width))
            if picture.mode in ("P", "PA", "LA", "1") or "transparency" in picture.info:
                picture = picture.convert("RGBA")  # a palette and transparency become plain colours
            return np.asarray(picture)
    except UnidentifiedImageError as fault:
        raise DataError(f"{path}: not a PNG file.", hint="save the picture as PNG") from fault
    except Image.DecompressionBombError as fault:
        raise DataError(f"{path}: too many pixels.", hint="crop the picture first") from fault
    except (OSError, SyntaxError, ValueError, EOFError) as fault:  # Pillow's signs of damage
        if isinstance(fault, DataError):
            raise
        raise DataError(f"{path}: damaged PNG file ({fault}).", hint="save it again") from fault


def _read_npy(path: Path) -> np.ndarray:
    try:
        with warnings.catch_warnings(action="ignore"):
            # Mapped, not read: a header that lies about the shape cannot make us ask for memory.
            values = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError, OverflowError, *HEADER_FAULTS) as fault:
        raise DataError(
            f"{path}: not a readable NPY file ({fault}).",
            hint="write it with numpy.save from an array of numbers",
        ) from fault
    if values.size > 4 * MAX_PIXELS:
        raise _too_large(path, values.shape)
    return np.array(values)


def _too_large(path: Path, shape: tuple[int, ...]) -> DataError:
    return DataError(
        f"{path}: {' × '.join(map(str, shape))} pixels are too many.",
        hint="crop the picture to the digit first",
    )


def _scaled(values: np.ndarray, path: Path) -> np.ndarray:
    if values.dtype.name in FULL_SCALE:
        return values.astype(np.float32) / np.float32(FULL_SCALE[values.dtype.name])
    if values.dtype == np.int32 and path.suffix.lower() == ".png":  # Pillow's form of 16-bit grey
        return (values / 65535.0).astype(np.float32)
    if values.dtype.kind != "f":
        raise DataError(
            f"{path}: values must be uint8, uint16, bool or float in [0, 1], got {values.dtype}.",
            hint="convert with .astype(np.uint8) if they run from 0 to 255",
        )
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if not (low >= 0.0 and high <= 1.0):  # also catches NaN
        raise DataError(
            f"{path}: float pixels must lie in [0, 1], got {low:g} to {high:g}.",
            hint="divide by the largest possible value (16 for UCI digits, 255 for bytes)",
        )
    return values.astype(np.float32)


def _grey(values: np.ndarray, path: Path) -> np.ndarray:
    if values.ndim == 3 and values.shape[2] in (1, 3, 4):
        if values.shape[2] == 1:
            return values[:, :, 0]
        opacity = values[:, :, 3] if values.shape[2] == 4 else np.float32(1)
        return np.minimum((values[:, :, :3] @ LUMA) * opacity, np.float32(1))
    if values.ndim != 2:
        raise DataError(
            f"{path}: a picture is (height, width) or (height, width, 1, 3 or 4), "
            f"got {values.shape}.",
            hint="one file holds one picture; save a stack one by one",
        )
    return values


def _resized(grey: np.ndarray, shape: tuple[int, int], path: Path) -> np.ndarray:
    if grey.shape == shape:
        return np.ascontiguousarray(grey)
    (height, width), (rows, columns) = grey.shape, shape
    if not grey.size or abs(height * columns / (width * rows) - 1) > 0.02:  # 2 %: scanner jitter
        raise DataError(
            f"{path}: the picture is {width} × {height} pixels, the network takes "
            f"{columns} × {rows}, and the proportions differ.",
            hint=f"crop or pad the picture to proportions {columns}:{rows} first",
        )
    from PIL import Image

    way = Image.Resampling.BOX if height >= rows else Image.Resampling.BICUBIC
    picture = Image.fromarray(np.ascontiguousarray(grey)).resize((columns, rows), way)
    return np.clip(np.asarray(picture, dtype=np.float32), 0.0, 1.0)

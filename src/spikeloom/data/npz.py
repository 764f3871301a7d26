"""Arrays from one NumPy archive, each with the form it must have."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spikeloom.data.wav import AGAIN
from spikeloom.errors import DataError


def read_npz(path: Path, forms: Mapping[str, tuple[str, int]]) -> dict[str, np.ndarray]:
    """Some arrays of an archive, refused with the file's name where they do not fit.

    Arguments:
        path: The archive.
        forms: For each array its kinds (as NumPy's `dtype.kind`) and number of axes.
    Returns:
        The arrays by name.
    Raises:
        DataError: No such file, damaged, an array is missing or has another form.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            if not hasattr(archive, "files"):
                raise DataError(f"{path}: one array, not an archive.", hint=AGAIN)
            missing = sorted(set(forms) - set(archive.files))
            if missing:
                raise DataError(
                    f"{path}: lacks {', '.join(missing)}; it has {', '.join(archive.files)}.",
                    hint="this is another archive",
                )
            arrays = {name: archive[name] for name in forms}
    except FileNotFoundError as fault:
        raise DataError(f"{path}: there is no such file.", hint="check the folder") from fault
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as fault:
        if isinstance(fault, DataError):
            raise
        raise DataError(f"{path}: a damaged archive ({fault}).", hint=AGAIN) from fault
    for name, (kinds, axes) in forms.items():
        if arrays[name].dtype.kind not in kinds or arrays[name].ndim != axes:
            raise DataError(
                f"{path}: {name} must have {axes} axes and numbers of kind {kinds!r}, "
                f"got {arrays[name].ndim} and {arrays[name].dtype}.",
                hint="this is another archive",
            )
    return arrays


def check_equal_lengths(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Refuse arrays of one archive that should run side by side and do not."""
    if len({len(array) for array in arrays.values()}) > 1:
        told = ", ".join(f"{name} {len(array):,}" for name, array in arrays.items())
        raise DataError(f"{path}: lengths differ: {told}.", hint=AGAIN)


def check_labels(path: Path, labels: np.ndarray, classes: int) -> None:
    """Refuse labels that name no class; say which one it is."""
    bad = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(bad):
        raise DataError(
            f"{path}: labels must be 0 to {classes - 1}, "
            f"but number {bad[0]:,} is {labels[bad[0]]}.",
            hint=AGAIN,
        )

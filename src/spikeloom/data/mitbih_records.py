"""Heart beats from the MIT-BIH records themselves, as PhysioNet offers them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from spikeloom.data.wav import AGAIN
from spikeloom.data.wfdb import Record, read_record
from spikeloom.errors import DataError

ARCHIVE = "mit-bih-arrhythmia-database-1.0.0.zip"
BEATS = {
    "N": 75_052, "L": 8_075, "R": 7_259, "V": 7_130, "/": 7_028, "A": 2_546, "f": 982, "F": 803,
    "j": 229, "a": 150, "E": 106, "J": 83, "Q": 33, "e": 16, "S": 2,
}  # fmt: skip
"""How many beats of each kind the whole database has."""
AAMI = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
BEFORE, LENGTH = 50, 128
TAPS, CUT_HZ = 33, 76.5


def beats_of(record: Record) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows around the beats of one record.

    The lead MLII (the first one in the two records that lack it) in 200 units per mV from its
    baseline goes through a low-pass filter (33 taps, Hamming, 76.5 Hz) and is halved in rate, from
    360 to 180 Hz; a window is 128 samples with the beat at index 50. Beats too near an end of the
    record for a window are left out.

    Returns:
        int16 (n, 128) windows, uint8 (n,) AAMI classes, int64 (n,) places at 360 Hz.
    """
    from scipy.signal import firwin

    lead = record.leads.index("MLII") if "MLII" in record.leads else 0
    wave = record.signals[:, lead].astype(np.float64) - record.baselines[lead]
    slow = np.convolve(wave, np.asarray(firwin(TAPS, CUT_HZ, fs=record.rate)), "same")[::2]
    start = record.sample // 2 - BEFORE
    inside = (start >= 0) & (start + LENGTH <= len(slow))
    windows = np.rint(slow[start[inside, None] + np.arange(LENGTH)]).astype(np.int16)
    kinds = {symbol: i for i, symbols in enumerate(AAMI.values()) for symbol in symbols}
    labels = np.array([kinds[str(symbol)] for symbol in record.symbol[inside]], np.uint8)
    return windows, labels, record.sample[inside]


def read_records(
    folder: Path, names: tuple[int, ...], *, whole: bool = True
) -> dict[str, np.ndarray]:
    """All beats of some records, from the archive of PhysioNet or its unpacked files.

    Arguments:
        folder: Holds the archive, or the ``.hea``, ``.dat`` and ``.atr`` files.
        names: Numbers of the records.
        whole: They are all records: the number of beats of each kind must be the known one.
    Returns:
        Arrays X, y, record and sample, as in ``beats.npz``.
    Raises:
        DataError: A file is missing, cut short or altered.
    """
    parts: list[tuple[np.ndarray, ...]] = []
    counts: dict[str, int] = {}
    with _opened(folder) as read:
        for name in sorted(names):
            record = read_record(str(name), read)
            for symbol in record.symbol:
                counts[str(symbol)] = counts.get(str(symbol), 0) + 1
            windows, labels, sample = beats_of(record)
            parts.append((windows, labels, np.full(len(labels), name), sample))
    if whole and counts != BEATS:
        wrong = {s: (counts.get(s, 0), n) for s, n in BEATS.items() if counts.get(s, 0) != n}
        raise DataError(
            f"{folder}: these are not the annotations of the database: beats found and expected "
            f"by kind: {wrong}.",
            hint="fetch the archive again",
        )
    columns = zip(*parts, strict=True)
    return dict(zip(("X", "y", "record", "sample"), map(np.concatenate, columns), strict=True))


@contextmanager
def _opened(folder: Path) -> Iterator[Callable[[str], bytes]]:
    """Files by name, from the archive in a folder, or from the folder."""
    archive = folder / ARCHIVE
    lacks = DataError(
        f"{folder}: a file of the database is missing.",
        hint=f"put {ARCHIVE} there, or all .hea, .dat and .atr files of the database",
    )
    if not archive.is_file():
        try:
            yield lambda name: (folder / name).read_bytes()
        except FileNotFoundError as fault:
            raise lacks from fault
        return
    try:
        with zipfile.ZipFile(archive) as packed:
            # Below the first level lie other versions of some annotations.
            places = {n.rpartition("/")[2]: n for n in packed.namelist() if n.count("/") <= 1}
            yield lambda name: packed.read(places[name])
    except KeyError as fault:
        raise lacks from fault
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as fault:
        raise DataError(f"{archive}: a damaged archive ({fault}).", hint=AGAIN) from fault


def check_archive(path: Path) -> None:
    """Refuse an archive whose files do not have the sums it tells; beats are counted later."""
    try:
        with zipfile.ZipFile(path) as packed:
            bad = packed.testzip()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as fault:
        raise DataError(f"{path}: a damaged archive ({fault}).", hint=AGAIN) from fault
    if bad is not None:
        raise DataError(f"{path}: {bad} in it is damaged.", hint=AGAIN)

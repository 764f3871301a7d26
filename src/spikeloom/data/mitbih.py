"""Heart beats of the MIT-BIH Arrhythmia Database, divided between patients."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from spikeloom.data.dataset import Dataset, Splits
from spikeloom.data.folds import check_classes
from spikeloom.data.home import Home, Remote
from spikeloom.data.mitbih_records import ARCHIVE, check_archive, read_records
from spikeloom.data.npz import check_equal_lengths, check_labels, read_npz
from spikeloom.data.usual_beat import beside_usual
from spikeloom.errors import DataError, ParameterError
from spikeloom.files import write_file

SOURCE = (
    "G. B. Moody and R. G. Mark (2001), The impact of the MIT-BIH Arrhythmia Database, "
    "IEEE Eng. Med. Biol. 20(3):45-50; A. Goldberger et al. (2000), PhysioNet, Circulation "
    "101(23):e215"
)
LICENCE = "ODC-By 1.0"
CLASSES = "NSVFQ"
RATE = 360
"""Samples of a record per second."""
PER_MV = 200.0
DS1 = (
    *(101, 106, 108, 109, 112, 114, 115, 116, 118, 119, 122, 124, 201, 203, 205, 207, 208, 209),
    *(215, 220, 223, 230),
)
DS2 = (
    *(100, 103, 105, 111, 113, 117, 121, 123, 200, 202, 210, 212, 213, 214, 219, 221, 222, 228),
    *(231, 232, 233, 234),
)
PACED = (102, 104, 107, 217)
HOME = Home(
    "The MIT-BIH Arrhythmia Database",
    "mitbih",
    (
        Remote(
            ARCHIVE,
            f"https://physionet.org/static/published-projects/mitdb/{ARCHIVE}",
            None,
            73_500_000,
            instead=("beats.npz", "100.hea"),
            check=check_archive,
        ),
    ),
)
RECENT = 10
"""So many intervals tell a heart's own pace."""


@dataclass(frozen=True, eq=False)
class Beats:
    """Windows around the beats of some records, in the order of the records.

    Arguments:
        windows: int16 (n, 128): 180 Hz, 200 units per mV, the beat at index 50.
        labels: (n,) index into N, S, V, F, Q.
        record: (n,) number of the record.
        sample: (n,) place of the beat in the record, at 360 Hz.
    """

    windows: np.ndarray
    labels: np.ndarray
    record: np.ndarray
    sample: np.ndarray


def load_mitbih(
    folder: str | Path | None = None,
    *,
    classes: str = CLASSES,
    intervals: bool = True,
    usual: bool = False,
) -> Splits:
    """Heart beats in five classes of the AAMI; other patients train than those that test.

    N: normal and bundle branch block, S: supraventricular ectopic, V: ventricular ectopic, F:
    fusion of both, Q: paced or unknown. The split is de Chazal's: the 22 records DS1 train, the
    22 of DS2 test, the four paced ones (102, 104, 107, 217) are left out. Classes are very
    unequal (nine beats in ten are N): judge by each class's recall or F1, not by accuracy.

    Arguments:
        folder: Holds PhysioNet's archive or its unpacked files, or ``beats.npz`` that was made
            of them. None: the folder for data, filled from the net if need be (see `Home.find`).
        classes: Which classes to keep, such as ``"NSVF"``: there are only 15 beats of Q in all.
        intervals: Add two channels, constant over the window: the interval to the beat before
            and to the beat after, each by the mean of the last ten. A premature beat is told by
            them more than by its shape.
        usual: Give each beat beside the usual one of its heart (see `beside_usual`): two channels
            instead of one, without unit.
    Returns:
        Splits with inputs (n, 128, 3), or (n, 128, 1) without intervals, and one channel more with
        the usual beat: the lead MLII in mV at 180 Hz from 0.278 s before the beat. `groups` are
        patients: the record's number, and 201 for the records 201 and 202, which are of one person
        though de Chazal parts them.
    Raises:
        DataError: The file is missing, damaged, or has other labels or records.
        ParameterError: No such class.
    Source: P. de Chazal, M. O'Dwyer & R. Reilly 2004, IEEE Trans. Biomed. Eng. 51(7).
    """
    if len(set(classes)) != len(classes) or not set(classes) <= set(CLASSES) or len(classes) < 2:
        raise ParameterError(
            f"classes must be at least two of {CLASSES!r}, each once, got {classes!r}.",
            hint='classes="NSVF" leaves out the few beats of Q',
        )
    beats = read_beats(HOME.find(folder))
    waves = beats.windows / np.float32(PER_MV)
    channels = [beside_usual(waves, beats.record) if usual else waves[:, :, None]]
    if intervals:
        told = relative_intervals(beats.record, beats.sample)
        channels.append(np.repeat(told[:, None, :], waves.shape[1], axis=1))
    everything, record = _dataset(beats, np.concatenate(channels, axis=2), classes)
    parts = []
    for records, role in ((DS1, "train"), (DS2, "test")):
        parts.append(replace(everything[np.isin(record, records)], name=f"MIT-BIH {role}"))
        check_classes(parts[-1])
    return Splits(*parts)


def read_beats(folder: Path) -> Beats:
    """The beats of all records, from ``beats.npz``; made from the records where it lacks."""
    if not folder.is_dir():
        raise DataError(
            f"{folder}: {'not a folder' if folder.exists() else 'there is no such folder'}.",
            hint="give the folder that holds the heart beats, e.g. --data DIR",
        )
    path = folder / "beats.npz"
    if not path.is_file():
        if not HOME.files[0].is_in(folder):
            raise DataError(
                f"{folder}: neither beats.npz nor {ARCHIVE} nor its files are there.",
                hint="put PhysioNet's archive there as it is",
            )
        made = read_records(folder, (*DS1, *DS2, *PACED))
        if folder == HOME.folder():  # ours to write in: next time it is read at once
            packed = io.BytesIO()
            np.savez_compressed(packed, **made)  # pyright: ignore[reportArgumentType]
            write_file(path, packed.getvalue())
        return Beats(made["X"], made["y"], made["record"], made["sample"])
    found = read_npz(
        path, {"X": ("i", 2), "y": ("iu", 1), "record": ("iu", 1), "sample": ("iu", 1)}
    )
    check_equal_lengths(path, found)
    check_labels(path, found["y"], len(CLASSES))
    strange = np.setdiff1d(found["record"], (*DS1, *DS2, *PACED))
    if len(strange):
        raise DataError(f"{path}: MIT-BIH has no record {strange[0]}.", hint="this is another file")
    if found["X"].shape[1] != 128:
        raise DataError(f"{path}: windows must be of 128 samples, got {found['X'].shape[1]}.")
    return Beats(found["X"], found["y"], found["record"], found["sample"].astype(np.int64))


def _dataset(beats: Beats, inputs: np.ndarray, classes: str) -> tuple[Dataset, np.ndarray]:
    names = np.array(list(CLASSES))[beats.labels]
    kept = np.isin(names, list(classes))
    targets = np.array([classes.find(name) for name in CLASSES])[beats.labels]
    record = beats.record[kept]
    data = Dataset(
        "MIT-BIH",
        inputs[kept].astype(np.float32),
        targets[kept].astype(np.int64),
        tuple(classes),
        SOURCE,
        LICENCE,
        groups=np.where(record == 202, 201, record).astype(str),
        bounds=(-np.inf, np.inf),
    )
    return data, record


def relative_intervals(record: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """Interval before and after each beat, by the mean of the last ten before it.

    Where a record begins or ends, the missing interval counts as an average one.

    Arguments:
        record: (n,) the record of each beat; beats of a record stand together, in order.
        sample: (n,) its place.
    Returns:
        float32 (n, 2), at most 4.
    """
    told = np.ones((len(sample), 2), np.float32)
    for number in np.unique(record):
        rows = np.flatnonzero(record == number)
        if len(rows) < 2:
            continue
        gaps = np.diff(sample[rows]).astype(np.float64)
        total = np.concatenate([[0.0], np.cumsum(gaps)])
        last = np.arange(1, len(gaps) + 1)
        first = np.maximum(last - RECENT, 0)
        pace = np.maximum((total[last] - total[first]) / (last - first), 1e-9)
        told[rows[1:], 0] = gaps / pace
        told[rows[1:-1], 1] = gaps[1:] / pace[:-1]
    return np.clip(told, 0, 4)

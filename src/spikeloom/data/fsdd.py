"""The Free Spoken Digit Dataset: six people say ten digits fifty times."""

from __future__ import annotations

import hashlib
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from spikeloom.data.dataset import Dataset, Splits
from spikeloom.data.folds import by_rows
from spikeloom.data.home import Home, Remote
from spikeloom.data.wav import AGAIN, read_wav
from spikeloom.errors import DataError, ParameterError, suggest

SOURCE = "Z. Jackson and contributors, Free Spoken Digit Dataset (2016-2020)"
LICENCE = "CC BY-SA 4.0"
REVISION = "26eb9aaf76e81b692f806f9140c2d2777410d7a1"
CONTENT = "dbd573d7cafe79c4b49f65718115e1304e24e067fa39eff18a660dc6cb9c360f"
"""sha256 of the lines ``name sha256`` of all recordings: the host packs an archive anew at will."""
NAME = re.compile(r"(\d+)_([a-z]+)_(\d+)\.wav")
OFFICIAL = 5
"""Recordings 0 to 4 of each digit and speaker are the test."""


def check_archive(path: Path) -> None:
    """Refuse an archive that does not hold the 3,000 recordings, to the bit."""
    lines = sorted(f"{name} {hashlib.sha256(body).hexdigest()}\n" for name, body in _unpacked(path))
    if hashlib.sha256("".join(lines).encode()).hexdigest() != CONTENT:
        raise DataError(
            f"{path}: its {len(lines):,} recordings are not those of revision {REVISION[:8]}.",
            hint=AGAIN,
        )


HOME = Home(
    "The Free Spoken Digit Dataset",
    "fsdd",
    (
        Remote(
            "recordings.tar.gz",
            f"https://github.com/Jakobovski/free-spoken-digit-dataset/archive/{REVISION}.tar.gz",
            None,
            16_000_000,
            instead=("recordings",),
            check=check_archive,
        ),
    ),
)


class Front(Protocol):
    """What turns a sound into what a network takes, such as `LogMel`."""

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest value that comes out."""
        ...

    def __call__(self, sound: np.ndarray, rate: int) -> np.ndarray:
        """Sound (samples,) at a rate in Hz to a float32 array (frames, features)."""
        ...


def load_fsdd(
    folder: str | Path | None = None,
    *,
    speaker: str | None = None,
    front: Front | None = None,
    rate: int | None = None,
) -> Splits:
    """Spoken digits 0 to 9 by six speakers: 3,000 recordings of about 0.4 s at 8 kHz.

    Arguments:
        folder: Holds ``recordings.tar.gz``, or the WAV files ``{digit}_{speaker}_{index}.wav``
            themselves, there or in a folder ``recordings``. None: the folder for data, filled
            from the net if need be (see `Home.find`).
        speaker: None: the official split, recordings 0 to 4 of each digit and speaker are the
            test. A name: this speaker is the test, the other five train. For all six in turn:
            ``leave_one_group_out(load_fsdd(folder).together())``.
        front: Turns each sound into frames of features, such as `LogMel()`; None leaves the
            waveform, one value in [-1, 1] for each sample.
        rate: Sampling rate in Hz to which every recording is brought; None: they must agree.
    Returns:
        Splits with inputs (n, longest, features), or (n, longest, 1) without a front; `lengths`
        says how many rows are real, the rest are zeros; `groups` are the speakers.
    Raises:
        DataError: A file is missing, damaged, empty, named otherwise or of another sampling rate.
        ParameterError: No such speaker.
    Source: Z. Jackson et al., github.com/Jakobovski/free-spoken-digit-dataset.
    """
    folder = HOME.find(folder)
    everything, who, index = _read(folder, front, rate)
    if speaker is None:
        return by_rows(everything, index < OFFICIAL, "train", "test")
    speakers = {str(name) for name in who}
    if speaker not in speakers:
        raise ParameterError(
            f"speaker must be one of those in {folder}, got {speaker!r}.",
            hint=suggest(speaker, speakers),
        )
    return by_rows(everything, who == speaker, f"without {speaker}", speaker)


def _read(
    folder: Path, front: Front | None, rate: int | None
) -> tuple[Dataset, np.ndarray, np.ndarray]:
    """All recordings, who speaks, and the index each carries in its name."""
    found: list[tuple[int, str, int, np.ndarray]] = []
    rates: dict[int, str] = {}
    for name, body in _files(folder):
        match = NAME.fullmatch(name)
        if match is None or int(match[1]) > 9:
            raise DataError(
                f"{folder}: {name} is not named {{digit}}_{{speaker}}_{{index}}.wav "
                "with a digit of 0 to 9.",
                hint="take it away, or name it so",
            )
        sound, its_rate = read_wav(folder / name, rate=rate, content=body)
        rates.setdefault(its_rate, name)
        if len(rates) > 1:
            told = " and ".join(f"{name} has {hertz:,} Hz" for hertz, name in rates.items())
            raise DataError(
                f"{folder}: sampling rates differ: {told}.",
                hint="load_fsdd(folder, rate=8000) brings every recording to one rate",
            )
        rows = sound[:, None] if front is None else front(sound, its_rate)
        found.append((int(match[1]), match[2], int(match[3]), rows))
    if not found:
        raise DataError(
            f"{folder}: holds no recordings.",
            hint="put recordings.tar.gz there, or the WAV files, as they are or in recordings/",
        )
    found.sort(key=lambda each: each[:3])
    lengths = np.array([len(each[3]) for each in found], np.int64)
    inputs = np.zeros((len(found), int(lengths.max()), *found[0][3].shape[1:]), np.float32)
    for row, each in zip(inputs, found, strict=True):
        row[: len(each[3])] = each[3]
    who = np.array([each[1] for each in found])
    data = Dataset(
        "FSDD",
        inputs,
        np.array([each[0] for each in found], np.int64),
        tuple("0123456789"),
        SOURCE,
        LICENCE,
        lengths=lengths,
        groups=who,
        bounds=(-1.0, 1.0) if front is None else front.bounds,
    )
    return data, who, np.array([each[2] for each in found])


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every WAV file, from the archive or from a folder."""
    if not folder.is_dir():
        raise DataError(
            f"{folder}: {'not a folder' if folder.exists() else 'there is no such folder'}.",
            hint="give the folder that holds FSDD's recordings.tar.gz, e.g. --data DIR",
        )
    archive = folder / "recordings.tar.gz"
    if archive.is_file():
        yield from _unpacked(archive)
        return
    place = folder / "recordings" if (folder / "recordings").is_dir() else folder
    for path in sorted(place.glob("*.wav")):
        try:
            yield path.name, path.read_bytes()
        except OSError as fault:
            raise DataError(f"{path}: cannot be read ({fault.strerror}).") from fault


def _unpacked(archive: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(archive, "r|gz") as packed:
            for member in packed:
                path = Path(member.name)  # in the host's own archive lies more than recordings
                wanted = path.suffix == ".wav" and path.parent.name in ("recordings", "")
                file = packed.extractfile(member) if wanted else None
                if file is not None:
                    yield path.name, file.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as fault:
        raise DataError(f"{archive}: a damaged archive ({fault}).", hint=AGAIN) from fault

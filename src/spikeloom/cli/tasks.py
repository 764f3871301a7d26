"""What `spikeloom train` can learn, and how the data of each task are read and divided."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from spikeloom.errors import ConfigError

if TYPE_CHECKING:
    from spikeloom.data import Splits


class Task(StrEnum):
    """What there is to learn."""

    digits = "digits"
    mnist = "mnist"
    fashion_mnist = "fashion-mnist"
    fsdd = "fsdd"
    nmnist = "nmnist"
    mitbih = "mitbih"


class Split(StrEnum):
    """Who is kept for the test."""

    official = "official"
    speakers = "speakers"
    folds = "folds"


FOLDS = 5
SPLITS: dict[Task, tuple[Split, ...]] = {
    Task.fsdd: (Split.official, Split.speakers),
    Task.nmnist: (Split.folds, Split.official),
}
"""The first is the default; every other task knows its official split alone."""
STEPS = 8
"""Frames of an event camera's recording."""
FRAMES, BANDS = 48, 40
"""Size of a spectrogram: every recording is stretched to as many frames."""
RANGE_DB = 40.0
"""From the loudest of a recording down to what counts as silence."""


def split_of(task: Task, split: Split | None) -> Split:
    """The split to take, checked.

    Raises:
        ConfigError: The task has no such split.
    """
    known = SPLITS.get(task, (Split.official,))
    if split is None:
        return known[0]
    if split not in known:
        raise ConfigError(
            f"{task} has no --split {split}.", hint=f"it has: {', '.join(k.value for k in known)}"
        )
    return split


def read_task(
    task: Task, folder: Path | None, split: Split, folds: int = FOLDS
) -> list[tuple[str, Splits]]:
    """Name and data of every division; one without a name if there is only one.

    Arguments:
        task: What is learnt.
        folder: The user's ``--data``; None: where `spikeloom.data` keeps the set, or fetches it.
        split: Which division.
        folds: How many, where they are folds.

    Raises:
        ConfigError: A folder where none is needed.
        DataError: The data are missing, cannot be fetched, or are damaged.
    """
    if task is Task.digits:
        from spikeloom.data import load_digits

        if folder is not None:
            raise ConfigError(
                "digits needs no --data: the images come with spikeloom.", hint="leave --data out"
            )
        return [("", load_digits())]
    whole = READERS[task](folder)
    if split is Split.official:
        return [("", whole)]
    from spikeloom.data import k_fold, leave_one_group_out

    if split is Split.speakers:
        return list(leave_one_group_out(whole.together()))
    parts = k_fold(whole.together(), folds)
    return [(f"{number}", part) for number, part in enumerate(parts, start=1)]


def _mnist(folder: Path | None) -> Splits:
    from spikeloom.data import load_mnist

    return load_mnist(folder)


def _fashion(folder: Path | None) -> Splits:
    from spikeloom.data import load_fashion_mnist

    return load_fashion_mnist(folder)


def _fsdd(folder: Path | None) -> Splits:
    from spikeloom.data import LogMel, Trimmed, load_fsdd, stretched

    # What is 40 dB under the loudest is the room's, not the speaker's: it is left out.
    front = Trimmed(LogMel(bands=BANDS, range_db=RANGE_DB), below_db=RANGE_DB)
    splits = load_fsdd(folder, front=front)
    return type(splits)(stretched(splits.train, FRAMES), stretched(splits.test, FRAMES))


def _nmnist(folder: Path | None) -> Splits:
    from spikeloom.data import FramesByTime, load_nmnist

    return load_nmnist(folder, transform=FramesByTime(STEPS, cap=1))


def _mitbih(folder: Path | None) -> Splits:
    from spikeloom.data import load_mitbih

    return load_mitbih(folder, classes="NSVF", usual=True)


READERS: dict[Task, Callable[[Path | None], Splits]] = {
    Task.mnist: _mnist,
    Task.fashion_mnist: _fashion,
    Task.fsdd: _fsdd,
    Task.nmnist: _nmnist,
    Task.mitbih: _mitbih,
}

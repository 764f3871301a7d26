"""The data sets themselves, where they lie beside the checkout; elsewhere all this is skipped."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from spikeloom.data import (
    LogMel,
    k_fold,
    leave_one_group_out,
    load_fashion_mnist,
    load_fsdd,
    load_mitbih,
    load_mnist,
    load_nmnist,
)
from spikeloom.data.fsdd import check_archive
from spikeloom.data.mitbih_records import read_records

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def place(name: str) -> Path:
    if not (SHARED / name).is_dir():
        pytest.skip(f"no {name} beside the checkout")
    return SHARED / name


@pytest.mark.parametrize(
    "load, name", [(load_mnist, "mnist"), (load_fashion_mnist, "fashion-mnist")]
)
def test_images(load, name: str) -> None:
    splits = load(place(name))
    assert (len(splits.train), len(splits.test)) == (60_000, 10_000)
    if name == "fashion-mnist":
        assert set(np.bincount(splits.train.targets)) == {6000}


@pytest.mark.slow
def test_spoken_digits() -> None:
    folder = place("fsdd")
    check_archive(folder / "recordings.tar.gz")
    splits = load_fsdd(folder, front=LogMel(bands=20))
    assert (len(splits.train), len(splits.test)) == (2700, 300)
    assert set(np.bincount(splits.test.targets)) == {30}
    assert [len(s.test) for _, s in leave_one_group_out(splits.together())] == [500] * 6


@pytest.mark.slow
def test_event_recordings() -> None:
    splits = load_nmnist(place("nmnist-small"))
    assert splits.train.inputs.sum() == 4_133_231 and splits.test.inputs.sum() == 385_596
    assert [len(s.test) for s in k_fold(splits.together(), 5)] == [220] * 5


def test_heart_beats() -> None:
    splits = load_mitbih(place("mitbih-arrhythmia"), intervals=False)
    assert np.bincount(splits.train.targets).tolist() == [45846, 944, 3788, 414, 8]
    assert np.bincount(splits.test.targets).tolist() == [44239, 1837, 3220, 388, 7]


def test_heart_beats_from_the_records_are_those_of_the_file(tmp_path: Path) -> None:
    folder = place("mitbih-arrhythmia")
    with tarfile.open(folder / "records_100_208.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    made = read_records(next(tmp_path.rglob("100.hea")).parent, (100, 208), whole=False)
    with np.load(folder / "beats.npz") as known:
        rows = np.isin(known["record"], (100, 208))
        assert (known["y"][rows] == made["y"]).all()
        assert (known["sample"][rows] == made["sample"]).all()
        # That file was made with another filter of the same width: 2 units are 0.01 mV.
        assert np.abs(known["X"][rows].astype(int) - made["X"]).max() <= 2

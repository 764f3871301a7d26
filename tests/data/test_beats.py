"""Heart beats: the split between patients, the intervals, and files that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikeloom.data import beside_usual, load_mitbih
from spikeloom.data.mitbih import DS1, DS2, relative_intervals
from spikeloom.errors import DataError, ParameterError


def beats(folder: Path, **changes: np.ndarray) -> Path:
    """Ten beats of each of six records, two of them of the training side and one of nobody's."""
    records = np.repeat([100, 101, 102, 106, 201, 202], 10)
    n = len(records)
    arrays = {
        "X": np.arange(n * 128, dtype=np.int16).reshape(n, 128) % 200,
        "y": (np.arange(n) % 5).astype(np.uint8),
        "record": records.astype(np.uint16),
        "sample": (np.tile(np.arange(10) * 300, 6) + 100).astype(np.uint32),
    }
    np.savez(folder / "beats.npz", **(arrays | changes))
    return folder


def test_no_record_is_on_both_sides_and_the_paced_ones_on_neither() -> None:
    assert len(DS1) == len(DS2) == 22 and not set(DS1) & set(DS2)
    assert not {102, 104, 107, 217} & {*DS1, *DS2}


def test_patients_are_groups_and_values_are_millivolts(tmp_path: Path) -> None:
    splits = load_mitbih(beats(tmp_path))
    assert splits.train.inputs.shape == (30, 128, 3) and splits.test.inputs.shape == (20, 128, 3)
    assert splits.train.groups is not None and splits.test.groups is not None
    assert sorted(set(splits.train.groups)) == ["101", "106", "201"]
    assert sorted(set(splits.test.groups)) == ["100", "201"]  # 202 is the person of 201
    assert splits.test.inputs[0, 7, 0] == np.float32(7 / 200)
    assert load_mitbih(tmp_path, intervals=False).train.inputs.shape == (30, 128, 1)


def test_some_classes_only(tmp_path: Path) -> None:
    splits = load_mitbih(beats(tmp_path), classes="VN")
    assert splits.train.classes == ("V", "N")
    assert np.bincount(splits.train.targets).tolist() == [6, 6]
    for wrong in ("N", "NX", "NN"):
        with pytest.raises(ParameterError, match="classes must be"):
            load_mitbih(tmp_path, classes=wrong)


def test_a_premature_beat_has_a_short_interval_before_and_a_long_one_after() -> None:
    sample = np.cumsum([0, *[300] * 12, 150, 450, 300])
    told = relative_intervals(np.full(len(sample), 100), sample)
    early = 13
    assert told[early - 1].tolist() == pytest.approx([1, 0.5])
    assert told[early].tolist() == pytest.approx([150 / 285, 450 / 285])
    assert told[0].tolist() == [1, 1] and told[-1, 1] == 1
    assert relative_intervals(np.array([100]), np.array([5])).tolist() == [[1, 1]]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"y": np.full(60, 7, np.uint8)}, "number 0 is 7"),
        ({"y": np.zeros(59, np.uint8)}, "lengths differ"),
        ({"y": np.zeros(60, np.uint8)}, "all 30 examples are of class 'N'"),
        ({"record": np.full(60, 99, np.uint16)}, "no record 99"),
        ({"record": np.full(60, 100, np.uint16)}, "there are no examples"),
        ({"X": np.zeros((60, 64), np.int16)}, "128 samples"),
        ({"X": np.zeros((60, 128))}, "kind 'i'"),
    ],
)
def test_archives_that_do_not_fit(tmp_path: Path, changes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        load_mitbih(beats(tmp_path, **changes))


def test_missing_and_damaged_archives(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        load_mitbih(tmp_path / "x")
    with pytest.raises(DataError, match=r"neither beats\.npz nor"):
        load_mitbih(tmp_path)
    path = beats(tmp_path) / "beats.npz"
    whole = path.read_bytes()
    for body in (whole[:-100], whole[: len(whole) // 2], b"", b"PK\3\4"):
        path.write_bytes(body)
        with pytest.raises(DataError) as caught:
            load_mitbih(tmp_path)
        assert str(path) in caught.value.message
    np.savez(path, X=np.zeros((1, 128), np.int16))
    with pytest.raises(DataError, match="lacks record, sample, y"):
        load_mitbih(tmp_path)


def test_a_beat_is_told_beside_what_came_before_it_in_its_own_record(tmp_path: Path) -> None:
    shape = np.zeros(128)
    shape[40:60] = np.hanning(20) / np.hanning(20).max()
    windows = np.concatenate([np.outer([1, 1, 3, 1], shape), np.outer([0.5, 0.5], shape)])
    told = beside_usual(windows + 7.0, np.array([1, 1, 1, 1, 2, 2]))  # the baseline is gone
    assert told.dtype == np.float32 and np.allclose(told[:, :, 1].max(1), 1, atol=0.02)
    sizes = np.abs(told[:, :, 0]).max(1)
    # 1; 1; 3 beside 1; 1 beside (1 + 1 + 3) / 3; a patient with half the signal is no other heart
    assert np.allclose(sizes, [1, 1, 3, 0.6, 1, 1], rtol=0.02)
    later = windows.copy()
    later[3] = -later[3]
    assert np.array_equal(
        beside_usual(later, np.ones(6))[:3], beside_usual(windows, np.ones(6))[:3]
    )
    assert np.isfinite(beside_usual(np.zeros((3, 128)), np.zeros(3))).all()
    assert load_mitbih(beats(tmp_path), usual=True).train.inputs.shape == (30, 128, 4)

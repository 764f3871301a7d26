"""Recordings: WAV files and spoken digits, their splits, and every kind of damage."""

from __future__ import annotations

import io
import tarfile
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.data import (
    Dataset,
    LogMel,
    k_fold,
    leave_one_group_out,
    load_fsdd,
    read_wav,
)
from spikeloom.errors import DataError, ParameterError, ShapeError

SPEAKERS = ("ann", "bob")


def wav(samples: np.ndarray, rate: int = 8000, width: int = 2, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", "NONE"))
        file.writeframes(samples.tobytes())
    return out.getvalue()


def spoken(folder: Path, *, packed: bool = False, count: int = 7, rate: int = 8000) -> Path:
    """Two speakers, two digits, `count` recordings of each; as files or as the archive."""
    rng = np.random.default_rng(3)
    files = {
        f"{digit}_{who}_{index}.wav": wav(
            rng.integers(-9000, 9000, 300 + 10 * index + digit).astype("<i2"), rate
        )
        for digit in (0, 1)
        for who in SPEAKERS
        for index in range(count)
    }
    if not packed:
        (folder / "recordings").mkdir()
        for name, body in files.items():
            (folder / "recordings" / name).write_bytes(body)
        return folder
    with tarfile.open(folder / "recordings.tar.gz", "w:gz") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(f"recordings/{name}")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return folder


@pytest.mark.parametrize(
    "width, raw, expected",
    [
        (1, np.array([0, 128, 192], np.uint8), [-1, 0, 0.5]),
        (2, np.array([-32768, 0, 16384], "<i2"), [-1, 0, 0.5]),
        (3, np.frombuffer(b"\0\0\x80\0\0\0\0\0\x40", np.uint8), [-1, 0, 0.5]),
        (4, np.array([-(2**31), 0, 2**30], "<i4"), [-1, 0, 0.5]),
    ],
)
def test_every_width_of_number(tmp_path: Path, width: int, raw: np.ndarray, expected) -> None:
    (tmp_path / "a.wav").write_bytes(wav(raw, width=width))
    sound, rate = read_wav(tmp_path / "a.wav")
    assert sound.tolist() == expected and rate == 8000 and sound.dtype == np.float32


def test_channels_are_averaged_and_the_rate_is_changed() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    both = (np.stack([tone, np.zeros_like(tone)], 1) * 32767).astype("<i2")
    sound, rate = read_wav("both", rate=8000, content=wav(both, 16000, channels=2))
    assert rate == 8000 and sound.shape == (8000,)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    assert np.abs(sound - expected)[100:-100].max() < 1e-3


@pytest.mark.parametrize(
    "body, words",
    [
        (b"", "not a readable WAV"),
        (b"RIFF\0\0\0\0WAVE", "not a readable WAV"),
        (b"no sound at all", "not a readable WAV"),
        (wav(np.zeros(100, "<i2"))[:-40], "cut short"),
        (wav(np.zeros(0, "<i2")), "empty recording"),
    ],
)
def test_damaged_recordings_are_named(tmp_path: Path, body: bytes, words: str) -> None:
    path = tmp_path / "digit.wav"
    path.write_bytes(body)
    with pytest.raises(DataError, match=words) as caught:
        read_wav(path)
    assert str(path) in caught.value.message


@given(st.lists(st.tuples(st.integers(0, 59), st.integers(0, 255)), max_size=4), st.integers(0, 90))
def test_any_bytes_give_a_sound_or_a_data_error(changes: list[tuple[int, int]], cut: int) -> None:
    body = bytearray(wav(np.arange(40, dtype="<i2")))
    for place, value in changes:
        body[place] = value
    try:
        sound, rate = read_wav("fuzzed.wav", content=bytes(body[: len(body) - cut]))
        assert np.abs(sound).max() <= 1 and rate > 0
    except DataError as fault:
        assert "fuzzed.wav" in fault.message


@pytest.mark.parametrize("packed", [False, True])
def test_the_official_split(tmp_path: Path, packed: bool) -> None:
    splits = load_fsdd(spoken(tmp_path, packed=packed))
    assert len(splits.test) == 2 * 2 * 5 and len(splits.train) == 2 * 2 * 2
    lengths, inputs = splits.train.lengths, splits.train.inputs
    assert lengths is not None and sorted(lengths) == [350, 350, 351, 351, 360, 360, 361, 361]
    for row, length in zip(inputs, lengths, strict=True):
        assert row[:length].any() and not row[length:].any()
    both = splits.together()
    assert (
        both.name == "FSDD"
        and len(both) == 28
        and len(np.unique(both.inputs[:, :, 0], axis=0)) == 28
    )


def test_a_speaker_left_out(tmp_path: Path) -> None:
    splits = load_fsdd(spoken(tmp_path), speaker="bob")
    assert splits.test.groups is not None and set(splits.test.groups) == {"bob"}
    assert splits.train.groups is not None and set(splits.train.groups) == {"ann"}
    names = [name for name, _ in leave_one_group_out(load_fsdd(tmp_path).together())]
    assert names == list(SPEAKERS)
    with pytest.raises(ParameterError, match="did you mean 'bob'"):
        load_fsdd(tmp_path, speaker="rob")


def test_rates_that_differ_are_refused_or_resampled(tmp_path: Path) -> None:
    spoken(tmp_path)
    other = wav(np.ones(1600, "<i2"), 16000)
    (tmp_path / "recordings" / "1_bob_9.wav").write_bytes(other)
    with pytest.raises(DataError, match=r"8,000 Hz and 1_bob_9\.wav has 16,000 Hz") as caught:
        load_fsdd(tmp_path)
    assert "rate=8000" in (caught.value.hint or "")
    assert load_fsdd(tmp_path, rate=8000).train.inputs.shape[1] == 800


@pytest.mark.parametrize("name", ["12_ann_0.wav", "nine_ann_0.wav", "1-ann-0.wav"])
def test_labels_that_are_none(tmp_path: Path, name: str) -> None:
    spoken(tmp_path)
    (tmp_path / "recordings" / name).write_bytes(wav(np.ones(5, "<i2")))
    with pytest.raises(DataError, match="not named"):
        load_fsdd(tmp_path)


def test_a_split_without_examples_or_with_one_class(tmp_path: Path) -> None:
    spoken(tmp_path, count=5)
    with pytest.raises(DataError, match="FSDD train: there are no examples"):
        load_fsdd(tmp_path)
    for path in (tmp_path / "recordings").glob("1_bob_*"):
        path.unlink()
    with pytest.raises(DataError, match="all 5 examples are of class '0'"):
        load_fsdd(tmp_path, speaker="bob")


def test_damaged_or_missing_archives(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no recordings"):
        load_fsdd(tmp_path)
    path = spoken(tmp_path, packed=True) / "recordings.tar.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DataError, match="damaged archive"):
        load_fsdd(tmp_path)


def test_folds_share_out_every_class_and_every_example() -> None:
    n = 1100
    targets = np.random.default_rng(1).integers(0, 10, n)
    inputs = np.arange(n, dtype=np.float32)[:, None] / n
    data = Dataset("made", inputs, targets, tuple("0123456789"), "made up", "CC0")
    seen = []
    for splits in k_fold(data, 5):
        assert len(splits.test) == 220
        seen += splits.test.inputs[:, 0].tolist()
        counts = np.bincount(splits.test.targets, minlength=10)
        assert np.abs(counts - np.bincount(targets, minlength=10) / 5).max() < 1
        assert not set(splits.test.inputs[:, 0]) & set(splits.train.inputs[:, 0])
    assert sorted(seen) == sorted(inputs[:, 0].tolist())
    with pytest.raises(ParameterError, match="folds must be 2 to"):
        next(k_fold(data, 1))
    with pytest.raises(DataError, match="does not say which group"):
        next(leave_one_group_out(data))


def test_a_tone_lights_the_band_of_its_pitch() -> None:
    front = LogMel(bands=40)
    places = []
    for hertz in np.geomspace(250, 3500, 9):
        tone = np.sin(2 * np.pi * hertz * np.arange(4000) / 8000)
        places.append(int(front(tone, 8000).sum(0).argmax()))
    assert (np.diff(places) > 0).all()
    assert not front(np.zeros(4000), 8000).any()


def test_loudness_does_not_matter_beside_the_peak_but_beside_full_scale() -> None:
    sound = np.random.default_rng(2).normal(size=2000) * 0.1
    assert np.allclose(LogMel()(sound, 8000), LogMel()(sound / 10, 8000), atol=1e-5)
    absolute = LogMel(reference="full scale", range_db=120)
    inner = absolute(sound, 8000)
    assert np.allclose(inner - absolute(sound / 10, 8000), 20 / 120, atol=1e-3)


@pytest.mark.parametrize("length", [1, 2, 199, 200, 201, 280, 281, 8000])
def test_every_sample_is_in_some_frame(length: int) -> None:
    frames = LogMel(bands=8)(np.ones(length, np.float32), 8000)
    assert frames.shape == (1 + max(0, -(-(length - 200) // 80)), 8)
    assert frames.dtype == np.float32 and np.isfinite(frames).all()


def test_front_ends_refuse_what_they_cannot_take() -> None:
    with pytest.raises(ShapeError, match="at least one sample"):
        LogMel()(np.zeros(0), 8000)
    with pytest.raises(ParameterError, match="NaN"):
        LogMel()(np.full(9, np.nan), 8000)
    with pytest.raises(ParameterError, match="sampling rate"):
        LogMel(high_hz=6000)(np.ones(9), 8000)
    for wrong in ({"bands": 0}, {"hop_ms": 0}, {"reference": "x"}, {"high_hz": 1.0}):
        with pytest.raises(ParameterError):
            LogMel(**wrong)
    front = LogMel(bands=64, hop_ms=5)
    assert eval(repr(front)) == front


def test_spectrograms_as_inputs(tmp_path: Path) -> None:
    splits = load_fsdd(spoken(tmp_path), front=LogMel(bands=12))
    assert splits.train.inputs.shape == (8, 4, 12) and splits.train.bounds == (0, 1)
    assert splits.train.lengths is not None and set(splits.train.lengths) == {3, 4}

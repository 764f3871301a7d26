"""Events: no event is lost or counted twice, and order within an instant does not matter."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.data import (
    Denoise,
    Events,
    FramesByCount,
    FramesByTime,
    TimeSurface,
    VoxelGrid,
    load_nmnist,
    read_atis,
    read_nmnist,
    slices_by_count,
    slices_by_time,
)
from spikeloom.errors import DataError, ParameterError, ShapeError

SHAPE = (5, 7)


def stream(n: int, seed: int = 0, span: int = 50, shape: tuple[int, int] = SHAPE) -> Events:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, shape[1], n), rng.integers(0, shape[0], n)
    return Events(np.sort(rng.integers(0, span, n)), x, y, rng.integers(0, 2, n), shape)


def mixed(events: Events, seed: int) -> Events:
    """The same events, those of equal time in another order."""
    draw = np.random.default_rng(seed).permutation(len(events))
    return events[draw[np.argsort(events.t[draw], kind="stable")]]


MAKERS = [
    FramesByTime(6),
    FramesByTime(1),
    FramesByCount(6),
    FramesByCount(6, polarities=1),
    VoxelGrid(6),
    VoxelGrid(1),
    TimeSurface(6, tau_us=9.0),
]


@given(n=st.integers(0, 60), seed=st.integers(0, 99), span=st.integers(1, 200))
@pytest.mark.parametrize("make", MAKERS[:6], ids=repr)
def test_the_sum_of_all_frames_is_the_number_of_events(make, n: int, seed: int, span: int) -> None:
    frames = make(stream(n, seed, span))
    assert frames.dtype == np.float32 and frames.shape[0] == make.steps
    assert frames.sum() == pytest.approx(n, rel=1e-6)


@given(n=st.integers(0, 60), seed=st.integers(0, 99))
@pytest.mark.parametrize("make", [*MAKERS, Denoise(window_us=5)], ids=repr)
def test_order_within_an_instant_does_not_matter(make, n: int, seed: int) -> None:
    events = stream(n, seed, span=12)
    a, b = make(events), make(mixed(events, seed + 1))
    if isinstance(a, Events):
        a, b = (np.sort(each.structured(), order=["t", "x", "y", "p"]) for each in (a, b))
        assert (a == b).all()
    else:
        assert np.allclose(a, b)


def test_frames_are_those_of_a_loop_over_events() -> None:
    events = stream(300, 5)
    by_time, surface = np.zeros((4, 2, *SHAPE)), np.zeros((4, 2, *SHAPE))
    voxels = np.zeros((4, 2, *SHAPE))
    start, span = events.t[0], events.duration_us
    for t, x, y, p in zip(events.t, events.x, events.y, events.p, strict=True):
        by_time[min(4 * (t - start) // span, 3), p, y, x] += 1
        for k in range(4):
            voxels[k, p, y, x] += max(0, 1 - abs(3 * (t - start) / span - k))
            end = start + span * (k + 1) / 4
            if t <= end:  # later events are fresher, and come later in the loop
                surface[k, p, y, x] = np.exp((t - end) / 9.0)
    assert (FramesByTime(4)(events) == by_time).all()
    assert np.allclose(VoxelGrid(4)(events), voxels, atol=1e-5)
    assert np.allclose(TimeSurface(4, tau_us=9.0)(events), surface, atol=1e-6)


def test_the_last_event_belongs_to_the_last_frame() -> None:
    events = Events(t=[0, 3, 6, 10], x=[0] * 4, y=[0] * 4, p=[0] * 4, shape=(1, 1))
    assert FramesByTime(5)(events)[:, 0, 0, 0].tolist() == [1, 1, 0, 1, 1]
    assert FramesByTime(5, span_us=10)(events)[-1].sum() == 1
    assert FramesByTime(5, span_us=9)(events).sum() == 3  # the last one is outside
    assert FramesByTime(2, span_us=100)(events)[:, 0, 0, 0].tolist() == [4, 0]


def test_channels_caps_and_signs() -> None:
    events = Events(t=[0, 1, 2, 9], x=[0] * 4, y=[0] * 4, p=[1, 1, 0, 1], shape=(1, 1))
    assert FramesByTime(1)(events).ravel().tolist() == [1, 3]
    assert FramesByTime(1, polarities=1)(events).ravel().tolist() == [4]
    assert FramesByTime(1, cap=2)(events).ravel().tolist() == [1, 2]
    assert VoxelGrid(1, polarities=1, signed=True)(events).ravel().tolist() == [2]
    for wrong in (
        lambda: FramesByTime(0),
        lambda: FramesByTime(span_us=0),
        lambda: FramesByCount(polarities=3),
        lambda: FramesByCount(cap=0),
        lambda: VoxelGrid(signed=True),
        lambda: TimeSurface(tau_us=0),
        lambda: Denoise(0),
        lambda: list(slices_by_time(events, 0)),
        lambda: list(slices_by_count(events, 0)),
    ):
        with pytest.raises(ParameterError):
            wrong()
    for make in MAKERS:
        assert eval(repr(make)) == make


@given(n=st.integers(0, 40), seed=st.integers(0, 99), window=st.integers(1, 30))
def test_denoising_is_that_of_a_loop(n: int, seed: int, window: int) -> None:
    events = stream(n, seed, span=120)
    expected = []
    for i in range(n):
        near = (
            (np.abs(events.x - events.x[i]) <= 1)
            & (np.abs(events.y - events.y[i]) <= 1)
            & ((events.x != events.x[i]) | (events.y != events.y[i]))
            & (events.t <= events.t[i])
            & (events.t >= events.t[i] - window)
        )
        if near.any():
            expected.append(i)
    assert (Denoise(window)(events).structured() == events.structured()[expected]).all()


@given(n=st.integers(0, 40), seed=st.integers(0, 99), size=st.integers(1, 30))
def test_slices_hold_every_event_once(n: int, seed: int, size: int) -> None:
    events = stream(n, seed)
    for pieces in (slices_by_time(events, size), slices_by_count(events, size)):
        parts = [piece.structured() for piece in pieces]
        joined = np.concatenate(parts) if parts else events.structured()[:0]
        assert (joined == events.structured()).all()
    if n:
        widest = max(piece.duration_us for piece in slices_by_time(events, size, 3))
        assert widest < size


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"t": [5, 4]}, "times must not fall, but event 1 is at 4"),
        ({"x": [0, 7]}, "x must lie in 0 to 6, got 0 to 7"),
        ({"y": [-1, 0]}, "y must lie in 0 to 4"),
        ({"p": [-1, 1]}, "p must lie in 0 to 1"),
    ],
)
def test_events_that_are_none(changes: dict[str, list[int]], words: str) -> None:
    parts = {"t": [0, 1], "x": [0, 1], "y": [0, 1], "p": [0, 1]} | changes
    with pytest.raises(DataError, match=words):
        Events(**parts, shape=SHAPE)


def test_arrays_of_other_forms_are_refused() -> None:
    with pytest.raises(ShapeError, match="one length"):
        Events([0], [0, 1], [0], [0], SHAPE)
    with pytest.raises(ShapeError, match="whole numbers"):
        Events([0.5], [0], [0], [0], SHAPE)
    with pytest.raises(ShapeError, match="fields t, x, y and p"):
        Events.of(np.zeros(3), SHAPE)
    with pytest.raises(ShapeError, match="how large the sensor is"):
        Events.of(stream(3).structured())


def test_structured_arrays_come_and_go() -> None:
    events = stream(50)
    assert (Events.of(events.structured(), SHAPE).structured() == events.structured()).all()
    form = [("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "<i2")]
    other = np.array([(9, 1, 2, -1), (3, 0, 0, 1)], form)  # out of order, polarities -1 and 1
    assert Events.of(other, SHAPE).structured().tolist() == [(0, 0, 3, 1), (1, 2, 9, 0)]


# ---- files


def atis(events: Events) -> bytes:
    t, high = events.t, events.p.astype(np.int64) << 7
    columns = [events.x, events.y, high | (t >> 16), (t >> 8) & 255, t & 255]
    return np.stack(columns, 1).astype(np.uint8).tobytes()


def recordings(folder: Path, count: int = 12) -> list[Events]:
    """A folder in the data set's own form: Train and Test, digits 0 and 1."""
    made = [stream(30 + i, i, 300_000, (34, 34)) for i in range(count)]
    for role in ("Train", "Test"):
        for i, events in enumerate(made):
            place = folder / role / str(i % 2)
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{i + 1:05d}.bin").write_bytes(atis(events))
    return made


def packed(folder: Path, **changes: np.ndarray) -> Path:
    """The small set's form, with ten recordings of two digits."""
    made = [stream(20 + i, i, 300_000, (34, 34)) for i in range(10)]
    arrays = {name: np.concatenate([getattr(e, name) for e in made]) for name in "txyp"}
    arrays["t"] = arrays["t"].astype(np.uint32)
    arrays["offsets"] = np.cumsum([0, *map(len, made)]).astype(np.uint32)
    arrays["label"] = (np.arange(10) % 2).astype(np.uint8)
    for role in ("train", "test"):
        np.savez(folder / f"{role}.npz", **(arrays | changes))
    return folder


def test_files_of_the_camera_are_read_back(tmp_path: Path) -> None:
    made = recordings(tmp_path)
    train, test = read_nmnist(tmp_path)
    assert len(train) == len(test) == 12
    for number, events in enumerate(made):
        assert (train[number].structured() == events.structured()).all()
        assert train.targets[number] == number % 2
    splits = load_nmnist(tmp_path, transform=(Denoise(50_000), FramesByTime(5, cap=1)))
    assert splits.train.inputs.shape == (12, 5, 2, 34, 34) and splits.train.lengths is None


def test_archives_of_the_camera_are_read_as_they_are(tmp_path: Path) -> None:
    made = recordings(tmp_path / "files")
    for role in ("Train", "Test"):
        shutil.make_archive(str(tmp_path / role), "zip", tmp_path / "files", role)
    train, test = read_nmnist(tmp_path)
    assert len(train) == len(test) == 12
    assert all((train[i].structured() == made[i].structured()).all() for i in range(12))
    (tmp_path / "Test.zip").write_bytes((tmp_path / "Test.zip").read_bytes()[:-30])
    with pytest.raises(DataError, match=r"Test\.zip: a damaged archive"):
        read_nmnist(tmp_path)


def test_a_clock_that_comes_round() -> None:
    rows = [
        [1, 2, 0x80, 0, 5],
        [0, 240, 0, 0, 0],
        [3, 4, 0, 0, 6],
        [5, 240, 0, 0, 0],
        [6, 7, 0, 0, 1],
    ]
    events = read_atis("x.bin", content=np.array(rows, np.uint8).tobytes())
    assert events.t.tolist() == [5, 8192 + 6, 2 * 8192 + 1]
    assert events.x.tolist() == [1, 3, 6] and events.p.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "body, words",
    [(b"abcd", "cut short"), (b"", "empty recording"), (bytes([40, 1, 0, 0, 0]), "x must lie")],
)
def test_damaged_files_are_named(tmp_path: Path, body: bytes, words: str) -> None:
    recordings(tmp_path)
    path = tmp_path / "Train" / "1" / "00002.bin"
    path.write_bytes(body)
    with pytest.raises(DataError, match=words) as caught:
        read_nmnist(tmp_path)
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"label": np.full(10, 12, np.uint8)}, "labels must be 0 to 9"),
        ({"label": np.zeros(10, np.uint8)}, "all 10 examples are of class '0'"),
        ({"x": np.zeros(3, np.uint8)}, "lengths differ"),
        ({"offsets": np.zeros(11, np.uint32)}, "cut short"),
        (
            {"offsets": np.array([0, 0, *range(30, 255, 25), 245], np.uint32)[:11]},
            "cut short|empty",
        ),
        ({"y": np.full(245, 99, np.uint8)}, "recording 0: Events: y must lie"),
    ],
)
def test_archives_that_do_not_fit(tmp_path: Path, changes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        load_nmnist(packed(tmp_path, **changes))


def test_missing_folders_say_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        load_nmnist(tmp_path / "x")
    with pytest.raises(DataError, match=r"neither train\.npz nor Train\.zip nor a folder"):
        load_nmnist(tmp_path)
    (tmp_path / "Train").mkdir()
    with pytest.raises(DataError, match="holds no recordings"):
        load_nmnist(tmp_path)


# ---- transforms of others


class ToFrame:
    """Stands for tonic's: takes a structured array, and makes as many frames as time asks for."""

    def __call__(self, events: np.ndarray) -> np.ndarray:
        assert events.dtype.names == ("x", "y", "t", "p")
        out = np.zeros((1 + int(events["t"].max()) // 20_000, 2, 34, 34), np.int16)
        np.add.at(out, (events["t"] // 20_000, events["p"], events["y"], events["x"]), 1)
        return out


def test_transforms_that_take_structured_arrays(tmp_path: Path) -> None:
    splits = load_nmnist(packed(tmp_path), transform=ToFrame())
    assert splits.train.inputs.sum() == sum(20 + i for i in range(10))
    half = (Denoise(300_000), lambda events: events[::2], FramesByTime(3))
    assert load_nmnist(tmp_path, transform=half).train.inputs.shape[1] == 3
    short = load_nmnist(tmp_path, transform=lambda e: np.ones((1 + e["t"][0] % 3, 4)))
    assert short.train.lengths is not None and short.train.lengths.min() < short.train.shape[0]


@pytest.mark.parametrize(
    "transform, words",
    [
        (Denoise(), "gave events, not frames"),
        (lambda events: events, "not frames"),
        (lambda events: "frames", "not frames"),
        (lambda events: np.full((2, 3), np.nan), "NaN"),
        (lambda events: np.ones((2, len(events))), "different shapes"),
    ],
)
def test_transforms_that_give_no_frames(tmp_path: Path, transform, words: str) -> None:
    with pytest.raises(DataError, match=words):
        load_nmnist(packed(tmp_path), transform=transform)


def test_tonics_own_transforms(tmp_path: Path) -> None:
    pytest.importorskip("tonic", reason="tonic is optional")
    transforms = importlib.import_module("tonic.transforms")
    many = transforms.Compose(
        [
            transforms.Denoise(filter_time=200_000),
            transforms.ToFrame(sensor_size=(34, 34, 2), n_time_bins=4),
        ]
    )
    splits = load_nmnist(packed(tmp_path), transform=many)
    assert splits.train.inputs.shape == (10, 4, 2, 34, 34)

"""Recordings in files: the same objects, at any time, with any end, in constant memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.network.helpers import small

import spikeloom as sl
from spikeloom import ms, mV
from spikeloom.engines.network_run import NetworkRun
from spikeloom.errors import DataError, ParameterError, SpikeloomError, StorageError
from spikeloom.network.recording import stream

h5py = pytest.importorskip("h5py")


def everything(**options: Any) -> tuple[sl.Network, list[sl.Recorder[Any]]]:
    """A network with a recorder of every kind."""
    net, exc, inh = small(**options)
    synapses = net.connect(exc, exc, sl.Delta(), sl.OneToOne(), weight=0.1 * mV, name="L2/3 own")
    made: list[sl.Recorder[Any]] = [
        net.record(exc + inh),
        net.record(inh, since=sl.Crossing(exc[0], "v", -52 * mV)),
        net.record(exc[:3], "v", every=0.4 * ms),
        net.record(exc[:2] + inh, "v", around=exc[:4], before=2 * ms, after=5 * ms),
        net.record(synapses, every=5 * ms, which=[3, 1]),
        net.record(exc + inh, sl.FiringRates()),
        net.record(exc + inh, sl.PopulationRate(2 * ms)),
        net.record(exc, sl.Intervals()),
        net.record(exc + inh, sl.Correlation(2 * ms)),
        net.record(exc, sl.Spectrum(1 * ms, segment=20 * ms), since=10 * ms),
    ]
    return net, made


def assert_same(a: sl.Result, b: sl.Result, keys: list[sl.Recorder[Any]]) -> None:
    names = ("times", "ids", "values", "counts", "means", "cvs", "matrix", "power", "sources")
    for key in keys:
        assert repr(a[key]) == repr(b[key])
        shared = [n for n in names if hasattr(a[key], n)]
        assert shared
        for name in shared:
            x, y = getattr(a[key], name), getattr(b[key], name)
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    net, keys = everything()
    memory = net.run(40 * ms)
    path = tmp_path_factory.mktemp("stream") / "deep" / "run.h5"
    net, keys_too = everything()
    streamed = net.run(40 * ms, to=path)
    return SimpleNamespace(
        memory=memory, keys=keys, path=path, streamed=streamed, streamed_keys=keys_too
    )


def test_streamed_and_read_back_are_the_same_objects(ran: SimpleNamespace) -> None:
    read = sl.Result.load(ran.path)
    assert_same(ran.memory, read, ran.keys)
    for mine, theirs in zip(ran.keys, ran.streamed_keys, strict=True):
        assert repr(ran.memory[mine]) == repr(ran.streamed[theirs])
    np.testing.assert_array_equal(read.spikes["inh"].ids, ran.memory[ran.keys[1]].ids)
    assert read.states["exc[0:3]"].unit == mV
    assert (read.start, read.stop, read.complete) == (0.0, 40.0, True)
    assert read.seconds > 0 and read.path == ran.path and read.dt == 0.1
    assert read.about["seed"] == 1 and "exc: 40" in read.about["network"]


def test_only_what_is_asked_for_is_read(ran: SimpleNamespace, monkeypatch: Any) -> None:
    read, whole = sl.Result.load(ran.path), ran.memory[ran.keys[0]]
    asked: list[int] = []
    plain = stream.StoredColumn.read

    def watched(self: Any, low: int = 0, high: int | None = None) -> Any:
        rows = plain(self, low, high)
        asked.append(len(rows))
        return rows

    monkeypatch.setattr(stream.StoredColumn, "read", watched)
    found = read.spikes["exc + inh"].between(10, 12)
    assert len(found) == len(whole.between(10, 12)) and not asked
    np.testing.assert_array_equal(found.times, whole.between(10, 12).times)
    assert asked == [len(found)]
    trace = read.states["exc[0:3]"].between(5, 9)
    np.testing.assert_array_equal(trace.values, ran.memory.states["exc[0:3]"].between(5, 9).values)


def test_a_result_in_memory_is_saved_in_the_same_form(ran: SimpleNamespace, tmp_path: Path) -> None:
    path = ran.memory.save(tmp_path / "kept.h5")
    assert_same(ran.memory, sl.Result.load(path), ran.keys)
    again = sl.Result.load(sl.Result.load(path).save(tmp_path / "again.h5"))
    assert_same(ran.memory, again, ran.keys)
    with pytest.raises(StorageError, match="exists already"):
        ran.memory.save(path)
    with pytest.raises(ParameterError, match="in that file already"):
        again.save(tmp_path / "again.h5", replace=True)
    assert ran.memory.save(path, replace=True) == path


def test_any_reader_of_hdf5_understands_it(ran: SimpleNamespace) -> None:
    with h5py.File(ran.path) as file:
        assert file.attrs["dt"] == 0.1 and file.attrs["dt unit"] == "ms"
        assert file.attrs["spikeloom"] == sl.__version__ and file.attrs["created"].startswith("20")
        times = file["spikes/exc + inh/times"]
        assert times.attrs["unit"] == "ms" and len(times) == len(ran.memory[ran.keys[0]])
        assert file["states/v of exc[0:3]/values"].attrs["unit"] == "mV"
        assert any("L2|3" in name for name in file["weights"])


def test_runs_in_a_row_go_to_files_of_their_own(tmp_path: Path) -> None:
    net, keys = everything()
    net.run(20 * ms, to=tmp_path / "a.h5")
    with pytest.raises(StorageError, match=r"exists already[^$]*replace=True"):
        net.run(20 * ms, to=tmp_path / "a.h5")
    assert net.time == 20.0  # nothing was run
    second = net.run(20 * ms, to=tmp_path / "b.h5")
    assert (second.start, second.stop) == (20.0, 40.0)
    first = sl.Result.load(tmp_path / "a.h5")
    whole, keys_too = everything()
    spikes = whole.run(40 * ms)[keys_too[0]]
    joined = np.concatenate([first.spikes["exc + inh"].times, second[keys[0]].times])
    np.testing.assert_array_equal(joined, spikes.times)
    net.run(1 * ms, to=tmp_path / "a.h5", replace=True)
    with pytest.raises(DataError, match="replaced by another"):
        first.spikes["exc + inh"].times  # noqa: B018


CHILD = """
import os, resource, signal, sys
sys.path[:0] = {paths!r}
import spikeloom as sl
from spikeloom import ms, network
from spikeloom.network.recording import stream
from tests.network.recording.test_stream import everything
"""


def child(code: str, *, fails: bool = False) -> str:
    """A script in a process of its own."""
    paths = [path for path in sys.path if path]
    text = CHILD.format(paths=paths) + code
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stdout


def test_a_full_disk_is_told_and_costs_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk: the system refuses in the same way."""
    path = tmp_path / "run.h5"
    told = child(f"""
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
stream.SECONDS, stream.WAITING = 0.0, 1
net, keys = everything()
net.record(net.populations[0], "v")
net.build()
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
try:
    net.run(3000 * ms, to={str(path)!r}, progress=False)
except sl.errors.StorageError as error:
    print(str(error).split(chr(10))[0])
    result = error.result
    print(result.stop == net.time, result.complete, len(result[keys[0]].times))
    print(sl.Result.load({str(path)!r}).stop < result.stop)
    other = net.run(1 * ms)
    print(other.complete, result.save({str(path.with_name("small.h5"))!r}) and "saved")
""")
    lines = told.splitlines()
    assert "cannot write" in lines[0] and "File too large" in lines[0]
    assert lines[1].startswith("True False ") and int(lines[1].split()[-1]) > 10
    assert lines[2] == "True"
    kept = sl.Result.load(path)
    assert 0 < kept.stop < 3000 and not kept.complete
    net, keys = everything()
    fine = net.run(kept.stop * ms)
    np.testing.assert_array_equal(kept.spikes["exc + inh"].times, fine[keys[0]].times)
    np.testing.assert_array_equal(kept.measures[keys[5]].counts, fine[keys[5]].counts)


def test_a_killed_process_leaves_a_file_that_holds(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    child(
        f"""
from spikeloom.network import advance
stream.SECONDS = 0.0
net, keys = everything()
plain, seen = stream.Stream.commit, []
def commit(self, step, *rest, **more):
    if step > 300:
        for column in self._columns[0].values():  # in the middle of writing
            column.write()
        os.kill(os.getpid(), signal.SIGKILL)
    plain(self, step, *rest, **more)
stream.Stream.commit = commit
advance.PIECE = 1e-9
net.run(100 * ms, to={str(path)!r})
""",
        fails=True,
    )
    kept = sl.Result.load(path)
    assert 0 < kept.stop <= 30 and not kept.complete
    net, keys = everything()
    fine = net.run(kept.stop * ms)
    for key in keys:
        if key in kept.windows:
            continue  # windows that were open are lost, and only these
        assert repr(kept[key]) == repr(fine[key])
    np.testing.assert_array_equal(kept.spikes["exc + inh"].ids, fine[keys[0]].ids)
    shape, whole = kept.windows[keys[3]].values, fine[keys[3]].values
    np.testing.assert_array_equal(shape, whole[: len(shape)])


def test_it_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    """By another process, as HDF5 allows one writer and many readers."""
    path = tmp_path / "run.h5"
    told = child(f"""
import subprocess
stream.SECONDS = 0.0
net, keys = everything()
plain, seen = stream.Stream.commit, []
reader = "import spikeloom as sl; r = sl.Result.load({str(path)!r}); print(r.stop, r.complete)"
def commit(self, step, *rest, **more):
    plain(self, step, *rest, **more)
    if not seen:
        env = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
        seen.append(subprocess.run([sys.executable, "-c", reader], env=env).returncode)
stream.Stream.commit = commit
net.run(30 * ms, to={str(path)!r})
print(seen)
""")
    assert told.splitlines() == ["10.0 False", "[0]"]


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


MISTAKES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "folder": (lambda p: _folder(p / "x"), "is a folder"),
    "file above": (lambda p: Path(__file__) / "run.h5", "file stands where a folder"),
    "no place": (lambda p: Path("/proc/none/run.h5"), "cannot"),
    "no name": (lambda p: Path(), "is a folder"),
    "empty": (lambda p: " ", "path of a file"),
    "number": (lambda p: 5, "path of a file"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_place_that_cannot_be_written(what: str, tmp_path: Path) -> None:
    net, exc, _ = small()
    net.record(exc)
    make, words = MISTAKES[what]
    with pytest.raises(SpikeloomError, match=words):
        net.run(1 * ms, to=make(tmp_path))
    assert net.time == 0.0


def test_what_is_no_recording_is_told(ran: SimpleNamespace, tmp_path: Path) -> None:
    def refused(words: str, path: Path) -> None:
        with pytest.raises(DataError, match=words):
            sl.Result.load(path)

    refused("no such file", tmp_path / "none.h5")
    refused("no such file", tmp_path)
    text = tmp_path / "text.h5"
    text.write_text("no hdf5")
    refused("no HDF5 file", text)
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["x"] = 1
    refused("no recording of spikeloom", other)
    content = ran.path.read_bytes()
    short = tmp_path / "short.h5"
    short.write_bytes(content[: len(content) // 2])
    refused("damaged", short)
    newer = tmp_path / "newer.h5"
    newer.write_bytes(content)
    with h5py.File(newer, "r+") as file:
        file.attrs["format"] = 99
    refused("format 99", newer)
    torn = tmp_path / "torn.h5"
    torn.write_bytes(content)
    with h5py.File(torn, "r+") as file:
        del file["spikes/exc + inh/state/open"]
    refused("the recording is damaged", torn)


def test_without_h5py_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    net, *_ = small()
    with pytest.raises(SpikeloomError, match=r"spikeloom\[analysis\]"):
        net.run(1 * ms, to=tmp_path / "run.h5")


def test_memory_does_not_grow_with_the_run(tmp_path: Path, monkeypatch: Any) -> None:
    """An engine that gives a million spikes and states: 16 times what may be held at once."""
    net, exc, inh = small()
    spikes, volts = net.record(exc + inh), net.record(exc, "v")
    for measure in (sl.Intervals(), sl.Correlation(2 * ms), sl.Spectrum(1 * ms)):
        net.record(exc, measure)
    net.build()
    engine = net.engine()

    def run(steps: int, *wishes: Any) -> NetworkRun:
        first = engine.step
        engine.step += steps
        at = np.repeat(np.arange(first, engine.step), 10)
        who = np.tile(np.arange(10), steps)
        trace = np.zeros((steps, 40))
        return NetworkRun(first, steps, ((at, who), (at[:0], who[:0])), (trace,), (np.unique(at),))

    monkeypatch.setattr(engine, "run", run)
    monkeypatch.setattr("spikeloom.network.advance.LARGEST_PIECE", 1 << 20)
    monkeypatch.setattr(stream, "WAITING", 1 << 20)
    net.run(100 * ms, to=tmp_path / "first.h5")
    tracemalloc.start()
    result = net.run(10_000 * ms, to=tmp_path / "run.h5", progress=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    held = len(result[spikes]) * 16 + len(result[volts]) * 40 * 8
    assert held > 45e6 and peak < 9e6
    assert result[spikes].rate() == pytest.approx(2000)

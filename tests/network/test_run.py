"""Running: what is recorded, what does not matter, what goes on where it ended."""

from __future__ import annotations

import os
import signal
import threading
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.network.helpers import small

import spikeloom as sl
from spikeloom.network.library import EXAMPLES, Setup
from spikeloom.network.progress import Progress


def test_one_spike_arrives_after_its_delay() -> None:
    """Written out by hand: a spike at the end of step n kicks at time n + 1 + delay."""
    net = sl.Network(1 * sl.ms, dtype="float64", engine="reference")
    sender = net.population(1, sl.LIF(), name="a", v=-50 * sl.mV, I=1 * sl.nA)
    target = net.population(3, sl.LIF(tau=20 * sl.ms), name="b")
    for k in range(3):
        net.connect(sender, target[k], sl.Delta(), sl.AllToAll(), weight=1 * sl.mV, delay=k * sl.ms)
    spikes, v = net.record(sender), net.record(target, "v")
    result = net.run(6 * sl.ms)
    first = result.spikes[spikes].times[0]
    assert first == 1.0  # the end of step 0
    trace = result.states[v]
    for k in range(3):
        arrived = np.flatnonzero(trace.values[:, k] != -65.0)[0]
        # Sample i is the end of step i; the kick of step 1 + k has decayed for one step.
        assert arrived == 1 + k
        assert trace.values[arrived, k] == pytest.approx(-65 + np.exp(-1 / 20), rel=1e-12)


def test_runs_in_a_row_are_one_run() -> None:
    net, exc, inh = small()
    record = net.record(exc + inh)
    whole = net.run(30 * sl.ms).spikes[record]
    other, exc, inh = small()
    record, v = other.record(exc + inh), other.record(exc[3:5], "v", every=0.4 * sl.ms)
    pieces = [other.run(d * sl.ms) for d in (3.7, 0.1, 26.2)]
    assert pieces[1].start == pytest.approx(3.7) and other.time == pytest.approx(30)
    times = np.concatenate([r.spikes[record].times for r in pieces])
    ids = np.concatenate([r.spikes[record].ids for r in pieces])
    assert len(whole) > 20
    np.testing.assert_array_equal(times, whole.times)
    np.testing.assert_array_equal(ids, whole.ids)
    sampled = np.concatenate([r.states[v].times for r in pieces])
    np.testing.assert_allclose(sampled, 0.1 + 0.4 * np.arange(75))


def test_recording_changes_nothing_and_parts_agree() -> None:
    net, exc, inh = small()
    everything, some = net.record(exc + inh), net.record(inh[2:5] + exc[[7, 1]])
    result = net.run(20 * sl.ms)
    full, part = result.spikes[everything], result.spikes[some]
    assert full.parts == (("exc", 40), ("inh", 10)) and part.size == 5
    for place, there in enumerate([42, 43, 44, 1, 7]):
        np.testing.assert_array_equal(part.train(place), full.train(there))
    bare, exc, _ = small()
    only = bare.record(exc)
    kept = bare.run(20 * sl.ms).spikes[only]
    np.testing.assert_array_equal(kept.times, full.times[full.ids < 40])


def test_engines_agree() -> None:
    def spikes(engine: str) -> sl.SpikeTrains:
        net, exc, inh = small(engine=engine, dtype="float64", threads=1)
        record = net.record(exc + inh)
        return net.run(30 * sl.ms).spikes[record]

    ours, truth = spikes("cpu"), spikes("reference")
    np.testing.assert_array_equal(ours.times, truth.times)
    np.testing.assert_array_equal(ours.ids, truth.ids)


def test_threads_change_nothing() -> None:
    def spikes(threads: int) -> sl.SpikeTrains:
        built = EXAMPLES["cuba"].build(Setup(threads=threads, seed=3))
        return built.net.run(60 * sl.ms).spikes[built.spikes]

    one, two, four = spikes(1), spikes(2), spikes(4)
    assert len(one) > 500
    for other in (two, four):
        np.testing.assert_array_equal(one.times, other.times)
        np.testing.assert_array_equal(one.ids, other.ids)


def test_equal_synapses_share_a_receptor() -> None:
    net = sl.Network(engine="reference")
    a = net.population(4, sl.LIF(), name="a")
    for tau in (5, 5, 10):
        net.connect(a, a, sl.ExponentialCurrent(tau=tau * sl.ms), sl.OneToOne(), weight=1 * sl.pA)
    plan = net.build()
    assert plan.populations[0].channels == ("syn1", "syn2")
    assert [p.channel for p in plan.projections] == ["syn1", "syn1", "syn2"]
    net.record(a, "syn2_i")


def test_checkpoint_and_fork_go_on_with_the_same_bits(tmp_path: Path) -> None:
    net, exc, inh = small()
    record = net.record(exc + inh)
    net.run(10 * sl.ms)
    path = net.checkpoint(tmp_path / "deep" / "state.safetensors")
    twin = net.fork()
    expected = net.run(10 * sl.ms).spikes[record]
    forked = twin.run(10 * sl.ms).spikes[record]
    fresh, exc, inh = small()
    record = fresh.record(exc + inh)
    fresh.restore(path)
    assert fresh.time == 10.0
    restored = fresh.run(10 * sl.ms).spikes[record]
    for got in (forked, restored):
        np.testing.assert_array_equal(got.times, expected.times)
        np.testing.assert_array_equal(got.ids, expected.ids)


def test_a_wrong_checkpoint_is_refused(tmp_path: Path) -> None:
    net, *_ = small()
    path = net.checkpoint(tmp_path / "state.safetensors")
    other, *_ = small(seed=2)
    with pytest.raises(sl.errors.CheckpointError, match="another network"):
        other.restore(path)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(sl.errors.CheckpointError, match="checksum"):
        net.restore(path)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(sl.errors.CheckpointError, match="damaged"):
        net.restore(path)
    with pytest.raises(sl.errors.CheckpointError, match="cannot be read"):
        net.restore(tmp_path / "none")


def test_states_can_be_set_before_and_between_runs() -> None:
    net = sl.Network(1 * sl.ms, engine="reference")
    a = net.population(3, sl.LIF(), name="a")
    net.set(a[1], v=-60 * sl.mV)
    v = net.record(a, "v")
    first = net.run(1 * sl.ms).states[v].values[0]
    assert first[0] == -65 and first[1] > -61
    net.set(a, v=[-65.0, -65.0, -55.0] * sl.mV)
    second = net.run(1 * sl.ms).states[v].values[0]
    assert second[1] == -65 and second[2] > -56


@pytest.mark.parametrize("engine", ["reference", "cpu"])
def test_nan_names_neuron_state_and_time(engine: Any) -> None:
    net = sl.Network(1 * sl.ms, dtype="float64", engine=engine)
    # Explicit steps of a cubic from far out run off to infinity.
    a = net.population(
        3, sl.FitzHughNagumo(), name="a", method=sl.compile.Euler(), v=[0.0, 0.0, 40.0]
    )
    net.record(a, "v")
    with pytest.raises(sl.errors.NumericsError, match=r"a\[2\]\.v is .*inf at 5 ms"):
        net.run(200 * sl.ms)


def test_warnings_come_before_the_run() -> None:
    net = sl.Network(engine="reference")
    exc = net.population(2, sl.LIF(), name="exc")
    net.population(2, sl.LIF(), name="alone")
    net.connect(
        exc, exc, sl.ExponentialCurrent(), sl.AllToAll(), weight=-1 * sl.pA, delay=0.02 * sl.ms
    )
    net.connect(exc, exc, sl.ExponentialConductance(), sl.AllToAll(), weight=-1 * sl.nS)
    with pytest.warns(sl.NetworkWarning) as caught:
        net.build()
    text = "\n".join(str(w.message) for w in caught)
    for words in ("'alone' is connected to nothing", "shorter than dt", "excites", "negative"):
        assert words in text
    assert all(w.filename == __file__ for w in caught)


def test_ctrl_c_gives_what_there_is() -> None:
    """The piece that is being computed is finished, and the network can go on from there."""
    net, exc, inh = small()
    record = net.record(exc + inh)
    net.build()
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    result = net.run(600_000 * sl.ms, progress=False)
    timer.join()
    assert not result.complete and 0 < result.stop < 600_000
    assert result.stop == pytest.approx(net.time)
    assert result.spikes[record].stop == result.stop
    assert net.run(1 * sl.ms).complete


def test_progress_tells_time_left_and_speed() -> None:
    out = StringIO()
    told = Progress(1000.0, out=out)
    told.at(10.0)
    assert not out.getvalue()  # nothing in the first two seconds
    told._began -= 20.0
    told._last -= 20.0
    told.at(250.0)
    told.close()
    assert out.getvalue().startswith("250 of 1000 ms (25 %), 60 s left")

"""The native network engine against the reference, and against itself cut in pieces."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.network.nets import Shape, random_plan

from spikeloom.engines.cpu.network import NativeNetwork
from spikeloom.engines.network_plan import NetworkPlan, ProjectionPlan
from spikeloom.engines.network_run import NetworkRun, Trace
from spikeloom.engines.reference.network import ReferenceNetwork
from spikeloom.errors import CheckpointError

STEPS = 60
SHAPES = st.builds(
    Shape,
    seed=st.integers(0, 2**31),
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=3).map(tuple),
    density=st.sampled_from([0.0, 0.05, 0.3]),
    delays=st.sampled_from([0, 1, 7, 40, -1, -20]),
    multiple=st.booleans(),
    weights=st.booleans(),
    spread=st.booleans(),
)


def traces(plan: NetworkPlan) -> list[Trace]:
    """Some states of every population."""
    wishes = []
    for place, population in enumerate(plan.populations):
        wishes.append(Trace(place, population.program.states[0], every=7))
        ids = np.array([population.size - 1, 0])
        wishes.append(Trace(place, population.program.states[1], ids, every=1))
    return wishes


def same_spikes(got: NetworkRun, expected: NetworkRun) -> bool:
    """Whether every spike of every population is the same."""
    return all(
        np.array_equal(g, e)
        for pair in zip(got.spikes, expected.spikes, strict=True)
        for g, e in zip(*pair, strict=True)
    )


def same_bits(got: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether two saved states are the same in every bit."""
    return got.keys() == expected.keys() and all(
        np.asarray(got[k]).tobytes() == np.asarray(expected[k]).tobytes() for k in got
    )


@given(SHAPES, st.sampled_from([1, 2, 3]))
@settings(max_examples=40)
def test_spike_for_spike_like_the_reference(shape: Shape, threads: int) -> None:
    plan = random_plan(shape)
    native, reference = NativeNetwork(plan, threads), ReferenceNetwork(plan)
    wishes = traces(plan)
    got, expected = native.run(STEPS, None, wishes), reference.run(STEPS, None, wishes)
    assert same_spikes(got, expected)
    for g, e in zip(got.traces, expected.traces, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-10, atol=1e-10)
    for g, e in zip(got.trace_steps, expected.trace_steps, strict=True):
        assert np.array_equal(g, e)
    ours, theirs = native.state_dict(), reference.state_dict()
    for name, array in theirs.items():
        np.testing.assert_allclose(ours[name], array, rtol=1e-10, atol=1e-10, err_msg=name)


@given(
    SHAPES,
    st.lists(st.integers(0, 30), min_size=1, max_size=5),
    st.integers(1, 4),
    st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=40)
def test_same_bits_in_pieces_and_threads(
    shape: Shape, pieces: list[int], threads: int, dtype: Any
) -> None:
    plan = random_plan(shape, dtype)
    wishes = traces(plan)
    whole = NativeNetwork(plan, 1)
    expected = whole.run(sum(pieces), None, wishes)
    parts = NativeNetwork(plan, threads)
    runs = [parts.run(n, None, wishes) for n in pieces]
    assert same_bits(parts.state_dict(), whole.state_dict())
    for place, (at, who) in enumerate(expected.spikes):
        assert np.array_equal(np.concatenate([r.spikes[place][0] for r in runs]), at)
        assert np.array_equal(np.concatenate([r.spikes[place][1] for r in runs]), who)
    for k, trace in enumerate(expected.traces):
        assert np.array_equal(np.concatenate([r.traces[k] for r in runs]), trace)


def test_recording_changes_nothing() -> None:
    plan = random_plan(Shape(3, (90, 70), delays=5), "float32")
    quiet, loud = NativeNetwork(plan, 1), NativeNetwork(plan, 1)
    nothing = quiet.run(100, [False, False])
    everything = loud.run(100, None, traces(plan))
    assert same_bits(quiet.state_dict(), loud.state_dict())
    assert all(at.size == 0 for at, _ in nothing.spikes)
    assert all(at.size > 0 for at, _ in everything.spikes)


def test_masks_choose_spikes() -> None:
    plan = random_plan(Shape(3, (90, 70)))
    mask = np.arange(90) % 3 == 0
    whole = NativeNetwork(plan, 1).run(80)
    for engine in (NativeNetwork(plan, 1), ReferenceNetwork(plan)):
        some = engine.run(80, [mask, False])
        at, who = whole.spikes[0]
        assert np.array_equal(some.spikes[0][1], who[mask[who]])
        assert np.array_equal(some.spikes[0][0], at[mask[who]])
        assert some.spikes[1][0].size == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_saved_state_goes_on_bit_for_bit(dtype: Any) -> None:
    plan = random_plan(Shape(5, (100, 40), delays=12), dtype)
    net = NativeNetwork(plan, 1)
    net.run(37)
    saved = net.state_dict()
    rest = net.run(50)
    other = NativeNetwork(plan, 2)
    other.load_state_dict(saved)
    assert same_spikes(other.run(50), rest)
    assert same_bits(other.state_dict(), net.state_dict())


def test_a_saved_state_of_another_network_is_refused() -> None:
    small, large = (NativeNetwork(random_plan(Shape(5, (n,))), 1) for n in (20, 21))
    with pytest.raises(CheckpointError, match="must be"):
        large.load_state_dict(small.state_dict())


def test_more_spikes_than_a_log_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = random_plan(Shape(8, (150, 90), density=0.3), "float64")
    expected = NativeNetwork(plan, 1).run(200)
    monkeypatch.setattr("spikeloom.engines.cpu.network.native.LOG", 10)
    monkeypatch.setattr("spikeloom.engines.cpu.network.native.CHUNK", 64)
    for threads in (1, 3):
        assert same_spikes(NativeNetwork(plan, threads).run(200), expected)


def _changed(plan: NetworkPlan, **changes: Any) -> NetworkPlan:
    first = replace(plan.projections[0], **changes)
    return replace(plan, projections=(first, *plan.projections[1:]))


def _late(p: ProjectionPlan) -> dict[str, Any]:
    return {"delays": p.delays + 1}


def _dropped(p: ProjectionPlan) -> dict[str, Any]:
    keep = np.arange(p.targets.size) != p.targets.size // 2
    row = int(np.searchsorted(p.indptr, p.targets.size // 2, side="right"))
    indptr = p.indptr.copy()
    indptr[row:] -= 1
    return {
        "indptr": indptr,
        "targets": p.targets[keep],
        "weights": p.weights[keep],
        "delays": p.delays[keep],
    }


def _heavier(p: ProjectionPlan) -> dict[str, Any]:
    weights = p.weights.copy()
    weights[::7] *= 1.5
    return {"weights": weights}


@pytest.mark.parametrize("fault", [_late, _dropped, _heavier])
def test_planted_faults_are_seen(fault: Any) -> None:
    plan = random_plan(Shape(11, (120,), density=0.1))
    broken = _changed(plan, **fault(plan.projections[0]))
    got = NativeNetwork(broken, 1)
    expected = ReferenceNetwork(plan)
    spikes = same_spikes(got.run(150), expected.run(150))
    close = np.allclose(got.state(0), expected.state(0), rtol=1e-10)
    assert not (spikes and close)

"""Learning in native code against the reference, and against itself however a run is cut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.network.nets import Shape
from tests.engines.network.plastic_nets import RULES, Learns, plastic_plan
from tests.engines.network.test_exchange import part_of
from tests.engines.network.test_native import same_bits, same_spikes
from tests.network.team import Played, play

from spikeloom.engines.cpu.network import NativeNetwork
from spikeloom.engines.cpu.network.plastic import storage
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import NetworkEngine, WeightTrace
from spikeloom.engines.reference.network import ReferenceNetwork

LEARNS = st.builds(
    Learns,
    shape=st.builds(
        Shape,
        seed=st.integers(0, 2**31),
        sizes=st.lists(st.integers(1, 150), min_size=1, max_size=2).map(tuple),
        density=st.sampled_from([0.05, 0.3]),
        delays=st.sampled_from([0, 1, 7, 40, -1, -20]),
        multiple=st.booleans(),
        weights=st.booleans(),
        spread=st.booleans(),
    ),
    rules=st.lists(st.sampled_from(sorted(RULES)), min_size=1, max_size=3).map(tuple),
    axonal=st.sampled_from([0, 0, 1, 20]),
)
ONE = Learns(Shape(7, (120,), density=0.2, delays=9), ("Rewarded", "Triplets"))


def places(plan: NetworkPlan, event: str = "") -> list[int]:
    """Projections that learn, and whose rules have an event."""
    return [
        k
        for k, p in enumerate(plan.projections)
        if p.learning is not None
        and (not event or any(n.startswith(event) for n in p.learning.program.blocks))
    ]


def handle(engine: NetworkEngine, rng: np.random.Generator) -> None:
    """Look at everything, reward, replace weights, freeze or thaw."""
    for k in places(engine.plan, "on_reward"):
        for value in rng.uniform(-1, 1, rng.integers(3)):
            engine.reward(k, value)
    for k in places(engine.plan):
        engine.traces(k)
        count = engine.plan.projections[k].targets.size
        if count and rng.random() < 0.3:
            chosen = rng.choice(count, min(5, count), replace=False)
            engine.set_weights(k, rng.uniform(0, 2, chosen.size), chosen)
        if rng.random() < 0.3:
            engine.freeze(k, bool(rng.random() < 0.5))


def close(got: NetworkEngine, expected: NetworkEngine) -> None:
    """Weights and traces must agree to 1e-9 of their size."""
    for k in places(got.plan):
        w = expected.weights(k)
        np.testing.assert_allclose(
            got.weights(k), w, rtol=1e-9, atol=1e-9 * np.abs(w).max(initial=0)
        )
        ours, theirs = got.traces(k), expected.traces(k)
        assert ours.keys() == theirs.keys()
        for name, trace in theirs.items():
            np.testing.assert_allclose(ours[name], trace, rtol=1e-9, atol=1e-9, err_msg=name)


@given(LEARNS, st.sampled_from([1, 2, 3]), st.integers(0, 2**31))
@settings(max_examples=15)
def test_learns_like_the_reference(said: Learns, threads: int, seed: int) -> None:
    plan = plastic_plan(said)
    native, reference = NativeNetwork(plan, threads), ReferenceNetwork(plan)
    wishes = [WeightTrace(k, every=9) for k in places(plan)[:2]]
    for steps in (0, 60, 47):
        for engine in (native, reference):
            handle(engine, np.random.default_rng(seed + steps))
        got, expected = (e.run(steps, None, (), wishes) for e in (native, reference))
        assert same_spikes(got, expected)
        for g, e in zip(got.weights, expected.weights, strict=True):
            np.testing.assert_allclose(g, e, rtol=1e-9, atol=1e-9)
        for g, e in zip(got.weight_steps, expected.weight_steps, strict=True):
            assert np.array_equal(g, e)
        close(native, reference)


@given(
    LEARNS,
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.integers(1, 4),
    st.sampled_from(["float32", "float64"]),
    st.integers(0, 2**31),
)
@settings(max_examples=15)
def test_same_bits_however_a_run_is_cut(
    said: Learns, pieces: list[int], threads: int, dtype: Any, seed: int
) -> None:
    """Pieces, threads, looks at weights and traces, a checkpoint in between."""
    plan = plastic_plan(said, dtype)
    whole, parts = NativeNetwork(plan, 1), NativeNetwork(plan, threads)
    for engine in (whole, parts):
        engine.run(20)
        handle(engine, np.random.default_rng(seed))
    expected = whole.run(sum(pieces))
    runs = []
    for steps in pieces:
        every = [WeightTrace(k, every=4) for k in places(plan)[:1]]
        runs.append(parts.run(steps, None, (), every))
        for k in places(plan):
            parts.weights(k)
            parts.traces(k)
        saved = parts.state_dict()
        parts = NativeNetwork(plan, 3 if threads < 3 else 1)
        parts.load_state_dict(saved)
    assert same_bits(parts.state_dict(), whole.state_dict())
    for place, (at, who) in enumerate(expected.spikes):
        assert np.array_equal(np.concatenate([r.spikes[place][0] for r in runs]), at)
        assert np.array_equal(np.concatenate([r.spikes[place][1] for r in runs]), who)


@given(LEARNS, st.integers(1, 3), st.sampled_from([1, 2]))
@settings(max_examples=8)
def test_parts_in_several_processes_learn_like_the_whole(
    said: Learns, size: int, threads: int
) -> None:
    plan = plastic_plan(said)
    whole = NativeNetwork(plan, 1)
    expected = whole.run(60)

    def script(team: Played) -> Any:
        def exchange(logs: Any) -> Any:
            return [log for part in team.gather(logs) for log in part]

        mine = NativeNetwork(part_of(plan, team.rank, size), threads, exchange=exchange)
        return mine.run(60), {k: mine.weights(k) for k in places(plan)}

    for rank, made in enumerate(play(size, script)):
        if isinstance(made, BaseException):
            raise made
        assert same_spikes(made[0], expected)
        for k, weights in made[1].items():
            p = plan.projections[k]
            low, high = (plan.populations[p.target].size * r // size for r in (rank, rank + 1))
            assert np.array_equal(
                weights, whole.weights(k)[(p.targets >= low) & (p.targets < high)]
            )


def test_engines_of_one_plan_share_targets_and_learn_apart() -> None:
    plan = plastic_plan(ONE)
    one = NativeNetwork(plan, 2)
    other = NativeNetwork(plan, 2, like=one)
    for a, b in zip(one.learning, other.learning, strict=True):
        assert np.shares_memory(a.places, b.places)
        assert not np.shares_memory(a.storage.weights, b.storage.weights)
    one.run(40)
    assert same_bits(other.state_dict(), NativeNetwork(plan, 1).state_dict())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rules", [("Triplets", "Nearest"), ("Voltage", "Rewarded")])
def test_a_full_history_is_swept(
    rules: tuple[str, ...], dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short histories, and rows in many pieces, change no bit."""
    plan = plastic_plan(Learns(Shape(3, (150, 90), density=0.3, delays=6), rules), dtype)
    expected, run = NativeNetwork(plan, 1), []
    run.append(expected.run(300))
    monkeypatch.setattr(storage, "SHORTEST_HISTORY", 1)
    monkeypatch.setattr(storage, "CHUNK", 16)
    short = NativeNetwork(plan, 2)
    assert short.learning[0].storage.depth == 9 and short.learning[0].scratch[0].chunk < 100
    run.append(short.run(300))
    assert same_spikes(*run)
    assert same_bits(short.state_dict(), expected.state_dict())
    assert max(n.counts.max() for n in (s.storage for s in short.learning)) > 4


def test_single_precision_learns_much_the_same() -> None:
    said = Learns(Shape(3, (90,), density=0.2, delays=5), ("PowerLaw",))
    engines = [NativeNetwork(plastic_plan(said, d), 1) for d in ("float32", "float64")]
    short, long = (e.run(200) for e in engines)
    assert abs(short.spikes[0][0].size - long.spikes[0][0].size) <= 0.05 * long.spikes[0][0].size
    a, b = (e.weights(0) for e in engines)
    moved = np.abs(b - engines[1].plan.projections[0].weights)
    assert np.abs(a - b).mean() < 0.02 * moved.mean()


def test_a_plastic_synapse_takes_eight_bytes() -> None:
    plan = plastic_plan(replace(ONE, rules=("PowerLaw",)), "float32")
    (synapses, *_) = NativeNetwork(plan, 1).learning
    count, store = synapses.plan.count, synapses.storage
    assert synapses.places.nbytes == 4 * count and store.weights.nbytes == 4 * count
    assert store.own.nbytes == 0


def _late(plan: NetworkPlan) -> NetworkPlan:
    first = plan.projections[0]
    moved = replace(first.whole, delays=first.delays + 1)
    return replace(plan, projections=(moved, *plan.projections[1:]))


def _other_rule(plan: NetworkPlan) -> NetworkPlan:
    first = plan.projections[0]
    coefs = dict(first.learning.coefs)  # type: ignore[union-attr]
    name = next(iter(coefs))
    coefs[name] *= 1.001
    learning = replace(first.learning, coefs=coefs)  # type: ignore[type-var]
    return replace(
        plan, projections=(replace(first.whole, learning=learning), *plan.projections[1:])
    )


@pytest.mark.parametrize("fault", [_late, _other_rule])
def test_planted_faults_are_seen(fault: Any) -> None:
    plan = plastic_plan(replace(ONE, rules=("Triplets",)))
    got, expected = NativeNetwork(fault(plan), 1), ReferenceNetwork(plan)
    got.run(150)
    expected.run(150)
    with pytest.raises(AssertionError):
        close(got, expected)

"""The order of events at a synapse, and that nothing but events moves its traces."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.learning.bench import ENGINES, LEARNING, Bench
from tests.engines.learning.test_replay import benches

from spikeloom.engines.network_run import Trace as StateTrace
from spikeloom.engines.network_run import WeightTrace
from spikeloom.equations import (
    Expr,
    LearningRule,
    Param,
    Target,
    Trace,
    post,
    pre,
    shared,
    synaptic,
    target,
)  # fmt: skip
from spikeloom.equations.units import ms, mV
from spikeloom.errors import EngineError, NumericsError, ShapeError
from spikeloom.models import DopamineSTDP, PairSTDP

STEPS = 200


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=12, deadline=None)
@given(shape=benches(), rewards=st.lists(st.integers(1, STEPS - 1), max_size=4))
def test_eligibility_step_by_step(engine: str, shape: dict[str, Any], rewards: list[int]) -> None:
    """A rule with traces of all four kinds, rewards and ticks, against a walk in single steps."""
    rule = DopamineSTDP(tau_c=30 * ms, tau_d=7 * ms, w_max=2)
    bench = Bench(rule, **shape, dt=1.0, every=10)
    engine_ = bench.engine(engine)
    for until in [*sorted(rewards), STEPS]:
        engine_.run(until - engine_.step)
        if until < STEPS:
            engine_.reward(LEARNING, 3.0)
    expected = [
        _walk(shape["pre"][j], shape["post"][i], shape["axonal"], delay, rewards)
        for (j, i), delay in zip(shape["synapses"], shape["delays"], strict=True)
    ]
    np.testing.assert_allclose(engine_.weights(LEARNING), expected, rtol=1e-9, atol=1e-12)


def _walk(pre: list[int], post: list[int], axonal: int, delay: int, rewards: list[int]) -> float:
    x = y = c = d = 0.0
    w = 0.5
    for n in range(STEPS):
        d += 3.0 * rewards.count(n)
        x, y = x * np.exp(-1 / 20), y * np.exp(-1 / 20)
        c, d = c * np.exp(-1 / 30), d * np.exp(-1 / 7)
        fires, sees = n - axonal in pre, n - (delay - axonal) in post
        c += 0.1 * x * sees - 0.15 * y * fires
        x, y = x + fires, y + sees
        if (n + 1) % 10 == 0:
            w = min(max(w + d * c * 0.01, 0.0), 2.0)
    return w


class Both(LearningRule):
    """Both events change the same two states of the synapse, and each looks at the other one."""

    a: Trace = synaptic(start=1.0)

    def flow(self, d: Self) -> None:
        d.a = 0

    def on_pre(self, after: Self) -> None:
        after.w = self.w + 10 * self.a
        after.a = self.a * 3

    def on_post(self, after: Self) -> None:
        after.w = self.w + 100 * self.a
        after.a = self.a + 1

    def sends(self, after: Self) -> Expr:
        return after.w + 1000 * self.a + 10_000 * self.w


@pytest.mark.parametrize("engine", ENGINES)
def test_changes_of_one_step_add_up_but_do_not_see_each_other(engine: str) -> None:
    """Together: w + 100 a then + 10 a with the a from before; a + 1 then times 3."""
    bench = Bench(Both(), [[5]], [[5]], weights=0.0)
    engine_ = bench.engine(engine)
    run = engine_.run(9, None, [StateTrace(2, "got")])
    assert engine_.weights(LEARNING)[0] == 110
    assert engine_.traces(LEARNING)["a"][0] == 6
    assert run.traces[0][6, 0] - run.traces[0][5, 0] == 110 + 1000 * 1 + 0


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("delay", "axonal"), [(0, 0), (7, 0), (7, 3), (7, 7)])
def test_delays(engine: str, delay: int, axonal: int) -> None:
    """The source is seen after the axon, the target after the dendrite; the spike needs both."""
    bench = Bench(
        PairSTDP(A_plus=0.1, A_minus=0.2), [[50]], [[50]], delays=delay, axonal=axonal, dt=1.0,
        scale=2.0,
    )  # fmt: skip
    apart = (delay - axonal) - axonal  # when the target's spike comes, after the source's
    change = 0.0
    if apart:
        change = 0.1 * np.exp(-apart / 20) if apart > 0 else -0.2 * np.exp(apart / 20)
    engine_ = bench.engine(engine)
    run = engine_.run(80, None, [StateTrace(2, "got")], [WeightTrace(LEARNING)])
    w = run.weights[0][:, 0]
    assert w[-1] == pytest.approx(0.5 + change, rel=1e-12)
    moved = np.flatnonzero(np.diff(w))
    assert moved.size == 0 if not apart else moved[0] + 1 == 50 + max(axonal, delay - axonal)
    got = run.traces[0][:, 0]
    assert np.flatnonzero(np.diff(got))[0] + 1 == 50 + 1 + delay
    assert got[-1] == pytest.approx(2 * (0.5 + change * (apart < 0)), rel=1e-12)


class Watches(LearningRule):
    """Writes down what it sees of the target."""

    late: Param = 3 * ms
    tau: Param = 1 * ms
    v: Target = target(mV)
    u: Trace = post(mV, lag="late")

    def flow(self, d: Self) -> None:
        d.u = (10 * mV - self.u) / self.tau + 0 * self.v / self.tau

    def on_pre(self, after: Self) -> None:
        after.w = self.u / mV


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("delay", [0, 4])
def test_states_of_the_target_are_seen_late(engine: str, delay: int) -> None:
    bench = Bench(Watches(), [[20], [2]], [[]], delays=delay, dt=1.0, lags={"u": 3})
    found = bench.final(30, engine)
    # After step n the trace has gone through n + 1 steps; before its life it stands at 0.
    seen = [10 * (1 - np.exp(-max(n + 1 - 3 - delay, 0))) for n in (20, 2)]
    np.testing.assert_allclose(found, seen, rtol=1e-9, atol=1e-12)


class Ticks(LearningRule):
    """Everything moves at a tick, reading what was there before it."""

    every: Param = 5 * ms
    x: Trace = pre()
    y: Trace = post()
    D: Trace = shared()

    def flow(self, d: Self) -> None:
        d.x = 0
        d.y = 0
        d.D = 0

    def on_pre(self, after: Self) -> None:
        after.x = self.x + 1

    def on_post(self, after: Self) -> None:
        after.y = self.y + 1

    def on_tick(self, after: Self) -> None:
        after.x = self.x + 10
        after.y = self.y + 100
        after.D = self.D + 1000
        after.w = self.w + self.x + self.y + self.D


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tick_comes_after_the_events_of_its_step(engine: str) -> None:
    """Steps 4, 9, …: the spikes of step 4 are in, the tick's own changes are not."""
    bench = Bench(Ticks(), [[4]], [[4]], weights=0.0, dt=1.0, every=5)
    run = bench.run(11, engine)
    w = run.weights[0][:, 0]
    assert w[3:5].tolist() == [0, 2]
    assert w[8:10].tolist() == [2, 2 + (1 + 10) + (1 + 100) + 1000]


@pytest.mark.parametrize("engine", ENGINES)
def test_looking_changes_nothing(engine: str) -> None:
    """Weights, traces and checkpoints in between: the same bits as without."""
    rng = np.random.default_rng(3)
    pre_, post_ = (
        [sorted(rng.choice(150, 20, replace=False) + 1) for _ in range(3)] for _ in range(2)
    )
    bench = Bench(DopamineSTDP(), pre_, post_, delays=5, dt=1.0, every=7)
    plain, watched = bench.engine(engine), bench.engine(engine)
    plain.run(160)
    for step in range(160):
        watched.run(1, record_weights=[WeightTrace(LEARNING)])
        watched.weights(LEARNING)
        watched.traces(LEARNING)
        if step % 20 == 7:
            other = bench.engine(engine)
            other.load_state_dict(watched.state_dict())
            watched = other
    for name, array in plain.state_dict().items():
        assert array.tobytes() == watched.state_dict()[name].tobytes(), name


@pytest.mark.parametrize("engine", ENGINES)
def test_frozen_weights_stay_and_traces_go_on(engine: str) -> None:
    bench = Bench(PairSTDP(A_plus=0.1), [[10, 40]], [[15, 45]], dt=1.0)
    engine_ = bench.engine(engine)
    engine_.freeze(LEARNING, True)
    engine_.run(30)
    assert engine_.weights(LEARNING)[0] == 0.5
    engine_.freeze(LEARNING, False)
    engine_.run(60)
    free = Bench(PairSTDP(A_plus=0.1), [[10, 40]], [[15, 45]], dt=1.0).engine(engine)
    free.run(90)
    x, y = (engine_.traces(LEARNING)[n] for n in "xy")
    np.testing.assert_array_equal(x, free.traces(LEARNING)["x"])
    np.testing.assert_array_equal(y, free.traces(LEARNING)["y"])
    missed = 0.1 * np.exp(-5 / 20)
    assert engine_.weights(LEARNING)[0] == pytest.approx(free.weights(LEARNING)[0] - missed)


@pytest.mark.parametrize("engine", ENGINES)
def test_new_weights_are_learnt_from(engine: str) -> None:
    bench = Bench(PairSTDP(A_plus=0.1), [[10], [10]], [[15]], dt=1.0)
    engine_ = bench.engine(engine)
    engine_.run(12)
    engine_.set_weights(LEARNING, np.array([0.2]), np.array([1]))
    engine_.run(10)
    change = 0.1 * np.exp(-5 / 20)
    np.testing.assert_allclose(engine_.weights(LEARNING), [0.5 + change, 0.2 + change])


def test_recorded_weights() -> None:
    bench = Bench(PairSTDP(A_plus=0.1), [[10], [20]], [[15, 25]], dt=1.0)
    wishes = [WeightTrace(LEARNING), WeightTrace(LEARNING, np.array([1]), every=4), WeightTrace(0)]
    run = bench.engine().run(30, record_weights=wishes)
    assert [w.shape for w in run.weights] == [(30, 2), (8, 1), (30, 1)]
    assert run.weight_steps[1].tolist() == list(range(0, 30, 4))
    np.testing.assert_array_equal(run.weights[1][:, 0], run.weights[0][::4, 1])
    assert set(run.weights[2].ravel()) == {1.0}


def test_refusals() -> None:
    engine = Bench(PairSTDP(), [[10]], [[15]]).engine()
    with pytest.raises(ShapeError, match="weights must have shape"):
        engine.set_weights(LEARNING, np.zeros(3))
    with pytest.raises(NumericsError, match="NaN"):
        engine.set_weights(LEARNING, np.array([np.nan]))
    with pytest.raises(EngineError, match="between 0 and 0"):
        engine.set_weights(LEARNING, np.zeros(1), np.array([4]))
    for act in (lambda: engine.freeze(0, True), lambda: engine.set_weights(0, np.zeros(1))):
        with pytest.raises(EngineError, match="do not learn"):
            act()
    with pytest.raises(EngineError, match="no on_reward"):
        engine.reward(LEARNING, 1.0)
    with pytest.raises(EngineError, match="no projection 7"):
        engine.weights(7)
    with pytest.raises(EngineError, match="every must be at least 1"):
        engine.run(1, record_weights=[WeightTrace(LEARNING, every=0)])
    with pytest.raises(EngineError, match="axonal share"):
        Bench(PairSTDP(), [[1]], [[2]], delays=3, axonal=4).plan()
    with pytest.raises(EngineError, match="every is 0"):
        Bench(DopamineSTDP(), [[1]], [[2]]).plan()
    with pytest.raises(NumericsError, match="a weight is NaN"):
        Bench(PairSTDP(), [[1]], [[2]], weights=np.nan).plan()

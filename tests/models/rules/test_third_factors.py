"""Rewards, ticks and slow averages: single events against what they must do."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engines.learning.bench import LEARNING, Bench

from spikeloom.equations.units import Hz, ms, mV, second
from spikeloom.models import (
    ABS,
    BCM,
    DopamineSTDP,
    Hebb,
    Oja,
    RewardSTDP,
    SynapticScaling,
    VogelsSTDP,
)  # fmt: skip


def test_dopamine_teaches_what_was_just_done() -> None:
    """One pair 10 ms apart, a reward 0.4 s later; w moves by the sum of D c at the ticks."""
    rule = DopamineSTDP()
    bench = Bench(rule, [[10]], [[20]], weights=1.0, dt=1.0, every=10)
    engine = bench.engine()
    engine.run(400)
    assert engine.weights(LEARNING)[0] == 1.0
    engine.reward(LEARNING, 0.5)
    engine.run(600)
    c = 0.1 * np.exp(-10 / 20)
    ticks = np.arange(410, 1001, 10)  # the time at the end of step n is (n + 1) ms
    change = sum(0.5 * np.exp(-(t - 400) / 200) * c * np.exp(-(t - 21) / 1000) for t in ticks)
    assert engine.weights(LEARNING)[0] - 1 == pytest.approx(change * 0.01, rel=1e-9)
    assert engine.traces(LEARNING)["D"] == pytest.approx(0.5 * np.exp(-3), rel=1e-12)


def test_a_reward_later_teaches_less() -> None:
    found = []
    for late in (100, 1000, 3000):
        engine = Bench(DopamineSTDP(), [[10]], [[20]], weights=1.0, dt=5.0, every=2).engine()
        engine.run(20 + late // 5)
        engine.reward(LEARNING, 0.5)
        engine.run(200)
        found.append(engine.weights(LEARNING)[0] - 1)
    assert found[0] > found[1] > found[2] > 0
    assert found[2] / found[0] == pytest.approx(np.exp(-2.9), rel=1e-6)


def test_only_a_surprise_teaches() -> None:
    rule = RewardSTDP()
    engine = Bench(rule, [[10]], [[20]], dt=1.0).engine()
    engine.run(121)
    c = 0.01 * np.exp(-10 / 20) * np.exp(-100 / 500)
    engine.reward(LEARNING, 1.0)
    assert engine.weights(LEARNING)[0] - 0.5 == pytest.approx(c, rel=1e-9)
    assert engine.traces(LEARNING)["mean"] == pytest.approx(0.2)
    engine.reward(LEARNING, 0.2)  # what is expected by now
    assert engine.weights(LEARNING)[0] - 0.5 == pytest.approx(c, rel=1e-9)
    engine.reward(LEARNING, -0.8)
    assert engine.weights(LEARNING)[0] == pytest.approx(0.5, rel=1e-9)


def test_scaling_multiplies_all_weights_alike() -> None:
    """A silent neuron: a = 0 and s = goal t, so that w grows by known factors."""
    rule = SynapticScaling(beta=1e-3, gamma=1e-5 * Hz, w_max=1e9)
    bench = Bench(rule, [[], []], [[]], weights=[1.0, 3.0], dt=10.0, every=10)
    found = bench.final(300)
    t = 0.1 * np.arange(1, 31)
    factor = np.prod(1 + (1e-3 * 20 + 1e-5 * 20 * t) * 0.1)
    np.testing.assert_allclose(found, factor * np.array([1.0, 3.0]), rtol=1e-9)


def test_scaling_stops_at_its_goal() -> None:
    """A neuron at exactly its goal keeps its weights, one above loses, one below gains."""
    trains = [list(range(5, 4000, k)) for k in (5, 10, 20)]
    rule = SynapticScaling(goal=10 * Hz, tau=1 * second, gamma=0 * Hz, beta=1e-2)
    bench = Bench(rule, [[]], trains, dt=10.0, every=10)
    late = bench.run(4000, every=1000).weights[0]
    change = late[-1] / late[1]
    assert change[0] < 0.9
    assert abs(np.log(change[1])) < 0.05
    assert change[2] > 1.1


def test_vogels_balances_each_pair_of_spikes() -> None:
    """A lone spike of the source takes 2 eta rho tau, a near pair adds eta exp(−Δ/tau) each."""
    alone = 2 * 0.005 * 20
    rule = VogelsSTDP()
    bench = Bench(rule, [[10], [10], []], [[40], [], [40]], [(0, 0), (1, 1), (2, 2)], dt=1.0)
    found = bench.final(60) - 0.5
    pair = np.exp(-30 / 20)
    np.testing.assert_allclose(found, 1e-2 * np.array([pair - alone, -alone, 0.0]), rtol=1e-9)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Hebb(eta=1 * Hz), lambda x, y, w: x * y),
        (Oja(eta=1 * Hz), lambda x, y, w: y * (x - y * w)),
    ],
)
def test_activities_are_low_passed_spikes(rule: Hebb | Oja, expected: object) -> None:
    """Two spikes, and what the ticks after them make of the traces, step by step."""
    engine = Bench(rule, [[10]], [[12]], dt=1.0, every=1).engine()
    engine.run(40)
    w, unit = 0.5, 1000 / (50 * 10)
    for n in range(40):
        x = unit * np.exp(-(n - 10) / 50) if n >= 10 else 0.0
        y = unit * np.exp(-(n - 12) / 50) if n >= 12 else 0.0
        w += 1e-3 * expected(x, y, w)  # type: ignore[operator]
    assert engine.weights(LEARNING)[0] == pytest.approx(w, rel=1e-12)


def test_the_threshold_of_bcm_follows_the_square_of_the_activity() -> None:
    """A regular 10 Hz target has activity about 1, so that theta settles about y²/y0 = 1.1."""
    train = list(range(10, 6000, 100))
    rule = BCM(eta=0 * Hz, tau=100 * ms)
    engine = Bench(rule, [[]], [train], dt=1.0, every=5).engine()
    engine.run(6000)
    y = 1 / (1 - np.exp(-1)) * np.exp(-np.arange(1, 101) / 100)
    assert engine.traces(LEARNING)["theta"][0] == pytest.approx(np.mean(y**2), rel=0.05)


@pytest.mark.parametrize(("clamp", "active", "silent"), [(-75, 0, 0), (-57, -1, 0), (-40, 1, -1)])
def test_abs_in_a_network(clamp: float, active: int, silent: int) -> None:
    """A clamped target; one source fires at 50 Hz, one not at all."""
    rule = ABS(E=clamp * mV)
    busy = list(range(1, 400, 20))
    bench = Bench(rule, [busy, []], [[]], dt=1.0, every=1, clamp=clamp)
    found = bench.final(301)
    expected = 0.5 + 5e-4 * 300 * np.array([active, silent])
    np.testing.assert_allclose(found, expected, atol=2 * 5e-4)

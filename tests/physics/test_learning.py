"""What learning rules make of networks and of noise: drifts, fixed points, shapes of distributions.

Seeds are fixed, so a test that passes goes on passing; thresholds are those of the literature.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.engines.learning.bench import Bench

import spikeloom as sl


def poisson_trains(rates: Any, steps: int, seed: int) -> list[list[int]]:
    """Trains of such rates per step, from step 1 on."""
    rng = np.random.default_rng(seed)
    return [(1 + np.flatnonzero(rng.random(steps - 2) < rate)).tolist() for rate in rates]


def test_drift_of_pairs_between_independent_trains() -> None:
    """60 pairs for 17 s: dw/dt = nu_pre nu_post A tau, each half by itself."""
    count, steps = 60, 17_000
    pre = poisson_trains([0.02] * count, steps, 0)
    post = poisson_trains([0.01] * count, steps, 1)
    pairs = [(k, k) for k in range(count)]
    for up, down, sign in ((1.0, 0.0, 1), (0.0, 1.0, -1)):
        rule = sl.PairSTDP(A_plus=up, A_minus=down, w_max=2e6)
        final = Bench(rule, pre, post, pairs, weights=1e6, dt=1.0).final(steps)
        rate = np.mean(final - 1e6) / (steps * 1e-3)
        # In steps of 1 ms the integral of the exponential is a sum without its first term.
        exact = 20 * 10 * 1e-3 / np.expm1(1 / 20)
        assert rate == pytest.approx(sign * exact, rel=0.05)
        assert rate == pytest.approx(sign * 20 * 10 * 0.02, rel=0.08)


@pytest.mark.parametrize(("rate", "expected"), [(5, -0.067), (16, 0.088), (25, 0.327)])
def test_nearest_pairs_give_a_bcm_rule(rate: float, expected: float) -> None:
    """4000 s of one pair, as 250 pairs for 16 s; the source at 10 Hz. Zero at 11.8 Hz.

    In steps of 1 ms the next spike is never nearer than 1 ms, which lowers the mean of the
    exponential of its distance; the sum over steps becomes the paper's integral as they shrink.
    """
    count, steps = 250, 16_000
    pre = poisson_trains([0.01] * count, steps, 2)
    post = poisson_trains([rate * 1e-3] * count, steps, 3 + int(rate))
    rule = sl.PreCentredSTDP.froemke_dan().replace(w_max=2e6)
    pairs = [(k, k) for k in range(count)]
    final = Bench(rule, pre, post, pairs, weights=1e6, dt=1.0).final(steps)
    drift = np.mean(final - 1e6) / (steps * 1e-3)

    def formula(dt: float) -> float:
        q = rate * 1e-3 * dt
        left = np.exp(-dt / np.array([14, 34]))
        return float(10 * np.array([1.03, -0.51]) @ (q * left / (1 - (1 - q) * left)))

    assert formula(1e-4) == pytest.approx(expected, abs=1e-3)
    assert drift == pytest.approx(formula(1.0), abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "expected"), [(5, -0.069), (16, 0.085), (25, 0.333)])
def test_the_same_in_short_steps(rate: float, expected: float) -> None:
    """Steps of 0.1 ms: the published Monte-Carlo values themselves."""
    count, steps = 250, 160_000
    pre = poisson_trains([0.001] * count, steps, 2)
    post = poisson_trains([rate * 1e-4] * count, steps, 3 + int(rate))
    rule = sl.PreCentredSTDP.froemke_dan().replace(w_max=2e6)
    pairs = [(k, k) for k in range(count)]
    final = Bench(rule, pre, post, pairs, weights=1e6, dt=0.1).final(steps)
    assert np.mean(final - 1e6) / (steps * 1e-4) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("goal", [5, 10])
def test_inhibition_finds_the_rate(goal: float) -> None:
    """400 excitatory and 100 plastic inhibitory inputs of 10 Hz on one neuron."""
    net = sl.Network(dt=0.5 * sl.ms, seed=4)
    neuron = sl.Refractory(sl.ConductanceLIF(), 5 * sl.ms)
    cell = net.population(1, neuron, name="cell")
    inputs = net.source(sl.PoissonSpikes(10 * sl.Hz), size=100, name="inhibitory")
    excite = sl.ExponentialConductance(tau=5 * sl.ms, E=0 * sl.mV)
    inhibit = sl.ExponentialConductance(tau=10 * sl.ms, E=-80 * sl.mV)
    net.poisson(cell, excite, rate=10 * sl.Hz, weight=0.75 * sl.nS, n=400)
    rule = sl.VogelsSTDP(eta=0.02, rho=goal * sl.Hz, scale=1 * sl.nS)
    net.connect(inputs, cell, inhibit, sl.AllToAll(), weight=0.01 * sl.nS, learning=rule)
    spikes = net.record(cell)
    before = net.run(1 * sl.second, progress=False).spikes[spikes].rate()
    net.run(25 * sl.second, progress=False)
    after = net.run(15 * sl.second, progress=False).spikes[spikes].rate()
    assert before > 40
    assert 0.8 * goal <= after <= 1.3 * goal


def song(rule: sl.LearningRule, seconds: float) -> np.ndarray:
    """Weights of 200 inputs of 15 Hz on one neuron after some time, as shares of the greatest."""
    net = sl.Network(dt=1 * sl.ms, seed=5)
    neuron = sl.Refractory(sl.ConductanceLIF(), 2 * sl.ms)
    cell = net.population(1, neuron, name="cell")
    inputs = net.source(sl.PoissonSpikes(15 * sl.Hz), size=200, name="inputs")
    excite = sl.ExponentialConductance(tau=5 * sl.ms, E=0 * sl.mV)
    inhibit = sl.ExponentialConductance(tau=5 * sl.ms, E=-70 * sl.mV)
    net.poisson(cell, inhibit, rate=10 * sl.Hz, weight=0.5 * sl.nS, n=40)
    synapses = net.connect(
        inputs, cell, excite, sl.AllToAll(), weight=sl.uniform(0, 2) * sl.nS, learning=rule
    )
    net.run(seconds * sl.second, progress=False)
    return np.asarray(synapses.weights.to(sl.nS)) / 2


def outer(weights: np.ndarray) -> float:
    """Share of weights in the lowest and the highest fifth."""
    return float(np.mean((weights < 0.2) | (weights > 0.8)))


def test_additive_weights_go_to_the_bounds() -> None:
    weights = song(sl.PairSTDP(A_plus=0.02, A_minus=0.021, scale=2 * sl.nS), 200)
    assert outer(weights) >= 0.7
    assert np.mean(weights < 0.2) > 0.1 and np.mean(weights > 0.8) > 0.1


@pytest.mark.slow
def test_additive_weights_as_slowly_as_in_the_paper() -> None:
    weights = song(sl.PairSTDP(scale=2 * sl.nS), 2000)
    assert outer(weights) >= 0.7


def test_multiplicative_weights_stay_in_the_middle() -> None:
    rule = sl.GuetigSTDP(lambda_=0.02, alpha=1.05, mu_plus=1, mu_minus=1, scale=2 * sl.nS)
    assert outer(song(rule, 100)) <= 0.2


def test_power_law_weights_have_one_peak() -> None:
    """Between potentiation w^0.4 and depression w they settle around alpha^(-1/0.6)."""
    rule = sl.PowerLawSTDP(lambda_=0.02, alpha=1.3, scale=1 * sl.nS)
    weights = 2 * song(rule, 100)
    assert np.std(weights) / np.mean(weights) < 0.35
    assert np.mean(weights) == pytest.approx(1.3 ** (-1 / 0.6), rel=0.35)

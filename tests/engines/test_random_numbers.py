"""The random numbers of steps: their distribution, their places, and the same bits everywhere."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any, Self

import numpy as np
import pytest
from scipy import stats

from spikeloom.compile import EulerMaruyama, bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.engines import Chance, simulate
from spikeloom.engines.cpu import CPU
from spikeloom.engines.poisson import GOLDEN, mix
from spikeloom.engines.randomness import normal_pair, uniform, words
from spikeloom.engines.reference import Reference
from spikeloom.equations import Condition, Neuron, Noise, Param, State, chance, noise, state
from spikeloom.equations.refractory import Refractory
from spikeloom.equations.units import ms, one, second
from spikeloom.errors import EngineError, ParameterError
from spikeloom.models import GLM, OULIF, EscapeLIF, PoissonNeuron

ALARM = 1e-4
"""Chance that one of these statements fails for a right generator, at a seed of its own."""
SIZE = 400_000


class Plain(Neuron):
    """Its state after a step of length 1 is the sum of two normal numbers; fires at random."""

    x: State = state(one)
    xi: Noise = noise()
    eta: Noise = noise()
    p: Param = 0.25

    def flow(self, d: Self) -> None:
        d.x = (self.xi + 10 * self.eta) / (1 * ms) ** 0.5

    def fires(self) -> Condition:
        return chance(self.p)

    def reset(self, after: Self) -> None:
        after.x = 0


@pytest.fixture(scope="module")
def draws() -> dict[str, Any]:
    program = compile_neuron(Plain(), EulerMaruyama())
    source = Chance.of(program, seed=1, entity="exc")
    first, second = source.draws(10, SIZE), source.draws(11, SIZE)
    return {f"{name}.{step}": x for step, d in enumerate((first, second)) for name, x in d.items()}


def anderson_darling(p: Any) -> float:
    """Probability of so large a distance from uniform (Marsaglia & Marsaglia 2004)."""
    p, n = np.sort(p), len(p)
    k = np.arange(1, n + 1)
    z = float(-n - np.mean((2 * k - 1) * (np.log(p) + np.log1p(-p[::-1]))))
    inner = 0.082433 - (0.008056 - 0.0003146 * z) * z
    return 1 - exp(-exp(1.0776 - (2.30695 - (0.43424 - inner * z) * z) * z))


@pytest.mark.parametrize("name", ["normal:xi.0", "normal:xi.1", "normal:eta.0", "normal:eta.1"])
def test_normal_numbers_are_normal(draws: dict[str, Any], name: str) -> None:
    x = draws[name]
    assert stats.kstest(x, "norm").pvalue > ALARM
    assert anderson_darling(stats.norm.cdf(x)) > ALARM
    assert abs(np.mean(x)) * sqrt(SIZE) < stats.norm.isf(ALARM / 2)
    spread = np.sum(x**2)
    assert min(stats.chi2.sf(spread, SIZE), stats.chi2.cdf(spread, SIZE)) > ALARM / 2
    edges = stats.norm.ppf(np.linspace(0, 1, 201))
    assert stats.chisquare(np.histogram(x, edges)[0]).pvalue > ALARM
    far = int(np.sum(np.abs(x) > 4))
    assert stats.binomtest(far, SIZE, 2 * stats.norm.sf(4)).pvalue > ALARM


def test_uniform_numbers_are_uniform(draws: dict[str, Any]) -> None:
    for step in (0, 1):
        u = draws[f"uniform:draw1.{step}"]
        assert stats.kstest(u, "uniform").pvalue > ALARM
        assert anderson_darling(u) > ALARM
        assert stats.chisquare(np.histogram(u, 256, (0, 1))[0]).pvalue > ALARM
        assert 0 < u.min() < u.max() < 1


def test_numbers_of_other_names_steps_and_neurons_are_independent(draws: dict[str, Any]) -> None:
    """Also in size, where a pair of Box and Muller would betray itself."""
    named = list(draws)
    pairs = [(draws[a], draws[b]) for k, a in enumerate(named) for b in named[:k]]
    pairs += [(x[1:], x[:-1]) for x in draws.values()] + [(x[16:], x[:-16]) for x in draws.values()]
    limit = float(stats.norm.isf(ALARM / 4 / len(pairs)))
    for a, b in pairs:
        for form in (lambda x: x, np.abs):
            assert abs(np.corrcoef(form(a), form(b))[0, 1]) * sqrt(len(a)) < limit


def test_both_numbers_of_a_pair_lie_evenly_around_the_circle(draws: dict[str, Any]) -> None:
    angle = np.arctan2(draws["normal:xi.1"], draws["normal:xi.0"])
    assert stats.chisquare(np.histogram(angle, 360, (-np.pi, np.pi))[0]).pvalue > ALARM


def test_a_word_belongs_to_its_place() -> None:
    """By the definition, one number at a time; a later first neuron is a shift."""
    key, step = 0x1234567890ABCDEF, 77
    start = mix(key + (step + 1) * GOLDEN)
    by_hand = [mix(start + (n + 1) * GOLDEN) for n in range(20)]
    assert words(key, step, 0, 20).tolist() == by_hand
    assert words(key, step, 5, 15).tolist() == by_hand[5:]


def test_the_ends_of_the_range() -> None:
    ends = np.array([0, 2**64 - 1, 2**32 - 1, 2**63, 2**62, 2**61], np.uint64)
    assert np.all((uniform(ends) > 0) & (uniform(ends) < 1))
    even, odd = normal_pair(ends)
    assert np.all(np.isfinite(even)) and np.all(np.isfinite(odd))
    assert np.max(np.hypot(even, odd)) == pytest.approx(sqrt(2 * log(2) * 33))


MODELS = [Plain(), OULIF(), Refractory(OULIF(), 1 * ms), EscapeLIF(rho=0.5 / ms), GLM()]


@pytest.mark.parametrize("neuron", MODELS, ids=lambda m: repr(m)[:24])
@pytest.mark.parametrize("size", [1, 63, 200])
def test_native_numbers_are_those_of_the_reference(neuron: Any, size: int) -> None:
    """Spike for spike in float64; in float32 to its rounding where nothing spikes."""
    given: dict[str, Any] = {"size": size, "seed": 5, "method": None}
    if isinstance(neuron, Plain):
        given["method"] = EulerMaruyama()
    truth = simulate(neuron, 20.3 * ms, engine=Reference(), **given)
    fast = simulate(neuron, 20.3 * ms, engine=CPU("float64"), **given)
    assert np.array_equal(fast.spike_ids, truth.spike_ids)
    assert np.array_equal(fast.spike_times, truth.spike_times)
    for name, rows in truth.traces.items():
        assert np.allclose(fast.traces[name], rows, rtol=1e-11, atol=1e-11)
    rough = simulate(neuron, 2 * ms, engine=CPU("float32"), **given)
    quiet = np.bincount(rough.spike_ids, minlength=size) == 0
    for name, rows in rough.traces.items():
        assert np.allclose(rows[:, quiet], truth.traces[name][:20, quiet], rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("neuron", MODELS[2:], ids=lambda m: repr(m)[:24])
def test_the_same_bits_however_a_run_is_cut_and_shared(neuron: Any, dtype: Any) -> None:
    given: dict[str, Any] = {"size": 3000, "seed": 3, "record": ()}
    whole = simulate(neuron, 12 * ms, engine=CPU(dtype, threads=1), **given)
    shared = simulate(neuron, 12 * ms, engine=CPU(dtype, threads=2), **given)
    recorded = simulate(neuron, 12 * ms, engine=CPU(dtype), **{**given, "record": None}, every=7)
    ids, times, state, done = [], [], None, 0
    for length in (0.1, 0.2, 4.7, 7.0):  # an odd number of steps, so that pairs are cut apart
        part = simulate(neuron, length * ms, engine=CPU(dtype), state=state, first=done, **given)
        ids.append(part.spike_ids)
        times.append(part.spike_times)
        state, done = part.state, part.first + part.steps
    for other in (shared, recorded):
        assert np.array_equal(other.spike_ids, whole.spike_ids)
        assert all(np.array_equal(other.state[n], x) for n, x in whole.state.items())
    assert np.array_equal(np.concatenate(ids), whole.spike_ids)
    assert np.array_equal(np.concatenate(times), whole.spike_times)
    assert all(np.array_equal(part.state[n], x) for n, x in whole.state.items())


def test_seeds_differ_and_models_share_noise_of_one_name() -> None:
    """Frozen noise: what two methods make of one path can be compared."""
    a, b, c = (
        simulate(OULIF(), 20 * ms, seed=seed, method=method, record="i").traces["i"]
        for seed, method in ((1, None), (1, EulerMaruyama()), (2, None))
    )
    assert np.corrcoef(a[:, 0], b[:, 0])[0, 1] > 0.999
    assert abs(np.corrcoef(a[:, 0], c[:, 0])[0, 1]) < 0.95


def test_without_a_source_nothing_is_drawn() -> None:
    bound = bind(compile_neuron(PoissonNeuron()), numbers(PoissonNeuron()), 0.1)
    state = bound.initial(4)
    for engine in (Reference(), CPU("float64")):
        with pytest.raises(EngineError, match="chance=Chance"):
            engine.simulate(bound.program, bound.coefs, state, 1, {})
        with pytest.raises(EngineError, match="given_noise=True"):
            engine.forward(bound.program, bound.coefs, {}, state[:, None], 1)
        with pytest.raises(EngineError, match="normal:xi"):
            engine.simulate(
                bound.program, bound.coefs, state, 1, {}, chance=Chance({"normal:xi": 1})
            )


@pytest.mark.parametrize("first", [-1, 0.5, True, "a"])
def test_a_first_step_is_a_whole_number(first: Any) -> None:
    with pytest.raises(ParameterError, match="first"):
        simulate(PoissonNeuron(), 1 * second, first=first)


@pytest.mark.parametrize("seed", [1.5, True, "a", None])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(ParameterError, match="seed"):
        simulate(PoissonNeuron(), 1 * second, seed=seed)


def test_seeds_of_any_size_and_sign_are_seeds() -> None:
    ends = [simulate(OULIF(), 1 * ms, seed=s).state["i"][0] for s in (-1, 0, 2**80, np.int64(5))]
    assert len(set(ends)) == 4

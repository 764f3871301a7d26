"""Sources and inputs over time: the native engine against the reference, and cut in pieces."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.network.nets import Shape, random_plan
from tests.engines.network.test_native import same_bits, same_spikes

from spikeloom.engines.cpu.network import NativeNetwork
from spikeloom.engines.inputs import (
    NOTHING,
    DrivePlan,
    GivenTrains,
    PoissonTrains,
    RegularTrains,
    Series,
    Term,
    Trains,
    total,
)
from spikeloom.engines.network_plan import NetworkPlan, PoissonPlan, PopulationPlan, ProjectionPlan
from spikeloom.engines.network_run import Trace
from spikeloom.engines.poisson import source_key, varying_counts
from spikeloom.engines.reference.network import ReferenceNetwork
from spikeloom.errors import EngineError, NumericsError, ShapeError

ONE = Series(lambda steps: np.ones(len(steps)), text="one")
WAVE = Series(lambda steps: 1 + np.sin(steps / 10.0), text="wave")


def fan(width: int) -> Series:
    """Another wave for each neuron."""
    return Series(lambda steps: 1 + np.cos(steps[:, None] / 7.0 + np.arange(width)), width=width)


def source(size: int, trains: Trains) -> PopulationPlan:
    """A population that fires by itself."""
    return PopulationPlan(NOTHING, {}, size, np.zeros((0, size)), trains=trains)


def all_kinds(rng: np.random.Generator) -> list[PopulationPlan]:
    """One population of each kind of source."""
    n = int(rng.integers(1, 200))
    spikes = np.unique(rng.integers(0, [60, n], (3 * n, 2)), axis=0)
    some = rng.uniform(0, 0.2, n)
    chances = [
        [Term(ONE, np.array(0.1))],
        [Term(ONE, some)],
        [Term(WAVE, some)],
        [Term(WAVE, np.array(0.05)), Term(fan(n), np.array(0.02))],
    ]
    return [
        source(n, GivenTrains(spikes[:, 0], spikes[:, 1])),
        source(n, RegularTrains(rng.uniform(1, 30, n), rng.uniform(0.01, 20, n))),
        *(source(n, PoissonTrains(terms, n, 100 + k)) for k, terms in enumerate(chances)),
    ]


def driven_plan(seed: int, size: int, dtype: Any = "float64") -> NetworkPlan:
    """A network with every kind of input."""
    plan = random_plan(Shape(seed, (size, 40, 33), spread=True), dtype)
    rng = np.random.Generator(np.random.Philox(seed + 1))
    sources = all_kinds(rng)
    projections = []
    for place, population in enumerate(sources, len(plan.populations)):
        heads, ends = np.nonzero(rng.random((population.size, size)) < 0.2)
        indptr = np.searchsorted(heads, np.arange(population.size + 1)).astype(np.int64)
        delays = rng.integers(0, 6, len(ends)).astype(np.uint16)
        at = ends.astype(np.uint32)
        made = ProjectionPlan(place, 0, "exc", indptr, at, np.array(1.0), delays)
        projections.append(made)
    few = np.unique(rng.integers(0, size, 5))
    drives = [
        DrivePlan(0, "I", Term(WAVE, np.array(0.02))),
        DrivePlan(0, "I", Term(ONE, np.array(0.01))),
        DrivePlan(0, "I", Term(WAVE, rng.uniform(0, 0.05, len(few)), few)),
        DrivePlan(2, "I", Term(fan(33), np.array(0.03))),
    ]
    drives += [DrivePlan(2, "I", Term(WAVE, rng.uniform(0, 0.01, 33))) for _ in range(seed % 7)]
    first, *rest = plan.poisson
    poisson = [
        replace(first, course=(Term(WAVE, rng.uniform(0, 0.3, size)),)),
        *rest,
        PoissonPlan(2, "exc", np.array(0.0), 0.1, 200, (Term(WAVE, np.array(3.0)),)),
        PoissonPlan(
            *(2, "exc", np.array(0.0), 0.01, 201),
            (Term(WAVE, np.array(0.1)), Term(fan(2), np.array(50.0), np.array([3, 32]))),
        ),
    ]
    return replace(
        plan,
        populations=(*plan.populations, *sources),
        projections=(*plan.projections, *projections),
        drives=tuple(drives),
        poisson=tuple(poisson),
    )


@given(st.integers(0, 2**20), st.integers(5, 200), st.sampled_from([1, 2, 3]))
@settings(max_examples=15)
def test_spike_for_spike_like_the_reference(seed: int, size: int, threads: int) -> None:
    plan = driven_plan(seed, size)
    native, reference = NativeNetwork(plan, threads), ReferenceNetwork(plan)
    got, expected = native.run(60), reference.run(60)
    assert same_spikes(got, expected)
    ours, theirs = native.state_dict(), reference.state_dict()
    for name, array in theirs.items():
        np.testing.assert_allclose(ours[name], array, rtol=1e-10, atol=1e-10, err_msg=name)


@given(
    st.integers(0, 2**20),
    st.lists(st.integers(0, 30), min_size=1, max_size=5),
    st.integers(1, 4),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from([16, 64, 4096]),
)
@settings(max_examples=15)
def test_same_bits_in_pieces_and_threads(
    seed: int, pieces: list[int], threads: int, dtype: Any, window: int
) -> None:
    plan = driven_plan(seed, 120, dtype)
    wishes = [Trace(place, plan.populations[place].program.states[0], every=7) for place in (0, 2)]
    whole = NativeNetwork(plan, 1)
    expected = whole.run(sum(pieces), None, wishes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spikeloom.engines.cpu.network.native.CHUNK", window)
        parts = NativeNetwork(plan, threads)
    runs = [parts.run(n, None, wishes) for n in pieces]
    assert same_bits(parts.state_dict(), whole.state_dict())
    for place, (at, who) in enumerate(expected.spikes):
        assert np.array_equal(np.concatenate([r.spikes[place][0] for r in runs]), at)
        assert np.array_equal(np.concatenate([r.spikes[place][1] for r in runs]), who)


def test_given_trains_fire_as_given() -> None:
    spikes = np.array([[0, 3], [0, 64], [1, 0], [40, 130], [41, 130], [199, 63]])
    plan = NetworkPlan((source(131, GivenTrains(spikes[:, 0], spikes[:, 1])),))
    for engine in (NativeNetwork(plan, 2), ReferenceNetwork(plan)):
        steps, ids = engine.run(200).spikes[0]
        assert np.array_equal(np.stack([steps, ids], axis=1), spikes)


def test_parts_fire_as_the_whole() -> None:
    """Neurons that are spread over processes are the same neurons."""
    rng = np.random.Generator(np.random.Philox(4))
    for population in all_kinds(rng):
        assert population.trains is not None
        steps, ids = population.trains.fired(0, 50, 9)
        low, size = population.size // 3, population.size // 2
        some = population.trains.part(low, size)
        some.check("part", size)
        got = some.fired(0, 50, 9)
        inside = (ids >= low) & (ids < low + size)
        assert np.array_equal(got[0], steps[inside])
        assert np.array_equal(got[1], ids[inside] - low)
    term = Term(fan(9), np.arange(9.0), np.arange(9) * 2)
    whole = total([term], 3, 4, 20)
    assert np.array_equal(total([term.part(5, 8)], 3, 4, 8), whole[:, 5:13])


def test_a_series_does_not_depend_on_the_pieces() -> None:
    """Not even where the function looks at all that it is asked for at once."""
    odd = Series(lambda steps: np.cumsum(np.cos(steps)))
    whole = odd.sample(0, 3000)
    cuts = [0, 1, 700, 1023, 1024, 1025, 2999, 3000]
    pieces = [odd.sample(a, b - a) for a, b in pairwise(cuts)]
    assert np.array_equal(np.concatenate(pieces), whole)


def test_a_series_may_end_within_a_block() -> None:
    table = np.arange(50.0)
    assert np.array_equal(Series(lambda steps: table[steps]).sample(20, 30), table[20:])
    with pytest.raises(IndexError):
        Series(lambda steps: table[steps]).sample(20, 31)


@pytest.mark.parametrize("mean", [0.0, 1e-3, 0.7, 9.0, 200.0, 500.0])
def test_counts_at_changing_rates_are_poisson(mean: float) -> None:
    """Mean and variance within 5 standard errors: a false alarm in about 10⁶ runs each."""
    n, key = 40_000, source_key(3, 14)
    counts = varying_counts(np.full(n, mean), key, 7).astype(float)
    assert abs(counts.mean() - mean) <= 5 * np.sqrt(mean / n)
    # The variance of the sample variance of Poisson numbers is (mean + 2 mean²) / n.
    assert abs(counts.var() - mean) <= 5 * np.sqrt((mean + 2 * mean**2) / n)


def test_probabilities_and_means_are_looked_at() -> None:
    rising = Series(lambda steps: steps / 10.0)
    plan = NetworkPlan((source(3, PoissonTrains([Term(rising, np.array(1.0))], 3, 1)),))
    for engine in (NativeNetwork(plan, 1), ReferenceNetwork(plan)):
        engine.run(10)
        with pytest.raises(NumericsError, match="in step 11"):
            engine.run(10)
    falling = Series(lambda steps: 1 - steps / 10.0)
    base = random_plan(Shape(1, (5,)))
    poisson = replace(base.poisson[0], course=(Term(falling, np.array(1.0)),))
    for engine in (e(replace(base, poisson=(poisson,))) for e in (NativeNetwork, ReferenceNetwork)):
        with pytest.raises(NumericsError, match="mean of step 11"):
            engine.run(20)


def test_what_does_not_fit_is_refused() -> None:
    steps, ids = np.array([3, 3]), np.array([2, 2])
    with pytest.raises(EngineError, match="in order"):
        source(3, GivenTrains(steps, ids))
    with pytest.raises(EngineError, match="beyond 1"):
        source(2, GivenTrains(steps, np.array([1, 2])))
    with pytest.raises(EngineError, match="at least 1 step"):
        source(1, RegularTrains(np.array([0.5]), np.array([1.0])))
    with pytest.raises(EngineError, match="for 3 neurons"):
        source(2, PoissonTrains([], 3, 1))
    plan = random_plan(Shape(1, (5,)))
    for term, error in (
        (Term(ONE, np.ones(4)), ShapeError),
        (Term(fan(4), np.array(1.0)), ShapeError),
        (Term(ONE, np.array(np.nan)), NumericsError),
        (Term(ONE, np.array(1.0), np.array([1, 5])), EngineError),
        (Term(ONE, np.array(1.0), np.array([2, 1])), EngineError),
    ):
        with pytest.raises(error):
            replace(plan, drives=(DrivePlan(0, "I", term),))
    for place, name in ((1, "I"), (0, "J"), (0, "exc")):
        with pytest.raises(EngineError):
            replace(plan, drives=(DrivePlan(place, name, Term(ONE, np.array(1.0))),))

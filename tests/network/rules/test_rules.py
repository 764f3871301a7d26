"""Each rule: what it promises, who it refuses, and how often it connects whom."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

from spikeloom.engines.wiring import wiring
from spikeloom.equations.units import mm, mV, um
from spikeloom.errors import EngineError, NumericsError, ParameterError, ShapeError, UnitError
from spikeloom.network import rules
from spikeloom.network.rules import (
    AllToAll,
    Distance,
    EdgeList,
    ExponentialProfile,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotal,
    GaussianProfile,
    OneToOne,
    Rule,
    memory,
)
from spikeloom.network.rules.rule import Request

FALSE_ALARM = 1e-3
"""Of all χ² tests of this file together, over the choice of the seeds, which are fixed."""
CHI_SQUARE_TESTS = 14
LIMIT = FALSE_ALARM / CHI_SQUARE_TESTS

EVERY: list[Rule] = [
    AllToAll(),
    AllToAll(autapses=True),
    OneToOne(),
    FixedProbability(0.1),
    FixedProbability(0.1, autapses=True),
    FixedInDegree(5),
    FixedInDegree(40, multapses=True),
    FixedInDegree(5, autapses=True),
    FixedOutDegree(5),
    FixedOutDegree(40, multapses=True, autapses=True),
    FixedTotal(100),
    FixedTotal(2000, multapses=True),
    Distance(GaussianProfile(0.5, 3.0)),
    Distance(ExponentialProfile(1.0, 3.0), period=20.0, cutoff=6.0),
    EdgeList([3, 0, 3, 3], [1, 2, 0, 1]),
]


def built(rule: Rule, n: int, m: int, **more: Any) -> tuple[np.ndarray, np.ndarray]:
    places = {
        "source_positions": np.arange(n) * 1.0,
        "target_positions": np.arange(m) * 1.0,
    }
    return rule.build(n, m, **(places | more))


def dense(graph: tuple[np.ndarray, np.ndarray], n: int, m: int) -> np.ndarray:
    matrix = np.zeros((n, m), np.int64)
    np.add.at(matrix, (np.repeat(np.arange(n), np.diff(graph[0])), graph[1]), 1)
    return matrix


@pytest.mark.parametrize("rule", EVERY, ids=repr)
@pytest.mark.parametrize("same", [False, True])
def test_a_graph_is_sound(rule: Rule, same: bool) -> None:
    indptr, targets = built(rule, 20, 20, seed=3, entity="a to b", same_population=same)
    assert (indptr.dtype, targets.dtype) == (np.int64, np.uint32)
    assert indptr.shape == (21,) and indptr[0] == 0 and indptr[-1] == targets.size
    assert np.all(np.diff(indptr) >= 0)
    assert not targets.size or targets.max() < 20
    for row in np.split(targets.astype(np.int64), indptr[1:-1]):
        assert np.all(np.diff(row) >= 0)
    matrix = dense((indptr, targets), 20, 20)
    if same and not getattr(rule, "autapses", True):
        assert not matrix.diagonal().any()
    if not getattr(rule, "multapses", isinstance(rule, EdgeList)):
        assert matrix.max() == 1


@pytest.mark.parametrize("rule", EVERY, ids=repr)
def test_the_reference_agrees_and_seeds_matter(rule: Rule) -> None:
    first = built(rule, 20, 20, seed=3, same_population=True)
    plain = built(rule, 20, 20, seed=3, same_population=True, builder=wiring("reference"))
    for a, b in zip(first, plain, strict=True):
        np.testing.assert_array_equal(a, b)
    other = [built(rule, 20, 20, **more) for more in ({"seed": 4}, {"seed": 3, "entity": 1})]
    if not isinstance(rule, (AllToAll, OneToOne, EdgeList)):
        assert all(dense(x, 20, 20).tolist() != dense(first, 20, 20).tolist() for x in other)


@pytest.mark.parametrize("rule", EVERY, ids=repr)
def test_a_rule_reads_back_and_is_frozen(rule: Rule) -> None:
    names = {name: getattr(rules, name) for name in dir(rules)}
    assert eval(repr(rule), names) == rule
    assert hash(eval(repr(rule), names)) == hash(rule)
    for field in fields(rule):  # type: ignore[arg-type]
        with pytest.raises(AttributeError):
            setattr(rule, field.name, 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_degrees_are_exact(n: int, m: int, data: st.DataObject) -> None:
    multapses = data.draw(st.booleans())
    k = data.draw(st.integers(0, 60 if multapses else n))
    graph = FixedInDegree(k, multapses=multapses).build(n, m, seed=n)
    assert dense(graph, n, m).sum(0).tolist() == [k] * m
    k = data.draw(st.integers(0, 60 if multapses else m))
    graph = FixedOutDegree(k, multapses=multapses).build(n, m, seed=n)
    assert dense(graph, n, m).sum(1).tolist() == [k] * n
    k = data.draw(st.integers(0, 3 * n * m if multapses else n * m))
    assert dense(FixedTotal(k, multapses=multapses).build(n, m), n, m).sum() == k


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 30), st.integers(-12, 12), st.integers(0, 99))
def test_views_of_one_population_know_their_own_neuron(n: int, shift: int, seed: int) -> None:
    """Source i and target i + shift are one neuron."""
    for rule in (FixedProbability(0.9), FixedInDegree(n - 1), FixedOutDegree(n - 1), AllToAll()):
        matrix = dense(rule.build(n, n, seed=seed, same_population=True, shift=shift), n, n)
        assert not np.diagonal(matrix, shift).any()
    total = FixedTotal(5 * n * n, multapses=True)
    matrix = dense(total.build(n, n, seed=seed, same_population=True, shift=shift), n, n)
    assert not np.diagonal(matrix, shift).any() and matrix.sum() == 5 * n * n


def chi_square(counts: np.ndarray, expected: Any) -> float:
    """Probability of counts at least as far from what is expected; bins below 5 are joined."""
    counts, expected = np.ravel(counts), np.broadcast_to(expected, counts.shape).ravel()
    small = expected < 5
    counts = np.append(counts[~small], counts[small].sum())
    expected = np.append(expected[~small], expected[small].sum())
    keep = expected > 0
    return float(stats.chisquare(counts[keep], expected[keep]).pvalue)


def test_degrees_of_fixed_probability_are_binomial() -> None:
    matrix = dense(FixedProbability(0.1).build(2000, 300, seed=1), 2000, 300)
    likely = 2000 * stats.binom.pmf(np.arange(301), 300, 0.1)
    assert chi_square(np.bincount(matrix.sum(1), minlength=301), likely) > LIMIT
    likely = 300 * stats.binom.pmf(np.arange(2001), 2000, 0.1)
    assert chi_square(np.bincount(matrix.sum(0), minlength=2001), likely) > LIMIT


@pytest.mark.parametrize(
    ("rule", "groups"),
    [
        (FixedInDegree(7), 20),
        (FixedOutDegree(13), 20),
        (FixedInDegree(7, multapses=True), 20),
        (FixedTotal(120), 1),
        (FixedTotal(400, multapses=True), 1),
    ],
    ids=repr,
)
def test_every_allowed_pair_is_equally_likely(rule: Rule, groups: int) -> None:
    total, runs = np.zeros((20, 20)), 100
    for seed in range(runs):
        total += dense(rule.build(20, 20, seed=seed, same_population=True), 20, 20)
    assert not total.diagonal().any()
    pairs = total[~np.eye(20, dtype=bool)]
    # The sum of each group of pairs is fixed, which takes one degree of freedom each.
    choices = pairs.size // groups
    statistic = np.sum((pairs - pairs.mean()) ** 2) / pairs.mean()
    if not getattr(rule, "multapses", False):  # drawn without replacement: less variance
        statistic *= (choices - 1) / choices / (1 - pairs.mean() / runs)
    freedom = groups * (choices - 1)
    assert stats.chi2.sf(statistic, freedom) > LIMIT
    assert stats.chi2.cdf(statistic, freedom) > LIMIT


def test_in_degrees_of_fixed_total_are_those_of_drawing_with_replacement() -> None:
    matrix = dense(FixedTotal(30_000, multapses=True).build(100, 2000, seed=5), 100, 2000)
    likely = 2000 * stats.binom.pmf(np.arange(200), 30_000, 1 / 2000)
    assert chi_square(np.bincount(matrix.sum(0), minlength=200), likely) > LIMIT


def test_probability_falls_with_distance_as_the_profile_says() -> None:
    side = 40
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 2), -1).reshape(-1, 2) * 10.0
    rule = Distance(GaussianProfile(0.6, 50 * um), period=0.4 * mm, cutoff=180 * um)
    n = side * side
    where = {"source_positions": grid * um, "target_positions": grid * um}
    matrix = dense(rule.build(n, n, seed=2, same_population=True, **where), n, n)
    apart = np.abs(grid[:, None] - grid[None])
    far = np.sqrt(np.sum(np.minimum(apart, 400 - apart) ** 2, -1))
    assert not matrix[far > 180].any() and not matrix.diagonal().any()
    likely = 0.6 * np.exp(-(far**2) / (2 * 50**2))
    rings = np.where((far > 0) & (far <= 180), np.round(far / 12), -1).astype(int)
    found = np.array([matrix[rings == k].sum() for k in range(rings.max() + 1)])
    mean = np.array([likely[rings == k].sum() for k in range(rings.max() + 1)])
    spread = np.array([(likely * (1 - likely))[rings == k].sum() for k in range(rings.max() + 1)])
    ok = spread > 5
    statistic = np.sum((found - mean)[ok] ** 2 / spread[ok])
    assert stats.chi2.sf(statistic, int(ok.sum())) > LIMIT


def test_candidates_in_blocks_give_the_same_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    from spikeloom.network.rules import distance

    rule = Distance(ExponentialProfile(0.9, 5.0))
    whole = built(rule, 60, 70, seed=1)
    monkeypatch.setattr(distance, "CANDIDATES", 100)
    for a, b in zip(built(rule, 60, 70, seed=1), whole, strict=True):
        np.testing.assert_array_equal(a, b)


def test_sparse_matrices() -> None:
    matrix = sparse.random_array((30, 40), density=0.2, rng=np.random.default_rng(1))
    edges = EdgeList.from_sparse(matrix)
    graph = edges.build(30, 40)
    assert (dense(graph, 30, 40) == (matrix.toarray() != 0)).all()
    assert edges.weights is not None
    values = rules.weights(edges.weights * mV, mV, graph, n_target=40, rule=edges)
    rows = np.repeat(np.arange(30), np.diff(graph[0]))
    np.testing.assert_allclose(values, matrix.toarray()[rows, graph[1]], rtol=1e-7)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: FixedProbability(2), "probability from 0 to 1"),
        (lambda: FixedProbability(float("nan")), "probability from 0 to 1"),
        (lambda: FixedInDegree(2.5), "whole number"),  # type: ignore[arg-type]
        (lambda: FixedTotal(-1), "whole number from 0 on"),
        (lambda: GaussianProfile(0.5, 0.0), "length above 0"),
        (lambda: GaussianProfile(0.5, 3 * mV), "length above 0"),
        (lambda: Distance(0.5), "must be a Profile"),  # type: ignore[arg-type]
        (lambda: OneToOne().build(3, 4), "as many sources as targets"),
        (lambda: FixedInDegree(5).build(4, 3), "only 4 sources"),
        (lambda: FixedInDegree(5).build(5, 5, same_population=True), "only 4 sources"),
        (lambda: FixedOutDegree(1, multapses=True).build(3, 0), "there are no targets"),
        (lambda: FixedTotal(21).build(5, 5, same_population=True), "only 20 pairs"),
        (lambda: FixedTotal(1, multapses=True).build(1, 1, same_population=True), "no pairs"),
        (lambda: EdgeList([0], [4]).build(3, 4), "there are 4 neurons"),
        (lambda: EdgeList([-1], [4]), "numbers count from 0"),
        (lambda: EdgeList([0.5], [4]), "whole numbers"),
        (lambda: EdgeList.from_sparse(np.eye(3)), "SciPy sparse matrix"),
        (lambda: Distance(GaussianProfile(0.5, 1.0)).build(3, 4), "needs the positions"),
        (lambda: AllToAll().build(-1, 4), "n_source must be from 0"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        make()


def test_positions_that_make_no_sense_are_refused() -> None:
    rule = Distance(GaussianProfile(0.5, 3.0))
    with pytest.raises(ShapeError, match="1 to 3"):
        rule.build(3, 3, source_positions=np.ones(4), target_positions=np.ones(3))
    with pytest.raises(ShapeError, match="axes"):
        rule.build(3, 3, source_positions=np.ones((3, 2)), target_positions=np.ones(3))
    with pytest.raises(NumericsError, match="NaN"):
        rule.build(1, 1, source_positions=[np.nan], target_positions=[0.0])
    with pytest.raises(UnitError):
        rule.build(1, 1, source_positions=[1.0] * um, target_positions=[0.0] * um)
    with pytest.raises(ShapeError, match="2 periods"):
        built(Distance(GaussianProfile(0.5, 3.0), period=(1.0, 2.0)), 3, 3)


def test_too_large_a_graph_is_refused_before_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 2**30)
    with pytest.raises(EngineError, match=r"9,999,900,000 synapses .* 1\.0 GiB are available"):
        AllToAll().build(100_000, 100_000, same_population=True)
    AllToAll().build(100, 100)
    monkeypatch.setattr(memory, "available_bytes", lambda: None)
    AllToAll().build(10, 10)


def test_expected_numbers() -> None:
    places = np.arange(4000.0)
    local = Distance(GaussianProfile(0.5, 20.0), period=4000.0)
    graph = local.build(4000, 4000, source_positions=places, target_positions=places)
    request = Request(4000, 4000, 1, None, places, places, wiring())
    assert 0.3 < local.expected(request) / graph[1].size < 3
    assert FixedProbability(0.5).synapses(10, 10, same_population=True) == 45
    assert FixedInDegree(3).synapses(10, 20) == 60
    assert FixedOutDegree(3).synapses(10, 20) == 30

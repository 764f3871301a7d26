"""Weights and delays of single synapses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom.engines.wiring import wiring
from spikeloom.equations import learn, normal, uniform
from spikeloom.equations.units import ms, mV, nS, pA, pS, second, us
from spikeloom.errors import NumericsError, ParameterError, ShapeError, UnitError
from spikeloom.network.rules import AllToAll, EdgeList, FixedProbability, delays, weights

GRAPH = FixedProbability(0.5).build(30, 40, seed=1)
COUNT = GRAPH[1].size
ROWS = np.repeat(np.arange(30), np.diff(GRAPH[0]))


def w(value: Any, unit: Any = nS, **more: Any) -> np.ndarray:
    return weights(value, unit, GRAPH, n_target=40, **more)


def d(value: Any, dt: Any = 0.1 * ms, **more: Any) -> np.ndarray:
    return delays(value, dt, GRAPH, n_target=40, **more)


def test_one_number_stays_one_number() -> None:
    assert w(6 * nS) == 6 and w(6 * nS, dtype="float64").dtype == np.float64
    assert d(1.5 * ms) == 15 and d(1500 * us).dtype == np.uint16


def test_arrays_and_matrices() -> None:
    each = np.arange(COUNT) * 1.0
    np.testing.assert_array_equal(w(each * nS), each)
    matrix = np.arange(1200.0).reshape(30, 40)
    np.testing.assert_array_equal(w(matrix * nS), matrix[ROWS, GRAPH[1]])
    np.testing.assert_array_equal(d(matrix * ms, 1 * ms), matrix[ROWS, GRAPH[1]])


def test_arrays_follow_the_order_of_an_edge_list() -> None:
    edges = EdgeList([2, 0, 1], [1, 1, 0])
    graph = edges.build(3, 2)
    given = weights([20, 0, 10] * pA, pA, graph, n_target=2, rule=edges)
    assert given.tolist() == [0, 10, 20]
    given = delays([2, 0, 1] * ms, 1 * ms, graph, n_target=2, rule=edges)
    assert given.tolist() == [0, 1, 2]


def test_distributions_are_keyed() -> None:
    chosen = normal(6, 1) * nS
    one = w(chosen, seed=1)
    np.testing.assert_array_equal(one, w(chosen, seed=1))
    np.testing.assert_array_equal(one, w(chosen, seed=1, builder=wiring("reference")))
    for more in ({"seed": 2}, {"seed": 1, "entity": "x"}, {"seed": 1, "name": "second"}):
        assert not np.array_equal(one, w(chosen, **more))
    assert abs(one.mean() - 6) < 5 / COUNT**0.5 and 0.9 < one.std() < 1.1
    np.testing.assert_allclose(w(normal(6000, 1000) * pS, seed=1), one, rtol=1e-6)


def test_delays_are_drawn_in_steps_and_never_negative() -> None:
    graph = AllToAll().build(300, 300, seed=1)
    chosen = normal(1.5, 0.75) * ms
    given = delays(chosen, 0.1 * ms, graph, n_target=300)
    assert given.dtype == np.uint16 and given.max() < 60
    exact = weights(normal(1.5, 0.75, low=0) * ms, ms, graph, n_target=300, name="delay")
    assert np.max(np.abs(given - exact * 10)) <= 0.5 + 1e-5
    assert (given == 0).any()


def test_delays_round_to_the_nearest_step() -> None:
    edges = EdgeList([0] * 5, [0, 1, 2, 3, 4])
    graph = edges.build(1, 5)
    given = delays([0.04, 0.06, 0.3, 0.7, 1.26] * ms, 0.1 * ms, graph, n_target=5, rule=edges)
    assert given.tolist() == [0, 1, 3, 7, 13]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: w(6 * mV), UnitError, "conductance"),
        (lambda: w(6.0), UnitError, "needs a unit"),
        (lambda: w(normal(1, 1) * mV), UnitError, "conductance"),
        (lambda: w("6 nS"), ParameterError, "'6 nS'"),
        (lambda: w(learn(6 * nS)), ParameterError, "takes a number"),
        (lambda: w(float("nan") * nS), NumericsError, "NaN"),
        (lambda: w(np.ones(3) * nS), ShapeError, "one for each of the"),
        (lambda: w(np.ones((40, 30)) * nS), ShapeError, "matrix"),
        (lambda: d(-1 * ms), ParameterError, "must not be negative"),
        (lambda: d(float("nan") * ms), NumericsError, "NaN"),
        (lambda: d(uniform(-1, 1) * ms), ParameterError, "must not be negative"),
        (lambda: d(normal(-10, 1) * ms), ParameterError, "hardly any draw"),
        (lambda: d(10 * second), ParameterError, "at most 65535"),
        (lambda: d(normal(6, 1) * second), ParameterError, "at most 65535"),
        (lambda: d(5 * nS), UnitError, "time"),
        (lambda: d(3), UnitError, "needs a unit"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()

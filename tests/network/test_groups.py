"""Synapses between groups are those between their populations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import spikeloom as sl
from spikeloom.network.overlap import own_shift
from spikeloom.network.view import Group, parts


def dense(net: sl.Network, size: int) -> Any:
    """Number of synapses and sum of weights between all neurons, populations side by side."""
    plan = net.build()
    starts = np.cumsum([0, *(p.size for p in plan.populations)])
    count, weight = np.zeros((size, size)), np.zeros((size, size))
    for p in plan.projections:
        rows = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr)) + starts[p.source]
        at = (rows, p.targets.astype(int) + starts[p.target])
        np.add.at(count, at, 1)
        np.add.at(weight, at, np.broadcast_to(p.weights, len(rows)))
    return count, weight


def network() -> tuple[sl.Network, sl.Population, sl.Population]:
    net = sl.Network(engine="reference")
    return net, net.population(6, sl.LIF(), name="a"), net.population(4, sl.LIF(), name="b")


def test_a_matrix_of_weights_lands_where_it_says() -> None:
    net, a, b = network()
    source, target = b + a[[4, 1]], a[1:] + b[[0, 3]]
    weights = np.arange(1.0, 43.0).reshape(6, 7)
    rule = sl.AllToAll(autapses=True)
    net.connect(source, target, sl.ExponentialCurrent(), rule, weight=weights * sl.pA)
    count, weight = dense(net, 10)
    senders, receivers = [6, 7, 8, 9, 1, 4], [1, 2, 3, 4, 5, 6, 9]
    expected = np.zeros((10, 10))
    expected[np.ix_(senders, receivers)] = weights
    np.testing.assert_array_equal(weight, expected)
    assert count.max() == 1


@pytest.mark.parametrize("part", ["whole", "range", "scattered", "sum"])
def test_autapses_are_left_out_of_overlapping_groups(part: str) -> None:
    net, a, b = network()
    source = {"whole": a, "range": a[2:5], "scattered": a[[0, 2, 5]], "sum": b + a}[part]
    net.connect(source, a + b, sl.ExponentialCurrent(), sl.AllToAll(), weight=1 * sl.pA)
    count, _ = dense(net, 10)
    assert np.trace(count) == 0
    assert count.sum() == len(source) * 9


def test_a_fixed_number_is_never_cut_short() -> None:
    net, a, _ = network()
    net.connect(a[[0, 2, 5]], a, sl.ExponentialCurrent(), sl.FixedInDegree(1), weight=1 * sl.pA)
    with pytest.raises(sl.errors.ParameterError, match="autapses"):
        net.build()


def test_a_shift_is_found_only_where_it_holds() -> None:
    _, a, b = network()

    def group(x: sl.Population | sl.View | Group) -> Group:
        return Group(parts(x))

    assert own_shift(group(a[2:4]), group(a)) == 2
    assert own_shift(group(b), group(a + b)) == 6
    assert own_shift(group(a), group(b)) is None
    assert own_shift(group(a + b), group(b + a)) is None


def test_in_degree_over_a_sum_counts_both() -> None:
    net, a, b = network()
    net.connect(
        a + b, b, sl.ExponentialCurrent(), sl.FixedInDegree(5), weight=sl.normal(1, 0.1) * sl.pA
    )
    count, weight = dense(net, 10)
    np.testing.assert_array_equal(count.sum(axis=0)[6:], 5)
    assert len(np.unique(weight[weight > 0])) == 20

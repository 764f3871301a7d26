"""Poisson numbers by place: their distribution, and what they depend on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from spikeloom.engines.poisson import BITS, poisson_counts, poisson_table, source_key

FALSE_ALARM = 1e-5
"""Of each test of a distribution."""


@pytest.mark.parametrize("rate", [0.0, 1e-12, 0.02, 0.5, 2.0, 17.3, 400.0, 2e4])
def test_the_table_is_the_distribution_function(rate: float) -> None:
    table, _ = poisson_table(np.array(rate))
    k = np.arange(table.shape[1])
    np.testing.assert_allclose(table[0] / 2.0**BITS, stats.poisson.cdf(k, rate), atol=2e-11)
    assert table[0, -1] == 1 << BITS
    assert np.all(np.diff(table[0]) >= 0)


@pytest.mark.parametrize("rate", [0.02, 0.5, 2.0, 17.3])
def test_counts_are_poisson(rate: float) -> None:
    table, rows = poisson_table(np.array(rate))
    draws = np.concatenate(
        [poisson_counts(table, rows, source_key(1, 2), step, 500) for step in range(400)]
    )
    top = int(stats.poisson.ppf(1 - 20 / draws.size, rate))
    seen = np.bincount(np.minimum(draws, top), minlength=top + 1)
    share = stats.poisson.pmf(np.arange(top + 1), rate)
    share[-1] = stats.poisson.sf(top - 1, rate)
    assert stats.chisquare(seen, share * draws.size).pvalue > FALSE_ALARM


def test_counts_do_not_follow_each_other() -> None:
    table, rows = poisson_table(np.array(1.0))
    draws = np.array([poisson_counts(table, rows, source_key(3, 0), s, 300) for s in range(300)])
    other = np.array([poisson_counts(table, rows, source_key(3, 1), s, 300) for s in range(300)])
    z = draws - 1.0
    bound = stats.norm.isf(FALSE_ALARM / 2)
    for a, b in ((z[1:], z[:-1]), (z[:, 1:], z[:, :-1]), (z, other - 1.0)):
        assert abs((a * b).sum() / np.sqrt(a.size)) < bound


def test_rates_of_their_own() -> None:
    rates = np.repeat([0.0, 0.3, 5.0], 2000)
    table, rows = poisson_table(rates)
    assert table.shape[0] == 3
    counts = poisson_counts(table, rows, source_key(9, 9), 4, rates.size)
    assert not counts[:2000].any()
    for rate in (0.3, 5.0):
        error = (counts[rates == rate].mean() - rate) / np.sqrt(rate / 2000)
        assert abs(error) < stats.norm.isf(FALSE_ALARM / 2)

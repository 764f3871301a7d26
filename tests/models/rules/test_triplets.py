"""The triplet rule against the numbers of its protocols."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.engines.learning.bench import Bench

from spikeloom.models import NearestTripletSTDP, TripletSTDP

RATES = {10: 20, 20: 10, 40: 5, 50: 4}
"""Repetitions a second → steps of 5 ms between two of them."""

# Sum of the changes by 60 pairs at 0.1, 10, 20, 40 and 50 a second, 10 ms apart each way.
EXPECTED: dict[str, Any] = {
    "all to all, minimal": (
        TripletSTDP.visual_cortex_minimal(),
        [0.000, 0.119, 0.228, 0.532, 0.763], [-0.317, -0.332, -0.342, 0.174, 0.749],
    ),
    "all to all, full": (
        TripletSTDP(),
        [0.000, 0.132, 0.247, 0.534, 0.741], [-0.312, -0.334, -0.352, 0.155, 0.727],
    ),
    "nearest, minimal": (
        NearestTripletSTDP.visual_cortex_minimal(),
        [0.000, 0.101, 0.322, 0.568, 0.636], [-0.357, -0.356, -0.279, 0.290, 0.630],
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", EXPECTED)
def test_frequency_of_pairs(which: str) -> None:
    rule, forward, backward = EXPECTED[which]
    pre, post, synapses = [], [], []
    for apart in (2, -2):
        for between in RATES.values():
            first = [4 + k * between for k in range(60)]
            synapses.append((len(pre), len(post)))
            pre.append(first)
            post.append([s + apart for s in first])
    bench = Bench(rule.replace(w_max=10), pre, post, synapses, weights=1.0, dt=5.0)
    found = bench.final(60 * 20 + 10) - 1.0
    # Ten seconds apart no pair knows of another.
    single = Bench(
        rule.replace(w_max=10), [[2], [3]], [[3], [2]], [(0, 0), (1, 1)], weights=1.0, dt=10.0
    ).final(5)
    alone = 60 * (single - 1.0)
    np.testing.assert_allclose([alone[0], *found[:4]], forward, atol=2e-3)
    np.testing.assert_allclose([alone[1], *found[4:]], backward, atol=2e-3)


def test_triplets_of_the_hippocampus() -> None:
    """60 at 1 Hz: pre-post-pre +0.043, post-pre-post +0.358."""
    at = [4 + 200 * k for k in range(60)]
    both = [s + step for s in at for step in (0, 2)]
    middle = [s + 1 for s in at]
    bench = Bench(
        TripletSTDP.hippocampus().replace(w_max=10), [both, middle], [middle, both],
        [(0, 0), (1, 1)], weights=1.0, dt=5.0,
    )  # fmt: skip
    found = bench.final(200 * 60) - 1.0
    np.testing.assert_allclose(found, [0.043, 0.358], atol=2e-3)


def test_the_drift_of_independent_trains_changes_its_sign() -> None:
    """Minimal model: depression at 15 Hz of the target, potentiation at 25 Hz; 19.2 Hz between."""
    rng, steps, count = np.random.default_rng(7), 20_000, 60
    pre = [np.flatnonzero(rng.random(steps) < 0.01).tolist() for _ in range(2 * count)]
    rates = np.repeat([0.015, 0.025], count)
    post = [(1 + np.flatnonzero(rng.random(steps - 1) < r)).tolist() for r in rates]
    rule = TripletSTDP.visual_cortex_minimal().replace(w_max=1e6)
    pairs = [(k, k) for k in range(2 * count)]
    change = Bench(rule, pre, post, pairs, weights=1e3, dt=1.0).final(steps) - 1e3
    low, high = change[:count], change[count:]
    error = [np.std(x, ddof=1) / np.sqrt(count) for x in (low, high)]
    assert low.mean() < -3.7 * error[0]
    assert high.mean() > 3.7 * error[1]

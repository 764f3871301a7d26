"""Intrinsic plasticity: neurons that look after their own rate."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom import simulate
from spikeloom.compile import Euler
from spikeloom.equations.units import ms, mV, nA, second
from spikeloom.models import HomeostaticLIF, TrieschUnit


def test_the_output_becomes_exponential() -> None:
    """Triesch: after 1e5 Gaussian inputs the mean is mu, and the distribution close to exp(mu)."""
    x = np.random.default_rng(0).standard_normal((100_000, 1))
    unit = TrieschUnit(mu=0.1, eta=5e-3 / ms)
    run = simulate(unit, 100 * second, dt=1 * ms, method=Euler(), record="y", x=x)
    late = np.sort(run.traces["y"][50_000:, 0])
    assert abs(late.mean() - 0.1) <= 0.01
    expected = 1 - np.exp(-late / 0.1)
    distance = np.max(np.abs(np.arange(1, late.size + 1) / late.size - expected))
    assert distance <= 0.08


def test_an_untrained_unit_is_not_exponential() -> None:
    x = np.random.default_rng(0).standard_normal((5_000, 1))
    run = simulate(
        TrieschUnit(eta=1e-12 / ms), 5 * second, dt=1 * ms, method=Euler(), record="y", x=x
    )
    assert abs(run.traces["y"].mean() - 0.1) > 0.3


@pytest.mark.parametrize("current", [0.2, 0.3, 0.6])
def test_the_threshold_finds_the_rate(current: float) -> None:
    """10 spikes a second, whatever flows in; a threshold that stands still fires far more often."""
    run = simulate(HomeostaticLIF(eta=1 * mV), 30 * second, I=current * nA, record="theta")
    late = run.spike_times > 20_000
    assert np.sum(late) == pytest.approx(100, abs=4)
    if current > 0.2:
        fixed = simulate(HomeostaticLIF(eta=1e-9 * mV), 10 * second, I=current * nA, record="v")
        assert fixed.counts[0] > 300

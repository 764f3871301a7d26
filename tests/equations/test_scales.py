"""The coherent system: units as people mix them need no factors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.equations.quantity import NAMED, Unit
from spikeloom.equations.scales import Scales
from spikeloom.equations.units import (
    GOhm,
    MOhm,
    Ohm,
    cm2,
    mS,
    ms,
    mV,
    nA,
    nS,
    one,
    pA,
    pF,
    second,
    uA,
    uF,
    volt,
)  # fmt: skip


@pytest.mark.parametrize(
    "units",
    [
        [pF, nS, mV, ms, pA],
        [nA, MOhm, mV, ms],
        [uF / cm2, mS / cm2, mV, one, uA / cm2],
        [mV, mV / ms, one / ms],
        [pF, mV, pA],
    ],
)
def test_common_mixtures_need_no_factor(units: list[Unit]) -> None:
    scales = Scales.of(units)
    assert [scales.factor(u) for u in units] == [1.0] * len(units)
    assert scales.time == ms


def test_a_contradiction_gets_a_power_of_ten() -> None:
    scales = Scales.of([mV, nA, MOhm, GOhm, volt])
    assert [scales.factor(u) for u in (mV, nA, MOhm, GOhm, volt, Ohm)] == [
        1.0, 1.0, 1.0, 1e3, 1e3, 1e-6,
    ]  # fmt: skip


def test_time_is_the_first_that_is_declared() -> None:
    assert Scales.of([mV, second, ms]).time == second
    assert Scales.of([mV, second, ms]).factor(ms) == 1e-3
    assert Scales.of([]).factor(one) == 1.0


@given(st.lists(st.sampled_from(sorted(NAMED.values(), key=repr)), max_size=6))
def test_products_of_factors_are_factors_of_products(units: list[Unit]) -> None:
    """Without this no equation would keep its meaning."""
    scales = Scales.of(units)
    for a in units:
        for b in units:
            got = scales.factor(a) * scales.factor(b)
            assert scales.factor(a * b) == pytest.approx(got, rel=1e-12)
            assert scales.factor(a / b) * scales.factor(b) == pytest.approx(
                scales.factor(a), rel=1e-12
            )

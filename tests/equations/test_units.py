"""Units: algebra, exact conversions, values as keys, and errors that help."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.equations import units
from spikeloom.equations.quantity import NAMED, Quantity, Unit
from spikeloom.equations.units import (
    MOhm,
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
    us,
    volt,
)  # fmt: skip
from spikeloom.errors import UnitError

NAMES = {name: getattr(units, name) for name in units.__all__}
some_unit = st.sampled_from(sorted(NAMED.values(), key=repr))
number = st.floats(allow_nan=False, allow_infinity=False, width=64)
power = st.integers(-3, 3)


@st.composite
def compound(draw: st.DrawFn) -> Unit:
    unit = draw(some_unit)
    for _ in range(draw(st.integers(0, 3))):
        unit = unit * draw(some_unit) ** draw(power)
    return unit


@given(compound(), compound(), compound())
def test_units_multiply_like_numbers(a: Unit, b: Unit, c: Unit) -> None:
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert hash(a * b) == hash(b * a)
    assert a / a == one
    assert a * b / b == a
    assert a**2 == a * a
    assert (a**3) ** (1 / 3) == a


@given(compound())
def test_a_unit_reads_back(sent: Any, unit: Unit) -> None:
    assert eval(repr(unit), dict(NAMES)) == unit
    assert sent(unit) == unit == copy.deepcopy(unit)


@given(number, compound())
def test_a_quantity_reads_back(value: float, unit: Unit) -> None:
    quantity = value * unit
    again = eval(repr(quantity), dict(NAMES))
    assert again == quantity
    assert hash(again) == hash(quantity)


@given(st.lists(number, min_size=1, max_size=5), compound())
def test_an_array_reads_back(values: list[float], unit: Unit) -> None:
    quantity = np.array(values) * unit
    assert eval(repr(quantity), dict(NAMES)) == quantity == values * unit
    assert quantity.shape == (len(values),)


@given(st.decimals(-1000, 1000, places=4), st.sampled_from([-3, -6, 3]))
def test_a_prefix_changes_nothing(value: Any, shift: int) -> None:
    """What people type with another prefix is the same value, to the last digit."""
    other = {-3: ms, -6: us, 3: second}[shift]
    base = {-3: second, -6: second, 3: ms}[shift]
    a, b = float(value) * base, float(value.scaleb(abs(shift) if shift < 0 else -3)) * other
    assert a == b
    assert hash(a) == hash(b)
    assert a.to(other) == b.value


def test_conversions() -> None:
    assert 20 * ms == 0.02 * second
    assert len({20 * ms, 0.02 * second, 20000 * us}) == 1
    assert (0.3 * ms).to(second) == 0.0003
    assert (np.array([1.0, 2.0]) * ms).to(us).tolist() == [1000, 2000]
    assert (100 * MOhm) * (0.2 * nA) == 20 * mV
    assert (20 * ms) / (1 * ms) == 20.0
    assert 3 * mV / (1 * volt) == 0.003
    assert -(3 * mV) + 1 * volt - 500 * mV == 497 * mV
    assert (2 * ms) ** 2 == 4 * ms**2
    assert pA / nS == mV and pA * ms / mV == pF
    assert 1 - 3 * one == -2 * one
    assert 5 / ms == 5000 / second
    assert 10 * mV < 1 * volt <= 1000 * mV
    assert 0 * ms != 0 * mV
    assert (np.float64(2) * ms).value == 2.0


def test_text_for_people() -> None:
    assert str(100 * MOhm) == "100 MΩ"
    assert str(120 * mS / cm2) == "120 mS/cm²"
    assert f"{2.34567 * mV:.2f}" == "2.35 mV"
    assert f"{[1, 2] * mV:.1f}" == "[1.0, 2.0] mV"
    assert repr(0.04 / (mV * ms)) == "0.04 / mV / ms"


def test_arrays_are_frozen() -> None:
    mine = np.array([1.0, 2.0])
    quantity = mine * ms
    mine[0] = 7
    assert quantity == [1, 2] * ms
    with pytest.raises(ValueError, match="read-only"):
        quantity.value[0] = 3  # type: ignore[index]
    with pytest.raises(AttributeError):
        quantity.value = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: 20 * mV + 3 * nA, ["20 mV and 3 nA", "by a resistance to get a voltage"]),
        (lambda: 3 * nA - 20 * mV, ["subtract", "by a conductance to get a current"]),
        (lambda: 20 * mV + 3, ["plain number", "5 * mV"]),
        (lambda: 3 * ms < 2 * mV, ["cannot compare 3 ms with 2 mV"]),
        (lambda: (3 * nA).to(second), ["cannot express 3 nA in s", "nA (current)"]),
        (lambda: float(3 * ms), ["x.to(ms)"]),
        (lambda: np.asarray([1, 2] * ms), ["x.to(ms)"]),
        (lambda: mV**1e300, ["power 1e+300"]),
    ],
)
def test_errors_name_both_units_and_help(wrong: Any, words: list[str]) -> None:
    with pytest.raises(UnitError) as caught:
        wrong()
    assert all(word in str(caught.value) for word in words)


def test_nothing_but_numbers_takes_a_unit() -> None:
    for wrong in ("20", None, object(), True):
        with pytest.raises(TypeError):
            wrong * ms  # type: ignore[operator]
    assert not isinstance(Quantity(True, one).value, bool)

"""Expressions: values that print as they would be typed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom.equations import Expr, maximum, rises, sqrt, where
from spikeloom.equations.units import MOhm, ms, mV, nA
from spikeloom.errors import ModelError, UnitError

v = Expr("leaf", unit=mV, kind="state", name="v")
w = Expr("leaf", unit=mV, kind="state", name="w")
I = Expr("leaf", unit=nA, kind="input", name="I")
tau = Expr("leaf", unit=ms, kind="param", name="tau")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        ((v - w + 100 * MOhm * I) / tau, "(v - w + 100*MOhm*I)/tau"),
        (v - (w - v), "v - (w - v)"),
        (v / (w * v), "v/(w*v)"),
        (-(v**2), "-v**2"),
        ((-v) ** 2, "(-v)**2"),
        (v - -w, "v - -w"),
        (0.04 / (mV * ms) * v**2, "0.04/mV/ms*v**2"),
        (v / mV, "v/mV"),
        (v / (10 * mV), "v/(10*mV)"),
        (v * (-3), "v*-3"),
        (2 - v / mV, "2 - v/mV"),
        (abs(v) + sqrt(v * w), "abs(v) + sqrt(v*w)"),
        (maximum(v, 0), "maximum(v, 0)"),
        (where((v > 0) & ~(v <= 5 * mV), v, 0), "where((v > 0) & ~(v <= 5*mV), v, 0)"),
        (where((v > 0) | (w > v), v, 0), "where((v > 0) | (w > v), v, 0)"),
        (rises(v, 0 * mV), "rises(v, 0*mV)"),
        (np.float64(2) * v, "2*v"),
        (mV + v, "mV + v"),
    ],
)  # fmt: skip
def test_text(expr: object, text: str) -> None:
    assert str(expr) == text


def test_values(sent: Any) -> None:
    a = (v + w) / tau
    b = (v + w) / tau
    assert a == b and hash(a) == hash(b) and a.where != b.where
    assert a != (w + v) / tau
    assert sent(a) == a
    assert a.unit == mV / ms
    assert sqrt(v * w).unit == mV


def test_arrays_have_no_place_in_an_expression() -> None:
    with pytest.raises(ModelError, match="compute with a ndarray"):
        v * np.array([1.0, 2.0])
    with pytest.raises(ModelError, match="cannot be traced"):
        np.array([1.0, 2.0]) * v
    with pytest.raises(UnitError, match="exponent must be a plain number"):
        v**tau
    with pytest.raises(ModelError, match="no number"):
        v * float("nan")

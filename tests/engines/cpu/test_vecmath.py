"""Accuracy of the elementary functions against 40-digit arithmetic, and their special values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from tests.engines.cpu.mathprobe import narrow_host, probe, ulps

INF, NAN = np.inf, np.nan


@dataclass(frozen=True)
class Function:
    """What is claimed of a function: its largest errors in ulp, and where."""

    exact: Callable[[Any], Any]
    float32: float
    float64: float
    low: float
    high: float
    wide: float = 0.0
    """float64: also tried on ±wide."""


def exprel1(x: Any) -> Any:
    if abs(x) < mp.mpf(10) ** -6:
        return mp.mpf(1) / 2 + x / 3 + x**2 / 8
    return ((x - 1) * mp.exp(x) + 1) / x**2


CLAIMS = {
    "exp": Function(mp.exp, 1.0, 1.0, -87, 88.7, 700),
    "expm1": Function(mp.expm1, 2.0, 2.5, -20, 88.7, 700),
    "log": Function(mp.log, 1.0, 1.0, 1e-30, 4),
    "log1p": Function(mp.log1p, 2.0, 2.0, -0.99, 4),
    "tanh": Function(mp.tanh, 2.5, 2.5, -10, 10, 20),
    "sigmoid": Function(lambda x: 1 / (1 + mp.exp(-x)), 2.0, 2.0, -86, 20, 700),
    "sinh": Function(mp.sinh, 2.0, 2.5, -89, 89, 700),
    "cosh": Function(mp.cosh, 2.0, 2.0, -89, 89, 700),
    "sin": Function(mp.sin, 1.5, 1.5, -1e3, 1e3, 1e6),
    "cos": Function(mp.cos, 2.0, 2.0, -1e3, 1e3, 1e6),
    "atan": Function(mp.atan, 2.0, 1.5, -50, 50, 1e6),
    "erf": Function(mp.erf, 1.5, 1.5, -4, 4, 6),
    "exprel": Function(lambda x: mp.expm1(x) / x if x else mp.mpf(1), 2.0, 2.0, -60, 92, 700),
    "exprel1": Function(exprel1, 4.0, 4.0, -60, 90, 700),
}
DTYPES = ["float32", "float64"]


def arguments(f: Function, dtype: str) -> np.ndarray:
    """Random and dense grids: the whole range, around 0, and small sizes of both signs."""
    rng = np.random.Generator(np.random.Philox(3))
    small = np.exp(rng.uniform(-60, 0, 150)) * rng.choice([-1, 1], 150)
    parts = [rng.uniform(f.low, f.high, 600), np.linspace(-1.6, 1.6, 401), small]
    if dtype == "float64" and f.wide:
        parts.append(rng.uniform(-f.wide, f.wide, 200))
    x = np.concatenate(parts).astype(dtype)
    return x[(x >= f.low) & (x <= max(f.high, f.wide))] if f.low > -1 else x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CLAIMS)
def test_error_is_within_the_claim(name: str, dtype: str) -> None:
    claim = CLAIMS[name]
    x = arguments(claim, dtype)
    with mp.workdps(40):
        exact = [claim.exact(mp.mpf(float(v))) for v in x]
        far = ulps(probe(name, dtype)(x), exact)
    worst = int(np.argmax(far))
    assert far[worst] <= getattr(claim, dtype), f"{name}({x[worst]!r}): {far[worst]:.3f} ulp"


@pytest.mark.parametrize("dtype", DTYPES)
def test_logarithm_over_all_magnitudes(dtype: str) -> None:
    info = np.finfo(dtype)
    rng = np.random.Generator(np.random.Philox(4))
    low, high = np.log(float(info.smallest_subnormal)), np.log(float(info.max))
    x = np.exp(rng.uniform(low + 1, high - 1, 600)).astype(dtype)
    with mp.workdps(40):
        assert ulps(probe("log", dtype)(x), [mp.log(float(v)) for v in x]).max() <= 1.0


@pytest.mark.parametrize(("dtype", "claim"), [("float32", 2.0), ("float64", 2.0)])
def test_power(dtype: str, claim: float) -> None:
    rng = np.random.Generator(np.random.Philox(5))
    x = np.exp(rng.uniform(-8, 8, 600)).astype(dtype)
    y = rng.uniform(-8, 8, 600).astype(dtype)
    with mp.workdps(40):
        exact = [mp.mpf(float(a)) ** mp.mpf(float(b)) for a, b in zip(x, y, strict=True)]
        assert ulps(probe("pow", dtype)(x, y), exact).max() <= claim


@pytest.mark.parametrize("dtype", DTYPES)
def test_power_of_special_values_is_that_of_c(dtype: str) -> None:
    a = np.array([0.0, -0.0, 1, -1, 2, -2, INF, -INF, NAN, 0.25])
    b = np.array([0.0, 1, -1, 0.5, 3, -3, 2, INF, -INF, NAN, -2])
    x, y = (z.ravel().astype(dtype) for z in np.meshgrid(a, b))
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    got = probe("pow", dtype)(x, y)
    assert np.array_equal(np.signbit(got[got == 0]), np.signbit(expected[expected == 0]))
    np.testing.assert_allclose(got, expected, rtol=2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("host", [None, narrow_host()], ids=["native", "narrow"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("exp", {0.0: 1, INF: INF, -INF: 0, NAN: NAN, 1e30: INF, -1e30: 0}),
        ("expm1", {0.0: 0, INF: INF, -INF: -1, NAN: NAN, 1e30: INF, -1e30: -1}),
        ("log", {0.0: -INF, -1.0: NAN, INF: INF, -INF: NAN, NAN: NAN, 1.0: 0}),
        ("log1p", {0.0: 0, -1.0: -INF, -2.0: NAN, INF: INF, -INF: NAN, NAN: NAN}),
        ("tanh", {0.0: 0, INF: 1, -INF: -1, NAN: NAN, 1e30: 1}),
        ("sigmoid", {0.0: 0.5, INF: 1, -INF: 0, NAN: NAN, 1e30: 1, -1e30: 0}),
        ("sinh", {0.0: 0, INF: INF, -INF: -INF, NAN: NAN, 1e30: INF}),
        ("cosh", {0.0: 1, INF: INF, -INF: INF, NAN: NAN, 1e30: INF}),
        ("sin", {0.0: 0, INF: NAN, -INF: NAN, NAN: NAN}),
        ("cos", {0.0: 1, INF: NAN, -INF: NAN, NAN: NAN}),
        ("atan", {0.0: 0, INF: np.pi / 2, -INF: -np.pi / 2, NAN: NAN}),
        ("erf", {0.0: 0, INF: 1, -INF: -1, NAN: NAN, 10.0: 1}),
        ("exprel", {0.0: 1, INF: INF, -INF: 0, NAN: NAN, 1e30: INF}),
        ("exprel1", {0.0: 0.5, INF: INF, -INF: 0, NAN: NAN}),
    ],
)
def test_special_values(name: str, pairs: dict[float, float], dtype: str, host: Any) -> None:
    got = probe(name, dtype, host)(list(pairs))
    np.testing.assert_array_equal(got, np.array(list(pairs.values()), dtype))


@pytest.mark.parametrize("name", ["expm1", "log1p", "tanh", "sinh", "atan", "erf"])
def test_odd_functions_keep_the_sign_of_zero(name: str) -> None:
    assert np.signbit(probe(name, "float32")([-0.0]))[0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CLAIMS)
def test_narrow_processors_get_the_same_bits(name: str, dtype: str) -> None:
    x = arguments(CLAIMS[name], dtype)
    np.testing.assert_array_equal(probe(name, dtype, narrow_host())(x), probe(name, dtype)(x))


def test_exp_reaches_subnormal_numbers() -> None:
    got = probe("exp", "float32")([-90.0, -100.0])
    np.testing.assert_allclose(got, np.exp(np.array([-90.0, -100.0])), atol=1.5e-45, rtol=0)

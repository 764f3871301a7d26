"""Numbers that the literature gives for the equations themselves, before any integration."""

from __future__ import annotations

import math
from typing import Any

import pytest

from spikeloom.equations import Neuron, Surrogate
from spikeloom.models import (
    AdEx,
    ATan,
    ExponentialIF,
    FastSigmoid,
    FitzHughNagumo,
    Gaussian,
    HodgkinHuxley,
    Izhikevich,
    Logistic,
    QuadraticIF,
    StraightThrough,
    Triangle,
)  # fmt: skip

FIXED_POINTS: list[tuple[type[Neuron], dict[str, float], float]] = [
    (HodgkinHuxley, {"v": -64.99638, "m": 0.052955, "h": 0.595994, "n": 0.317732, "I": 0}, 1e-3),
    (FitzHughNagumo, {"v": -1.19940804, "w": -0.62426004, "I": 0}, 1e-8),
    (Izhikevich, {"v": -70, "u": -14, "I": 0}, 1e-12),
    (Izhikevich, {"v": -50, "u": -10, "I": 0}, 1e-12),
    # Where the two fixed points meet: V_T + D ln(1 + a / g) at 627.311 pA.
    (AdEx, {"v": -50.1497, "w": 4 * (-50.1497 + 70.6), "I": 627.311}, 1e-5),
    # Rheobase: R I = V_T - E - D, at V_T.
    (ExponentialIF, {"v": -50, "I": 0.12}, 1e-12),
    (QuadraticIF, {"v": -2, "I": -4}, 1e-12),
]


@pytest.mark.parametrize(
    ("model", "point", "tolerance"), FIXED_POINTS, ids=[f[0].__name__ for f in FIXED_POINTS]
)
def test_nothing_moves_at_a_fixed_point(
    evaluate: Any, model: type[Neuron], point: dict[str, float], tolerance: float
) -> None:
    d = model.definition
    for state in d.states:
        assert evaluate(d.flow[state.name], d, point) == pytest.approx(0, abs=tolerance)


def test_hodgkin_and_huxley_start_at_rest(evaluate: Any) -> None:
    d = HodgkinHuxley.definition
    start = {s.name: evaluate(s.start, d, {}) for s in d.states}
    assert start == pytest.approx(
        {"v": -64.99638, "m": 0.052955, "h": 0.595994, "n": 0.317732}, abs=1e-5
    )


def test_izhikevich_starts_on_its_nullcline(evaluate: Any) -> None:
    d = Izhikevich.definition
    assert evaluate(d.state("u").start, d, {}) == pytest.approx(0.2 * -65)


# The derivative of each surrogate with slope k at distance x, from the tables of its papers.
DERIVATIVES: list[tuple[type[Surrogate], Any]] = [
    (ATan, lambda k, x: k / 2 / (1 + (math.pi / 2 * k * x) ** 2)),
    (FastSigmoid, lambda k, x: k / 2 / (1 + k * abs(x)) ** 2),
    (Logistic, lambda k, x: k / (2 + math.exp(k * x) + math.exp(-k * x))),
    (Gaussian, lambda k, x: k / math.sqrt(math.pi) * math.exp(-((k * x) ** 2))),
    (Triangle, lambda k, x: k * max(0, 1 - k * abs(x))),
    (StraightThrough, lambda k, _x: k),
]


@pytest.mark.parametrize(("model", "derivative"), DERIVATIVES, ids=lambda m: m.__name__)
@pytest.mark.parametrize("slope", [0.5, 3.0])
def test_derivatives_of_surrogates(
    evaluate: Any, model: type[Surrogate], derivative: Any, slope: float
) -> None:
    d = model.definition
    step = 1e-5
    for x in (-2.3, -0.4, -0.01, 0.02, 0.31, 1.7):
        up = evaluate(d.soft, d, {"u": x + step, "slope": slope})
        down = evaluate(d.soft, d, {"u": x - step, "slope": slope})
        assert (up - down) / (2 * step) == pytest.approx(derivative(slope, x), rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("model", [m for m, _ in DERIVATIVES], ids=lambda m: m.__name__)
def test_surrogates_are_smooth_steps(evaluate: Any, model: type[Surrogate]) -> None:
    d = model.definition
    assert evaluate(d.soft, d, {"u": 0.0}) == 0.5
    values = [evaluate(d.soft, d, {"u": x / 10}) for x in range(-50, 51)]
    assert values == sorted(values)
    if model is not StraightThrough:
        assert min(values) >= 0 and max(values) <= 1
        far = [evaluate(d.soft, d, {"u": x}) for x in (-100.0, 100.0)]
        assert far == pytest.approx([0, 1], abs=0.01)

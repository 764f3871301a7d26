"""Order of convergence of every method, as the fitted slope of error against step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom.compile import (
    RK4,
    Euler,
    Exact,
    ExponentialEuler,
    Heun,
    Midpoint,
    SequentialEuler,
)
from spikeloom.engines import simulate
from spikeloom.equations import Neuron
from spikeloom.equations.units import cm2, ms, mV, nA, pA, uA
from spikeloom.models import LIF, AdEx, FitzHughNagumo, HodgkinHuxley

STEPS = 0.5 ** np.arange(2, 7)


def errors(neuron: Neuron, method: Any, drive: dict[str, Any], until: float, unit: float) -> Any:
    """Error of the last state at each step size, against RK4 with a much finer step."""
    fine = simulate(neuron, until * ms, dt=unit * STEPS[-1] / 8 * ms, method=RK4(), **drive).state
    found = []
    for step in STEPS:
        run = simulate(neuron, until * ms, dt=unit * step * ms, method=method, **drive).state
        found.append(max(abs(float(run[n][0] - fine[n][0])) for n in fine))
    return np.array(found)


def slope(found: Any) -> float:
    return float(np.polyfit(np.log(STEPS), np.log(found), 1)[0])


@pytest.mark.parametrize(
    ("method", "order"),
    [(Euler(), 1), (SequentialEuler(), 1), (Midpoint(), 2), (Heun(), 2), (RK4(), 4)],
    ids=repr,
)
def test_order_on_a_smooth_oscillator(method: Any, order: int) -> None:
    found = errors(FitzHughNagumo(theta=9.0), method, {"I": 0.5}, 8, 1.0)
    assert slope(found) == pytest.approx(order, abs=0.25)


def test_exponential_euler_has_order_one_on_coupled_gates() -> None:
    cell = HodgkinHuxley(theta=100 * mV)
    found = errors(cell, ExponentialEuler(), {"I": 2 * uA / cm2}, 4, 0.25)
    assert slope(found) == pytest.approx(1, abs=0.25)


def test_order_below_threshold_of_a_stiff_model() -> None:
    found = errors(AdEx(), RK4(), {"I": 400 * pA}, 16, 4.0)
    assert slope(found) == pytest.approx(4, abs=0.4)


@pytest.mark.parametrize("method", [Exact(), ExponentialEuler()], ids=repr)
def test_exact_steps_have_no_error_to_converge(method: Any) -> None:
    found = errors(LIF(theta=0 * mV), method, {"I": 0.2 * nA}, 8, 1.0)
    assert found.max() < 1e-9

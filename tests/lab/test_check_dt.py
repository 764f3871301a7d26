"""`check_dt`: what it measures, what it warns of, and what it refuses."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from tests.reference_values import Known, within

from spikeloom.compile import RK4, ROS2, Euler
from spikeloom.engines import simulate
from spikeloom.equations import Cell, Refractory
from spikeloom.equations.units import cm2, ms, mV, nA, nS, one, uA
from spikeloom.errors import ParameterError, UnitError
from spikeloom.lab import DtCheck, check_dt
from spikeloom.models import (
    LIF,
    ConductanceLIF,
    DiffusionLIF,
    EscapeLIF,
    ExponentialConductance,
    FitzHughNagumo,
    HodgkinHuxley,
    Izhikevich,
    LeakyIntegrator,
)

DRIVE = {"I": 10 * uA / cm2}


def test_izhikevich_at_half_a_millisecond_is_another_cell() -> None:
    check = Izhikevich().check_dt(0.5 * ms, 100 * ms)
    assert not check.fine
    assert "spike times depend on dt" in check.warnings[0]
    assert check.rows[0].shift > 1
    assert 0 < check.recommended < 0.1
    at_it = simulate(Izhikevich(), 100 * ms, dt=check.recommended * ms, record=(),
                     I=float(check.input.split()[2]) * mV / ms)  # fmt: skip
    assert len(at_it.train()) == check.spikes


def test_trap_4(reference: Known) -> None:
    """Hodgkin-Huxley: exponential Euler late at 0.1 ms, RK4 and forward Euler without bound."""
    late = check_dt(HodgkinHuxley(), 0.1 * ms, 100 * ms, **DRIVE)
    assert late.method == "ExponentialEuler()"
    reference(
        "HodgkinHuxley",
        "trap 4: exponential Euler at 0.1 ms, lateness of spike 7, I = 10 µA/cm²",
        4.8,
        late.rows[0].shift,
        within(0.05),
        "two independent integrations",
        "ms",
    )
    for method in (RK4(), Euler()):
        check = check_dt(HodgkinHuxley(), 0.1 * ms, 40 * ms, method=method, **DRIVE)
        assert check.rows[0].diverged
        assert "without bound" in check.warnings[0]
        assert "diverges" in repr(check)
        assert check.recommended <= 0.05
    assert check_dt(HodgkinHuxley(), 0.05 * ms, 40 * ms, method=ROS2(), **DRIVE).fine


@pytest.mark.parametrize(("method", "order"), [(Euler(), 1), (ROS2(), 2), (RK4(), 4)], ids=repr)
def test_observed_order(method: object, order: int) -> None:
    check = check_dt(FitzHughNagumo(theta=9.0), 0.25 * ms, 20 * ms, method=method, I=0.5)  # pyright: ignore[reportArgumentType]
    assert check.order == pytest.approx(order, abs=0.3)
    assert "no spike was fired" in check.warnings[-1]


def test_an_exact_step_has_no_order_and_only_the_grid() -> None:
    check = LIF().check_dt(0.125 * ms, 30 * ms, tolerance=0.2 * ms, I=0.2 * nA)
    assert check.against == "Precise()"
    assert isnan(check.order)
    assert check.rows[0].state_error["v"] < 1e-12
    assert check.fine
    assert check.rows[0].shift < 0.125


def test_series_and_impulses_mean_the_same_at_every_step() -> None:
    current = np.where(np.arange(200) < 100, 0.3, 0.1)
    check = check_dt(LIF(theta=0 * mV), 0.1 * ms, 20 * ms, I=current * nA)
    assert max(row.state_error["v"] for row in check.rows) < 1e-12
    kicks = np.zeros(200)
    kicks[[10, 50]] = 5.0
    cell = Cell(Refractory(ConductanceLIF(), 2 * ms), g=ExponentialConductance())
    check = check_dt(cell, 0.1 * ms, 20 * ms, method=RK4(), g=kicks * nS)
    assert max(row.state_error["v"] for row in check.rows) < 1e-5


def test_what_it_says() -> None:
    check = HodgkinHuxley().check_dt(0.05 * ms, 30 * ms, **DRIVE)
    text = repr(check)
    assert isinstance(check, DtCheck)
    assert text.count("\n") >= 8
    for part in ("dt", "spikes", "spike shift", "error of v", "10 µA/cm²", "observed order"):
        assert part in text
    assert repr(Refractory(LIF(), 2 * ms).check_dt(0.1 * ms, 30 * ms)).startswith("LIF by Exact()")


def test_a_neuron_that_cannot_fire() -> None:
    check = LeakyIntegrator().check_dt(0.1 * ms, 10 * ms)
    assert check.spikes == 0
    assert check.fine


def test_mistakes_are_refused() -> None:
    for noisy in (DiffusionLIF(), EscapeLIF()):
        with pytest.raises(ParameterError, match="nothing to compare with"):
            noisy.check_dt(0.1 * ms, 10 * ms)
    with pytest.raises(UnitError, match="tolerance"):
        LIF().check_dt(0.1 * ms, 10 * ms, tolerance=1 * mV)
    with pytest.raises(ParameterError, match="positive"):
        LIF().check_dt(0.1 * ms, 10 * ms, tolerance=0 * ms)
    with pytest.raises(UnitError):
        LIF().check_dt(0.1 * one, 10 * ms)
    with pytest.raises(ParameterError, match="no input"):
        LIF().check_dt(0.1 * ms, 10 * ms, J=1 * nA)
    with pytest.raises(ParameterError, match="neuron must be"):
        check_dt("LIF", 0.1 * ms, 10 * ms)  # pyright: ignore[reportArgumentType]


def test_a_model_explains_itself() -> None:
    assert "by ExponentialEuler(): every rate" in HodgkinHuxley().explain(dt=0.1 * ms)

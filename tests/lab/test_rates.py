"""f-I curves and rheobases against closed forms and the reference table."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom import (
    GLIF,
    LIF,
    AdEx,
    DiffusionLIF,
    EscapeLIF,
    ExponentialIF,
    HodgkinHuxley,
    LeakyIntegrator,
    PerfectIF,
    Refractory,
    cm2,
    lab,
    ms,
    mV,
    nA,
    pA,
    uA,
)
from spikeloom.errors import NumericsError, ParameterError, ShapeError, UnitError


def test_lif_has_the_closed_form_to_rounding() -> None:
    currents = np.array([0.1, 0.16, 0.2, 0.3, 0.5])
    curve = lab.fi_curve(LIF(), currents * nA, 2000 * ms)
    driven = 100 * currents
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.where(driven > 15, 1000 / (20 * np.log(driven / (driven - 15))), 0.0)
    assert curve.precise
    np.testing.assert_allclose(curve.settled, expected, rtol=1e-9)
    np.testing.assert_allclose(curve.first, expected, rtol=1e-9)
    np.testing.assert_allclose(curve.adaptation[1:], 1, rtol=1e-9)


def test_hodgkin_huxley_follows_its_table() -> None:
    currents = np.array([6.5, 8, 10, 15, 30, 50])
    curve = lab.fi_curve(HodgkinHuxley(), currents * uA / cm2, 500 * ms)
    expected = [55.057, 62.470, 68.324, 78.649, 98.745, 117.036]
    np.testing.assert_allclose(curve.settled, expected, rtol=1e-3)


def test_adex_counts() -> None:
    curve = lab.fi_curve(AdEx(), [700, 800, 1000, 1500, 2000] * pA)
    assert curve.counts.tolist() == [9, 17, 31, 61, 90]
    assert curve.rate.tolist() == [9, 17, 31, 61, 90]
    assert (curve.first > curve.settled).all()


def test_refractory_lif_on_a_grid() -> None:
    curve = lab.fi_curve(Refractory(LIF(), 2 * ms), 0.2 * nA, 1000 * ms, 0.01 * ms)
    assert curve.settled[0] == pytest.approx(33.640712, rel=1e-3)


def test_what_fires_once_has_settled_at_nothing() -> None:
    curve = lab.fi_curve(HodgkinHuxley(), [1, 4] * uA / cm2, 200 * ms)
    assert curve.counts.tolist() == [0, 1] and curve.settled.tolist() == [0, 0]
    assert np.isnan(curve.adaptation).all()


def test_noise_is_a_neuron_s_own() -> None:
    curve = lab.fi_curve(EscapeLIF(), np.full(50, 0.15) * nA, 300 * ms, 0.1 * ms, seed=2)
    assert len(set(curve.counts.tolist())) > 1


def test_rates_are_in_the_order_of_the_currents_given() -> None:
    up = lab.fi_curve(AdEx(), [700, 1000] * pA, 300 * ms)
    down = lab.fi_curve(AdEx(), [1000, 700] * pA, 300 * ms)
    assert up.counts.tolist() == down.counts.tolist()[::-1]


@pytest.mark.parametrize(
    ("given", "current", "within"),
    [
        (lambda: lab.rheobase(HodgkinHuxley(), 60 * ms), 2.2403, 1e-4),
        (lambda: lab.rheobase(HodgkinHuxley(), 40 * ms, width=1 * ms), 6.9189, 1e-4),
        (
            lambda: lab.rheobase(HodgkinHuxley(), 500 * ms, fires="repetitively", tolerance=1e-4),
            6.259,
            2e-3,
        ),
        (lambda: lab.rheobase(AdEx()), 577.002, 1e-2),
        (lambda: lab.rheobase(GLIF.level(1), 300 * ms), 256.213, 1e-3),
        (lambda: lab.rheobase(LIF(), 600 * ms), 0.15, 1e-6),
    ],
    ids=["hh", "hh pulse", "hh goes on", "adex", "glif", "lif"],
)
def test_rheobase(given, current: float, within: float) -> None:
    found = given()
    assert found.current == pytest.approx(current, abs=within)
    assert found.low < found.current < found.high and found.runs < 8
    assert found.high - found.low <= 1e-4 * found.high


def test_the_longer_it_is_watched_the_nearer_to_the_saddle_node() -> None:
    short, long = (lab.rheobase(ExponentialIF(), t * ms, tolerance=1e-5) for t in (200, 1000))
    assert 0.12 < long.current < short.current < 0.13  # RI = v_T - E - D = 12 mV at infinity


def test_a_bracket_is_taken_and_checked() -> None:
    found = lab.rheobase(LIF(), 300 * ms, bracket=[0.1, 0.2] * nA, tolerance=1e-9)
    assert found.current == pytest.approx(0.15 / (1 - np.exp(-300 / 20)), rel=1e-9)
    with pytest.raises(ParameterError, match="no bracket: it fires at the lower end"):
        lab.rheobase(LIF(), 300 * ms, bracket=[0.2, 0.3] * nA)
    with pytest.raises(ParameterError, match="two rising currents"):
        lab.rheobase(LIF(), 300 * ms, bracket=[0.3, 0.2] * nA)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: lab.fi_curve(LIF(), [1, 2] * mV), UnitError, "in nA"),
        (lambda: lab.fi_curve(LIF(), [1, 2]), UnitError, "in nA"),
        (
            lambda: lab.fi_curve(HodgkinHuxley(), [1, 1e6] * uA / cm2, 20 * ms),
            NumericsError,
            "under 1e\\+06 µA/cm² the states",
        ),
        (lambda: lab.fi_curve(LIF(), np.ones((2, 2)) * nA), ShapeError, "list"),
        (lambda: lab.fi_curve(LIF(), [] * nA), ShapeError, "at least one"),
        (lambda: lab.fi_curve(LeakyIntegrator(), [1] * nA), ParameterError, "never spikes"),
        (lambda: lab.rheobase(EscapeLIF()), ParameterError, "by chance"),
        (lambda: lab.rheobase(DiffusionLIF()), ParameterError, "by chance"),
        (lambda: lab.rheobase(LIF(E=-40 * mV)), ParameterError, "without any I"),
        (lambda: lab.rheobase(LIF(), fires="twice"), ParameterError, "'repetitively'"),
        (lambda: lab.rheobase(LIF(), tolerance=0), ParameterError, "tolerance"),
        (
            lambda: lab.rheobase(PerfectIF(theta=1e12 * mV), 10 * ms),
            ParameterError,
            "fires under no I",
        ),
    ],
)
def test_what_is_wrong_is_said(call, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()

"""Spike times that depend on the time step are told once, with a number, and else nothing is."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from spikeloom import lab
from spikeloom.compile import RK4, ExponentialEuler
from spikeloom.engines import simulate
from spikeloom.engines.halving import Shift, compared
from spikeloom.equations import Refractory
from spikeloom.equations.units import Hz, cm2, ms, mV, nA, uA
from spikeloom.errors import NumericsWarning
from spikeloom.models import LIF, AdEx, DiffusionLIF, HodgkinHuxley, Izhikevich, PoissonNeuron

FLOW = uA / cm2


def told(run: Any) -> list[str]:
    """The warnings of a call."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        run()
    assert all(w.category is NumericsWarning for w in found)
    assert all(w.filename == __file__ for w in found)  # at the line of the user
    return [str(w.message) for w in found]


def test_the_default_step_of_hodgkin_and_huxley_is_told_with_a_number() -> None:
    (text,) = told(lambda: simulate(HodgkinHuxley(), 100 * ms, I=10 * FLOW))
    assert "dt = 0.1 ms" in text
    assert "spike 7 earlier by 2.4 ms" in text  # 4.8 ms late, half of it with half the step
    assert "check_dt" in text


def test_of_many_neurons_one_is_looked_at() -> None:
    drive = np.array([0.0, 0.0, 10.0]) * FLOW
    (text,) = told(lambda: simulate(HodgkinHuxley(), 100 * ms, size=3, I=drive))
    assert "spike 7 earlier by 2.4 ms" in text
    assert not told(lambda: simulate(HodgkinHuxley(), 50 * ms, size=2, I=0 * FLOW))


def test_it_can_be_silenced_and_comes_once() -> None:
    def run() -> None:
        simulate(HodgkinHuxley(), 50 * ms, I=10 * FLOW)

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("default")
        for _ in range(3):
            run()
    assert len(found) == 1
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("ignore", NumericsWarning)
        run()
    assert not found


@pytest.mark.parametrize(
    "run",
    [
        lambda: simulate(LIF(), 200 * ms, dt=1 * ms, I=0.2 * nA),  # exact: rounding alone
        lambda: simulate(Refractory(LIF(), 2 * ms), 200 * ms, dt=1 * ms, I=0.2 * nA),
        lambda: simulate(AdEx(), 100 * ms, I=1 * nA),
        lambda: simulate(HodgkinHuxley(), 100 * ms, dt=0.01 * ms, I=10 * FLOW),
        lambda: simulate(HodgkinHuxley(), 100 * ms, I=10 * FLOW, method=ExponentialEuler()),
        lambda: simulate(PoissonNeuron(rate=50 * Hz), 100 * ms, seed=1),
        lambda: simulate(DiffusionLIF(sigma=9 * mV), 100 * ms, I=0.2 * nA, seed=1),
        lambda: simulate(HodgkinHuxley(), 0 * ms, I=10 * FLOW),
        lambda: simulate(HodgkinHuxley(), 10 * ms, size=0, I=10 * FLOW),
    ],
)
def test_silence_where_there_is_nothing_to_say(run: Any) -> None:
    assert told(run) == []


def test_states_without_bound_are_told_whoever_named_the_method() -> None:
    (text,) = told(lambda: simulate(HodgkinHuxley(), 50 * ms, method=RK4(), I=10 * FLOW))
    assert "grow without bound by RK4() at dt = 0.1 ms" in text


def test_going_on_in_the_middle_of_a_refractory_period_is_no_shift() -> None:
    cell = Refractory(Izhikevich(), 5 * ms)
    first = simulate(cell, 28 * ms, dt=0.01 * ms, I=10 * mV / ms)
    assert first.state["refractory"][0] > 0
    more: dict[str, Any] = {"state": first.state, "first": first.steps, "I": 10 * mV / ms}
    assert told(lambda: simulate(cell, 100 * ms, dt=0.01 * ms, **more)) == []


def test_the_laboratory_looks_at_a_step_that_was_given() -> None:
    cell, drive = Izhikevich(), 10 * mV / ms
    (text,) = told(lambda: lab.response(cell, drive, 200 * ms, 1 * ms))
    assert "at dt = 1 ms" in text
    assert told(lambda: lab.response(cell, drive, 200 * ms)) == []
    assert told(lambda: lab.response(cell, drive, 200 * ms, 1 * ms, method=RK4())) == []
    assert told(lambda: lab.response(LIF(), 0.2 * nA, 200 * ms, 1 * ms)) == []


def test_what_counts_as_a_shift() -> None:
    times = np.arange(1, 5) * 10.0
    assert compared(times + 0.2, times, 0.1, 50) is None  # the first: rounding, 2 steps
    assert compared(times * 1.02, times, 0.1, 50) == Shift(4, pytest.approx(0.8))  # type: ignore[arg-type]
    assert compared(times * 0.98, times, 0.1, 50) == Shift(4, pytest.approx(-0.8))  # type: ignore[arg-type]
    assert compared(times[:3], times, 0.1, 50) == Shift(4, 10.0, open=True)
    assert compared(times, times[:1], 0.1, 50) == Shift(2, -30.0, open=True)
    assert compared(times[:0], times[:0], 0.1, 50) is None

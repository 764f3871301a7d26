"""One neuron under steps, ramps, pulses, noise and samples; exact where it is linear."""

from __future__ import annotations

from typing import Self

import numpy as np
import pytest

from spikeloom import (
    LIF,
    AdEx,
    Cell,
    ConductanceLIF,
    CubaLIF,
    Delta,
    EscapeLIF,
    ExponentialCurrent,
    HodgkinHuxley,
    Input,
    MorrisLecar,
    Neuron,
    OrnsteinUhlenbeck,
    Param,
    Piecewise,
    Pulses,
    Ramp,
    Samples,
    State,
    Step,
    TwoCompartment,
    cm2,
    inflow,
    lab,
    ms,
    mV,
    nA,
    nS,
    pA,
    state,
    uA,
)
from spikeloom.compile import RK4, Euler
from spikeloom.equations.units import one
from spikeloom.errors import NumericsError, ParameterError, ShapeError, UnitError


def test_a_step_into_lif_has_exact_spikes_and_an_exact_potential() -> None:
    found = lab.response(LIF(), 0.2 * nA, 100 * ms)
    period = 20 * np.log(4)
    np.testing.assert_allclose(found.spikes, period * np.arange(1, 4), rtol=1e-12)
    assert found.precise
    since = found.times - period * np.floor(found.times / period)
    np.testing.assert_allclose(found.states["v"], -65 + 20 * (1 - np.exp(-since / 20)), rtol=1e-12)


@pytest.mark.parametrize("dt", [0.05, 1.0, 2.5])
def test_exact_results_do_not_depend_on_dt(dt: float) -> None:
    wave = Step(0.25 * nA, start=5 * ms, stop=80 * ms) + Step(0.1 * nA, start=20 * ms)
    coarse = lab.response(LIF(), wave, 100 * ms, dt * ms)
    fine = lab.response(LIF(), wave, 100 * ms, 0.1 * ms)
    np.testing.assert_allclose(coarse.spikes, fine.spikes, rtol=1e-10)
    both = np.arange(0, 101, 5)
    pairs = [np.interp(both, x.times, x.states["v"]) for x in (coarse, fine)]
    np.testing.assert_allclose(*pairs, rtol=1e-9)


@pytest.mark.parametrize(
    "wave",
    [
        Ramp(0 * nA, 0.4 * nA, start=0 * ms, stop=100 * ms),
        Pulses(0.6 * nA, width=5 * ms, period=20 * ms, start=3 * ms),
        Piecewise([0.1, 0.3, 0.0, 0.2] * nA, [0, 30, 50, 60] * ms),
        OrnsteinUhlenbeck(0.2 * nA, 0.1 * nA, tau=5 * ms),
        Samples(np.linspace(0.1, 0.3, 200) * nA, every=0.5 * ms),
        lambda t: 0.4 * np.exp(-t / (80 * ms)) * nA,
    ],
    ids=["ramp", "pulses", "pieces", "noise", "samples", "function"],
)
def test_the_exact_way_agrees_with_small_steps(wave) -> None:
    exact = lab.response(LIF(), wave, 100 * ms, 0.01 * ms)
    grid = lab.response(LIF(), wave, 100 * ms, 0.01 * ms, method=RK4())
    assert exact.precise and not grid.precise
    assert exact.count == grid.count > 0
    np.testing.assert_array_equal(exact.input, grid.input)
    # A grid finds each spike up to one step late, and each lateness shifts what follows.
    late = grid.spikes - exact.spikes
    assert late.min() > -1e-6 and late.max() < 0.01 * (1 + exact.count)
    before = exact.times < exact.spikes[0]
    np.testing.assert_allclose(exact.states["v"][before], grid.states["v"][before], rtol=1e-9)


def test_a_spike_that_an_arrival_sets_off_is_at_the_arrival() -> None:
    cell = Cell(LIF(), exc=Delta())
    found = lab.response(
        cell, lab.Arrivals([10, 20, 40] * ms, [8, 9, 20] * mV), 60 * ms, into="exc"
    )
    assert found.precise and found.impulses
    np.testing.assert_allclose(found.spikes, [40.0])
    v = -65 + 8 * np.exp(-10 / 20)
    assert found.states["v"][200] == pytest.approx(v, rel=1e-12)  # before what arrives then
    assert found.states["v"][300] == pytest.approx(-65 + (v + 9 + 65) * np.exp(-0.5), rel=1e-12)


def test_arrivals_at_a_synapse_give_the_same_either_way() -> None:
    arriving = lab.Arrivals([3.0, 5.5, 20.0] * ms, 0.6 * nA)
    exact = lab.response(CubaLIF(), arriving, 50 * ms, 0.01 * ms)
    grid = lab.response(CubaLIF(), arriving, 50 * ms, 0.01 * ms, method=RK4())
    assert exact.precise and exact.count == grid.count == 2
    assert np.abs(exact.spikes - grid.spikes).max() < 0.02


def test_hodgkin_huxley_by_default_is_right_to_a_tenth_of_a_millisecond() -> None:
    found = lab.response(HodgkinHuxley(), 10 * uA / cm2, 100 * ms)
    expected = [1.9012, 16.8227, 31.4719, 46.1091, 60.7453, 75.3816, 90.0178]
    np.testing.assert_allclose(found.spikes, expected, atol=0.02)
    assert found.states["v"].max() == pytest.approx(40.263, abs=0.01)
    assert found.units["I"] == uA / cm2 and found.units["m"] == one


def test_every_state_starts_where_the_model_or_the_caller_says() -> None:
    found = lab.response(AdEx(), 0 * pA, 10 * ms, start={"v": -60 * mV, "w": 0.1 * nA})
    assert found.states["v"][0] == -60 and found.states["w"][0] == pytest.approx(100)
    assert lab.response(AdEx(), 0 * pA, 1 * ms).states["v"][0] == -70.6


def test_the_same_seed_gives_the_same_spikes_and_another_one_others() -> None:
    runs = [lab.response(EscapeLIF(), 0.2 * nA, 300 * ms, seed=s).spikes for s in (1, 1, 2)]
    assert runs[0].tolist() == runs[1].tolist() != runs[2].tolist()
    noise = OrnsteinUhlenbeck(0 * nA, 0.1 * nA, tau=5 * ms)
    a, b, c = (lab.response(LIF(), noise, 50 * ms, seed=s).input for s in (1, 1, 2))
    assert (a == b).all() and (a != c).any()


def test_a_model_of_ones_own_with_an_input_of_its_own() -> None:
    class Warm(Neuron):
        """Relaxes towards what flows in, and never fires."""

        tau: Param = 10 * ms
        x: State = state(one)
        heat: Input = inflow(one)

        def flow(self, d: Self) -> None:
            d.x = (self.heat - self.x) / self.tau

    found = lab.response(Warm(), 2.0, 30 * ms)
    np.testing.assert_allclose(found.states["x"], 2 * (1 - np.exp(-found.times / 10)), rtol=1e-9)
    assert found.port == "heat" and found.potential == "x" and found.count == 0


def test_several_inputs_must_be_told_apart() -> None:
    with pytest.raises(ParameterError, match=r"several inputs: I \(inflow in pA\), I_d") as error:
        lab.response(TwoCompartment(), 100 * pA, 50 * ms)
    assert error.value.hint == "say which: into='I'"
    found = lab.response(TwoCompartment(), 100 * pA, 50 * ms, into="I_d", held={"I": 10 * pA})
    assert found.port == "I_d" and found.units["I_d"] == pA


def test_refractory_and_conductance_cells_run() -> None:
    from spikeloom import ExponentialConductance, Refractory

    cell = Cell(Refractory(ConductanceLIF(), 2 * ms), exc=ExponentialConductance())
    found = lab.response(cell, lab.Arrivals([5, 6, 7] * ms, 10 * nS), 40 * ms, into="exc")
    assert found.count > 0 and set(found.states) == {"v", "exc_g"}
    assert np.isfinite(found.states["v"]).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: lab.response(LIF(), 3 * mV, 10 * ms), UnitError, "current"),
        (lambda: lab.response(LIF(), 3.0, 10 * ms), UnitError, "needs a unit"),
        (lambda: lab.response(LIF(), np.zeros(5) * nA, 10 * ms), ShapeError, "Samples"),
        (lambda: lab.response(LIF(), "0.3 nA", 10 * ms), ParameterError, "number with a unit"),
        (lambda: lab.response(LIF(), np.nan * nA, 10 * ms), ParameterError, "finite"),
        (lambda: lab.response(LIF(), 1 * nA, 10 * mV), UnitError, "must be a time"),
        (lambda: lab.response(LIF(), 1 * nA, -5 * ms), ParameterError, "at least one step"),
        (lambda: lab.response(LIF(), 1 * nA, 5 * ms, 0 * ms), ParameterError, "above 0"),
        (lambda: lab.response(LIF(), 1 * nA, 5 * ms, into="J"), ParameterError, "no input 'J'"),
        (lambda: lab.response(LIF(), 1 * nA, 5 * ms, record="w"), ParameterError, "no state 'w'"),
        (lambda: lab.response(LIF(), 1 * nA, 5 * ms, start={"u": 1}), ParameterError, "no state"),
        (lambda: lab.response(LIF(), 1 * nA, 5 * ms, start={"v": 1}), UnitError, "needs a unit"),
        (lambda: lab.response(LIF, 1 * nA, 5 * ms), ParameterError, "class LIF"),
        (lambda: lab.response(LIF(tau=[1, 2] * ms), 1 * nA, 5 * ms), ShapeError, "one neuron"),
        (lambda: lab.response(CubaLIF(), 1 * nA, 5 * ms), ParameterError, "lab.Arrivals"),
        (
            lambda: lab.response(LIF(), lab.Arrivals([1] * ms, 1 * nA), 5 * ms),
            ParameterError,
            "inf",
        ),
        (lambda: lab.Arrivals([1, 2], 1 * nA), UnitError, "times"),
        (lambda: lab.Arrivals([1, 2] * ms, [1, 2, 3] * nA), ShapeError, "2"),
        (lambda: lab.Arrivals([-1] * ms, 1 * nA), ParameterError, "from 0 on"),
        (lambda: lab.response(LIF(), 1 * nA, 1e9 * ms), ParameterError, "all are kept"),
        (
            lambda: lab.response(HodgkinHuxley(), 50 * uA / cm2, 50 * ms, 0.1 * ms, method=Euler()),
            NumericsError,
            "HodgkinHuxley is nan from",
        ),
        (
            lambda: lab.response(HodgkinHuxley(), 0 * uA / cm2, 5 * ms, 1 * ms, method=Euler()),
            NumericsError,
            "too large",
        ),
    ],
)
def test_what_is_wrong_is_said(call, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_the_unit_of_the_input_is_that_of_the_model() -> None:
    a = lab.response(MorrisLecar(), 100 * uA / cm2, 50 * ms)
    b = lab.response(MorrisLecar(), 0.1 * 1000 * uA / cm2, 50 * ms)
    assert a.port == "I" and (a.states["v"] == b.states["v"]).all()
    cell = Cell(LIF(), exc=ExponentialCurrent())
    assert lab.response(cell, 0.2 * nA, 60 * ms).port == "I"  # the only inflow

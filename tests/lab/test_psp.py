"""Postsynaptic potentials against the numbers of the reference, and comparisons of neurons."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom import (
    LIF,
    NMDA,
    AdEx,
    AlphaCurrent,
    Cell,
    ConductanceLIF,
    CubaLIF,
    Delta,
    ExponentialConductance,
    ExponentialCurrent,
    FitzHughNagumo,
    OrnsteinUhlenbeck,
    lab,
    ms,
    mV,
    nA,
    nS,
    pA,
    pF,
)
from spikeloom.errors import ParameterError, UnitError
from spikeloom.nn.distance import van_rossum, victor_purpura

TEN = ConductanceLIF(C=250 * pF, g_L=25 * nS)


@pytest.mark.parametrize(
    ("neuron", "synapse", "weight", "peak", "time"),
    [
        (TEN, ExponentialCurrent(tau=0.5 * ms), 1 * pA, 1.708263e-3, 1.576701),
        (TEN, ExponentialCurrent(tau=0.5 * ms), 87.808494 * pA, 0.15, 1.576701),
        (ConductanceLIF(), ExponentialCurrent(tau=5 * ms), 100 * pA, 1.574901, 9.241962),
        (TEN, ExponentialCurrent(tau=10 * ms), 100 * pA, 1.471518, 10.0),
        (TEN, AlphaCurrent(tau=2 * ms), 100 * pA, 1.300066, 6.650998),
        (TEN, AlphaCurrent(tau=0.32582722403722841 * ms), 1 * pA, 3.0695292e-3, 1.700759),
    ],
)
def test_currents(neuron, synapse, weight, peak: float, time: float) -> None:
    found = lab.psp(neuron, synapse, weight)
    assert found.peak == pytest.approx(peak, rel=5e-7)
    assert found.time_to_peak == pytest.approx(time, abs=1e-6)


def test_peak_and_area_of_an_exponential_current_in_closed_form() -> None:
    found = lab.psp(TEN, ExponentialCurrent(tau=2 * ms), 100 * pA, 300 * ms)
    when = 10 * 2 / 8 * np.log(5)
    high = 100 / 250 * 10 * 2 / 8 * (np.exp(-when / 10) - np.exp(-when / 2))
    assert found.time_to_peak == pytest.approx(when, rel=1e-7)
    assert found.peak == pytest.approx(high, rel=1e-9)
    assert found.area == pytest.approx(100 * 2 / 25, rel=1e-6)  # charge through the resistance


@pytest.mark.parametrize(
    ("neuron", "synapse", "weight", "extreme", "time"),
    [
        (ConductanceLIF(), ExponentialConductance(), 6 * nS, -54.649232, 9.06),
        (
            ConductanceLIF(E_L=-55 * mV),
            ExponentialConductance(tau=10 * ms, E=-80 * mV),
            67 * nS,
            -73.023550,
            9.53,
        ),
        (
            ConductanceLIF(C=500 * pF, g_L=25 * nS, E_L=-70 * mV),
            NMDA(g=3.27 * nS),
            1,
            -69.825210,
            0,
        ),
        (
            ConductanceLIF(C=500 * pF, g_L=25 * nS, E_L=-70 * mV),
            NMDA(g=32.7 * nS),
            1,
            -68.138524,
            0,
        ),
    ],
)
def test_conductances(neuron, synapse, weight, extreme: float, time: float) -> None:
    found = lab.psp(neuron, synapse, weight, 150 * ms)
    assert found.extreme == pytest.approx(extreme, abs=2e-6)
    assert time == 0 or found.time_to_peak == pytest.approx(time, abs=5e-3)


def test_a_kick_is_at_its_peak_at_once() -> None:
    found = lab.psp(LIF(), Delta(), 2 * mV)
    assert found.time_to_peak == 0 and found.peak == pytest.approx(2)
    assert found.half_width == pytest.approx(20 * np.log(2), rel=1e-6)


def test_a_neuron_that_takes_impulses_needs_no_synapse() -> None:
    alone = lab.psp(CubaLIF(), None, 0.1 * nA)
    cell = lab.psp(Cell(LIF(), exc=ExponentialCurrent(tau=5 * ms)), None, 0.1 * nA)
    assert alone.peak == pytest.approx(cell.peak, rel=1e-6)


def test_inhibition_of_a_neuron_away_from_rest() -> None:
    found = lab.psp(LIF(), Delta(), -1 * mV, start={"v": -60 * mV}, held={"I": 0.1 * nA})
    assert found.peak == pytest.approx(-1) and found.area == pytest.approx(-20, rel=1e-3)


def test_a_psp_that_makes_the_neuron_fire_is_refused() -> None:
    with pytest.raises(ParameterError, match="the neuron fires"):
        lab.psp(LIF(), Delta(), 16 * mV)
    with pytest.raises(UnitError, match="in pA"):
        lab.psp(TEN, ExponentialCurrent(), 1 * mV)
    with pytest.raises(ParameterError, match="takes no spikes"):
        lab.psp(LIF(), None, 1 * mV)


def test_neurons_under_one_noise() -> None:
    noise = OrnsteinUhlenbeck(0.6 * nA, 0.3 * nA, tau=10 * ms)
    both = lab.compare({"fast": AdEx(tau_w=20 * ms), "slow": AdEx()}, noise, 400 * ms, seed=3)
    fast, slow = both.responses.values()
    assert both.names == ("fast", "slow")
    assert (fast.input == slow.input).all() and (fast.times == slow.times).all()
    assert both.counts == {"fast": fast.count, "slow": slow.count}
    assert both.latencies.tolist() == [fast.latency, slow.latency]
    assert both.victor_purpura[0, 1] >= abs(fast.count - slow.count)
    assert np.array_equal(both.van_rossum, both.van_rossum.T)


def test_distances_are_those_of_the_layers() -> None:
    import torch

    both = lab.compare([AdEx(), AdEx(b=20 * pA)], 1 * nA, 200 * ms, 0.1 * ms)
    trains = torch.zeros(2, 2000, 1, dtype=torch.float64)
    for train, found in zip(trains, both.responses.values(), strict=True):
        train[np.rint(found.spikes / 0.1).astype(int) - 1] = 1
    near = van_rossum(*trains, tau=10 * ms, dt=0.1 * ms)
    edits = victor_purpura(*trains, q=0.1 / ms, dt=0.1 * ms)
    assert both.van_rossum[0, 1] == pytest.approx(float(near), rel=1e-9)
    assert both.victor_purpura[0, 1] == pytest.approx(float(edits), rel=1e-9)


def test_models_with_other_units_get_inputs_of_their_own() -> None:
    both = lab.compare(
        {"a": LIF(), "b": FitzHughNagumo()}, {"a": 0.3 * nA, "b": 0.5}, 100 * ms, 0.1 * ms
    )
    assert both.counts["a"] > 0 and both.counts["b"] > 0
    with pytest.raises(ParameterError, match="inputs are given for"):
        lab.compare([LIF()], {"a": 1 * nA}, 10 * ms)
    with pytest.raises(ParameterError, match="a list of neurons"):
        lab.compare([], 1 * nA, 10 * ms)

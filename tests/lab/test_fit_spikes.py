"""Parameters from spikes alone, by the derived slopes of spike times and of likelihoods."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom import (
    ALIF,
    GIF,
    LIF,
    AdEx,
    EscapeLIF,
    HodgkinHuxley,
    Izhikevich,
    MOhm,
    OrnsteinUhlenbeck,
    Refractory,
    cm2,
    lab,
    mS,
    ms,
    mV,
    nA,
    nS,
    pA,
    pF,
    uA,
)
from spikeloom.equations import Condition, Input, Neuron, Param, State, inflow, state
from spikeloom.errors import CompileError
from spikeloom.lab.candidates import Candidates
from spikeloom.lab.intervals import Intervals
from spikeloom.lab.likelihood import Likelihood
from spikeloom.lab.preparation import prepare
from spikeloom.lab.ranges import ranges

NOISE = OrnsteinUhlenbeck(0.2 * nA, 0.1 * nA, tau=5 * ms)
SQUID = OrnsteinUhlenbeck(8 * uA / cm2, 4 * uA / cm2, tau=3 * ms)
CELL = OrnsteinUhlenbeck(0.9 * nA, 0.3 * nA, tau=10 * ms)
PASSIVE = {"tau": [5, 50] * ms, "R": [30, 300] * MOhm}
ADEX = {"C": [100, 500] * pF, "g": [10, 60] * nS, "tau_w": [40, 400] * ms, "b": [10, 200] * pA,
        "v_T": [-56, -45] * mV}  # fmt: skip


def own(candidates: Candidates, truth: Any) -> np.ndarray[Any, Any]:
    where = candidates.ranges
    pairs = zip(where.names, where.units, strict=True)
    return where.places(np.array([float(truth.values[n].to(u)) for n, u in pairs]))


def differences(found: Any, place: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Slopes by differences; `found` gives (…, N) at places (P, N)."""
    width, count = 1e-5, len(place)
    both = np.repeat(place[:, None], 2 * count, 1) + width * np.hstack([np.eye(count)] * 2) * (
        np.repeat([1, -1], count)
    )
    made = found(both)
    return (made[..., :count] - made[..., count:]) / (2 * width)


@pytest.mark.parametrize(
    ("truth", "noise", "length", "dt", "where", "exact"),
    [
        (LIF(tau=14 * ms), NOISE, 120, 0.1, {**PASSIVE, "E": [-75, -60] * mV}, 1e-7),
        (ALIF(tau=14 * ms), NOISE, 120, 0.1, {**PASSIVE, "jump": [0.5, 8] * mV}, 1e-7),
        (AdEx(), CELL, 120, 0.02, ADEX, 0.02),
        (HodgkinHuxley(), SQUID, 60, 0.02, {"g_Na": [60, 240] * mS / cm2}, 1e-5),
        (Refractory(LIF(), 3.33 * ms), NOISE, 90, 0.05, {**PASSIVE, "period": [1, 8] * ms}, 1e-5),
    ],
    ids=["LIF", "ALIF", "AdEx", "HodgkinHuxley", "Refractory"],
)
def test_slopes_of_spike_times_are_those_of_differences(
    truth: Any, noise: Any, length: float, dt: float, where: Any, exact: float
) -> None:
    known = lab.Recording.of(lab.response(truth, noise, length * ms, dt * ms), potential=False)
    candidates = Candidates(prepare("fit", truth, dt * ms), known, ranges(truth, where))
    intervals, place = Intervals(candidates), own(candidates, truth)
    left, slopes = intervals.left(place[:, None])
    assert len(left) == len(known.times) + 1 > 2
    assert np.abs(left).max() < 1.1 * dt  # the truth leaves no more than a step
    # Off the truth, so that no crossing lies exactly where a step is broken.
    place = place + 0.003 * np.arange(1, len(place) + 1)
    slopes = intervals.left(place[:, None])[1][:, :, 0]
    by_hand = differences(lambda x: intervals.left(x)[0], place)
    assert slopes == pytest.approx(by_hand, abs=exact * np.abs(by_hand).max())


def test_a_neuron_that_never_gets_there_is_led_towards_its_threshold() -> None:
    known = lab.Recording.of(lab.response(LIF(), NOISE, 120 * ms, 0.1 * ms), potential=False)
    where = ranges(LIF(), {"R": [1, 300] * MOhm})
    intervals = Intervals(Candidates(prepare("fit", LIF(), 0.1 * ms), known, where))
    weak = where.places(np.array([10.0]))
    left, slopes = intervals.left(weak[:, None])
    assert (left[:-1, 0] > 0).all()
    assert (slopes[:-1, 0, 0] < 0).all()  # more resistance is nearer


def test_lif_and_its_refractory_period() -> None:
    start = LIF(theta=-52 * mV)
    truth = start.replace(tau=14 * ms, R=130 * MOhm)
    known = lab.Recording.of(lab.response(truth, NOISE, 150 * ms, 0.1 * ms), potential=False)
    found = lab.fit(start, known, PASSIVE, method="gradient", dt=0.1 * ms)
    assert found.values == pytest.approx({"tau": 14, "R": 130}, rel=1e-9)
    assert found.gamma == 1
    assert found.identifiability is not None
    assert not found.identifiability.open
    still = Refractory(truth, 3.3 * ms)
    known = lab.Recording.of(lab.response(still, NOISE, 200 * ms, 0.05 * ms), potential=False)
    where = {**PASSIVE, "period": [0.5, 8] * ms}
    found = lab.fit(Refractory(start, 1 * ms), known, where, method="gradient",
                    dt=0.05 * ms)  # fmt: skip
    assert found.values == pytest.approx({"tau": 14, "R": 130, "period": 3.3}, rel=0.02)
    for name, value in (("tau", 14), ("R", 130), ("period", 3.3)):
        assert abs(found.values[name] - value) < 4 * found.errors[name]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_four_parameters_of_an_adaptive_neuron(seed: int) -> None:
    truth = ALIF(tau=14 * ms, R=130 * MOhm, tau_b=150 * ms, jump=2.5 * mV)
    known = lab.Recording.of(lab.response(truth, NOISE, 600 * ms, 0.1 * ms), potential=False)
    where = {**PASSIVE, "jump": [0.5, 8] * mV, "tau_b": [30, 500] * ms}
    found = lab.fit(ALIF(), known, where, method="gradient", dt=0.1 * ms, seed=seed)
    assert found.values == pytest.approx({"tau": 14, "R": 130, "jump": 2.5, "tau_b": 150}, rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_five_parameters_of_adex(seed: int) -> None:
    start = AdEx(C=200 * pF, g=20 * nS, tau_w=100 * ms, b=40 * pA, v_T=-52 * mV)
    known = lab.Recording.of(lab.response(AdEx(), CELL, 600 * ms, 0.02 * ms), potential=False)
    found = lab.fit(start, known, ADEX, method="gradient", dt=0.02 * ms, seed=seed)
    expected = {"C": 281, "g": 30, "tau_w": 144, "b": 80.5, "v_T": -50.4}
    assert found.values == pytest.approx(expected, rel=0.01)
    assert found.gamma == 1


@pytest.mark.slow
def test_four_parameters_of_izhikevich() -> None:
    current = OrnsteinUhlenbeck(10 * mV / ms, 5 * mV / ms, tau=10 * ms)
    start = Izhikevich(a=0.05 / ms, b=0.25 / ms, c=-60 * mV, d=4 * mV / ms)
    known = lab.Recording.of(lab.response(Izhikevich(), current, 500 * ms, 0.02 * ms),
                             potential=False)  # fmt: skip
    where = {"a": np.array([0.005, 0.1]) / ms, "b": np.array([0.1, 0.3]) / ms, "c": [-75, -50] * mV,
             "d": [1, 15] * mV / ms}  # fmt: skip
    found = lab.fit(start, known, where, method="gradient", dt=0.02 * ms)
    assert found.values == pytest.approx({"a": 0.02, "b": 0.2, "c": -65, "d": 8}, rel=2e-3)


@pytest.mark.slow
def test_a_refractory_neuron_by_the_gradient_of_its_potential() -> None:
    truth = Refractory(LIF(tau=14 * ms, R=130 * MOhm), 3.3 * ms)
    known = lab.response(truth, NOISE, 100 * ms, 0.1 * ms)
    found = lab.fit(
        Refractory(LIF(), 1 * ms), known, {**PASSIVE, "period": [0.5, 8] * ms},
        method=lab.GradientDescent(starts=3, rounds=60), dt=0.1 * ms,
    )  # fmt: skip
    assert found.values == pytest.approx({"tau": 14, "R": 130, "period": 3.3}, rel=1e-3)


def test_what_only_shows_together_is_told() -> None:
    """A scale of the potential changes no spike: R and the threshold go together."""
    known = lab.Recording.of(lab.response(LIF(), NOISE, 200 * ms), potential=False)
    where = {"tau": [5, 50] * ms, "R": [50, 200] * MOhm, "theta": [-57, -40] * mV}
    found = lab.fit(LIF(), known, where, method="gradient")
    assert found.identifiability is not None
    assert found.identifiability.open == (("R", "theta"),)
    assert np.isnan([found.errors["R"], found.errors["theta"]]).all()
    assert found.errors["tau"] < 0.1
    assert "R and theta may move together" in repr(found)
    (k,) = np.flatnonzero(found.identifiability.spread > 1)
    way = found.identifiability.directions[:, k] * np.array([45, 150, 17])
    assert abs(way[0]) < 1e-3
    assert way[1] / way[2] == pytest.approx(100 / 15, rel=1e-3)  # R / (theta - E)


def test_what_changes_nothing_is_told() -> None:
    known = lab.Recording.of(lab.response(AdEx(), CELL, 60 * ms, 0.02 * ms), potential=False)
    place = ranges(AdEx(), {"b": [10, 200] * pA, "peak": [-20, 30] * mV})
    candidates = Candidates(prepare("fit", AdEx(), 0.02 * ms), known, place)
    from spikeloom.lab.identify import told

    found, errors = told(candidates, own(candidates, AdEx()))
    assert found is not None
    assert found.open == (("peak",),)  # of an upstroke nobody sees the end
    assert np.isnan(errors).tolist() == [False, True]


class TwoWays(Neuron):
    """Fires by either of two conditions."""

    tau: Param = 10 * ms
    v: State = state(mV)
    I: Input = inflow(mV)

    def flow(self, d: Any) -> None:
        d.v = (self.I - self.v) / self.tau

    def fires(self) -> Condition:
        return (self.v > 10 * mV) | (self.v < -10 * mV)

    def reset(self, after: Any) -> None:
        after.v = 0 * mV


def test_several_conditions_have_no_slope() -> None:
    known = lab.Recording(15 * mV, 40 * ms, spikes=[11, 22] * ms)
    with pytest.raises(CompileError, match="no single quantity decides"):
        lab.fit(TwoWays(), known, {"tau": [5, 20] * ms}, method="gradient", dt=0.1 * ms)


def test_slopes_of_a_likelihood_and_its_sum() -> None:
    truth = Refractory(EscapeLIF(), 2 * ms)
    current = OrnsteinUhlenbeck(0.15 * nA, 0.08 * nA, tau=5 * ms)
    known = lab.response(truth, current, 300 * ms, 0.1 * ms, seed=2)
    where = ranges(truth, PASSIVE)
    recording = lab.Recording.of(known, potential=False)
    likely = Likelihood(Candidates(prepare("fit", truth, 0.1 * ms), recording, where))
    place = np.array([0.4, 0.6])
    _, slopes = likely.minus(place[:, None])
    by_hand = differences(lambda x: likely.minus(x)[0], place)
    assert slopes[:, 0] == pytest.approx(by_hand, rel=1e-5)
    assert len(known.spikes) > 3


@pytest.mark.slow
def test_a_gif_from_its_spikes_lies_within_its_errors() -> None:
    """Five values in each of four fits: beyond four errors once in a thousand such tests."""
    truth = GIF(q_1=60 * pA, jump_1=3 * mV, v_T=-48 * mV)
    where = {"C": [30, 200] * pF, "g": [1, 12] * nS, "v_T": [-60, -35] * mV,
             "q_1": [0, 200] * pA, "jump_1": [0, 20] * mV}  # fmt: skip
    current = OrnsteinUhlenbeck(90 * pA, 40 * pA, tau=5 * ms)
    for seed in range(4):
        known = lab.response(truth, current, 5000 * ms, 0.1 * ms, seed=seed)
        recording = lab.Recording.of(known, potential=False)
        way = lab.GradientDescent(starts=2)
        found = lab.fit(GIF(v_T=-42 * mV), recording, where, method=way, dt=0.1 * ms)
        for name, value in found.values.items():
            known_value = float(truth.values[name].to(found.units[name]))
            assert name in found.at_edge or abs(value - known_value) < 4 * found.errors[name]

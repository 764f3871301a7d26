"""Parameters that are known are found again, from potentials and from spikes."""

from __future__ import annotations

import io

import numpy as np
import pytest

from spikeloom import (
    LIF,
    AdEx,
    DiffusionLIF,
    EscapeLIF,
    HodgkinHuxley,
    LeakyIntegrator,
    MOhm,
    OrnsteinUhlenbeck,
    Refractory,
    Samples,
    cm2,
    lab,
    learn,
    mS,
    ms,
    mV,
    nA,
    nS,
    pA,
    pF,
    uA,
)
from spikeloom.compile import RK4
from spikeloom.errors import (
    NumericsError,
    ParameterError,
    ShapeError,
    UnitError,
)
from spikeloom.lab.candidates import Candidates
from spikeloom.lab.descent import _Track
from spikeloom.lab.preparation import prepare
from spikeloom.lab.progress import FitProgress, line
from spikeloom.lab.ranges import ranges

NOISE = OrnsteinUhlenbeck(0.2 * nA, 0.1 * nA, tau=5 * ms)
TRUE = LIF(tau=14 * ms, R=130 * MOhm, theta=-52 * mV)
WIDE = {"tau": [5, 50] * ms, "R": [30, 300] * MOhm, "theta": [-60, -40] * mV}
CHANNELS = {"g_Na": [60, 240] * mS / cm2, "g_K": [15, 70] * mS / cm2, "g_L": [0.1, 0.8] * mS / cm2}


def squid() -> tuple[HodgkinHuxley, lab.Response]:
    noise = OrnsteinUhlenbeck(8 * uA / cm2, 4 * uA / cm2, tau=3 * ms)
    start = HodgkinHuxley(g_Na=90 * mS / cm2, g_K=50 * mS / cm2, g_L=0.5 * mS / cm2)
    return start, lab.response(HodgkinHuxley(), noise, 30 * ms, 0.05 * ms)


def test_lif_from_potential_and_spikes_by_a_global_search() -> None:
    known = lab.response(TRUE, NOISE, 150 * ms, 0.1 * ms, method=RK4())
    found = lab.fit(LIF(), known, WIDE, dt=0.1 * ms, integration=RK4())
    assert found.values["tau"] == pytest.approx(14, rel=1e-3)
    assert found.values["R"] == pytest.approx(130, rel=1e-3)
    assert found.values["theta"] == pytest.approx(-52, abs=0.1)  # known to a time step
    assert found.gamma == 1 and found.rms < 0.01 and not found.at_edge
    assert found.model == LIF().replace(**{n: found.values[n] * u for n, u in found.units.items()})


def test_lif_from_spikes_alone_to_many_digits() -> None:
    known = lab.Recording.of(lab.response(TRUE, NOISE, 150 * ms, 0.1 * ms), potential=False)
    found = lab.fit(LIF(theta=-52 * mV), known, {n: WIDE[n] for n in ("tau", "R")}, dt=0.1 * ms)
    assert found.values["tau"] == pytest.approx(14, rel=1e-6)
    assert found.values["R"] == pytest.approx(130, rel=1e-6)
    assert np.isnan(found.rms) and found.gamma == 1


def test_lif_by_its_gradient_and_the_threshold_from_the_spikes() -> None:
    known = lab.response(TRUE, NOISE, 150 * ms, 0.1 * ms, method=RK4())
    way = lab.GradientDescent(starts=3, rounds=40)
    found = lab.fit(LIF(), known, WIDE, method=way, dt=0.1 * ms, integration=RK4())
    assert found.values["tau"] == pytest.approx(14, rel=1e-5)
    assert found.values["R"] == pytest.approx(130, rel=1e-5)
    assert found.values["theta"] == pytest.approx(-52, abs=0.1)


def test_conductances_of_the_squid_by_the_gradient_of_its_potential() -> None:
    start, known = squid()
    way = lab.GradientDescent(starts=3, rounds=60)
    found = lab.fit(start, known, CHANNELS, method=way, dt=0.05 * ms)
    expected = {"g_Na": 120, "g_K": 36, "g_L": 0.3}
    assert found.values == pytest.approx(expected, rel=1e-4)
    assert found.rms < 1e-2 and found.gamma == 1


def test_conductances_of_the_squid_by_a_global_search() -> None:
    start, known = squid()
    found = lab.fit(start, known, CHANNELS, dt=0.05 * ms)
    assert found.values == pytest.approx({"g_Na": 120, "g_K": 36, "g_L": 0.3}, rel=1e-6)


@pytest.mark.slow
def test_five_parameters_of_adex() -> None:
    noise = OrnsteinUhlenbeck(0.7 * nA, 0.3 * nA, tau=10 * ms)
    known = lab.response(AdEx(), noise, 300 * ms, 0.02 * ms)
    where = {
        "C": [100, 500] * pF,
        "g": [10, 60] * nS,
        "tau_w": [40, 400] * ms,
        "b": [10, 200] * pA,
        "v_T": [-56, -45] * mV,
    }
    start = AdEx(C=200 * pF, g=20 * nS, tau_w=100 * ms, b=40 * pA, v_T=-52 * mV)
    way = lab.GlobalSearch(generations=250)
    found = lab.fit(start, known, where, method=way, dt=0.02 * ms)
    expected = {"C": 281, "g": 30, "tau_w": 144, "b": 80.5, "v_T": -50.4}
    assert found.values == pytest.approx(expected, rel=0.02)
    assert found.gamma == 1


def test_standard_errors_are_those_of_repeated_recordings() -> None:
    """A potential with white noise: the spread of fits is what each of them says of itself."""
    current = OrnsteinUhlenbeck(0.1 * nA, 0.05 * nA, tau=5 * ms)
    clean = lab.response(LeakyIntegrator(), current, 100 * ms, 0.5 * ms)
    chance = np.random.default_rng(5)
    found = []
    for _ in range(12):
        noisy = clean.states["v"] + chance.normal(0, 0.05, len(clean.times))
        recording = lab.Recording(
            current, 100 * ms, potential=noisy * clean.units["v"], every=0.5 * ms
        )
        found.append(
            lab.fit(LeakyIntegrator(), recording, {"tau": [5, 60] * ms}, dt=0.5 * ms, seed=1)
        )
    values = np.array([f.values["tau"] for f in found])
    said = np.mean([f.errors["tau"] for f in found])
    # Chi-square with 11 degrees of freedom: outside of these once in a thousand times at each end.
    assert 0.35 < values.std(ddof=1) / said < 1.7
    assert abs(values.mean() - 20) < 4 * said / np.sqrt(12)


def test_the_gradient_is_that_of_the_candidates() -> None:
    start, known = squid()
    candidates = Candidates(
        prepare("fit", start, 0.05 * ms), lab.Recording.of(known), ranges(start, CHANNELS)
    )
    where = candidates.ranges
    place = np.array([0.3, 0.5, 0.4])
    width = 2e-4  # the layer keeps its numbers in float32
    moved = [place + width * sign * np.eye(3)[0] for sign in (1, -1)]
    tracks = [_Track(candidates, where.values(x)[:, None], where) for x in moved]
    up, down = (float(t.costs()[0].detach()) for t in tracks)
    track = _Track(candidates, where.values(place)[:, None], where)
    track.costs().sum().backward()
    parameter = track.layer.params["g_Na"]
    slope = float(parameter.raw.grad[0])
    share = place[0]  # the layer's own scale: a range is (low, high) by a logistic function
    per_raw = share * (1 - share) if not where.logarithmic[0] else None
    assert per_raw is not None
    assert slope == pytest.approx((up - down) / (2 * width) * per_raw, rel=1e-3)


def test_learnt_parameters_name_themselves() -> None:
    known = lab.response(LIF(tau=14 * ms), 0.2 * nA, 80 * ms, 0.1 * ms)
    model = LIF(tau=learn(30 * ms, low=5 * ms, high=60 * ms))
    found = lab.fit(model, lab.Recording.of(known, potential=False), dt=0.1 * ms)
    assert found.values["tau"] == pytest.approx(14, rel=1e-5)


def test_an_end_of_a_range_is_told() -> None:
    known = lab.response(LIF(tau=14 * ms), 0.14 * nA, 80 * ms, 0.1 * ms)
    found = lab.fit(LIF(), known, {"tau": [20, 50] * ms}, dt=0.1 * ms)
    assert found.at_edge == ("tau",) and "at the end of its range" in repr(found)


def test_the_same_seed_finds_the_same() -> None:
    known = lab.response(LIF(tau=14 * ms), NOISE, 60 * ms, 0.1 * ms)
    a, b = (lab.fit(LIF(), known, {"tau": [5, 50] * ms}, dt=0.1 * ms, seed=4) for _ in range(2))
    assert a.values == b.values and (a.history == b.history).all()


def test_refractory_neurons_are_searched_for() -> None:
    model = Refractory(LIF(), 2 * ms)
    known = lab.response(model.replace(tau=14 * ms), NOISE, 80 * ms, 0.1 * ms)
    found = lab.fit(model, known, {"tau": [5, 50] * ms}, dt=0.1 * ms)
    assert found.values["tau"] == pytest.approx(14, rel=1e-3)


def test_coincidence_factor() -> None:
    a = np.arange(50.0, 1000, 50)
    assert lab.coincidence(a, a + 1, 1000 * ms) == 1
    assert lab.coincidence(a, a + 25, 1000 * ms) < 0
    rng = np.random.default_rng(2)
    by_chance = [
        lab.coincidence(*(np.sort(rng.uniform(0, 1e4, 100)) for _ in range(2)), 1e4 * ms)
        for _ in range(60)
    ]
    assert abs(np.mean(by_chance)) < 4 * np.std(by_chance) / np.sqrt(60)
    assert np.isnan(lab.coincidence(np.empty(0), np.empty(0), 100 * ms))
    with pytest.raises(ParameterError, match="precision"):
        lab.coincidence(a, a, 100 * ms, 200 * ms)


def test_progress_is_silent_at_first_and_says_what_is_left() -> None:
    out = io.StringIO()
    bar = FitProgress(True, out)
    bar.at("generation", 1, 10, 0.5)
    bar.close()
    assert out.getvalue() == ""
    assert line("generation", 5, 10, 0.5, 10.0).endswith("at most 10 s left")


KNOWN = lab.Recording(Samples(np.full(500, 0.2) * nA, every=0.1 * ms), 50 * ms, spikes=[28] * ms)
VOLTS = np.full(100, -60.0) * mV


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: lab.fit(LIF(), KNOWN), ParameterError, "which parameters of LIF"),
        (lambda: lab.fit(LIF(), KNOWN, {"tua": [1, 2] * ms}), ParameterError, "no parameter 'tua'"),
        (lambda: lab.fit(LIF(), KNOWN, {"tau": [1, 2] * mV}), UnitError, "must be in ms"),
        (lambda: lab.fit(LIF(), KNOWN, {"tau": [2, 1] * ms}), ParameterError, "two rising"),
        (lambda: lab.fit(LIF(), KNOWN, {"tau": 3 * ms}), ParameterError, "two rising"),
        (
            lambda: lab.fit(LIF(), KNOWN, {"tau": [1, 2] * ms}, method="best"),
            ParameterError,
            "glob",
        ),
        (lambda: lab.fit(LIF(), "trace", {"tau": [1, 2] * ms}), ParameterError, "a Recording"),
        (lambda: lab.fit(DiffusionLIF(), KNOWN, {"tau": [1, 2] * ms}), ParameterError, "by noise"),
        (
            lambda: lab.fit(
                EscapeLIF(),
                lab.Recording(KNOWN.input, 50 * ms, potential=VOLTS, every=0.1 * ms),
                {"tau": [1, 2] * ms},
            ),
            ParameterError,
            "fires by chance, so it is fitted to spikes",
        ),
        (
            lambda: lab.fit(
                LIF(),
                lab.Recording(KNOWN.input, 50 * ms, potential=VOLTS, every=0.1 * ms),
                {"tau": [1, 2] * ms},
                method="gradient",
            ),
            ParameterError,
            "its spikes must be known",
        ),
        (
            lambda: lab.fit(
                LIF(),
                lab.Recording(KNOWN.input, 50 * ms, potential=[1, 2] * ms, every=0.1 * ms),
                {"tau": [1, 2] * ms},
            ),
            UnitError,
            "recorded potential is in ms",
        ),
        (lambda: lab.Recording(KNOWN.input, 50 * ms), ParameterError, "nothing to fit"),
        (lambda: lab.Recording(1 * nA, 5 * ms, potential=VOLTS), ParameterError, "how far apart"),
        (
            lambda: lab.Recording(1 * nA, 5 * ms, potential=VOLTS, every=1 * ms),
            ShapeError,
            "do not fit into",
        ),
        (
            lambda: lab.Recording(1 * nA, 5 * ms, potential=[1, np.nan] * mV, every=1 * ms),
            NumericsError,
            "NaN",
        ),
        (lambda: lab.Recording(1 * nA, 5 * ms, spikes=[9] * ms), ParameterError, "must lie within"),
        (lambda: lab.Recording(1 * nA, 5 * ms, spikes=[3, 2] * ms), ShapeError, "rising"),
        (lambda: lab.Recording(1 * nA, 5 * ms, spikes=[3, 2]), UnitError, "must be times"),
        (lambda: lab.GlobalSearch(population=0), ParameterError, "population"),
        (lambda: lab.GradientDescent(starts=0), ParameterError, "starts"),
        (lambda: lab.GradientDescent(rate=0), ParameterError, "rate"),
    ],
)
def test_what_is_wrong_is_said(call, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()

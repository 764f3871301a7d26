"""Postsynaptic potentials against closed forms and adaptive integration (relative 1e-9).

Every synapse gets one spike at time 0 through a `Cell`, so that the whole path is tested: the
language, the merging of neuron and synapse, the choice of method, and an engine.
"""

from __future__ import annotations

from math import e
from typing import Any

import numpy as np
import pytest
from tests.reference_values import EXACT, T2, T3, Known, relative, within

from spikeloom.compile import RK4
from spikeloom.engines import Run, simulate
from spikeloom.equations import Cell, Neuron, Refractory, Synapse
from spikeloom.equations.units import mM, ms, mV, nS, pA, pF
from spikeloom.models import (
    NMDA,
    AlphaConductance,
    AlphaCurrent,
    ConductanceLIF,
    Delta,
    DualExponentialConductance,
    DualExponentialCurrent,
    ExponentialConductance,
    ExponentialCurrent,
    TraubMiles,
)


def respond(
    neuron: Neuron | Refractory, synapse: Synapse, weight: float, duration: float, dt: float,
    **options: Any,
) -> Run:  # fmt: skip
    """The response to one spike that arrives at time 0."""
    arrivals = np.zeros((round(duration / dt), 1))
    arrivals[0] = weight
    unit = synapse.definition.input.unit
    cell = Cell(neuron, s=synapse)
    return simulate(cell, duration * ms, dt=dt * ms, s=arrivals * unit, **options)


def peak(run: Run, name: str = "v") -> tuple[float, float]:
    """Value and time of the largest distance from the first value."""
    x = run.traces[name][:, 0]
    at = int(np.abs(x - x[0]).argmax())
    return float(x[at]), float(run.times[at])


def silent(tau: float, capacitance: float, rest: float = 0.0) -> ConductanceLIF:
    """A neuron that does not fire."""
    return ConductanceLIF(
        C=capacitance * pF, g_L=capacitance / tau * nS, E_L=rest * mV, theta=1000 * mV
    )


CURRENTS: list[tuple[Synapse, float, float, float, float, float]] = [
    # synapse, tau_m, C, weight, peak, time of the peak
    (ExponentialCurrent(tau=0.5 * ms), 10, 250, 87.808494, 0.15, 1.576701),
    (ExponentialCurrent(tau=5 * ms), 20, 200, 100, 1.574901, 9.241962),
    (ExponentialCurrent(tau=10 * ms), 10, 250, 100, 1.471518, 10.0),
    (AlphaCurrent(tau=2 * ms), 10, 250, 100, 1.300066, 6.650998),
    (AlphaCurrent(tau=0.32582722403722841 * ms), 10, 250, 45.6096, 0.14, 1.700759),
]


@pytest.mark.parametrize(("synapse", "tau", "capacitance", "weight", "high", "late"), CURRENTS)
def test_potentials_after_currents_have_their_published_peaks(
    synapse: Synapse, tau: float, capacitance: float, weight: float, high: float, late: float,
    reference: Known,
) -> None:  # fmt: skip
    run = respond(silent(tau, capacitance), synapse, weight, 12, 0.001)
    v, t = peak(run)
    name = type(synapse).__name__
    what = f"of {weight:g} pA through {synapse.values['tau']}, membrane {tau} ms"
    reference(name, f"peak {what}", high, v, relative(1e-6), "closed form", "mV")
    reference(name, f"time of the peak {what}", late, t, T2, "closed form", "ms")


@pytest.mark.parametrize("dt", [0.0625, 0.25, 1.0])
@pytest.mark.parametrize("tau", [2.0, 10.0, 10.0 * (1 + 1e-9)])
def test_alpha_response_is_exact_at_every_step(tau: float, dt: float) -> None:
    """V(t) = w e / (τs C) ((e^(−t/τm) − e^(−t/τs)) / B² − t e^(−t/τs) / B), B = 1/τs − 1/τm."""
    run = respond(silent(10, 250), AlphaCurrent(tau=tau * ms), 100, 40, dt)
    t, b = run.times, 1 / tau - 0.1
    if abs(b) < 1e-6:
        expected = 100 * e / (10 * 250) * t**2 / 2 * np.exp(-t / 10)
    else:
        rise = (np.exp(-t / 10) - np.exp(-t / tau)) / b**2 - t * np.exp(-t / tau) / b
        expected = 100 * e / (tau * 250) * rise
    tolerance = 1e-6 if 0 < abs(b) < 1e-6 else 1e-9
    assert run.traces["v"][:, 0] == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("synapse", [DualExponentialCurrent(), DualExponentialConductance()])
@pytest.mark.parametrize(
    ("rise", "decay", "late"),
    [(0.5, 3, 1.075056), (1, 5, 2.011797), (2, 100, 7.983720), (2, 2, 2.0)],
)
def test_dual_exponentials_peak_at_their_weight(
    synapse: Synapse, rise: float, decay: float, late: float, reference: Known
) -> None:
    changed = synapse.replace(tau_rise=rise * ms, tau_decay=decay * ms)
    run = respond(silent(10, 250), changed, 3.0, 12, 0.001)
    high, t = peak(run, f"s_{synapse.definition.states[0].name}")
    assert high == pytest.approx(3, rel=1e-6)
    reference(type(synapse).__name__, f"time of the peak, {rise:g} and {decay:g} ms", late, t, T2,
              "t_r t_d / (t_d - t_r) log(t_d / t_r)", "ms")  # fmt: skip


@pytest.mark.parametrize(
    "synapse", [ExponentialConductance(), AlphaConductance(), DualExponentialConductance()]
)
def test_conductances_move_exactly_whatever_the_step(synapse: Synapse) -> None:
    """Exponential Euler holds the potential, but never the rise and the decay of a synapse."""
    coarse = respond(ConductanceLIF(), synapse, 1.0, 16, 2.0).traces["s_g"][-1]
    fine = respond(ConductanceLIF(), synapse, 1.0, 16, 0.0625, method=RK4()).traces["s_g"][-1]
    assert coarse == pytest.approx(fine, rel=1e-7)


CONDUCTANCES: list[tuple[ExponentialConductance, float, float, float, float]] = [
    # synapse, rest, weight, peak, time of the peak; C 200 pF, leak 10 nS
    (ExponentialConductance(tau=5 * ms, E=0 * mV), -60, 6, -54.649232, 9.06),
    (ExponentialConductance(tau=10 * ms, E=-80 * mV), -55, 67, -73.023550, 9.53),
]


@pytest.mark.parametrize(("synapse", "rest", "weight", "high", "late"), CONDUCTANCES)
def test_potentials_after_conductances_have_their_published_peaks(
    synapse: Synapse, rest: float, weight: float, high: float, late: float, reference: Known
) -> None:
    neuron = silent(20, 200, rest)
    v, t = peak(respond(neuron, synapse, weight, 20, 0.01, method=RK4()))
    what, source = f"of {weight:g} nS from {rest:g} mV", "adaptive integration elsewhere"
    reference("ExponentialConductance", f"peak {what}", high, v, within(2e-6), source, "mV")
    reference("ExponentialConductance", f"time of the peak {what}", late, t, within(0.01), source,
              "ms")  # fmt: skip
    errors = [
        abs(peak(respond(neuron, synapse, weight, 20, dt))[0] - high) for dt in (0.1, 0.05, 0.025)
    ]
    assert errors[0] < 0.25
    assert np.diff(np.log2(errors)) == pytest.approx(-1, abs=0.15)  # of first order


def test_a_conductance_at_rest_does_nothing() -> None:
    """A reversal potential at rest leaves the potential where it is, to the last bit."""
    run = respond(silent(20, 200, -60), ExponentialConductance(E=-60 * mV), 5, 20, 0.1)
    assert (run.traces["v"] == -60).all()


@pytest.mark.parametrize(
    ("v", "free"),
    [
        (-80, 0.0244247), (-65, 0.0596682), (-60, 0.0796264), (-40, 0.2301553),
        (-20.525252, 0.5), (-20, 0.5081407), (0, 0.7811816), (20, 0.9250180),
    ],
)  # fmt: skip
def test_magnesium_block(v: float, free: float, reference: Known) -> None:
    """From the current that one step of a clamped cell gives: g s B(v) (E − v)."""
    still = {"v": np.array([float(v)]), "s_s": np.ones(1), "s_x": np.zeros(1)}
    cell = Cell(ConductanceLIF(C=1 * pF, g_L=0 * nS, theta=1e6 * mV),
                s=NMDA(g=1 * nS, E=v * mV + 1 * mV, Mg=1 * mM))  # fmt: skip
    run = simulate(cell, 1e-6 * ms, dt=1e-6 * ms, state=still)
    rate = (float(run.state["v"][0]) - v) / 1e-6  # mV / ms: 1 nS · B · 1 mV / 1 pF
    reference("NMDA", f"open share at {v:g} mV, 1 mM magnesium", free, rate, within(2e-6),
              "Jahr & Stevens 1990")  # fmt: skip


@pytest.mark.parametrize(
    ("g", "high", "late"), [(3.27, -69.825210, 42.05), (32.7, -68.138524, 43.25)]
)
def test_nmda_response(g: float, high: float, late: float, reference: Known) -> None:
    neuron = silent(20, 500, -70)
    run = respond(neuron, NMDA(g=g * nS), 1, 60, 0.05)
    s, at = peak(run, "s_s")
    assert s == pytest.approx(0.591836, abs=2e-6)
    assert at == pytest.approx(7.10, abs=0.05)
    v, t = peak(run)
    source = "adaptive integration elsewhere"
    reference("NMDA", f"gate after one spike, peak and time ({g} nS)", [0.591836, 7.10], [s, at],
              within(0.05), source)  # fmt: skip
    reference("NMDA", f"peak of {g} nS from -70 mV", high, v, within(1e-6), source, "mV")
    reference("NMDA", f"time of the peak of {g} nS", late, t, T3, source, "ms")


def test_a_kick_is_felt_at_once_and_lost_while_refractory() -> None:
    arrivals = np.zeros((300, 1))
    arrivals[[0, 100, 120], 0] = 5.0, 11.0, 5.0
    cell = Cell(Refractory(ConductanceLIF(), 5 * ms), s=Delta())
    run = simulate(cell, 30 * ms, s=arrivals * mV)
    v = run.traces["v"][:, 0]
    assert v[0] == pytest.approx(-60 + 5 * np.exp(-0.1 / 20), rel=1e-12)
    assert run.train().tolist() == pytest.approx([10.1])
    assert (v[100:] == -60).all()


def test_traub_miles_rests_with_the_leak_of_the_first_script(reference: Known) -> None:
    run = simulate(TraubMiles(E_L=-65 * mV), 300 * ms, dt=0.02 * ms, method=RK4(), every=15000)
    got = {name: float(x[0]) for name, x in run.state.items()}
    expected = {"v": -64.764629, "m": 0.010227, "h": 0.997410, "n": 0.028167}
    reference("TraubMiles", "rest (v, m, h, n) with E_L = -65 mV (trap 1)",
              list(expected.values()), [got[n] for n in expected], within(1e-6),
              "adaptive integration elsewhere")  # fmt: skip


def test_traub_miles_fires_by_itself_with_the_leak_of_today(reference: Known) -> None:
    start = {"v": -70.0, "m": 0.005, "h": 0.99, "n": 0.02}
    state = {name: np.full(4, x) for name, x in start.items()}
    drive = np.array([0, -10, -20, 5]) * pA
    run = simulate(TraubMiles(), 1000 * ms, dt=0.02 * ms, method=RK4(), state=state, size=4,
                   I=drive, record=())  # fmt: skip
    reference("TraubMiles", "spikes in 1 s at 0, -10, -20, 5 pA, E_L = -60 mV", [14, 11, 8, 15],
              run.counts, EXACT, "adaptive integration elsewhere")  # fmt: skip
    assert run.train()[0] == pytest.approx(51.573, abs=0.02)
    assert np.diff(run.train())[-3:] == pytest.approx(72.177, abs=0.02)


def test_traub_miles_intervals() -> None:
    drive = np.array([100, 200, 500, 1000, 2000])
    run = simulate(TraubMiles(), 300 * ms, dt=0.01 * ms, method=RK4(), size=5, I=drive * pA,
                   record=())  # fmt: skip
    intervals = [float(np.diff(run.train(i))[-1]) for i in range(5)]
    assert intervals == pytest.approx([31.654, 21.759, 12.0803, 7.5274, 4.8025], abs=0.0105)

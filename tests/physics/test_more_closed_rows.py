"""More rows of the table: what patterns settle to, onsets, and models that only have closed forms.

Numbers without a source of their own were computed elsewhere by adaptive integration.
"""

from __future__ import annotations

import warnings
from math import exp, log
from typing import Any

import numpy as np
import pytest
from tests.models.rules.test_short_term import releases
from tests.reference_values import BAND, EXACT, T1, T2, Known, relative, within

from spikeloom import AllToAll, Network, lab
from spikeloom.compile import RK4, Euler
from spikeloom.engines import Precise, simulate
from spikeloom.equations import Cell
from spikeloom.equations.units import cm2, ms, mV, nA, nS, pA, pF, uA
from spikeloom.errors import NumericsWarning
from spikeloom.models import (
    LIF,
    AdEx,
    AlphaCurrent,
    ConductanceLIF,
    DualExponentialCurrent,
    ExponentialCurrent,
    HodgkinHuxley,
    HomeostaticLIF,
    MihalasNiebur,
    MorrisLecar,
    PassiveMembrane,
    Shunt,
    TrieschUnit,
    TsodyksMarkram,
    TsodyksMarkramThree,
)
from spikeloom.models.patterns import ADEX, MIHALAS_NIEBUR

CLOSED, ELSEWHERE = "closed form", "adaptive integration elsewhere"


def test_passive_membrane(reference: Known) -> None:
    v = simulate(PassiveMembrane(), 10 * ms, I=1 * uA / cm2).state["v"][0]
    reference("PassiveMembrane", "v after 10 ms of 1 µA/cm²", -65 + 20 * (1 - exp(-0.5)), v, T1,
              "R I (1 - exp(-t / RC))", "mV")  # fmt: skip


def test_shunt(reference: Known) -> None:
    cell = Cell(ConductanceLIF(), s=Shunt(G=10 * nS, E=-65 * mV))  # rest at -60 mV, leak 10 nS
    v = simulate(cell, 10 * ms).state["v"][0]
    reference("Shunt", "v 10 ms after 10 nS to -65 mV began, leak 10 nS to -60 mV, 200 pF",
              -62.5 + 2.5 * exp(-1), v, T1, CLOSED, "mV")  # fmt: skip
    at = simulate(cell, 500 * ms).state["v"][0]
    reference("Shunt", "settled v", -62.5, at, T1, "weighted mean of both potentials", "mV")


def test_homeostatic_lif(reference: Known) -> None:
    cell = HomeostaticLIF()
    theta = simulate(cell, 200 * ms).state["theta"][0]
    reference("HomeostaticLIF", "threshold after 200 ms of silence", -50.2, theta, T1,
              "theta_0 - eta rho t", "mV")  # fmt: skip


def test_triesch_unit(reference: Known) -> None:
    y = simulate(TrieschUnit(eta=0 / ms), 2 * ms, x=1.0).state["y"][0]
    reference("TrieschUnit", "output after 2 ms of x = 1, nothing learnt",
              (1 - exp(-2)) / (1 + exp(-1)), y, relative(1e-6), CLOSED)  # fmt: skip


def test_trap_4_methods_that_explode(reference: Known) -> None:
    """Of three neurons, how many stay finite; said in a warning where they do not."""
    drive: Any = np.array([10.0, 15.0, 30.0]) * uA / cm2
    for method in (RK4(), Euler()):
        got = []
        for dt, expected in ((0.1, True), (0.05, False)):
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always", NumericsWarning)
                run = simulate(HodgkinHuxley(), 40 * ms, dt=dt * ms, size=3, I=drive, method=method)
            got.append(int(np.isfinite(run.state["v"]).sum()))
            assert any("grow without bound" in str(w.message) for w in told) is expected
        reference("HodgkinHuxley", f"trap 4: neurons of 3 that stay finite by {method!r} at 0.1 and"
                  " 0.05 ms", (0, 3), got, EXACT, ELSEWHERE)  # fmt: skip


def test_potential_at_bifurcations(reference: Known) -> None:
    def at(cell: Any, values: Any, kind: str, near: float) -> float:
        found = lab.bifurcation(cell, "I", values, sweeps=False).points
        (point,) = [p for p in found if p.kind == kind and abs(p.value - near) < 1]
        return float(point.state[0])

    flow = uA / cm2
    reference("HodgkinHuxley", "potential at the Hopf point near I = 10", -59.654,
              at(HodgkinHuxley(), (0, 20) * flow, "Hopf", 9.7754), within(1e-3), ELSEWHERE,
              "mV")  # fmt: skip
    reference("MorrisLecar", "potential at the Hopf point (class II) near I = 94", -25.270,
              at(MorrisLecar(), (60, 120) * flow, "Hopf", 93.857), within(1e-3), ELSEWHERE,
              "mV")  # fmt: skip
    reference("MorrisLecar", "potential at the saddle-node (class I) near I = 40", -29.390,
              at(MorrisLecar.class_one(), (20, 60) * flow, "saddle-node", 39.963), within(1e-3),
              ELSEWHERE, "mV")  # fmt: skip
    found = lab.bifurcation(MorrisLecar(), "I", (-20, 300) * flow, sweeps=False).points
    folds = sum(p.kind == "saddle-node" for p in found)
    reference("MorrisLecar", "saddle-nodes of class II, I = -20 to 300", 0, folds, EXACT, ELSEWHERE)


def long_train(name: str) -> Any:
    p = ADEX[name]
    return simulate(AdEx.pattern(name), p.duration, dt=0.005 * ms, state=p.start, record=(),
                    method=RK4(), I=p.drive(0.005 * ms)).train()  # fmt: skip


def test_adex_patterns_settle(reference: Known) -> None:
    grid = within(6e-3)
    tonic, initial, faster = (
        np.diff(long_train(n)) for n in ("tonic", "initial burst", "delayed accelerating")
    )
    reference("AdEx", "settled interval, tonic", 9.585, tonic[-1], grid, ELSEWHERE, "ms")
    reference("AdEx", "settled interval, initial burst", 63.952, initial[-1], grid, ELSEWHERE, "ms")
    reference("AdEx", "39th interval, delayed accelerating", 10.502, faster[38], grid, ELSEWHERE,
              "ms")  # fmt: skip
    bursts = long_train("bursting")
    starts = bursts[1:][np.diff(bursts) > 50]
    reference("AdEx", "period of bursts, bursting", 138.527, np.diff(starts)[-1],
              within(0.0105), ELSEWHERE,
              "ms")  # fmt: skip
    chaotic = len(long_train("irregular"))
    reference("AdEx", "spikes in 600 ms, irregular (chaotic: a band)", (32, 34), chaotic, BAND,
              ELSEWHERE)  # fmt: skip


def test_onsets(reference: Known) -> None:
    least = lab.rheobase(AdEx()).current
    reference("AdEx", "rheobase of a step of 1 s", 577.002, least, within(0.01),
              ELSEWHERE, "pA")  # fmt: skip
    least = lab.rheobase(LIF(), 600 * ms).current
    reference("LIF", "rheobase", 0.15, least, within(1e-6), "(theta - E) / R", "nA")


def test_trap_6_the_detection_voltage_of_adex(reference: Known) -> None:
    """It hardly matters where the blow-up is resolved, and Euler at 0.1 ms shifts all spikes."""
    trains = [
        simulate(AdEx(peak=peak * mV), 200 * ms, dt=0.002 * ms, I=1 * nA, method=RK4(),
                 record=()).train()
        for peak in (-30.0, 0.0, 20.0)
    ]  # fmt: skip
    reference("AdEx", "trap 6: spike 8 with a peak at -30 and 20 mV, against 0 mV",
              [168.0710] * 2, [trains[0][7], trains[2][7]], within(0.05), ELSEWHERE,
              "ms")  # fmt: skip
    late = simulate(AdEx(), 200 * ms, I=1 * nA, method=Euler(), record=()).train()
    assert abs(late[7] - trains[1][7]) > 0.5


@pytest.mark.parametrize(
    ("name", "place", "time"),
    [("tonic bursting", None, 143.0391), ("phasic bursting", 6, 48.8900),
     ("mixed mode", None, 104.7279)],
)  # fmt: skip
def test_mihalas_niebur_later(name: str, place: int | None, time: float, reference: Known) -> None:
    p = MIHALAS_NIEBUR[name]
    train = simulate(MihalasNiebur.pattern(name), p.duration, dt=p.dt, I=p.drive(), state=p.start,
                     engine=Precise(), record=()).train()  # fmt: skip
    if place is None:  # the first of the second group
        place = int(np.argmax(np.diff(train) > 25)) + 1
    what = "last spike" if name == "phasic bursting" else "first spike after the first group"
    reference("MihalasNiebur", f"{what}, {name}", time, train[place], T2, ELSEWHERE, "ms")


def test_potentials_of_a_unit_current(reference: Known) -> None:
    cell = ConductanceLIF(C=250 * pF, g_L=25 * nS)
    for synapse, high in ((ExponentialCurrent(tau=0.5 * ms), 1.708263e-3),
                          (AlphaCurrent(tau=0.32582722403722841 * ms), 3.0695292e-3)):  # fmt: skip
        got = lab.psp(cell, synapse, 1 * pA).peak
        reference(type(synapse).__name__, f"peak of 1 pA through {synapse.values['tau']}, membrane"
                  " 10 ms", high, float(got), relative(5e-7), CLOSED, "mV")  # fmt: skip


@pytest.mark.parametrize(
    ("rise", "decay", "norm"), [(0.5, 3, 1.717163), (1, 5, 1.869186), (2, 100, 1.105215)]
)
def test_norm_of_dual_exponentials(
    rise: float, decay: float, norm: float, reference: Known
) -> None:
    """A synapse of weight 1 peaks at 1: so late, g e^(t / t_d) → N (1 - e^…) gives the norm."""
    kick = np.zeros((1, 1))
    kick[0] = 1.0
    synapse = DualExponentialCurrent(tau_rise=rise * ms, tau_decay=decay * ms)
    t = 2.0
    run = simulate(Cell(ConductanceLIF(), s=synapse), t * ms, dt=t * ms, s=kick * pA)
    found = run.state[f"s_{synapse.definition.states[0].name}"][0]
    got = found / (exp(-t / decay) - exp(-t / rise))
    reference("DualExponentialCurrent", f"norm, {rise:g} and {decay:g} ms", norm, got,
              within(1e-6), "1 / (e^(-t/t_d) - e^(-t/t_r)) at the peak")  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "name", "seventh", "settled"),
    [
        (TsodyksMarkram(U=0.5, tau_rec=800 * ms), "U = 0.5, tau_rec = 800 ms",
         (0.061882, 0.059360), 0.057126),
        (TsodyksMarkram(U=0.1, tau_rec=100 * ms, tau_f=1000 * ms),
         "U = 0.1, tau_rec = 100 ms, tau_f = 1 s", (), 0.335522),
        (TsodyksMarkramThree(U=0.5, tau_rec=800 * ms, tau_in=3 * ms), "U = 0.5, tau_rec = 800 ms",
         (), 0.056936),
    ],
)  # fmt: skip
def test_releases_settle(
    rule: Any, name: str, seventh: Any, settled: float, reference: Known
) -> None:
    sent = releases(rule, 5, 200, 10.0)
    model, hand = type(rule).__name__, "the recursion, by hand"
    reference(model, f"release after 200 spikes at 20 Hz, {name}", settled, sent[-1], within(1e-6),
              hand)  # fmt: skip
    if seventh:
        reference(model, f"releases 7 and 8 at 20 Hz, {name}", seventh, sent[6:8], within(1e-6),
                  hand)  # fmt: skip


def test_gap_junction_difference(reference: Known) -> None:
    """The difference of two cells decays with C / (g_L + 2 g) = 200 / 14 ms."""
    net = Network(dt=0.01 * ms, dtype="float64", engine="reference")
    cells = net.population(2, ConductanceLIF(), v=np.array([-59.0, -61.0]) * mV)
    net.gap_junctions(cells[0], cells[1], AllToAll(), conductance=2 * nS)
    volts = net.record(cells, "v")
    v = net.run(10 * ms).states[volts].values
    tau = -9 / log((v[-1, 0] - v[-1, 1]) / (v[99, 0] - v[99, 1]))
    reference("gap junction", "time constant of the difference, g 2 nS, leak 10 nS, 200 pF",
              200 / 14, tau, relative(2e-3), "C / (g_L + 2 g), at dt = 0.01 ms", "ms")  # fmt: skip

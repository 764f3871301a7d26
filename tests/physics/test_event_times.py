"""Spikes at their own times, without a grid: the rows of the reference tables in class T1 and T2.

Numbers without a source of their own were computed elsewhere by adaptive integration with bisected
events (relative tolerance 1e-9 to 1e-10), with other code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.physics.test_patterns import LINEAR, NAUD
from tests.reference_values import EXACT, T1, T2, Known, within

from spikeloom.compile import RK4, Exact, SequentialEuler
from spikeloom.engines import Adaptive, Precise, simulate
from spikeloom.equations import Cell, Neuron, Refractory
from spikeloom.equations.units import MOhm, cm2, ms, mV, nA, nS, pA, pF, uA
from spikeloom.models import (
    GLIF,
    LIF,
    NMDA,
    SRM0,
    AdEx,
    ConductanceLIF,
    ExponentialIF,
    FitzHughNagumo,
    HindmarshRose,
    HodgkinHuxley,
    Izhikevich,
    MihalasNiebur,
    PerfectIF,
    PinskyRinzel,
    QuadraticIF,
    ThetaNeuron,
    TraubMiles,
)
from spikeloom.models.patterns import ADEX, IZHIKEVICH, IZHIKEVICH_CELLS, MIHALAS_NIEBUR

ELSEWHERE = "adaptive integration elsewhere"
TWO = "two methods here agree"
PLAIN: dict[str, Any] = {"E": 0 * mV, "theta": 15 * mV, "R": 1 * MOhm}


@pytest.mark.parametrize(
    ("drive", "t_ref", "period"),
    [(20.0, 0.0, 27.725887222), (20.0, 2.0, 29.725887222), (30.0, 2.0, 15.862943612),
     (16.0, 5.0, 60.451774445)],
)  # fmt: skip
def test_lif(drive: float, t_ref: float, period: float, reference: Known) -> None:
    cell: Any = Refractory(LIF(**PLAIN), t_ref * ms) if t_ref else LIF(**PLAIN)
    train = simulate(cell, 200 * ms, I=drive * nA, engine=Precise(), record=()).train()
    what = f"period, R I = {drive:g} mV, refractory {t_ref:g} ms"
    closed = "t_ref + tau log(RI / (RI - theta))"
    reference("LIF", what, period, train[1] - train[0], T1, closed, "ms")
    if (drive, t_ref) == (20, 2):
        rate = 1000 / (train[1] - train[0])
        reference("LIF", "rate, R I = 20 mV, refractory 2 ms", 33.640712, rate, within(1e-6),
                  closed, "Hz")  # fmt: skip


def test_perfect_if(reference: Known) -> None:
    train = simulate(PerfectIF(C=200 * pF), 35 * ms, I=300 * pA, engine=Precise()).train()
    reference("PerfectIF", "period, 300 pA", 10.0, np.diff(train)[0], T1, "C theta / I", "ms")


def test_srm0_trap_8(reference: Known) -> None:
    """Eta of the last spike alone is another model than the LIF; of all spikes, it is the LIF."""
    closed = "Gerstner 1995, in closed form"
    for keep, expected in ((0.0, [27.725887222, 27.725887222, 23.573100, 22.478603]),
                           (1.0, [27.725887222] * 4)):  # fmt: skip
        cell = SRM0(**PLAIN, keep=keep)
        train = simulate(cell, 400 * ms, I=20 * nA, engine=Precise(), record=()).train()
        what = "all spikes" if keep else "the last spike alone"
        reference("SRM0", f"first intervals, eta of {what}, R I = 20 mV", expected,
                  np.diff(train, prepend=0)[:4], within(2e-6), closed, "ms")  # fmt: skip
        if not keep:
            reference("SRM0", "settled interval, eta of the last spike alone, R I = 20 mV",
                      20 * np.log(3), train[-1] - train[-2], within(2e-6), closed,
                      "ms")  # fmt: skip


GLIF_ROWS = {
    (300, 1): (63, 11.9834, 27.7168), (300, 2): (79, 11.9834, 19.5174),
    (300, 3): (18, 11.9834, 41.8505), (300, 4): (17, 11.9834, 41.6214),
    (300, 5): (12, 13.1785, 48.5588), (600, 1): (139, 3.4678, 10.6857),
    (600, 2): (186, 3.4678, 7.8090), (600, 3): (69, 3.4678, 12.5981),
    (600, 4): (73, 3.4678, 8.5241), (600, 5): (70, 3.5083, 8.6943),
}  # fmt: skip


@pytest.mark.parametrize(("drive", "level"), sorted(GLIF_ROWS))
def test_glif(drive: int, level: int, reference: Known) -> None:
    count, *first = GLIF_ROWS[drive, level]
    run = simulate(GLIF.level(level), 1000 * ms, dt=1 * ms, I=drive * pA, engine=Precise(),
                   record=())  # fmt: skip
    what = f"level {level}, {drive} pA"
    reference("GLIF", f"spikes in 1 s, {what}", count, run.counts[0], EXACT, ELSEWHERE)
    reference("GLIF", f"first spikes, {what}", first, run.train()[:2], T2, ELSEWHERE, "ms")


FILLED_MN = {"spike frequency adaptation", "rebound spike", "hyperpolarization-induced bursting",
             "rebound burst", "basal bistability"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MIHALAS_NIEBUR))
def test_mihalas_niebur(name: str, reference: Known) -> None:
    p, cell = MIHALAS_NIEBUR[name], MihalasNiebur.pattern(name)
    options: dict[str, Any] = {"dt": p.dt, "I": p.drive(), "state": p.start, "record": ()}
    train = simulate(cell, p.duration, engine=Precise(), **options).train()
    count, first = LINEAR[name]
    source = ELSEWHERE
    if name in FILLED_MN:
        source = TWO
        other = simulate(cell, p.duration, engine=Adaptive(), **options).train()
        assert other == pytest.approx(train, abs=1e-5)
    reference("MihalasNiebur", f"spikes, {name}", count, len(train), EXACT, source)
    reference("MihalasNiebur", f"first spikes, {name}", first, train[: len(first)], T2, source,
              "ms")  # fmt: skip


@pytest.mark.parametrize("name", sorted(ADEX))
def test_adex_patterns(name: str, reference: Known) -> None:
    p = ADEX[name]
    count, first = NAUD[name]
    until = float(np.ceil(first[-1]) + 1) * ms
    steps = round(until / p.dt)
    current = p.drive().to(pA)[:steps] * pA
    train = simulate(AdEx.pattern(name), until, dt=p.dt, I=current, state=p.start, record=(),
                     engine=Adaptive()).train()  # fmt: skip
    run = simulate(AdEx.pattern(name), p.duration, dt=p.dt, I=p.drive(), state=p.start, record=())
    filled = name in ("adapting", "delayed bursting")
    source = "adaptive and fixed steps agree" if filled else ELSEWHERE
    if name != "irregular":  # chaotic: its count depends on everything
        reference("AdEx", f"spikes in 600 ms, {name}", count, run.counts[0], EXACT, source)
    reference("AdEx", f"first spikes, {name}", first, train[: len(first)], T2, source, "ms")


def test_adex_first_paper(reference: Known) -> None:
    expected = [11.7916, 25.3761, 41.1962, 59.7757, 81.6441, 107.1463, 136.1744, 168.0710,
                201.9037, 236.8563, 272.3930, 308.2167, 344.1773, 380.2023]  # fmt: skip
    train = simulate(AdEx(), 400 * ms, dt=1 * ms, I=1 * nA, engine=Adaptive(), record=()).train()
    reference("AdEx", "spikes, 1 nA for 400 ms", expected, train, T2, ELSEWHERE, "ms")
    drive = np.array([700, 800, 1000, 1500, 2000])
    run = simulate(AdEx(), 1000 * ms, dt=0.005 * ms, size=5, I=drive * pA, record=())
    reference("AdEx", "spikes in 1 s at 700, 800, 1000, 1500, 2000 pA", [9, 17, 31, 61, 90],
              run.counts, EXACT, ELSEWHERE)  # fmt: skip


@pytest.mark.parametrize(
    ("drive", "period"), [(15, 37.3596454), (17, 26.9293822), (20, 19.5273313), (30, 10.6879199)]
)
def test_exponential_if(drive: float, period: float, reference: Known) -> None:
    cell = ExponentialIF(R=1 * MOhm)
    train = simulate(cell, 80 * ms, dt=1 * ms, I=drive * nA, engine=Adaptive(), record=()).train()
    reference("ExponentialIF", f"period, R I = {drive} mV", period, train[1] - train[0],
              within(1e-5), "quadrature of 1 / (dv/dt)", "ms")  # fmt: skip


def test_exponential_if_rheobase(reference: Known) -> None:
    drive = np.linspace(11.95, 12.05, 21)
    run = simulate(ExponentialIF(R=1 * MOhm), 3000 * ms, dt=0.05 * ms, size=21, I=drive * nA,
                   record=())  # fmt: skip
    least = drive[np.flatnonzero(run.counts)[0]]
    reference("ExponentialIF", "rheobase as R I", 12.0, least, within(0.01), "v_T - E - D", "mV")


def test_quadratic_if_and_theta(reference: Known) -> None:
    run = simulate(QuadraticIF(), 80 * ms, dt=1 * ms, I=1.0, engine=Adaptive(), record=())
    reference("QuadraticIF", "period between -10 and 10, I = 1", 29.422553487,
              np.diff(run.train())[0], within(1e-5), "2 tau atan(10)", "ms")  # fmt: skip
    run = simulate(ThetaNeuron(), 100 * ms, dt=1 * ms, I=1.0, engine=Adaptive(), record=())
    reference("ThetaNeuron", "period, I = 1", 31.415926536, np.diff(run.train())[0],
              within(1e-5), "pi tau / sqrt(I)", "ms")  # fmt: skip


def test_hodgkin_huxley_train(reference: Known) -> None:
    expected = [1.9012, 16.8227, 31.4719, 46.1091, 60.7453, 75.3816, 90.0178]
    run = simulate(HodgkinHuxley(), 100 * ms, dt=0.01 * ms, I=10 * uA / cm2, engine=Adaptive())
    v = run.traces["v"]
    reference("HodgkinHuxley", "spikes, I = 10 µA/cm²", expected, run.train(), T2, ELSEWHERE, "ms")
    reference("HodgkinHuxley", "peak and trough, I = 10 µA/cm²", [40.263, -75.078],
              [v.max(), v.min()], within(1e-3), ELSEWHERE, "mV")  # fmt: skip


def top(v: Any) -> float:
    """The largest value of a curve, by the parabola through the three points around it."""
    k = int(np.argmax(v))
    a, b, c = (float(x) for x in v[k - 1 : k + 2])
    return b + (a - c) ** 2 / (8 * (2 * b - a - c))


def rest(size: int) -> dict[str, Any]:
    """Hodgkin and Huxley's axon at rest."""
    end = simulate(HodgkinHuxley(), 200 * ms, dt=0.05 * ms, method=RK4(), record=()).state
    return {name: np.repeat(x, size) for name, x in end.items()}


def edge(fires: Callable[[Any], Any], low: float, high: float) -> float:
    """Where a stimulus begins to give spikes: 41 at once, three times, each between two before."""
    for _ in range(3):
        tried = np.linspace(low, high, 41)
        fired = fires(tried)
        at = int(np.argmax(fired))
        assert fired[at:].all()
        assert at > 0
        low, high = tried[at - 1], tried[at]
    return (low + high) / 2


def test_hodgkin_huxley_pulses(reference: Known) -> None:
    def run_of(pulses: Any, **options: Any) -> Any:
        current = np.where(np.arange(3000)[:, None] < 100, pulses, 0.0)
        return simulate(HodgkinHuxley(), 30 * ms, dt=0.01 * ms, size=len(pulses), method=RK4(),
                        I=current * uA / cm2, state=rest(len(pulses)), **options)  # fmt: skip

    found = edge(lambda x: run_of(x, record=()).counts > 0, 6.5, 7.5)
    reference("HodgkinHuxley", "threshold of a pulse of 1 ms", 6.9189, found, within(1e-4),
              ELSEWHERE, "µA/cm²")  # fmt: skip
    run = run_of([10.0])
    assert run.counts.tolist() == [1]
    v = run.traces["v"][:, 0]
    at = int(np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))[0])
    when = run.times[at] - 0.01 * v[at] / (v[at + 1] - v[at])
    reference("HodgkinHuxley", "spike after 10 µA/cm² for 1 ms", 2.2746, when, T2, ELSEWHERE, "ms")
    reference("HodgkinHuxley", "peak and trough after 10 µA/cm² for 1 ms", [39.067, -76.172],
              [top(v), v.min()], within(1e-3), ELSEWHERE, "mV")  # fmt: skip


def test_hodgkin_huxley_kicks(reference: Known) -> None:
    def fires(kicks: Any) -> Any:
        kicked = rest(len(kicks))
        kicked["v"] = kicked["v"] + kicks
        return simulate(HodgkinHuxley(), 25 * ms, dt=0.01 * ms, size=len(kicks), method=RK4(),
                        state=kicked, record=()).counts > 0  # fmt: skip

    reference("HodgkinHuxley", "threshold of an instant kick", 6.5051, edge(fires, 6, 7),
              within(1e-4), ELSEWHERE, "mV")  # fmt: skip


def test_hodgkin_huxley_onsets(reference: Known) -> None:
    """Where a step gives one spike, and where it goes on for ever."""

    def run_of(drive: Any, duration: float, dt: float) -> Any:
        return simulate(HodgkinHuxley(), duration * ms, dt=dt * ms, size=len(drive), method=RK4(),
                        I=drive * uA / cm2, state=rest(len(drive)), record=())  # fmt: skip

    found = edge(lambda x: run_of(x, 50, 0.02).counts > 0, 2, 3)
    reference("HodgkinHuxley", "rheobase of a step, one spike or more", 2.2403, found,
              within(1e-4), ELSEWHERE, "µA/cm²")  # fmt: skip
    drive = np.arange(6.25, 6.27, 0.001)
    run = run_of(drive, 1200, 0.025)
    late = [bool((run.train(k) > 1000).any()) for k in range(len(drive))]
    reference("HodgkinHuxley", "firing without end, by a step from rest", 6.259, drive[late][0],
              within(5e-3), ELSEWHERE, "µA/cm²")  # fmt: skip


def test_hodgkin_huxley_settled(reference: Known) -> None:
    drive = [6.5, 8, 10, 15, 30, 50]
    run = simulate(HodgkinHuxley(), 400 * ms, dt=0.01 * ms, size=6, I=np.array(drive) * uA / cm2,
                   method=RK4(), record=("v",))  # fmt: skip
    got = []
    for k in range(6):
        v = run.traces["v"][:, k]
        at = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))
        when = run.times[at] - 0.01 * v[at] / (v[at + 1] - v[at])
        got.append(when[-1] - when[-2])
    reference("HodgkinHuxley", "settled periods at I = 6.5, 8, 10, 15, 30, 50 µA/cm²",
              [18.1629, 16.0077, 14.6362, 12.7147, 10.1271, 8.5444], got, T2, ELSEWHERE,
              "ms")  # fmt: skip


def test_hindmarsh_rose(reference: Known) -> None:
    expected = [6.60589, 11.26781, 16.18407, 21.39641, 26.95935, 32.94652, 39.46189, 46.66117]
    run = simulate(HindmarshRose(), 50 * ms, dt=1 * ms, I=2.0, engine=Adaptive(), record=())
    reference("HindmarshRose", "spikes from its start, I = 2", expected, run.train()[:8], T2,
              ELSEWHERE)  # fmt: skip


def test_fitzhugh_nagumo(reference: Known) -> None:
    zero = {"v": np.zeros(1), "w": np.zeros(1)}
    run = simulate(FitzHughNagumo(theta=1.0), 200 * ms, dt=1 * ms, I=0.5, state=zero,
                   engine=Adaptive())  # fmt: skip
    reference("FitzHughNagumo", "rises through v = 1 from (0, 0), I = 0.5",
              [1.21579, 39.93690, 79.41131], run.train()[:3], T2, ELSEWHERE)  # fmt: skip
    reference("FitzHughNagumo", "state at 200 from (0, 0), I = 0.5", [1.833143, 0.336221],
              [run.state["v"][0], run.state["w"][0]], within(2e-6), ELSEWHERE)  # fmt: skip


def test_traub_miles(reference: Known) -> None:
    start = {"v": -70.0, "m": 0.005, "h": 0.99, "n": 0.02}
    state = {name: np.array([x]) for name, x in start.items()}
    run = simulate(TraubMiles(), 220 * ms, dt=1 * ms, state=state, engine=Adaptive(), record=())
    train = run.train()
    reference("TraubMiles", "first spike by itself, E_L = -60 mV (trap 1)", 51.573, train[0], T2,
              ELSEWHERE, "ms")  # fmt: skip
    reference("TraubMiles", "interval by itself, E_L = -60 mV (trap 1)", 72.177, np.diff(train)[-1],
              T2, ELSEWHERE, "ms")  # fmt: skip
    drive = np.array([100, 200, 500, 1000, 2000])
    run = simulate(TraubMiles(), 300 * ms, dt=0.01 * ms, method=RK4(), size=5, I=drive * pA,
                   state={name: np.full(5, x) for name, x in start.items()})  # fmt: skip
    peaks = [top(run.traces["v"][: round(run.train(k)[0] / 0.01) + 200, k]) for k in range(5)]
    reference("TraubMiles", "peak of the first spike, least and largest, 100 to 2000 pA",
              [48.03, 48.67],
              [min(peaks), max(peaks)], within(0.02), ELSEWHERE, "mV")  # fmt: skip
    got = [float(np.diff(run.train(k))[-1]) for k in range(5)]
    reference("TraubMiles", "intervals at 100, 200, 500, 1000, 2000 pA, on a grid of 0.01 ms",
              [31.654, 21.759, 12.0803, 7.5274, 4.8025], got, within(0.0105), ELSEWHERE,
              "ms")  # fmt: skip


def test_pinsky_rinzel(reference: Known) -> None:
    run = simulate(PinskyRinzel(), 120 * ms, dt=1 * ms, I=0.75 * uA / cm2, engine=Adaptive(),
                   record=())  # fmt: skip
    reference("PinskyRinzel", "spikes of the first bursts, 0.75 µA/cm²",
              [24.9962, 109.0965, 112.8863], run.train()[:3], T2,
              "adaptive integration of the equations written a second time", "ms")  # fmt: skip


def by_hand(name: str) -> list[float]:
    """A panel of Izhikevich's figure as his script runs it: v first, then u with the new v."""
    p, cell = IZHIKEVICH[name], Izhikevich.pattern(name)
    a, b, c, d = (float(cell.values[k].value) for k in "abcd")
    dt = float(p.dt.to(ms))
    v, u = (float(p.start[k][0]) for k in "vu")
    found = []
    for k, current in enumerate(np.asarray(p.drive().to(mV / ms))[:, 0]):
        v += dt * (0.04 * v * v + 5 * v + 140 - u + float(current))
        u += dt * a * (b * v - u)
        if v >= 30:
            found.append(k * dt)
            v, u = c, u + d
    return found


FILLED = ("phasic bursting", "spike frequency adaptation", "rebound spike", "rebound burst",
          "depolarizing after-potential", "inhibition-induced bursting")  # fmt: skip


@pytest.mark.parametrize("name", FILLED)
def test_izhikevich_panels_without_numbers(name: str, reference: Known) -> None:
    p = IZHIKEVICH[name]
    run = simulate(Izhikevich.pattern(name), p.duration, dt=p.dt, I=p.drive(), state=p.start,
                   record=(), method=SequentialEuler())  # fmt: skip
    reference("Izhikevich", f"spikes, {name}", by_hand(name), run.train() - p.dt.value,
              within(1e-9), "his script, written a second time", "ms")  # fmt: skip


def test_izhikevich_cells_at_a_fine_step(reference: Known) -> None:
    """Counts in 1 s at 0.01 ms; his script tests the peak before a step: one spike at the edge."""
    known = {"RS": 23, "IB": 34, "CH": 87, "FS": 136, "LTS": 78, "TC": 274, "RZ": 194}
    assert set(known) == set(IZHIKEVICH_CELLS)
    for kind, count in known.items():
        cell = Izhikevich.cell(kind)
        start = {"v": np.array([-65.0]), "u": np.array([-65.0 * float(cell.values["b"].value)])}
        run = simulate(cell, 1000 * ms, dt=0.01 * ms, state=start, method=SequentialEuler(),
                       I=10 * mV / ms, record=())  # fmt: skip
        reference("Izhikevich", f"spikes in 1 s of a cell {kind}, I = 10, dt 0.01 ms", count,
                  run.counts[0], within(1), "his script")  # fmt: skip
        if kind == "RS":
            reference("Izhikevich", "first spikes of a cell RS, I = 10, dt 0.01 ms",
                      [3.14, 26.31, 71.18, 116.03], run.train()[:4], within(0.0101), "his script",
                      "ms")  # fmt: skip


def test_trap_3_volts_for_millivolts_in_the_magnesium_block(reference: Known) -> None:
    """Some published codes divide V by volts in exp(-0.062 V): then the block is a constant."""
    free = []
    for v in (-60.0, -60.0e-3):  # as it must be, and the number that such codes put in
        still = {"v": np.array([v]), "s_s": np.ones(1), "s_x": np.zeros(1)}
        cell = Cell(ConductanceLIF(C=1 * pF, g_L=0 * nS, theta=1e6 * mV),
                    s=NMDA(g=1 * nS, E=v * mV + 1 * mV))  # fmt: skip
        run = simulate(cell, 1e-6 * ms, dt=1e-6 * ms, state=still)
        free.append((float(run.state["v"][0]) - v) / 1e-6)
    reference("NMDA", "trap 3: open share at -60 mV, and with -0.060 in place of it",
              [0.0796264, 0.7805], free, within(5e-4), "1 / (1 + exp(-0.062 V) / 3.57)",
              )  # fmt: skip


def test_nothing_here_depends_on_the_grid() -> None:
    """The same times whatever dt is, for each kind of engine."""
    cells: list[tuple[Neuron, Any, dict[str, Any]]] = [
        (MihalasNiebur(), Precise(), {"I": 1.5 * mV / ms}),
        (AdEx(), Adaptive(), {"I": 1 * nA}),
    ]
    for cell, engine, drive in cells:
        trains = [
            simulate(cell, 100 * ms, dt=dt * ms, engine=engine, record=(), **drive).train()
            for dt in (0.5, 10)
        ]
        assert trains[0] == pytest.approx(trains[1], rel=1e-12)
    assert simulate(LIF(), 10 * ms, method=Exact()).method == "Exact()"

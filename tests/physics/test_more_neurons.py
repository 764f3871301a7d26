"""Neurons without named patterns against closed forms and adaptive integration (see each test)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.reference_values import EXACT, Known, relative, within

from spikeloom.compile import RK4
from spikeloom.engines import simulate
from spikeloom.equations import Refractory
from spikeloom.equations.units import MOhm, cm2, kHz, ms, mV, nA, pA, uA
from spikeloom.models import (
    GIF,
    GLIF,
    LIF,
    SRM0,
    ExponentialIF,
    FitzHughNagumo,
    HindmarshRose,
    MorrisLecar,
    PerfectIF,
    PinskyRinzel,
    QuadraticIF,
    ThetaNeuron,
    TwoCompartment,
)


def settled(cell: Any, duration: float, dt: float, drive: Any, **start: float) -> float:
    """The last interval, with spikes put between grid points by the slope there."""
    states = {k: np.array([v]) for k, v in start.items()} or None
    run = simulate(cell, duration * ms, dt=dt * ms, I=drive, state=states, method=RK4())
    first = next(iter(run.traces))
    level = float(cell.values["theta"].value)
    x, t = run.traces[first][:, 0], run.times
    at = np.flatnonzero((x[:-1] < level) & (x[1:] >= level))
    crossed = t[at] + (level - x[at]) / (x[at + 1] - x[at]) * dt
    return float(crossed[-1] - crossed[-2])


@pytest.mark.parametrize(("drive", "period"), [(0.35, 45.61050), (0.5, 39.47442), (1.4, 45.61050)])
def test_fitzhugh_nagumo_period(drive: float, period: float, reference: Known) -> None:
    cell = FitzHughNagumo(theta=0.0)
    reference("FitzHughNagumo", f"period, I = {drive}", period,
              settled(cell, 400, 0.02, drive, v=0.0, w=0.0), within(2e-4), ELSEWHERE)  # fmt: skip


def test_fitzhugh_nagumo_range(reference: Known) -> None:
    run = simulate(FitzHughNagumo(), 400 * ms, dt=0.02 * ms, I=0.5, method=RK4())
    v = run.traces["v"][10000:, 0]
    reference("FitzHughNagumo", "least and largest v, I = 0.5", [-1.97040, 1.85212],
              [v.min(), v.max()], within(2e-4), ELSEWHERE)  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "v", "w"),
    [(MorrisLecar(), -60.855382, 0.014915), (MorrisLecar.class_one(), -59.473998, None)],
)
def test_morris_lecar_rest(cell: MorrisLecar, v: float, w: float | None) -> None:
    end = simulate(cell, 400 * ms, dt=0.1 * ms, record=(), method=RK4()).state
    assert end["v"][0] == pytest.approx(v, abs=2e-6)
    assert w is None or end["w"][0] == pytest.approx(w, abs=1e-6)


@pytest.mark.parametrize(("drive", "period"), [(90, 102.727), (100, 85.2906), (200, 65.6192)])
def test_morris_lecar_of_class_two(drive: float, period: float, reference: Known) -> None:
    got = settled(MorrisLecar(), 1500, 0.05, drive * uA / cm2, v=-10.0, w=0.0)
    reference("MorrisLecar", f"period of class II, {drive} µA/cm²", period, got, within(2e-3),
              ELSEWHERE, "ms")  # fmt: skip


@pytest.mark.parametrize(
    ("drive", "period"), [(41, 195.806), (42, 145.367), (50, 75.4174), (60, 58.4965)]
)
def test_morris_lecar_of_class_one(drive: float, period: float, reference: Known) -> None:
    got = settled(MorrisLecar.class_one(), 1200, 0.05, drive * uA / cm2)
    reference("MorrisLecar", f"period of class I, {drive} µA/cm²", period, got, within(2e-3),
              ELSEWHERE, "ms")  # fmt: skip


def test_morris_lecar_near_its_saddle_node_fires_as_the_root_of_what_is_above_it(
    reference: Known,
) -> None:
    """Class I at I = 40: 944 ms within 1 %, and rates grow as sqrt(I - 39.9632)."""
    cell = MorrisLecar.class_one()
    slow = settled(cell, 4000, 0.1, 40 * uA / cm2)
    reference("MorrisLecar", "period of class I, 40 µA/cm²", 944.42, slow, relative(0.01),
              ELSEWHERE, "ms")  # fmt: skip
    near = settled(cell, 1500, 0.1, 40.2 * uA / cm2)
    assert slow / near == pytest.approx(np.sqrt((40.2 - 39.9632) / (40 - 39.9632)), rel=0.05)


def test_morris_lecar_of_class_two_falls_silent_at_once(reference: Known) -> None:
    """The oscillation lasts down to 88.295 with a period near 100 ms, and then it is gone."""
    counts = [
        int((simulate(MorrisLecar(), 4000 * ms, dt=0.1 * ms, I=drive * uA / cm2, record=(),
                      state={"v": np.array([-10.0]), "w": np.zeros(1)}, method=RK4()
                      ).train() > 3000).sum())
        for drive in (88.0, 88.6)
    ]  # fmt: skip
    assert counts[1] >= 8
    reference("MorrisLecar", "spikes of class II in the 4th second, 88.0 and 88.6 (ends at 88.295)",
              [0, counts[1]], counts, EXACT, ELSEWHERE)  # fmt: skip


def test_hindmarsh_rose_from_its_start(reference: Known) -> None:
    run = simulate(HindmarshRose(), 1000 * ms, dt=0.01 * ms, I=2.0, record=(), method=RK4())
    assert run.train()[:8] == pytest.approx(
        [6.60589, 11.26781, 16.18407, 21.39641, 26.95935, 32.94652, 39.46189, 46.66117], abs=0.011
    )
    reference("HindmarshRose", "spikes in 1000 from its start, I = 2", 26, len(run.train()), EXACT,
              ELSEWHERE)  # fmt: skip


@pytest.mark.parametrize(
    ("r", "drive", "spikes", "period"),
    [(0.006, 1.5, 1, 149.526), (0.006, 2.0, 2, 128.505), (0.006, 2.5, 3, 124.106),
     (0.006, 4.0, 1, 20.128)],
)  # fmt: skip
def test_hindmarsh_rose_bursts(
    r: float, drive: float, spikes: int, period: float, reference: Known
) -> None:
    cell = HindmarshRose(r=r)
    train = simulate(cell, 4000 * ms, dt=0.02 * ms, I=drive, record=(), method=RK4()).train()
    reference("HindmarshRose", f"period of {spikes} spikes, I = {drive}, r = {r}", period,
              train[-1] - train[-1 - spikes], within(0.045), ELSEWHERE)  # fmt: skip
    assert spikes == 1 or train[-1] - train[-2] != pytest.approx(period / spikes, rel=0.1)


def test_hindmarsh_rose_is_quiet_below_its_threshold(reference: Known) -> None:
    run = simulate(HindmarshRose(), 3000 * ms, dt=0.02 * ms, I=1.0, record=(), method=RK4())
    reference("HindmarshRose", "resting x, I = 1", -1.3944, run.state["x"][0], within(1e-4),
              ELSEWHERE)  # fmt: skip
    assert (run.train() < 300).all()


def test_theta_neuron_period_is_pi_tau_over_the_root() -> None:
    drive = np.array([0.25, 1.0, 4.0])
    run = simulate(ThetaNeuron(), 400 * ms, dt=0.01 * ms, size=3, I=drive, record=(), method=RK4())
    for i, x in enumerate(drive):
        mean = np.diff(run.train(i)).mean()
        assert mean == pytest.approx(np.pi * 10 / np.sqrt(x), abs=0.012 / run.counts[i] + 1e-4)


def test_theta_neuron_is_the_quadratic_one_on_a_circle() -> None:
    """Until a spike, v = tan(phi / 2); the resting phase for I < 0 is -2 atan(sqrt(-I))."""
    a = simulate(ThetaNeuron(), 14 * ms, dt=0.01 * ms, I=1.0, method=RK4(), every=100)
    b = simulate(QuadraticIF(peak=1e6), 14 * ms, dt=0.01 * ms, I=1.0, method=RK4(), every=100,
                 state={"v": np.array([-1.0])})  # fmt: skip
    assert np.tan(a.traces["phi"] / 2) == pytest.approx(b.traces["v"], abs=1e-6)
    rest = simulate(ThetaNeuron(), 300 * ms, I=-0.5, record=()).state["phi"][0]
    assert rest == pytest.approx(-2 * np.arctan(np.sqrt(0.5)), rel=1e-9)


@pytest.mark.parametrize(
    ("drive", "period"), [(15, 37.3596454), (17, 26.9293822), (20, 19.5273313), (30, 10.6879199)]
)
def test_exponential_if_periods(drive: float, period: float) -> None:
    run = simulate(ExponentialIF(), 150 * ms, dt=0.001 * ms, I=drive / 100 * nA, record=(),
                   method=RK4())  # fmt: skip
    assert np.diff(run.train()).mean() == pytest.approx(period, abs=0.002)


def test_perfect_integrator_of_ten_milliseconds() -> None:
    run = simulate(PerfectIF(), 100 * ms, dt=0.125 * ms, I=300 * pA, record=())
    assert np.diff(run.train()) == pytest.approx(10, abs=0.1251)
    assert run.train()[0] == 10.0


SRM = {"R": 1 * MOhm, "E": 0 * mV, "theta": 15 * mV}


def test_srm0_with_its_last_spike_alone_is_not_the_lif() -> None:
    """Trap: intervals shorten to tau ln(theta / (R I - theta)); with all spikes it is the LIF."""
    run = simulate(SRM0(**SRM), 400 * ms, dt=0.001 * ms, I=20 * nA, record=())
    intervals = np.diff(run.train(), prepend=0)
    assert intervals[:4] == pytest.approx([27.725887, 27.725887, 23.573100, 22.478603], abs=3e-3)
    assert intervals[-1] == pytest.approx(20 * np.log(15 / 5), abs=2e-3)
    both = [
        simulate(cell, 400 * ms, dt=0.01 * ms, I=20 * nA, record=()).train()
        for cell in (SRM0(**SRM, keep=1.0), LIF(**SRM))
    ]
    assert both[0] == pytest.approx(both[1], abs=0.011 * len(both[0]))
    assert np.diff(both[0]) == pytest.approx(27.725887, abs=0.011)


@pytest.mark.parametrize(("above", "factor"), [(0.0, 1), (0.5 * np.log(10), 10)])
def test_gif_hazard(above: float, factor: int, reference: Known) -> None:
    """Clamped at v_T it fires with rho, D ln 10 above it ten times as often (4.5 sd)."""
    clamp = -35 + above
    cell = GIF(E=clamp * mV, v_reset=clamp * mV, rho=0.01 * kHz)
    n = 20000
    run = simulate(cell, 100 * ms, size=n, record=(), seed=3)
    mean = n * 100 * 0.01 * factor
    reference("GIF", f"spikes of 20000 cells, clamped {above:.4g} mV above v_T", mean,
              len(run.spike_ids), within(4.5 * np.sqrt(mean)),
              "rho exp((v - v_T) / D)")  # fmt: skip


def test_gif_jumps_decay_with_their_own_time_constants() -> None:
    cell = GIF(q_1=3 * pA, q_2=5 * pA, jump_1=2 * mV, jump_2=7 * mV, rho=1e6 * kHz)
    now = {
        "refractory": 0.0,
        "v": -20.0,
        "eta_1": 0.0,
        "eta_2": 0.0,
        "gamma_1": 0.0,
        "gamma_2": 0.0,
    }
    state = {name: np.array([x]) for name, x in now.items()}
    run = simulate(Refractory(cell, 4 * ms), 2 * ms, state=state)
    assert run.counts[0] == 1
    late = np.exp(-1.9 / np.array([20, 200, 20, 200])) * [3, 5, 2, 7]
    got = [run.state[name][0] for name in ("eta_1", "eta_2", "gamma_1", "gamma_2")]
    assert got == pytest.approx(late, rel=1e-12)
    assert run.state["v"][0] == -55


ALLEN = {
    (300, 1): (63, 11.9834, 27.7168), (300, 2): (79, 11.9834, 19.5174),
    (300, 3): (18, 11.9834, 41.8505), (300, 4): (17, 11.9834, 41.6214),
    (300, 5): (12, 13.1785, 48.5588), (600, 1): (139, 3.4678, 10.6857),
    (600, 2): (186, 3.4678, 7.8090), (600, 3): (69, 3.4678, 12.5981),
    (600, 4): (73, 3.4678, 8.5241), (600, 5): (70, 3.5083, 8.6943),
}  # fmt: skip


@pytest.mark.parametrize(("drive", "level"), sorted(ALLEN))
def test_glif(drive: int, level: int) -> None:
    """Event-exact numbers of cell 490626718; the step divides the refractory period."""
    count, first, second = ALLEN[drive, level]
    run = simulate(GLIF.level(level), 1000 * ms, dt=0.005 * ms, I=drive * pA, record=())
    assert run.counts[0] == count
    assert run.train()[:2] == pytest.approx([first, second], abs=0.03)


def test_glif_rheobase(reference: Known) -> None:
    run = simulate(GLIF.level(1), 1000 * ms, size=2, I=np.array([256.20, 256.23]) * pA, record=())
    assert run.counts[0] == 0
    assert run.counts[1] > 0
    reference("GLIF", "rheobase of level 1", 256.213, 256.215, within(0.015), "g (theta - E)",
              "pA")  # fmt: skip


ELSEWHERE = "adaptive integration elsewhere"
SILENT = TwoCompartment(theta=0 * mV)


def test_two_compartments_answer_a_current_into_the_dendrite(reference: Known) -> None:
    """Both modes in closed form (class T1), at 5, 10, 20, 50 ms and in the end."""
    run = simulate(SILENT, 500 * ms, dt=1 * ms, I_d=100 * pA)
    got = np.column_stack([run.traces["v"][:, 0], run.traces["v_d"][:, 0]]) + 65
    t = run.times[:, None]
    slow, fast = 1 - np.exp(-t / 20), 1 - np.exp(-t / 10)
    assert got == pytest.approx(np.hstack([5 * slow - 2.5 * fast, 5 * slow + 2.5 * fast]), abs=1e-9)
    printed = [(0.122323, 2.089669), (0.387045, 3.547648), (0.998941, 5.322265),
               (2.106420, 7.072730)]  # fmt: skip
    at = [int(np.flatnonzero(np.isclose(run.times, x))[0]) for x in (5, 10, 20, 50)]
    reference("TwoCompartment", "v, v_d after 5, 10, 20, 50 ms of 100 pA into the dendrite",
              np.ravel(printed), np.ravel(got[at]), within(1e-6), "both modes in closed form",
              "mV")  # fmt: skip
    assert got[-1] == pytest.approx([2.5, 7.5], abs=1e-6)


def test_two_compartments_have_their_input_resistance(reference: Known) -> None:
    run = simulate(SILENT, 500 * ms, dt=1 * ms, I=1 * pA)
    got = [1000 * (run.traces[name][-1, 0] + 65) for name in ("v", "v_d")]
    reference("TwoCompartment", "input and transfer resistance", [75, 25], got, within(1e-6),
              "closed form", "MΩ")  # fmt: skip


def test_only_the_soma_is_reset() -> None:
    run = simulate(TwoCompartment(), 60 * ms, I=500 * pA)
    step = int(np.flatnonzero(np.isclose(run.times, run.train()[0]))[0])
    assert run.traces["v"][step, 0] == -65
    assert run.traces["v_d"][step, 0] > run.traces["v_d"][step - 1, 0]


def test_pinsky_and_rinzels_cell_rests_bursts_and_fires() -> None:
    """Beside an adaptive integration of the same equations, written out a second time."""
    drive = np.array([-0.5, 0.75, 2.5])
    run = simulate(PinskyRinzel(), 600 * ms, dt=0.01 * ms, size=3, I=drive * uA / cm2, record=(),
                   method=RK4())  # fmt: skip
    assert run.counts[0] == 0
    bursts = [24.9962, 109.0965, 112.8863, 479.5266, 483.3799]
    assert run.train(1) == pytest.approx(bursts, abs=0.02)
    assert run.train(2)[:5] == pytest.approx(
        [11.2009, 41.6694, 64.8987, 70.7603, 87.3486], abs=0.02
    )

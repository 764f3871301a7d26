"""Bifurcations of fixed points and oscillations against the numbers of the field."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.reference_values import EXACT, T2, Known, relative, within

from spikeloom import lab, show
from spikeloom.equations import Input, Neuron, Param, State, exp, inflow, state
from spikeloom.equations.units import cm2, ms, mV, nA, one, pA, uA
from spikeloom.errors import ParameterError, UnitError
from spikeloom.lab.arclength import follow
from spikeloom.lab.box import box_of
from spikeloom.lab.branches import Curve
from spikeloom.lab.reduction import reduce
from spikeloom.lab.vector_field import vector_field
from spikeloom.models import (
    LIF,
    AdEx,
    FitzHughNagumo,
    HindmarshRose,
    HodgkinHuxley,
    MorrisLecar,
    QuadraticIF,
)

FLOW = uA / cm2
BOOK = "eigenvalues and a root finder"
ADAPTIVE = "adaptive integration"


def fixed(cell: Any, values: Any) -> lab.Bifurcation:
    return lab.bifurcation(cell, "I", values, sweeps=False)


@pytest.mark.parametrize(
    ("name", "cell", "values", "unit", "rows"),
    [
        ("HodgkinHuxley", HodgkinHuxley(), (0, 180) * FLOW, "uA/cm2",
         [("Hopf", 9.7754, 93.30), ("Hopf", 154.522, 169.17)]),
        ("MorrisLecar", MorrisLecar(), (0, 300) * FLOW, "uA/cm2",
         [("Hopf", 93.8573, 12.697), ("Hopf", 212.0181, 23.651)]),
        ("MorrisLecar", MorrisLecar.class_one(), (-50, 150) * FLOW, "uA/cm2",
         [("saddle-node", -9.949, None), ("saddle-node", 39.9632, None), ("Hopf", 97.6457, None)]),
        ("AdEx", AdEx(), (0, 700) * pA, "pA",
         [("Hopf", 627.182, None), ("saddle-node", 627.311, None)]),
    ],
)  # fmt: skip
def test_points_of_the_field(
    name: str, cell: Any, values: Any, unit: str, rows: list[Any], reference: Known
) -> None:
    found = fixed(cell, values)
    assert [p.kind for p in found.points] == [kind for kind, _, _ in rows]
    label = f" (class {'I' if cell == MorrisLecar.class_one() else 'II'})"
    for point, (kind, value, frequency) in zip(found.points, rows, strict=True):
        where = f"{kind}{label * (name == 'MorrisLecar')} near I = {value:.0f}"
        reference(name, where, value, point.value, relative(1e-4), BOOK, unit=unit)
        if frequency is not None:
            reference(name, f"frequency at {where}", frequency, found.frequency(point),
                      relative(1e-4), BOOK, unit="Hz")  # fmt: skip


def test_points_with_closed_forms(reference: Known) -> None:
    low, high = fixed(FitzHughNagumo(), (0, 2) * one).points
    v = np.sqrt(1 - 0.8 * 0.08)
    for point, v_ in ((low, -v), (high, v)):
        expected = (v_ + 0.7) / 0.8 + v_**3 / 3 - v_
        assert point.state[0] == pytest.approx(v_, rel=1e-9)
        reference("FitzHughNagumo", f"Hopf at v = {v_:.6f}", expected, point.value,
                  relative(1e-9), "v^2 = 1 - b epsilon")  # fmt: skip
    hopf, fold = fixed(AdEx(), (0, 700) * pA).points
    expected = -50.4 + 2 * np.log(1 + 4 / 30)
    reference("AdEx", "potential at the saddle-node", expected, float(fold.state[0]),
              within(1e-6), "v_T + D log(1 + a / g)", unit="mV")  # fmt: skip
    reference("AdEx", "potential at the Hopf point", -50.2740, float(hopf.state[0]), within(1e-4),
              BOOK, unit="mV")  # fmt: skip
    (fold,) = fixed(QuadraticIF(), (-2, 1.3) * one).points
    assert (fold.kind, fold.value) == ("saddle-node", pytest.approx(0, abs=1e-9))
    (lost,) = fixed(LIF(), (0, 0.4) * nA).points
    assert (lost.kind, lost.value) == ("threshold", pytest.approx(0.15, rel=1e-9))


def test_branches_are_fixed_points_with_their_stability() -> None:
    found = fixed(MorrisLecar.class_one(), (-50, 150) * FLOW)
    (branch,) = found.branches
    field = vector_field("test", MorrisLecar.class_one(), {}, free=("input:I",))
    assert np.abs(field(branch.states, (branch.values,))).max() < 1e-9
    for I in (0.0, 50.0, 120.0):
        wanted = lab.fixed_points(MorrisLecar.class_one(), I * FLOW)
        crossings = np.flatnonzero((branch.values[:-1] < I) != (branch.values[1:] < I))
        assert len(crossings) == len(wanted)
        assert sum(branch.stable[crossings]) == len(wanted.stable)


def test_any_parameter_can_be_varied() -> None:
    found = lab.bifurcation(MorrisLecar(), "V_3", (0, 20) * mV, sweeps=False)
    (fold,) = found.named("saddle-node")
    before, after = (
        lab.fixed_points(MorrisLecar(V_3=(fold.value + d) * mV)) for d in (-0.05, 0.05)
    )
    assert abs(len(after) - len(before)) == 2
    # What fixed points do not depend on: they stay, and only their eigenvalues change.
    found = lab.bifurcation(FitzHughNagumo(), "epsilon", (0.5, 2) * one, held={"I": 0.33128},
                            sweeps=False)  # fmt: skip
    (branch,) = found.branches
    assert np.ptp(branch.states[:, 0]) < 1e-9


class Pair(Neuron):
    """Two cells that excite each other: two equations that cannot be reduced to one."""

    tau: Param = 10 * ms
    k: Param = 8.0
    x: State = state(one)
    y: State = state(one)
    I: Input = inflow(one)

    def flow(self, d: Any) -> None:
        d.x = (1 / (1 + exp(-self.k * (self.y - 0.5))) - self.x**3 - self.x + self.I) / self.tau
        d.y = (1 / (1 + exp(-self.k * (self.x - 0.5))) - self.y**3 - self.y + self.I) / self.tau


def test_two_equations_are_followed_around_their_folds() -> None:
    found = lab.bifurcation(Pair(), "I", (-0.5, 0.8) * one, sweeps=False,
                            within={"x": (-2, 3) * one, "y": (-2, 3) * one})  # fmt: skip
    folds = found.named("saddle-node")
    assert len(folds) == 2
    for fold in folds:  # on the diagonal x = y, where s(x) = x³ + x - I turns back
        x, y = fold.state
        assert x == pytest.approx(y, abs=1e-7)
        s = 1 / (1 + np.exp(-8 * (x - 0.5)))
        assert 8 * s * (1 - s) == pytest.approx(3 * x**2 + 1, rel=1e-5)


class NormalForm(Neuron):
    """Turns around the origin and grows with I, bounded by a: the simplest Hopf point."""

    tau: Param = 1 * ms
    a: Param = -1.0
    x: State = state(one)
    y: State = state(one)
    I: Input = inflow(one)

    def flow(self, d: Any) -> None:
        r = self.a * (self.x**2 + self.y**2)
        d.x = (self.I * self.x - 2 * self.y + r * self.x) / self.tau
        d.y = (self.I * self.y + 2 * self.x + r * self.y) / self.tau


@pytest.mark.parametrize("a", [-1.0, 0.7])
def test_how_an_oscillation_begins_is_told_by_the_third_derivatives(a: float) -> None:
    (hopf,) = fixed(NormalForm(a=a), (-1, 1.3) * one).points
    assert (hopf.kind, hopf.value) == ("Hopf", pytest.approx(0, abs=1e-9))
    assert hopf.omega == pytest.approx(2)
    assert hopf.first_lyapunov == pytest.approx(2 * a / 2, rel=1e-6)


def test_both_ends_of_hodgkin_and_huxley_and_of_morris_and_lecar() -> None:
    """Firing begins hard and ends softly; of Morris and Lecar's cell both ends are hard."""
    low, high = fixed(HodgkinHuxley(), (0, 180) * FLOW).points
    assert (low.first_lyapunov > 0, high.first_lyapunov < 0) == (True, True)
    low, high = fixed(MorrisLecar(), (60, 240) * FLOW).points
    assert min(low.first_lyapunov, high.first_lyapunov) > 0


def test_arclength_and_contours_find_the_same_curve() -> None:
    field = vector_field("test", MorrisLecar.class_one(), {}, free=("input:I",))
    reduction = reduce(field)
    box = box_of("test", field, reduction.core, {"v": (-90, 40) * mV})
    seed = np.array([0.0, lab.fixed_points(MorrisLecar.class_one())[0].values[0]])
    line = follow(reduction, seed, -50.0, 150.0, box)
    assert line[:, 0].min() < -49
    assert line[:, 0].max() > 149
    assert np.diff(np.sign(np.diff(line[:, 0]))).astype(bool).sum() == 2  # both folds
    onto = Curve(reduction, -50.0, 150.0, box).onto(line[1:-1])
    assert onto == pytest.approx(line[1:-1], abs=1e-7)


def swept(cell: Any, values: Any, **options: Any) -> lab.Bifurcation:
    return lab.bifurcation(cell, "I", values, **options)


def test_oscillations_of_fitzhugh_and_nagumo(reference: Known) -> None:
    found = swept(FitzHughNagumo(), np.array([0.2, 0.35, 0.5, 1.4, 1.5]) * one, dt=0.02 * ms)
    down = found.down
    assert down is not None
    for k, (drive, period) in enumerate(((1.4, 45.61050), (0.5, 39.47442), (0.35, 45.61050))):
        reference("FitzHughNagumo", f"period at I = {drive}, sweep down", period,
                  float(down.period[k + 1]), T2, ADAPTIVE, unit="ms")  # fmt: skip
    reference("FitzHughNagumo", "range of v at I = 0.5", (-1.97040, 1.85212),
              (float(down.low[2, 0]), float(down.high[2, 0])), within(2e-4),
              ADAPTIVE)  # fmt: skip
    ends = sorted(end.value for end in found.cycle_ends)
    assert sum(ends) == pytest.approx(1.75, abs=2e-3)  # the equations are the same upside down


def test_hodgkin_and_huxley_rest_and_fire_at_the_same_current(reference: Known) -> None:
    values = np.array([5, 6.5, 8, 10, 15, 30, 50]) * FLOW
    found = swept(HodgkinHuxley(), values, dt=0.02 * ms)
    up, down = found.up, found.down
    assert up is not None
    assert down is not None
    assert up.moves.tolist() == [False, False, False, True, True, True, True]
    assert down.moves.tolist() == [True] * 6 + [False]
    periods = [8.5444, 10.1271, 12.7147, 14.6362, 16.0077, 18.1629]
    for k, (period, drive) in enumerate(zip(periods, (50, 30, 15, 10, 8, 6.5), strict=True)):
        reference("HodgkinHuxley", f"settled period at I = {drive}", period,
                  float(down.period[k]), T2, ADAPTIVE, unit="ms")  # fmt: skip
    (end,) = found.cycle_ends
    reference("HodgkinHuxley", "current down to which it goes on firing", 6.260, end.value,
              within(5e-3), ADAPTIVE, unit="uA/cm2")  # fmt: skip
    assert 1000 / end.frequency == pytest.approx(20.0, abs=0.1)


def test_morris_and_lecar_of_class_two_begin_at_a_finite_rate(reference: Known) -> None:
    found = swept(MorrisLecar(), np.array([86, 90, 100, 200]) * FLOW, dt=0.05 * ms)
    down = found.down
    assert down is not None
    for k, (drive, period) in enumerate(((200, 65.6192), (100, 85.2906), (90, 102.727))):
        reference("MorrisLecar", f"period of class II at I = {drive}, sweep down", period,
                  float(down.period[k]), within(2e-3), ADAPTIVE, unit="ms")  # fmt: skip
    end = found.cycle_ends[-1]
    reference("MorrisLecar", "current down to which class II goes on firing", 88.295, end.value,
              within(2e-3), ADAPTIVE, unit="uA/cm2")  # fmt: skip
    assert 6 < end.frequency < 9


@pytest.mark.slow
def test_morris_and_lecar_of_class_one_begin_as_a_root(reference: Known) -> None:
    drives = np.array([40, 41, 42, 50, 60])
    found = swept(MorrisLecar.class_one(), drives * FLOW, dt=0.05 * ms, settle=1500 * ms)
    assert found.up is not None
    expected = (944.42, 195.806, 145.367, 75.4174, 58.4965)
    for drive, period, got in zip(drives, expected, found.up.period, strict=True):
        tolerance = relative(0.01) if drive == 40 else within(2e-3)
        reference("MorrisLecar", f"period of class I at I = {drive}, sweep up", period, float(got),
                  tolerance, ADAPTIVE, unit="ms")  # fmt: skip
    (fold,) = fixed(MorrisLecar.class_one(), (20, 60) * FLOW).points
    beyond = np.array([0.01, 0.02, 0.04])
    near = swept(MorrisLecar.class_one(), (fold.value + beyond) * FLOW, dt=0.1 * ms,
                 settle=3000 * ms)  # fmt: skip
    assert near.up is not None
    slope = np.polyfit(np.log(beyond), np.log(near.up.frequency), 1)[0]
    reference("MorrisLecar", "exponent of rate over I - I_c, class I", 0.5, float(slope),
              within(0.02), "normal form of the saddle-node on a circle")  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("r", "drive", "count", "period"),
    [(0.006, 1.5, 1, 149.526), (0.006, 2.0, 2, 128.505), (0.006, 2.5, 3, 124.106),
     (0.006, 4.0, 1, 20.128), (0.001, 1.5, 6, 509.27), (0.001, 3.0, 18, 504.44)],
)  # fmt: skip
def test_bursts_of_hindmarsh_and_rose(
    r: float, drive: float, count: int, period: float, reference: Known
) -> None:
    near = np.array([drive, drive + 1e-9, drive + 2e-9]) * one
    found = swept(HindmarshRose(r=r), near, dt=0.02 * ms, settle=4000 * ms)
    assert found.up is not None
    where = f"at r = {r}, I = {drive}"
    reference("HindmarshRose", f"spikes in a period {where}", count, int(found.up.spikes[0]),
              EXACT, ADAPTIVE)  # fmt: skip
    reference("HindmarshRose", f"period {where}", period, float(found.up.period[0]), within(0.01),
              ADAPTIVE, unit="ms")  # fmt: skip


@pytest.mark.slow
def test_hindmarsh_and_rose_in_chaos_and_at_rest(reference: Known) -> None:
    found = lab.bifurcation(HindmarshRose(), "I", [1.0, 1.1, 3.25] * one, dt=0.02 * ms,
                            settle=4000 * ms)  # fmt: skip
    assert found.up is not None
    assert found.up.spikes.tolist() == [0, 0, 0]
    assert found.up.moves.tolist() == [False, False, True]
    # Chaos, not a long period: neighbours part (`test_chaos.py` holds the rate against theirs).
    parting = lab.chaos(HindmarshRose(), "I", [1.0, 1.1, 3.25] * one)
    assert parting.chaotic.tolist() == [False, False, True]
    assert parting.exponent[2] > 10 * parting.error[2]
    (rest,) = lab.fixed_points(HindmarshRose(), 1.0)
    reference("HindmarshRose", "rest at I = 1: x", -1.3944, float(rest["x"].value), within(1e-4),
              ADAPTIVE)  # fmt: skip


def test_adex_shows_its_peak_and_its_rate() -> None:
    found = lab.bifurcation(AdEx(), "I", [700, 800, 1000] * pA, settle=1000 * ms)
    up = found.up
    assert up is not None
    assert up.high[:, 0] == pytest.approx([0, 0, 0])
    assert up.low[:, 0] == pytest.approx([-70.6] * 3, abs=0.2)
    assert np.all(np.diff(up.frequency) > 0)
    assert found.hybrid
    assert "between resets" in repr(found)


def test_mistakes() -> None:
    with pytest.raises(ParameterError, match="no input or parameter 'J'"):
        lab.bifurcation(LIF(), "J", (0, 1) * nA)
    with pytest.raises(UnitError, match="I is in nA"):
        lab.bifurcation(LIF(), "I", (0, 1) * mV)
    with pytest.raises(ParameterError, match="rise"):
        lab.bifurcation(LIF(), "I", (1, 0) * nA)
    with pytest.raises(ParameterError, match="needs a range"):
        lab.bifurcation(LIF(), "I", 1 * nA)
    with pytest.raises(ParameterError, match="no state 'w'"):
        lab.bifurcation(LIF(), "I", (0, 1) * nA, watch="w")
    with pytest.raises(ParameterError, match="dt must be above 0"):
        lab.bifurcation(LIF(), "I", (0, 1) * nA, dt=0 * ms)
    found = fixed(LIF(), (0, 1) * nA)
    with pytest.raises(ParameterError, match="no state 'w'"):
        show.bifurcation(found, "w")
    with pytest.raises(ParameterError, match="no sweeps"):
        show.intervals(found)


def test_figures_have_units_and_names() -> None:
    found = swept(LIF(), np.linspace(0, 0.4, 9) * nA, settle=200 * ms)
    top, bottom = show.bifurcation(found).axes
    assert top.get_ylabel() == "$v$ (mV)"
    assert (bottom.get_xlabel(), bottom.get_ylabel()) == ("$I$ (nA)", "frequency (Hz)")
    assert any("threshold" in text.get_text() for text in top.texts)
    (axes,) = show.intervals(found).axes
    assert axes.get_ylabel() == "interval (ms)"

"""Periodic orbits, stable or not: closed forms, numbers of the field, and what integration says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.reference_values import Known, relative, within

from spikeloom import lab, show
from spikeloom.equations import Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import cm2, ms, one, pA, uA
from spikeloom.errors import ParameterError
from spikeloom.lab.vector_field import vector_field
from spikeloom.models import AdEx, FitzHughNagumo, HodgkinHuxley, MorrisLecar

FLOW = uA / cm2
BOOK = "boundary-value problem"


def followed(cell: Any, values: Any) -> lab.Bifurcation:
    return lab.bifurcation(cell, "I", values, sweeps=False, cycles=True)


class Fifth(Neuron):
    """r' = I r + r³ - r⁵ around the origin: an unstable circle grows, turns back and is stable."""

    tau: Param = 1 * ms
    x: State = state(one)
    y: State = state(one)
    I: Input = inflow(one)

    def flow(self, d: Any) -> None:
        r = self.x**2 + self.y**2
        grows = self.I + r - r**2
        d.x = (grows * self.x - 2 * self.y) / self.tau
        d.y = (grows * self.y + 2 * self.x) / self.tau


def test_a_circle_in_closed_form() -> None:
    found = followed(Fifth(), (-0.5, 1) * one)
    (line,) = found.cycles
    (fold,) = line.points
    assert (fold.kind, line.ends) == ("fold of cycles", "end of range")
    assert fold.value == pytest.approx(-0.25, abs=1e-9)
    assert fold.high[0] == pytest.approx(np.sqrt(0.5), abs=1e-4)
    r = line.high[1:, 0] ** 2
    assert line.values[1:] == pytest.approx(r**2 - r, abs=1e-8)
    assert line.periods == pytest.approx(np.pi, rel=1e-9)
    # d/dr of I r + r³ - r⁵ at the circle, over a period.
    pushed = np.exp(np.pi * (2 * r - 4 * r**2))
    assert line.multipliers[1:, 0].real == pytest.approx(pushed, rel=1e-6)
    assert (line.stable[1:] == (r > 0.5)).all()


def test_the_bistable_axon_of_hodgkin_and_huxley(reference: Known) -> None:
    """Rinzel & Miller 1980: unstable cycles from the Hopf point turn back three times."""
    found = followed(HodgkinHuxley(), (0, 170) * FLOW)
    (line,) = found.cycles
    first, second, last = line.points
    assert [p.kind for p in line.points] == ["fold of cycles"] * 3
    reference("HodgkinHuxley", "fold of cycles", 6.260, last.value, within(5e-3),
              "adaptive integration", unit="uA/cm2")  # fmt: skip
    assert last.period == pytest.approx(20.0, abs=0.15)
    assert (first.value, second.value) == (
        pytest.approx(7.84235, abs=1e-4), pytest.approx(7.91779, abs=1e-4)
    )  # fmt: skip
    low, high = found.points
    assert (line.values[0], line.values[-1]) == (low.value, high.value)
    for at, point in ((1, low), (-2, high)):  # small oscillations turn as the Hopf point says
        assert line.periods[at] == pytest.approx(2 * np.pi / point.omega, rel=2e-3)
    k = int(np.argmin(line.values))
    assert not line.stable[:k].any()
    assert line.stable[k + 1 :].all()
    far = slice(k + 1, None)
    for drive, period in ((50, 8.5444), (10, 14.6362), (8, 16.0077)):
        from scipy.interpolate import CubicSpline

        got = float(CubicSpline(line.values[far], line.periods[far])(drive))
        reference("HodgkinHuxley", f"period of the cycle at I = {drive}", period, got,
                  relative(1e-3), "adaptive integration", unit="ms")  # fmt: skip


def test_an_unstable_orbit_is_an_orbit_and_its_multiplier_is_that_of_pushes() -> None:
    found = followed(MorrisLecar(), (85, 100) * FLOW)
    (line,) = found.cycles[:1]
    k = int(np.flatnonzero(line.values < 91.5)[0])
    orbit = line.orbits[k - 1]  # the line has the Hopf point before its first orbit
    assert orbit.value == line.values[k]
    assert not line.stable[k]
    field = vector_field("test", MorrisLecar(), {}, free=("input:I",))

    def run(x: Any, time: float) -> Any:
        flow = solve_ivp(lambda _, y: field(y, (orbit.value,)), (0, time), x, rtol=1e-10,
                         atol=1e-12)  # fmt: skip
        return flow.y[:, -1]

    start = orbit.states[0]
    assert run(start, orbit.period) == pytest.approx(start, abs=2e-4)
    pushes = 1e-5 * np.diag([1.0, 1e-2])
    whole = np.array([(run(start + h, orbit.period) - run(start - h, orbit.period)) / (2 * h.sum())
                      for h in pushes]).T  # fmt: skip
    expected = max(np.linalg.eigvals(whole), key=abs)
    assert abs(expected) > 1.5
    assert line.multipliers[k, 0] == pytest.approx(expected, rel=1e-3)


def test_folds_and_ends_of_morris_and_lecar(reference: Known) -> None:
    (line,) = followed(MorrisLecar(), (60, 240) * FLOW).cycles
    low, high = line.points
    reference("MorrisLecar", "fold of cycles, class II", 88.295, low.value, within(2e-3),
              "adaptive integration", unit="uA/cm2")  # fmt: skip
    assert (low.kind, high.kind, line.ends) == ("fold of cycles", "fold of cycles", "Hopf")
    found = followed(MorrisLecar.class_one(), (-20, 130) * FLOW)
    (line,) = found.cycles
    assert line.ends == "saddle-node on a circle"
    fold = found.named("saddle-node")[-1]
    beyond = line.values - fold.value
    near = line.periods > 450
    slope = np.polyfit(np.log(beyond[near]), np.log(line.periods[near]), 1)[0]
    reference("MorrisLecar", "exponent of the period over I - I_c, class I", -0.5, float(slope),
              within(0.02), "normal form of the saddle-node on a circle")  # fmt: skip


def test_the_canards_of_fitzhugh_and_nagumo() -> None:
    """The cycle grows from small to large within 1e-8 of the input; the other end mirrors it."""
    (line,) = followed(FitzHughNagumo(), (0.2, 1.6) * one).cycles
    low, high = line.points
    assert low.value == pytest.approx(0.32418, abs=1e-5)
    assert low.value + high.value == pytest.approx(1.75, abs=1e-9)
    size = np.ptp(np.stack([line.low[:, 0], line.high[:, 0]]), axis=0)
    canards = np.abs(line.values - low.value) < 1e-8
    assert size[canards].min() < 2.7
    assert size[canards].max() > 3.2
    (at, *_) = np.flatnonzero(canards)
    assert 0 < at < len(size) - 1


def test_mistakes_and_pictures() -> None:
    with pytest.raises(ParameterError, match="a spike resets AdEx"):
        lab.bifurcation(AdEx(), "I", (500, 700) * pA, sweeps=False, cycles=True)
    found = followed(MorrisLecar.class_one(), (20, 130) * FLOW)
    assert "fold of cycles at 115.949" in repr(found)
    assert "ends in a saddle-node on a circle" in repr(found)
    top, bottom = show.bifurcation(found).axes
    names = {line.get_label() for line in top.lines}
    assert {"cycle, stable", "cycle, unstable", "fold of cycles"} <= names
    assert bottom.get_ylabel() == "frequency (Hz)"
    without = lab.bifurcation(MorrisLecar(), "I", (0, 50) * FLOW, sweeps=False, cycles=True)
    assert without.cycles == ()

"""Lyapunov exponents against closed forms, a published one, and two neighbours that part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom import lab, show, simulate
from spikeloom.compile import RK4
from spikeloom.equations import Input, Neuron, Param, State, inflow, state
from spikeloom.equations.units import ms, one
from spikeloom.errors import NumericsError, ParameterError
from spikeloom.models import LIF, DiffusionLIF, HindmarshRose, LeakyIntegrator


class Lorenz(Neuron):
    """Lorenz 1963, J. Atmos. Sci. 20:130."""

    tau: Param = 1 * ms
    rho: Param = 28.0
    x: State = state(one)
    y: State = state(one)
    z: State = state(one)
    I: Input = inflow(one)

    def initial(self, at: Any) -> None:
        at.x = 1.0
        at.y = 1.0

    def flow(self, d: Any) -> None:
        d.x = 10 * (self.y - self.x) / self.tau
        d.y = (self.x * (self.rho - self.z) - self.y + self.I) / self.tau
        d.z = (self.x * self.y - 8 / 3 * self.z) / self.tau


def test_the_exponent_of_lorenz() -> None:
    found = lab.chaos(Lorenz(), "rho", [28.0, 28.0000001, 28.0000002] * one, settle=100 * ms,
                      duration=2000 * ms, dt=0.005 * ms)  # fmt: skip
    assert found.intervals[0].size == 0  # it has no spikes
    # Ten parts of 200 each: four standard errors of the mean of both runs.
    assert found.error.max() < 0.01
    assert abs(found.exponent.mean() - 0.9056) < 4 * found.error.mean()
    assert found.chaotic.all()


def test_a_push_at_rest_dies_out_as_its_eigenvalue_says() -> None:
    found = lab.chaos(
        LeakyIntegrator(), "tau", [10, 20, 40] * ms, settle=10 * ms, duration=100 * ms
    )
    assert found.exponent == pytest.approx([-0.1, -0.05, -0.025], rel=1e-6)
    found = lab.chaos(HindmarshRose(), "I", [1.0, 1.05, 1.1] * one)
    for drive, exponent in zip((1.0, 1.05, 1.1), found.exponent, strict=True):
        (rest,) = lab.fixed_points(HindmarshRose(), drive)
        assert exponent == pytest.approx(rest.eigenvalues.real.max(), rel=0.03)
    assert not found.chaotic.any()


def test_hindmarsh_and_rose_between_order_and_chaos() -> None:
    drives = np.array([2.0, 3.25, 3.45, 4.0])
    found = lab.chaos(HindmarshRose(), "I", drives * one)
    assert found.chaotic.tolist() == [False, True, False, False]
    chaos_, error = found.exponent[1], found.error[1]
    assert chaos_ > 10 * error
    assert np.abs(found.exponent[[0, 2, 3]]).max() < 1e-3  # along an orbit nothing grows
    for k, count in ((0, 2), (2, 2), (3, 1)):  # a burst of two, a doubled period, tonic
        intervals = found.intervals[k]
        assert np.abs(intervals[count:] - intervals[:-count]).max() < 0.11
        assert count == 1 or abs(intervals[1] - intervals[0]) > 5
    assert len(np.unique(found.intervals[1].round(1))) > 100
    # Neighbours part at this rate: from 1e-10 until they are 1e-3 apart, over many starts.
    begin = {"x": np.linspace(-1.6, -1.2, 24), "y": np.full(24, -8.0), "z": np.full(24, 3.0)}
    begun = simulate(HindmarshRose(), 500 * ms, dt=0.05 * ms, I=3.25, size=24, method=RK4(),
                     record=(), state=begin)  # fmt: skip
    near = {n: x + 1e-10 * (n == "x") for n, x in begun.state.items()}
    gone = [
        simulate(HindmarshRose(), 800 * ms, dt=0.05 * ms, I=3.25, size=24, method=RK4(),
                 record=("x", "y", "z"), every=20, state=first)
        for first in (begun.state, near)
    ]  # fmt: skip
    apart = np.sqrt(sum(np.square(gone[0].traces[n] - gone[1].traces[n]) for n in ("x", "y", "z")))
    assert apart[-1].max() < 1e-2  # not yet as far apart as they can be
    rates = np.log(apart[-1] / apart[100]) / 700
    spread = rates.std(ddof=1) / np.sqrt(len(rates))
    assert abs(rates.mean() - chaos_) < 4 * np.hypot(spread, error)


def test_mistakes_and_pictures() -> None:
    for cell in (LIF(), DiffusionLIF()):
        with pytest.raises(ParameterError, match="neighbours part in jumps"):
            lab.chaos(cell, "tau", (10, 20) * ms)
    with pytest.raises(ParameterError, match="duration at least 200 steps"):
        lab.chaos(HindmarshRose(), "I", (1, 2) * one, duration=1 * ms)
    with pytest.raises(ParameterError, match="no input or parameter 'J'"):
        lab.chaos(HindmarshRose(), "J", (1, 2) * one)
    with pytest.raises(NumericsError, match="not finite"):
        lab.chaos(HindmarshRose(), "I", [1, 2] * one, dt=3 * ms, duration=9000 * ms)
    found = lab.chaos(HindmarshRose(), "I", [2.0, 3.0, 4.0] * one, duration=500 * ms)
    top, bottom = show.chaos(found).axes
    assert (top.get_ylabel(), bottom.get_xlabel()) == ("interval (ms)", "$I$ (1)")
    assert "of 3 values in chaos" in repr(found)

"""Phase planes: nullclines, trajectories through resets, separatrices, and the figure of them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference_values import T2, Known

from spikeloom import lab, show
from spikeloom.engines import exact_spikes
from spikeloom.equations.units import cm2, ms, mV, nA, pA, uA
from spikeloom.errors import ParameterError, UnitError
from spikeloom.lab.contours import contours
from spikeloom.lab.orbit import orbit
from spikeloom.lab.vector_field import vector_field
from spikeloom.models import (
    LIF,
    AdEx,
    CubaLIF,
    FitzHughNagumo,
    HindmarshRose,
    HodgkinHuxley,
    MorrisLecar,
)


def test_nullclines_of_fitzhugh_and_nagumo_are_the_cubic_and_the_line() -> None:
    plane = lab.phase_plane(FitzHughNagumo(), 0.5, starts=())
    for line in plane.nullclines[0]:
        v, w = line.T
        assert w == pytest.approx(v - v**3 / 3 + 0.5, abs=1e-12)
    for line in plane.nullclines[1]:
        v, w = line.T
        assert w == pytest.approx((v + 0.7) / 0.8, abs=1e-12)
    assert [p.kind for p in plane.points] == ["unstable focus"]
    assert not plane.threshold
    assert not plane.hybrid


def test_spikes_of_a_trajectory_are_those_of_adaptive_integration(reference: Known) -> None:
    """The rows of models.md for AdEx under 1 nA: bends, resets and the blow-up between them."""
    field = vector_field("test", AdEx(), {"I": 1000.0}, all_states=True)
    made = orbit(field, np.array([-70.6, 0.0]), 110.0)
    expected = (11.7916, 25.3761, 41.1962, 59.7757, 81.6441, 107.1463)
    reference("AdEx", "spikes under 1 nA, adaptive steps", expected, made.resets, T2,
              "Dormand-Prince 5(4), rtol 1e-10", unit="ms")  # fmt: skip
    after = [piece[0] for piece in made.pieces[1:]]
    before = [piece[-1] for piece in made.pieces[:-1]]
    for a, b in zip(before, after, strict=True):
        assert a[0] == pytest.approx(0.0, abs=1e-4)
        assert b == pytest.approx([-70.6, a[1] + 80.5])


def test_a_trajectory_of_a_linear_neuron_is_exact() -> None:
    field = vector_field("test", LIF(), {"I": 0.2}, all_states=True)
    made = orbit(field, np.array([-65.0]), 60.0)
    expected = exact_spikes(LIF(), 60 * ms, I=0.2 * nA).train()
    assert made.resets == pytest.approx(expected, abs=1e-5)


def test_the_separatrix_of_morris_and_lecar_parts_rest_from_spikes() -> None:
    """Starts on its two sides, close to the saddle, end up at rest at once or after a spike."""
    plane = lab.phase_plane(MorrisLecar.class_one(), 30 * uA / cm2)
    kinds = [point.kind for point in plane.points]
    assert kinds == ["stable node", "saddle", "unstable focus"]
    assert len(plane.separatrix) == 2
    saddle = plane.points[1]
    lower = min(plane.separatrix, key=lambda line: float(line[-1, 1]))
    k = int(np.searchsorted(-lower[:, 1], -0.6 * float(saddle["w"].value)))
    v, w = lower[k]
    field = vector_field("test", MorrisLecar.class_one(), {"I": 30.0}, all_states=True)
    peaks = [orbit(field, np.array([v + dv, w]), 300.0).points[:, 0].max() for dv in (-0.05, 0.05)]
    assert peaks[0] < float(saddle["v"].value) + 1
    assert peaks[1] > 10


def test_threshold_and_separatrix_of_a_neuron_with_resets() -> None:
    plane = lab.phase_plane(AdEx(), 600 * pA)
    (line,) = plane.threshold
    assert line[:, 0] == pytest.approx(np.zeros(len(line)), abs=1e-9)
    assert plane.hybrid
    assert len(plane.separatrix) == 2
    assert all(np.isfinite(line).all() for line in plane.separatrix)


def test_more_than_two_states_are_frozen_or_steady() -> None:
    plane = lab.phase_plane(HodgkinHuxley(), 10 * uA / cm2, y="n", at={"h": 0.4}, starts=())
    assert plane.at == {"m": None, "h": 0.4}
    assert len(plane.points) == 3  # the fast subsystem has three: rest, saddle, up
    steady = lab.phase_plane(HodgkinHuxley(), 10 * uA / cm2, y="n", starts=())
    (whole,) = lab.fixed_points(HodgkinHuxley(), 10 * uA / cm2)
    assert steady.points[0].values == pytest.approx(whole.values)
    field = vector_field("test", HodgkinHuxley(), {"I": 10.0})
    v, n = steady.nullclines[1][0][50]  # n stands still where the whole model says so
    assert field(np.array([v, 0.1, 0.5, n]))[3] == pytest.approx(0, abs=1e-12)
    burst = lab.phase_plane(HindmarshRose(), 2.0, at={"z": 1.8}, starts=())
    assert [p.kind for p in burst.points][-1] == "unstable focus"


def test_contours_meet_the_border_and_leave_out_poles() -> None:
    grid = np.linspace(-2, 2, 41)
    lines = contours(lambda x, y: y - x**3 + x, lambda x, y: (1 - 3 * x**2, 1 + 0 * y), grid, grid)
    assert len(lines) == 1
    assert contours(lambda x, y: 1 / (x - 0.03) + 0 * y,
                    lambda x, y: (-1 / (x - 0.03) ** 2, 0 * y), grid, grid) == []  # fmt: skip
    assert contours(lambda x, y: x + np.nan, lambda x, y: (1 + 0 * x, 0 * y), grid, grid) == []


def test_mistakes() -> None:
    with pytest.raises(ParameterError, match="two states that move"):
        lab.phase_plane(LIF())
    with pytest.raises(ParameterError, match="no state 'u' that moves"):
        lab.phase_plane(AdEx(), x="u")
    with pytest.raises(ParameterError, match="two states"):
        lab.phase_plane(AdEx(), x="v", y="v")
    with pytest.raises(UnitError, match="state 'v' is in mV"):
        lab.phase_plane(AdEx(), starts=[{"v": 3 * nA}])
    with pytest.raises(ParameterError, match="duration must be above 0"):
        lab.phase_plane(AdEx(), duration=-1 * ms)
    with pytest.raises(ParameterError, match="no state 'q'"):
        lab.phase_plane(AdEx(), at={"q": 3})


def test_the_figure_has_units_and_a_legend() -> None:
    plane = lab.phase_plane(AdEx(), 600 * pA, starts=[{}, {"v": -48 * mV}], duration=100 * ms)
    figure = show.phase_plane(plane)
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$v$ (mV)", "$w$ (pA)")
    named = {text.get_text() for text in figure.legends[0].get_texts()}
    assert named >= {"$v$ stands still", "$w$ stands still", "saddle", "separatrix", "threshold"}
    bare = lab.phase_plane(CubaLIF(), starts=())
    assert show.phase_plane(bare).axes[0].get_ylabel() == "$i$ (nA)"


def test_a_flow_that_is_held_back_ends_at_the_threshold() -> None:
    plane = lab.phase_plane(AdEx(), 1000 * pA)
    for lines in plane.nullclines:
        assert lines and max(line[:, 0].max() for line in lines) <= 1e-9  # its peak is 0 mV
    beyond = plane.grid[0] > 0
    assert beyond.any() and np.isnan(plane.rates[0][:, beyond]).all()
    assert np.isfinite(plane.rates[0][:, ~beyond]).all()


def test_the_view_holds_the_turn_of_the_nullcline() -> None:
    plane = lab.phase_plane(AdEx(), 1000 * pA)
    # dw/dv = g (exp((v - v_T) / D) - 1) is 0 at v_T: w = g (E - v_T) + g D + I.
    turn = 30 * (-70.6 + 50.4) + 30 * 2 + 1000
    low, high = plane.view[1]
    assert low < turn < high - 0.1 * (high - low)
    drawn = np.concatenate(plane.nullclines[0])
    assert drawn[:, 1].min() == pytest.approx(turn, rel=3e-3)  # points stand a grid line apart

"""Short-term plasticity against its closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.engines.learning.bench import Bench
from tests.reference_values import Known, within

from spikeloom.engines.network_run import Trace
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError
from spikeloom.models import TsodyksMarkram, TsodyksMarkramThree

SETS: dict[str, dict[str, Any]] = {
    "depressing": dict(U=0.5, tau_rec=800 * ms),
    "facilitating": dict(U=0.03, tau_rec=130 * ms, tau_f=530 * ms),
    "mixed": dict(U=0.25, tau_rec=700 * ms, tau_f=20 * ms),
}


def releases(rule: Any, between: int, spikes: int, dt: float) -> np.ndarray:
    """What each spike of a regular train sends."""
    return of_trains(rule, [between], spikes, dt)[0]


def of_trains(rule: Any, between: list[int], spikes: int, dt: float) -> list[np.ndarray]:
    """The same for several trains, each with a target of its own."""
    trains = [[2 + k * apart for k in range(spikes)] for apart in between]
    pairs = [(k, k) for k in range(len(trains))]
    none: list[list[int]] = [[] for _ in trains]
    engine = Bench(rule, trains, none, pairs, weights=1.0, dt=dt).engine()
    run = engine.run(max(t[-1] for t in trains) + 3, [False] * 3, [Trace(2, "got")])
    sent = np.diff(run.traces[0], axis=0, prepend=0.0)
    return [sent[np.array(train) + 1, k] for k, train in enumerate(trains)]


def steady(U: float, rec: float, f: float, interval: float) -> tuple[float, float]:
    """u and r just before and after in the long run: closed form."""
    u = U / (1 - (1 - U) * np.exp(-interval / f))
    left = np.exp(-interval / rec)
    return u, (1 - left) / (1 - (1 - u) * left)


PUBLISHED = {"depressing": (0.1811, 0.0571, 0.0241), "facilitating": (0.0874, 0.1655, 0.1218)}
"""Release in the long run at 5, 20 and 50 spikes a second."""


@pytest.mark.parametrize("which", SETS)
def test_the_release_settles_where_it_must(which: str, reference: Known) -> None:
    rule, intervals = TsodyksMarkram(**SETS[which]), (200, 50, 20)
    sent = [x[-1] for x in of_trains(rule, [t // 10 for t in intervals], 150, 10.0)]
    U, rec, f = (rule.values[n].value for n in ("U", "tau_rec", "tau_f"))
    for release, interval in zip(sent, intervals, strict=True):
        u, r = steady(U, rec, f, interval)
        what = f"settled release, {which}, every {interval} ms"
        reference("TsodyksMarkram", what, u * r, release, within(1e-6), "closed form")
    np.testing.assert_allclose(sent, PUBLISHED.get(which, sent), atol=5e-5)


def test_four_hundred_spikes() -> None:
    rule = TsodyksMarkram(**SETS["facilitating"])
    u, r = steady(0.03, 130, 530, 20)
    assert releases(rule, 2, 400, 10.0)[-1] == pytest.approx(u * r, abs=1e-9)


@pytest.mark.parametrize("which", SETS)
def test_the_second_of_two_spikes(which: str) -> None:
    rule = TsodyksMarkram(**SETS[which])
    first, second = releases(rule, 50, 2, 1.0)
    U, rec, f = (rule.values[n].value for n in ("U", "tau_rec", "tau_f"))
    u = U * (1 - U) * np.exp(-50 / f) + U
    r = 1 - U * np.exp(-50 / rec)
    assert second / first == pytest.approx(u * r / U, rel=1e-9)
    assert (second > first) == (which == "facilitating")


def test_three_states_are_two_where_activity_is_short() -> None:
    fast = TsodyksMarkramThree(U=0.5, tau_rec=800 * ms, tau_in=1e-6 * ms)
    two = TsodyksMarkram(U=0.5, tau_rec=800 * ms)
    np.testing.assert_allclose(releases(fast, 5, 20, 10.0), releases(two, 5, 20, 10.0), rtol=1e-6)


def test_active_resources_do_not_recover() -> None:
    """dx/dt = (1 − x − y)/tau_rec with y = R exp(−t/tau_in), integrated by hand."""
    U, rec, inside, interval = 0.5, 800.0, 30.0, 50.0
    rule = TsodyksMarkramThree(U=U, tau_rec=rec * ms, tau_in=inside * ms)
    first, second = releases(rule, 5, 2, 10.0)
    x, y = 1 - U, U
    decay = np.exp(-interval / rec)
    drawn = y * (np.exp(-interval / inside) - decay) * inside / (rec - inside)
    after = x * decay + (1 - decay) + drawn
    assert first == U
    assert second == pytest.approx(U * after, rel=1e-9)


def test_a_frozen_projection_still_tires() -> None:
    train = [2 + 5 * k for k in range(30)]
    engine = Bench(TsodyksMarkram(), [train], [[]], weights=1.0, dt=10.0).engine()
    engine.freeze(1, True)
    run = engine.run(160, None, [Trace(2, "got")])
    sent = np.diff(run.traces[0][:, 0], prepend=0.0)[np.array(train) + 1]
    assert sent[0] == 0.5
    assert sent[-1] == pytest.approx(0.0571, abs=5e-5)


def test_cortical_sets() -> None:
    assert TsodyksMarkram.cortical("EI").values["tau_f"] == 1200 * ms
    with pytest.raises(ParameterError, match="known names: EE, EI, IE, II"):
        TsodyksMarkram.cortical("both ways")


def test_releases_at_twenty_hertz(reference: Known) -> None:
    """Both sets of the reference table, and the first with a pool that is still active."""
    known = {
        (0.5, 1e-6, 800.0): [0.5, 0.265147, 0.154835, 0.103020, 0.078683, 0.067251],
        (0.1, 1000.0, 100.0): [0.1, 0.174353, 0.221999, 0.250531, 0.267988, 0.279758],
    }
    for (U, f, rec), expected in known.items():
        rule = TsodyksMarkram(U=U, tau_f=f * ms, tau_rec=rec * ms)
        reference("TsodyksMarkram", f"first releases at 20 Hz, U = {U}, tau_rec = {rec:g} ms",
                  expected, releases(rule, 50, 6, 1.0), within(1e-6),
                  "the recursion, by hand")  # fmt: skip
    rule = TsodyksMarkramThree(U=0.5, tau_f=1e-6 * ms, tau_rec=800 * ms, tau_in=3 * ms)
    reference("TsodyksMarkramThree", "first releases at 20 Hz, U = 0.5, tau_rec = 800 ms",
              [0.5, 0.264263, 0.153952, 0.102334, 0.078179], releases(rule, 50, 5, 1.0),
              within(1e-6), "the recursion of NEST's synapse, by hand")  # fmt: skip

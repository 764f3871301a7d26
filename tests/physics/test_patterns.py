"""The named patterns of AdEx, Izhikevich and Mihalas-Niebur against spikes known from elsewhere.

Izhikevich's are bit checks (times on the grid of his scripts); the others were computed with
adaptive integration and bisected events, and are met by fixed steps within 0.1 ms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.reference_values import EXACT, Known, within

from spikeloom.compile import Euler, SequentialEuler
from spikeloom.engines import simulate
from spikeloom.equations.units import ms, mV, pA
from spikeloom.errors import ParameterError
from spikeloom.models import AdEx, Izhikevich, MihalasNiebur
from spikeloom.models.patterns import ADEX, IZHIKEVICH, MIHALAS_NIEBUR, Pattern

# panel: number of spikes, the first and the last of their times, in ms
GRID: dict[str, tuple[int, tuple[float, ...], tuple[float, ...]]] = {
    "tonic spiking": (5, (13, 17, 31.5, 59.25, 86.75), ()),
    "phasic spiking": (1, (43.75,), ()),
    "tonic bursting": (28, (25, 26.5, 28.25, 30, 32), (204.5,)),
    "phasic bursting": (6, (39, 42.8, 47, 51.8, 57.6), (67.2,)),
    "spike frequency adaptation": (6, (10.25, 12.25, 15, 19.75, 42.5), (71.5,)),
    "rebound spike": (1, (68,), ()),
    "rebound burst": (7, (68, 71, 74.2, 77.8, 81.8), (92.2,)),
    "depolarizing after-potential": (1, (11.3,), ()),
    "inhibition-induced bursting": (12, (86.5, 88.5, 90.5, 93, 95.5), (204,)),
    "mixed mode": (6, (20, 22.75, 27.25, 67, 99.25, 131.5), ()),
    "class 1": (10, (84.5, 125, 155.75), (290.5,)),
    "class 2": (14, (105.75, 126.5, 145.25), (293,)),
    "spike latency": (1, (26.6,), ()),
    "subthreshold oscillations": (1, (26.5,), ()),
    "resonator": (1, (338,), ()),
    "integrator": (1, (20,), ()),
    "threshold variability": (1, (93.25,), ()),
    "bistability": (5, (45.25, 86, 126.5, 167.25, 208), ()),
    "accommodation": (1, (311.5,), ()),
    "inhibition-induced spiking": (3, (94.5, 166, 236), ()),
}
ENDS = {
    "tonic spiking": (-67.441869, -1.800988), "rebound burst": (-64.419702, -16.104338),
    "inhibition-induced bursting": (-63.860993, 63.825375),
}  # fmt: skip


def watched(cell: Any, p: Pattern, **more: Any) -> Any:
    return simulate(cell, p.duration, dt=p.dt, I=p.drive(), state=p.start, record=(), **more)


@pytest.mark.parametrize("name", sorted(IZHIKEVICH))
def test_izhikevich_panel(name: str, reference: Known) -> None:
    p = IZHIKEVICH[name]
    run = watched(Izhikevich.pattern(name), p, method=SequentialEuler())
    train = run.train() - p.dt.value  # his scripts stamp a spike at the beginning of its step
    count, first, last = GRID[name]
    source = "his script, on its grid"
    reference("Izhikevich", f"number of spikes, {name}", count, len(train), EXACT, source)
    reference("Izhikevich", f"first spikes, {name}", first, train[: len(first)], within(1e-9),
              source, "ms")  # fmt: skip
    assert last == () or train[-1] == pytest.approx(last[0], abs=1e-9)
    if name in ENDS:
        end = [run.state["v"][0], run.state["u"][0]]
        reference("Izhikevich", f"last state, {name}", ENDS[name], end, within(1e-6), source)


NAUD = {
    "tonic": (62, (14.223, 23.152, 32.242, 41.458)),
    "adapting": (12, (14.904, 26.1718, 40.5479, 60.158, 89.5806, 137.3246)),
    "delayed bursting": (32, (57.1796, 60.3942, 64.7032, 72.1244, 128.9812)),
    "initial burst": (12, (5.464, 8.883, 16.202, 70.949, 135.068)),
    "bursting": (11, (16.158, 19.076, 24.198, 155.956, 161.310, 294.503)),
    "delayed accelerating": (46, (33.574, 54.167, 73.247, 91.183, 108.216)),
    "transient": (1, (30.290,)),
    "irregular": (33, (15.645, 19.090, 23.558, 30.265, 48.976)),
}


@pytest.mark.parametrize("name", sorted(ADEX))
def test_adex_pattern(name: str) -> None:
    run = watched(AdEx.pattern(name), ADEX[name])
    train = run.train()
    count, first = NAUD[name]
    # The irregular one is chaotic: later spikes depend on everything.
    assert abs(len(train) - count) <= (1 if name == "irregular" else 0)
    assert train[: len(first)] == pytest.approx(first, abs=0.1)


LINEAR = {
    "tonic spiking": (9, tuple(21.9722 * k for k in range(1, 10))),
    "class 1": (1, (276.3102,)),
    "spike frequency adaptation": (10, (14.6947, 30.2176, 46.5582, 63.6991, 81.6162)),
    "rebound spike": (1, (855.1008,)),
    "hyperpolarization-induced bursting": (13, (131.9371, 133.4845, 135.3367, 137.6744)),
    "rebound burst": (7, (652.4461, 653.7218, 655.1464, 656.7580)),
    "basal bistability": (25, (4.4629, 6.2659, 8.0863, 9.9238)),
    "phasic spiking": (5, (25.2000, 54.2074, 87.8579, 127.5873, 177.0583)),
    "accommodation": (3, (25.2000, 54.2074, 87.8579)),
    "threshold variability": (1, (274.5088,)),
    "class 2": (15, (14.6946, 30.2175)),
    "integrator": (1, (49.3183,)),
    "input bistability": (14, (25.2000, 54.2074, 87.8579, 116.9162)),
    "hyperpolarization-induced spiking": (3, (131.9371, 249.3091, 366.6811)),
    "tonic bursting": (24, (14.6947, 17.0727, 19.6828)),
    "phasic bursting": (7, (25.2000, 27.8820)),
    "mixed mode": (19, (14.6947, 19.6097, 25.1647)),
    "afterpotentials": (1, (14.6947,)),
    "preferred frequency": (3, (4.5214, 404.5547, 454.8346)),
    "spike latency": (1, (16.1769,)),
}


@pytest.mark.parametrize("name", sorted(MIHALAS_NIEBUR))
def test_mihalas_niebur_pattern(name: str) -> None:
    train = watched(MihalasNiebur.pattern(name), MIHALAS_NIEBUR[name]).train()
    count, first = LINEAR[name]
    assert len(train) == count
    assert train[: len(first)] == pytest.approx(first, abs=0.1)
    if name == "tonic bursting":
        assert train[np.argmax(np.diff(train) > 50) + 1] == pytest.approx(143.0391, abs=0.1)
    if name == "phasic bursting":
        assert train[-1] == pytest.approx(48.8900, abs=0.1)
    if name == "mixed mode":
        assert any(abs(train - 60.1795) < 0.1)
        assert any(abs(train - 104.7279) < 0.1)


def test_three_panels_alter_an_equation() -> None:
    """As trap: with 5 v + 140 the class 1 cell and the integrator are other cells."""
    for name in ("class 1", "integrator"):
        p = IZHIKEVICH[name]
        usual = Izhikevich.pattern(name).replace(slope=5 / ms, base=140 * mV / ms)
        train = watched(usual, p, method=SequentialEuler()).train() - p.dt.value
        assert len(train) != GRID[name][0]


def test_izhikevich_patterns_belong_to_their_time_step_and_order_of_update() -> None:
    p, cell = IZHIKEVICH["tonic spiking"], Izhikevich.pattern("tonic spiking")
    known = GRID["tonic spiking"][1]
    together = watched(cell, p, method=Euler()).train() - 0.25
    assert together.tolist() != list(known)
    step = np.where(np.arange(10000) > 1000, 14, 0)[:, None] * mV / ms
    fine = simulate(cell, 100 * ms, dt=0.01 * ms, I=step, state=p.start, record=(),
                    method=SequentialEuler())  # fmt: skip
    assert abs(fine.train()[1] - 17) > 0.3


def test_adex_hardly_minds_where_its_spike_is_cut_off() -> None:
    """Detection at V_T + 10 D, at 0 and at +20 mV, where the step resolves the upstroke."""
    trains = [
        simulate(AdEx(peak=peak * mV), 150 * ms, dt=0.002 * ms, I=1000 * pA, record=()).train()
        for peak in (-30.4, 0, 20)
    ]
    assert trains[0] == pytest.approx(trains[1], abs=0.02)
    assert trains[2] == pytest.approx(trains[1], abs=0.02)
    rough = simulate(AdEx(), 150 * ms, I=1000 * pA, method=Euler(), record=()).train()
    assert abs(rough - trains[1][: len(rough)]).max() > 0.2


@pytest.mark.parametrize("model", [AdEx, Izhikevich, MihalasNiebur])
def test_an_unknown_pattern_is_refused_with_those_that_there_are(model: Any) -> None:
    with pytest.raises(ParameterError, match=r"'tonic'|'tonic spiking'"):
        model.pattern("tonic bursts")


def test_input_of_a_pattern_at_another_time_step() -> None:
    p = MIHALAS_NIEBUR["accommodation"]
    coarse, fine = p.drive(0.1 * ms), p.drive()
    assert fine.shape == (100000, 1)
    assert np.array_equal(np.asarray(fine.value)[::10], np.asarray(coarse.value))

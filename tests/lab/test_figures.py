"""Figures of the laboratory: a name with a unit on every axis, and nothing that depends on size."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.text import Text

from spikeloom import (
    LIF,
    AdEx,
    Cell,
    ConductanceLIF,
    Delta,
    ExponentialConductance,
    FitzHughNagumo,
    HodgkinHuxley,
    LeakyIntegrator,
    cm2,
    lab,
    ms,
    mV,
    nA,
    nS,
    pA,
    show,
    uA,
)

UNIT = re.compile(r"\((ms|mV|nA|pA|nS|Hz|µA/cm²|no unit)\)")


def words(figure) -> str:
    return " | ".join(t.get_text() for t in figure.findobj(Text) if t.get_text())


def labels(figure) -> list[str]:
    found = [f() for a in figure.axes for f in (a.get_xlabel, a.get_ylabel)]
    return [x for x in found if x and x not in ("spikes", "round")]


SPIKE = lab.Arrivals([3] * ms, 5 * nS)
CELL = Cell(ConductanceLIF(), exc=ExponentialConductance())


@pytest.mark.parametrize(
    "make",
    [
        lambda: show.response(lab.response(AdEx(), 1 * nA, 60 * ms)),
        lambda: show.response(lab.response(HodgkinHuxley(), 10 * uA / cm2, 20 * ms)),
        lambda: show.response(lab.response(FitzHughNagumo(), 0.5, 60 * ms)),
        lambda: show.response(lab.response(LeakyIntegrator(), -0.1 * nA, 60 * ms)),
        lambda: show.response(lab.response(LIF(), 0 * nA, 10 * ms)),
        lambda: show.response(
            lab.response(CELL, lab.Arrivals([3] * ms, 5 * nS), 9 * ms, into="exc")
        ),
        lambda: show.fi_curve(lab.fi_curve(AdEx(), [500, 600, 900] * pA, 300 * ms)),
        lambda: show.fi_curve(lab.fi_curve(LIF(), [0.1] * nA, 50 * ms)),
        lambda: show.fi_curve(lab.fi_curve(LIF(), np.linspace(0, 1, 60) * nA, 50 * ms)),
        lambda: show.psp(lab.psp(LIF(), Delta(), -2 * mV)),
        lambda: show.psp(lab.psp(ConductanceLIF(), ExponentialConductance(), 2 * nS, 15 * ms)),
        lambda: show.comparison(lab.compare([LIF()], 0.3 * nA, 50 * ms)),
        lambda: show.comparison(lab.compare([LIF(), AdEx(), LIF()], 1 * nA, 50 * ms)),
    ],
)
def test_every_axis_has_its_unit(make) -> None:
    figure = make()
    assert labels(figure) and all(UNIT.search(x) for x in labels(figure)), labels(figure)
    assert show.png(figure).startswith(b"\x89PNG")


def test_a_fit_shows_what_it_found() -> None:
    known = lab.response(LIF(tau=14 * ms), 0.2 * nA, 80 * ms, 0.1 * ms)
    found = lab.fit(LIF(), lab.Recording.of(known, potential=False), {"tau": [5, 50] * ms})
    figure = show.fit(found)
    text = words(figure)
    assert "coincidence factor 1.000" in text and "tau" in text and "14" in text
    assert all(UNIT.search(x) for x in labels(figure))
    silent = lab.response(LIF(tau=14 * ms), 0.14 * nA, 80 * ms, 0.1 * ms)
    edge = lab.fit(LIF(), silent, {"tau": [20, 50] * ms}, dt=0.1 * ms)
    assert "end of its range" in words(show.fit(edge))

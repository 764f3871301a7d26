"""The figure of a model: equations, an input found by trying, curves; patterns; films; chains."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spikeloom.cli.shelf import known_models
from spikeloom.equations import Quantity
from spikeloom.equations.at_values import at_values
from spikeloom.equations.latex_rows import rows
from spikeloom.equations.units import MOhm, ms, mV, nA, pA
from spikeloom.errors import ParameterError, UnitError
from spikeloom.lab import response
from spikeloom.models import (
    GIF,
    GLIF,
    GLM,
    LIF,
    SRM0,
    AdEx,
    CubaLIF,
    ExponentialCurrent,
    FitzHughNagumo,
    HindmarshRose,
    HodgkinHuxley,
    Izhikevich,
    LeakyIntegrator,
    MihalasNiebur,
    TraubMiles,
)
from spikeloom.models.patterns import IZHIKEVICH
from spikeloom.network import AllToAll, Network
from spikeloom.show import animation, causal_chain, png, three_neurons
from spikeloom.show.causal_chain import Row, links
from spikeloom.show.causal_chain import _rows as rows_of
from spikeloom.show.course import groups
from spikeloom.show.gallery import pieces
from spikeloom.show.model import model, watch, watch_pattern
from spikeloom.show.pattern_sheet import entries, patterns, sheets
from spikeloom.show.thin import thinned
from spikeloom.show.trial import nice, trial
from spikeloom.show.typeset import SIZE, SMALLEST, typeset
from spikeloom.show.watched import compared


def words(figure: Any) -> str:
    from matplotlib.text import Text

    return " | ".join(text.get_text() for text in figure.findobj(Text) if text.get_text())


@pytest.mark.parametrize("name", sorted(known_models()))
def test_every_model_can_be_typeset(name: str) -> None:
    value = known_models()[name]()
    made = typeset(value.definition, value.values, 600)
    assert made.lines and SMALLEST <= made.size <= SIZE
    assert made.width <= 600 + 1e-6 or made.size == SMALLEST


def test_every_state_has_its_row() -> None:
    made = rows(HodgkinHuxley.definition)
    told = [row.left for row in made]
    assert [rf"\frac{{d {x}}}{{dt}}" for x in "vmhn"] == told[:4]
    gates = {row.left: row.right for row in made[5:]}
    assert set(gates) == {rf"\{g}_{{{x}}}" for g in ("alpha", "beta") for x in "mhn"}
    assert r"0.07" in gates[r"\alpha_{h}"] and r"0.125" in gates[r"\beta_{n}"]
    assert r"\alpha_{m}" in made[1].right and "(1 - m" in made[1].right.replace(r"\left", "")


def test_long_rows_are_broken() -> None:
    value = GIF()
    wide, narrow = (typeset(value.definition, value.values, w) for w in (700, 170))
    assert len(narrow.lines) > len(wide.lines)
    assert narrow.width <= 170 or narrow.size == SMALLEST


def test_terms_that_vanish_are_left_out_and_come_back() -> None:
    plain = at_values(Izhikevich.definition, Izhikevich().values)
    assert str(plain.flow["u"]) == "a*(b*v - u)"
    altered = Izhikevich.pattern("accommodation")
    assert "hold" in str(at_values(altered.definition, altered.values).flow["u"])
    jump = at_values(AdEx.definition, AdEx(b=0 * pA).values)
    assert list(jump.reset) == ["v"] and list(AdEx.definition.reset) == ["v", "w"]
    assert "min" not in str(jump.flow["v"])
    zero = at_values(LIF.definition, LIF(E=0 * mV).values)  # 0 mV is a place, not an absence
    assert zero.flow == LIF.definition.flow


@pytest.mark.parametrize("name", sorted(known_models()))
def test_a_trial_makes_any_model_fire(name: str) -> None:
    value = known_models()[name]()
    found = trial(value)
    assert found.level > 0 and 20 <= found.duration <= 1000
    assert 0 < found.onset < found.offset < found.duration


@pytest.mark.parametrize("neuron", [LIF(), HodgkinHuxley(), CubaLIF(), GLM(), HindmarshRose()])
def test_a_trial_makes_it_fire_several_times(neuron: Any) -> None:
    assert watch(neuron, trial(neuron)).count >= 3


def test_the_trial_of_a_model_stands_above_its_rheobase() -> None:
    found = trial(LIF())
    assert found.rheobase is not None and 0.15 <= found.rheobase <= 0.2
    slower = trial(LIF(R=10 * MOhm))
    assert slower.level == pytest.approx(10 * found.level)
    assert trial(TraubMiles()).rheobase is None  # it fires by itself
    assert trial(LeakyIntegrator()).level > 0
    assert trial(CubaLIF()).port.kind == "impulse"


def test_an_input_of_ones_own() -> None:
    assert trial(LIF(), 300 * pA).level == pytest.approx(0.3)
    with pytest.raises(UnitError):
        trial(LIF(), 3 * mV)
    with pytest.raises(ParameterError, match="no input"):
        trial(LIF(), into="J")


@pytest.mark.parametrize("value", [0.0, -0.21, 3.3e-7, 9.7, 123456.0, np.nan])
def test_nice_numbers_are_near(value: float) -> None:
    made = nice(value)
    assert np.isnan(made) if np.isnan(value) else abs(made - value) <= 0.15 * abs(value)


def test_what_is_compared_is_read_from_the_condition() -> None:
    run = response(SRM0(), 0.2 * nA, 60 * ms)
    potential, threshold = compared(run)
    states = run.states
    assert np.allclose(potential.values, -65 + states["h"] + states["eta"])
    assert threshold is not None and np.all(threshold.values == -50)
    assert str(potential.unit) == "mV"
    moving = compared(response(MihalasNiebur(), MihalasNiebur.definition.inputs[0].unit * 1.5,
                               50 * ms))[1]  # fmt: skip
    assert moving is not None and moving.moves and moving.name == "theta"
    glif = compared(response(GLIF(), 400 * pA, 50 * ms))[1]
    assert glif is not None and glif.name == "theta + theta_s + theta_v"


def test_states_of_one_size_share_a_panel_and_what_stands_still_has_none() -> None:
    run = response(HodgkinHuxley(), Quantity(10, HodgkinHuxley.definition.inputs[0].unit), 30 * ms)
    assert groups(run) == [["m", "h", "n"]]
    huge = replace(run, states={**run.states, "n": 500 * run.states["n"]})
    assert groups(huge) == [["m", "h"], ["n"]]
    still = replace(run, states={**run.states, "n": 0 * run.states["n"]})
    assert groups(still) == [["m", "h"]]


def test_thinning_keeps_every_extreme() -> None:
    rng = np.random.default_rng(3)
    time, curve = np.arange(50_001.0), rng.normal(size=50_001)
    thin_time, thin = thinned(time, curve, most=500)
    assert len(thin) < 700 and (thin.min(), thin.max()) == (curve.min(), curve.max())
    assert (thin_time[0], thin_time[-1]) == (0, 50_000) and np.all(np.diff(thin_time) > 0)
    assert np.array_equal(thin, curve[thin_time.astype(int)])


def test_the_figure_of_a_model_with_a_plane() -> None:
    figure = model(FitzHughNagumo(), input=0.5, duration=120 * ms)
    told = words(figure)
    for text in ("FitzHughNagumo", "firing rate (Hz)", "time (ms)", "stands still", "Source:",
                 "$v$ (1)", "$w$ (1)", "$I$ (1)", "trajectory"):  # fmt: skip
        assert text in told
    assert png(figure).startswith(b"\x89PNG")


def test_the_figure_of_a_model_without_spikes_has_no_curve() -> None:
    assert "firing rate" not in words(model(LeakyIntegrator()))


def test_a_pattern_brings_its_input() -> None:
    p, cell = IZHIKEVICH["tonic bursting"], Izhikevich.pattern("tonic bursting")
    run = watch_pattern(cell, p)
    assert run.count == 28 and run.dt == p.dt.value and run.states["v"][0] == -70
    with pytest.raises(ParameterError, match="own input"):
        model(cell, input=Quantity(10, p.unit), pattern=p)


def test_sheets_are_found_by_the_names_of_their_models() -> None:
    assert {n: list(sheets(m)) for n, m in known_models().items() if sheets(m)} == {
        "AdEx": ["patterns"],
        "GLIF": ["levels"],
        "Izhikevich": ["patterns", "cells"],
        "MihalasNiebur": ["patterns"],
    }
    made = entries(Izhikevich)
    assert [e.name for e in made] == list(IZHIKEVICH) and made[0].neuron == Izhikevich.pattern(
        "tonic spiking"
    )


def test_a_sheet_shows_every_panel_with_its_parameters() -> None:
    told = words(patterns(GLIF))
    assert "GLIF: 5 levels" in told and "E  level 5" in told and "time (ms)" in told
    with pytest.raises(ParameterError, match="no named patterns"):
        patterns(LIF)
    with pytest.raises(ParameterError, match="cells"):
        patterns(Izhikevich, "cell")


def test_a_film_has_its_frames_and_moves() -> None:
    told: list[tuple[int, int]] = []
    run = response(FitzHughNagumo(), 0.5, 60 * ms)
    film = animation(run, frames=4, progress=lambda *at: told.append(at))
    with Image.open(BytesIO(film)) as picture:
        assert getattr(picture, "n_frames", 1) == 4
        first = np.asarray(picture.convert("L"), dtype=int)
        picture.seek(3)
        last = np.asarray(picture.convert("L"), dtype=int)
    assert told[-1] == (4, 4) and abs(first - last).max() > 50
    with pytest.raises(ParameterError, match="two frames"):
        animation(run, frames=1)


@pytest.fixture(scope="module")
def chain() -> Any:
    net, result = three_neurons()
    return net, rows_of(net, result), result.stop


def test_arrows_lead_from_each_spike_to_what_it_does(chain: Any) -> None:
    found = links(*chain)
    a, b, c = (np.asarray(row.spikes) for row in chain[1])
    fired = [x for x in found if x.kind == "fires"]
    assert [x.caused for x in fired if x.by == "A to B"] == b.tolist()
    assert [x.caused for x in fired if x.by == "B to C"] == c.tolist()
    assert all(x.arrived - x.sent == pytest.approx(x.delay) for x in found)
    assert {x.kind for x in found if x.by == "C to A"} == {"stops"}
    assert sum(x.by == "A to B" for x in found) == np.sum(a + 2 <= chain[2])


def test_nobody_is_credited_with_a_spike_that_comes_too_late_or_by_itself(chain: Any) -> None:
    net, made, stop = chain
    assert not [x for x in links(net, made, stop, window=0.05) if x.kind == "fires"]
    held = links(net, made, stop, inhibitory=("A to B",))
    assert not [x for x in held if x.by == "A to B" and x.kind != "stops"]
    with pytest.raises(ParameterError, match="no connection"):
        links(net, made, stop, inhibitory=("A -> B",))
    silent = [Row(r.name, r.population, r.index, np.empty(0)) for r in made]
    assert links(net, silent, stop) == []


@pytest.mark.filterwarnings("ignore::spikeloom.network.NetworkWarning")
def test_what_a_chain_needs() -> None:
    net = Network(dt=0.1 * ms, engine="reference")
    a = net.population(9, LIF(), name="a")
    with pytest.raises(ParameterError, match="8 can be told apart"):
        causal_chain(net, net.run(1 * ms, progress=False))
    net = Network(dt=0.1 * ms, engine="reference")
    a, b = net.population(2, LIF(), name="a"), net.population(1, LIF(), name="b")
    with pytest.raises(ParameterError, match="not recorded"):
        causal_chain(net, net.run(1 * ms, progress=False))
    net.connect(a + b, b, ExponentialCurrent(), AllToAll(), weight=1 * pA, name="both")
    net.record(a)
    net.record(b)
    with pytest.raises(ParameterError, match="sums"):
        causal_chain(net, net.run(1 * ms, progress=False))


def test_the_gallery_holds_everything_once() -> None:
    made = pieces()
    names = [p.file for p in made]
    assert len(set(names)) == len(names)
    assert {f"{n.lower()}.png" for n in known_models()} <= set(names)
    assert {"adex-patterns.png", "izhikevich-cells.png", "three-neurons.png"} <= set(names)
    assert all(re.fullmatch(r"[a-z0-9-]+\.(png|gif)", name) for name in names)

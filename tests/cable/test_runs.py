"""Runs of cables: in pieces, recorded or not, driven by synapses; and what is refused."""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
import pytest

from spikeloom import cable as package
from spikeloom.cable import Cable, Morphology
from spikeloom.engines.cpu import CPU
from spikeloom.engines.reference import Reference
from spikeloom.equations.units import (
    MOhm,
    Ohm,
    cm,
    cm2,
    kOhm,
    mS,
    ms,
    mV,
    nA,
    nS,
    pA,
    pF,
    um,
)
from spikeloom.errors import NumericsError, ShapeError, SpikeloomError
from spikeloom.models import (
    NMDA,
    AlphaConductance,
    Delta,
    DiffusionLIF,
    ExponentialConductance,
    ExponentialCurrent,
    HodgkinHuxley,
    MorrisLecar,
    PassiveMembrane,
    Shunt,
    TraubMiles,
)
from spikeloom.network import Ramp, Step

R = 100 * Ohm * cm


def branched() -> Cable:
    """A soma that fires, an axon, and dendrites with two kinds of synapses."""
    shape = (
        Morphology.soma(20 * um)
        .branch("axon", 150 * um, 1.5 * um, on="soma", at=0)
        .branch("trunk", 120 * um, 3 * um, on="soma", at=1, region="dendrite")
        .branch("left", 90 * um, 1.5 * um, on="trunk", region="dendrite")
        .branch("right", 80 * um, (1.5 * um, 0.5 * um), on="trunk", region="dendrite")
        .branch("side", 40 * um, 1 * um, on="trunk", at=0.4, region="dendrite")
    )
    active = HodgkinHuxley()
    cable = Cable(
        shape,
        {"soma": active, "axon": active, "dendrite": PassiveMembrane(R=8 * kOhm * cm2)},
        Ri=R,
        longest=25 * um,
    )
    cable = cable.synapse("ampa", ExponentialConductance(tau=2 * ms), [("left", 0.9), "right"])
    return cable.synapse("nmda", NMDA(), ("side", 1))


DRIVE: dict[str, Any] = {
    "dt": 0.025 * ms,
    "inject": {
        "axon": Step(0.2 * nA, start=1 * ms, stop=3 * ms),
        "right": Ramp(0 * nA, 0.1 * nA, start=0 * ms, stop=8 * ms),
    },
    "spikes": {"ampa": ([[1, 4.5] * ms, [2, 2.05, 6] * ms], [3, 2] * nS), "nmda": (3 * ms, 0.3)},
    "detect": ["soma", ("axon", 0)],
}


def test_engines_agree_on_a_tree_with_everything() -> None:
    cable = branched()
    truth = cable.run(9 * ms, engine=Reference(), states=("m", "n"), **DRIVE)
    fast = cable.run(9 * ms, engine=CPU("float64"), states=("m", "n"), **DRIVE)
    assert truth.v.max() > 20 and len(truth.spikes["soma"]) >= 1
    np.testing.assert_allclose(fast.v, truth.v, rtol=0, atol=1e-9)
    np.testing.assert_allclose(fast.states["m"], truth.states["m"], rtol=0, atol=1e-11)
    assert np.isnan(fast.states["n"]).any()  # dendrites have none
    for place, times in truth.spikes.items():
        np.testing.assert_allclose(fast.spikes[place], times, rtol=0, atol=1e-9)
    single = cable.run(9 * ms, engine=CPU("float32"), **DRIVE)
    assert np.abs(single.v - truth.v).max() < 0.05


@pytest.mark.parametrize("engine", [CPU("float64"), CPU("float32"), Reference()], ids=repr)
def test_pieces_and_recordings_change_no_bit(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cable = branched()
    steps = 2 if isinstance(engine, Reference) else 8
    whole = cable.run(steps * ms, engine=engine, **DRIVE)
    first = cable.run(0.5 * ms, engine=engine, **DRIVE)
    rest = cable.run((steps - 0.5) * ms, engine=engine, state=first.state, **DRIVE)
    np.testing.assert_array_equal(np.concatenate([first.v, rest.v]), whole.v)
    np.testing.assert_array_equal(np.concatenate([first.times, rest.times]), whole.times)
    for place, times in whole.spikes.items():
        both = np.concatenate([first.spikes[place], rest.spikes[place]])
        np.testing.assert_allclose(both, times, rtol=1e-14)
    few = cable.run(steps * ms, engine=engine, record=["left"], every=7, states=["h"], **DRIVE)
    np.testing.assert_array_equal(few.v[:, 0][1:], whole.at("left")[1:][::7])
    monkeypatch.setattr(package.run, "CHUNK_NUMBERS", 64)
    chunked = cable.run(steps * ms, engine=engine, **DRIVE)
    np.testing.assert_array_equal(chunked.v, whole.v)
    for x, y in zip(chunked.state.inside.membranes, whole.state.inside.membranes, strict=True):
        np.testing.assert_array_equal(x, y)


def test_a_fine_tree_loses_no_digits_in_float32() -> None:
    # 0.5 µm pieces of a thick cable: axial conductances are 10^6 times the leak.
    shape = Morphology.cylinder(200 * um, 20 * um)
    cable = Cable(shape, PassiveMembrane(), Ri=50 * Ohm * cm, compartments=400)
    runs = [
        cable.run(
            40 * ms,
            dt=0.1 * ms,
            inject={("cable", 0): 0.05 * nA},
            engine=CPU(dtype),
            record=[("cable", 0), ("cable", 1)],
        )
        for dtype in ("float64", "float32")
    ]
    rise = runs[0].v[-1, 0] + 65
    assert np.abs(runs[1].v - runs[0].v).max() < 2e-4 * rise


def test_a_conductance_opens_and_decays_as_it_should() -> None:
    """At one isolated compartment the synapse is that of the theory: closed form for a current."""
    cable = Cable(Morphology.soma(30 * um), PassiveMembrane(E=0 * mV), Ri=R)
    cable = cable.synapse("psc", ExponentialCurrent(tau=5 * ms), "soma")
    run = cable.run(40 * ms, dt=0.01 * ms, spikes={"psc": (4 * ms, 100 * pA)})
    farads = cable.wired.capacity[0] * 1000  # pF
    t = np.clip(run.times - 4, 0, None)
    rise = 100 / farads * 20 * 5 / (20 - 5) * (np.exp(-t / 20) - np.exp(-t / 5))
    assert rise.max() > 1
    np.testing.assert_allclose(run.v[:, 0], rise, atol=2e-5 * rise.max())


def test_a_voltage_clamp_is_a_large_shunt() -> None:
    cable = Cable(Morphology.soma(20 * um), HodgkinHuxley(), Ri=R)
    held = cable.synapse("clamp", Shunt(G=1 * mS, E=-20 * mV), "soma")
    run = held.run(20 * ms, states=("n",), order=1)
    swings = held.run(20 * ms).v[-2:, 0]
    assert np.abs(np.diff(swings)).max() > 1  # of second order it is not damped
    np.testing.assert_allclose(run.v[-1], -20, atol=0.02)
    v = -20.0
    a = 0.01 * (v + 55) / (1 - exp(-(v + 55) / 10))
    b = 0.125 * exp(-(v + 65) / 80)
    assert run.states["n"][-1, 0] == pytest.approx(a / (a + b), rel=1e-3)


def test_parameters_may_differ_from_compartment_to_compartment() -> None:
    shape = Morphology.cylinder(1000 * um, 2 * um)
    leaks = np.linspace(5, 40, 12)
    cable = Cable(shape, PassiveMembrane(R=leaks * kOhm * cm2), Ri=R, compartments=12)
    ends = [cable.run(30 * ms, inject={"cable": 0.1 * nA}, engine=e) for e in (Reference(), None)]
    np.testing.assert_allclose(ends[0].v, ends[1].v, atol=1e-10)
    assert cable.linear.resistance(("cable", 0)) < cable.linear.resistance(("cable", 1))
    with pytest.raises(ShapeError, match="compartments"):
        Cable(shape, PassiveMembrane(R=leaks * kOhm * cm2), Ri=R, compartments=13)


def test_a_model_of_a_whole_cell_may_be_the_soma() -> None:
    shape = Morphology.soma(60 * um).branch("dendrite", 200 * um, 2 * um)
    both = {"soma": TraubMiles(), "dendrite": PassiveMembrane()}
    cable = Cable(shape, both, Ri=R, compartments={"soma": 1, "dendrite": 5})
    assert cable.wired.capacity.max() == pytest.approx(0.2)
    run = cable.run(30 * ms, inject={"soma": 0.5 * nA}, detect=["soma"])
    assert len(run.spikes["soma"]) >= 1
    with pytest.raises(SpikeloomError, match="whole cell"):
        Cable(shape, both, Ri=R, compartments=2)


def test_another_membrane_fires_too() -> None:
    shape = Morphology.cylinder(3000 * um, 100 * um)
    cable = Cable(shape, MorrisLecar(), Ri=R, compartments=12)
    # 100 µA/cm² at the soma, as much as makes the point fire every 85 ms.
    area = cable.grid.areas.sum() * 1e-8
    share = {("cable", (k + 0.5) / 12): 1e5 * area / 12 * nA for k in range(12)}
    run = cable.run(400 * ms, dt=0.05 * ms, inject=share, detect=["cable"])
    assert np.diff(run.spikes["cable"])[-1] == pytest.approx(85.2906, abs=0.02)


def refused() -> list[tuple[Any, str]]:
    shape = Morphology.soma(20 * um).branch("dendrite", 100 * um, 2 * um)
    cable = Cable(shape, PassiveMembrane(), Ri=R)
    with_synapse = cable.synapse("ampa", ExponentialConductance(), "dendrite")
    state = cable.run(1 * ms).state
    return [
        (lambda: Cable(shape, DiffusionLIF(), Ri=R), "white noise"),
        (lambda: Cable(shape, DiffusionLIF(), Ri=R), "cannot be a part of a cable"),
        (lambda: Cable(shape, {"soma": PassiveMembrane()}, Ri=R), "nothing about the region"),
        (lambda: Cable(shape, {"som": PassiveMembrane()}, Ri=R), "did you mean 'soma'"),
        (lambda: Cable(shape, PassiveMembrane(), Ri=100 * MOhm), "resistivity"),
        (lambda: Cable(shape, PassiveMembrane(), Ri=0 * Ohm * cm), "above 0"),
        (lambda: Cable(shape, PassiveMembrane(C=0 * pF / cm2), Ri=R), "capacitance"),
        (lambda: Cable(shape, PassiveMembrane(), Ri=R, compartments=0), "whole number"),
        (lambda: Cable(shape, PassiveMembrane(), Ri=R, compartments={"dendrit": 3}), "did you"),
        (lambda: Cable(shape, PassiveMembrane(), Ri=R, longest=1e-6 * um), "more than"),
        (lambda: Cable(shape, PassiveMembrane(), Ri=R, compartments=2, longest=3 * um), "not both"),
        (lambda: Cable("axon", PassiveMembrane(), Ri=R), "Morphology"),  # type: ignore[arg-type]
        (lambda: cable.synapse("x", Delta(), "soma"), "at once"),
        (lambda: cable.synapse("x", AlphaConductance, "soma"), "value"),  # type: ignore[arg-type]
        (lambda: cable.synapse("x", Shunt(), "sma"), "did you mean 'soma'"),
        (lambda: with_synapse.synapse("ampa", Shunt(), "soma"), "already"),
        (lambda: cable.run(1 * ms, spikes={"ampa": (1 * ms, 1 * nS)}), "no synapses"),
        (lambda: with_synapse.run(1 * ms, spikes={"ampa": 1 * ms}), "(times, weight)"),
        (lambda: with_synapse.run(1 * ms, spikes={"ampa": (1 * ms, 1 * nA)}), "weight"),
        (lambda: with_synapse.run(1 * ms, spikes={"ampa": (-1 * ms, 1 * nS)}), "negative"),
        (lambda: cable.run(1 * ms, inject={"soma": 3}), "current"),
        (lambda: cable.run(1 * ms, inject={"soma": 3 * mV}), "current"),
        (lambda: cable.run(1 * ms, inject=1 * nA), "maps places"),
        (lambda: cable.run(1 * ms, inject={("soma", 2): 1 * nA}), "from 0 to 1"),
        (lambda: cable.run(1 * ms, inject={("soma", "x"): 1 * nA}), "(section, fraction)"),
        (lambda: cable.run(1 * ms, dt=0.3 * ms), "whole number of steps"),
        (lambda: cable.run(1 * ms, dt=0 * ms), "dt"),
        (lambda: cable.run(1 * ms, states=["m"]), "no membrane has a state"),
        (lambda: cable.run(1 * ms, every=0), "every"),
        (lambda: cable.run(1 * ms, order=3), "order must be 1 or 2"),
        (lambda: cable.run(1 * ms, v=[1, 2] * mV), "compartments"),
        (lambda: cable.run(1 * ms, v=-65 * mV, state=state), "not both"),
        (lambda: cable.run(1 * ms, dt=0.05 * ms, state=state), "same dt"),
        (lambda: with_synapse.run(1 * ms, state=state), "another cable"),
        (lambda: cable.run(1 * ms, state=3), "run.state"),
        (lambda: cable.run(1 * ms, engine="cpu"), "does not step cables"),
        (lambda: cable.run(1 * ms, threshold=3), "threshold"),
        (lambda: cable.run(1 * ms).at("somma"), "did you mean"),
        (lambda: cable.run(1 * ms, record="soma").at("dendrite"), "not recorded"),
        (lambda: cable.run(1 * ms).velocity("soma", "dendrite"), "no spike"),
        (lambda: Morphology.cylinder(10, 2 * um), "length"),  # type: ignore[arg-type]
        (lambda: Morphology.cylinder(-10 * um, 2 * um), "above 0"),
        (lambda: Morphology.cylinder(10 * um, 2 * mV), "length"),
        (lambda: shape.branch("dendrite", 10 * um, 1 * um), "two sections"),
        (lambda: shape.branch("b", 10 * um, 1 * um, on="den"), "did you mean"),
        (lambda: shape.branch("b", 10 * um, 1 * um, at=1.5), "grows from 1.5"),
        (lambda: Morphology.rall(2 * um, []), "levels"),
        (lambda: Morphology(()), "no sections"),
        (lambda: Cable(shape, PassiveMembrane, Ri=R), "Cable"),  # type: ignore[arg-type]
        (lambda: Cable(shape, None, Ri=R), "Cable"),  # type: ignore[arg-type]
        (lambda: cable.run(1 * ms, record=5), "places are"),
        (lambda: Morphology.from_swc(3), "a path"),  # type: ignore[arg-type]
        (lambda: shape.branch("b", 9 * um, (1 * um,)), "beginning and end"),  # type: ignore[arg-type]
    ]


@pytest.mark.parametrize("k", range(len(refused())))
def test_what_makes_no_sense_is_refused_in_words(k: int) -> None:
    wrong, words = refused()[k]
    with pytest.raises(SpikeloomError) as caught:
        wrong()
    assert words in str(caught.value)


def test_a_potential_that_runs_away_is_named() -> None:
    shape = Morphology.soma(20 * um)
    cable = Cable(shape, HodgkinHuxley(g_L=-500 * mS / cm2), Ri=R)
    with pytest.raises(NumericsError, match="'soma' is not finite"):
        cable.run(400 * ms)

"""Integrate-and-fire somata with dendrites: a membrane that is reset where it stands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom import (
    ALIF,
    LIF,
    AdEx,
    AllToAll,
    Cable,
    EscapeLIF,
    ExponentialConductance,
    GivenSpikes,
    Impulse,
    MOhm,
    Morphology,
    Network,
    Ohm,
    PassiveMembrane,
    Refractory,
    Step,
    cm,
    ms,
    nA,
    nS,
    um,
)
from spikeloom.engines.cpu import CPU
from spikeloom.engines.reference import Reference
from spikeloom.errors import CompileError

SOMA = Refractory(LIF(R=150 * MOhm), 2 * ms)
EXC = ExponentialConductance(tau=2 * ms)
FAR = ("dend", 1)


def cell(soma: Any = SOMA, **more: Any) -> Cable:
    shape = Morphology.soma(20 * um).branch("dend", 300 * um, 2 * um)
    return Cable(
        shape,
        {"soma": soma, "dend": PassiveMembrane()},
        Ri=150 * Ohm * cm,
        compartments={"soma": 1, "dend": 5},
        **more,
    ).synapse("exc", EXC, at=FAR)


def run(engine: Any = None, duration: float = 60.0, soma: Any = SOMA, **more: Any) -> Any:
    given = {
        "inject": {"soma": Step(0.5 * nA, start=2 * ms)},
        "spikes": {"exc": ([5, 10, 12] * ms, 3 * nS)},
        "detect": ["soma", FAR],
        "dt": 0.05 * ms,
    }
    return cell(soma).run(duration * ms, engine=engine, **(given | more))


@pytest.mark.parametrize("period", [0.0, 3.0])
def test_a_soma_alone_fires_as_the_point_does(period: float) -> None:
    """Each interval is τ ln(RI / (RI - 15 mV)) and the period, rounded up to whole steps."""
    point = LIF() if period == 0 else Refractory(LIF(), period * ms)
    alone = Cable(Morphology.soma(20 * um), point, Ri=100 * Ohm * cm)
    made = alone.run(300 * ms, dt=0.01 * ms, inject={"soma": 0.25 * nA}, detect="soma")
    interval = 20 * np.log(25 / 10) + period
    assert len(made.spikes["soma"]) == int(300 // (interval + 0.01))
    np.testing.assert_allclose(np.diff(made.spikes["soma"]), interval, atol=0.0201)


def test_engines_agree_and_spikes_are_those_of_the_membrane() -> None:
    a, b = run(Reference()), run(CPU("float64"))
    np.testing.assert_allclose(a.v, b.v, rtol=1e-9)
    np.testing.assert_array_equal(a.spikes["soma"], b.spikes["soma"])
    assert len(a.spikes["soma"]) > 5
    assert len(a.spikes[FAR]) == 0  # a passive place: nothing rises through 0 mV
    single = run(CPU("float32"))
    assert len(single.spikes["soma"]) == len(a.spikes["soma"])


def test_the_soma_is_held_and_the_dendrite_goes_on() -> None:
    made = run(record=["soma", FAR], states=["refractory"], inject={FAR: 0.5 * nA})
    spike = round(made.spikes["soma"][0] / 0.05)
    soma, dendrite = made.v.T
    # Reset at the end of the step that fired, then 40 steps of 0.05 ms.
    np.testing.assert_allclose(soma[spike : spike + 41], -65, atol=1e-6)
    assert soma[spike + 41] > -64.9
    assert soma[spike - 1] > -51 and soma.max() < -50
    jumps = np.abs(np.diff(dendrite))
    assert jumps[spike - 5 : spike + 5].max() < 0.6
    assert made.states["refractory"][spike, 0] == 40


def test_pieces_change_no_bit() -> None:
    whole, first = run(), run(duration=23.0)
    rest = run(duration=37.0, state=first.state)
    np.testing.assert_array_equal(np.concatenate([first.v, rest.v]), whole.v)
    both = np.concatenate([first.spikes["soma"], rest.spikes["soma"]])
    np.testing.assert_array_equal(both, whole.spikes["soma"])


def test_spike_times_converge_with_dt() -> None:
    """A spike belongs to the end of a step, so that times are of first order, as of points."""
    finest = run(dt=0.00125 * ms).spikes["soma"][:6]
    found = [np.abs(run(dt=h * ms).spikes["soma"][:6] - finest).max() for h in (0.1, 0.05, 0.025)]
    for h, error in zip((0.1, 0.05, 0.025), found, strict=True):
        assert error < 7 * h, found


def test_a_reset_does_not_ring_in_a_fine_dendrite() -> None:
    """A jump of the soma swings in steps of second order; those of cells with resets damp it."""
    shape = Morphology.soma(20 * um).branch("dend", 300 * um, 2 * um)
    fine = Cable(
        shape, {"soma": SOMA, "dend": PassiveMembrane()}, Ri=150 * Ohm * cm,
        compartments={"soma": 1, "dend": 100},
    )  # fmt: skip
    given: dict[str, Any] = {"inject": {"soma": 0.5 * nA}, "detect": "soma", "dt": 0.05 * ms}
    made = fine.run(20 * ms, record=("dend", 0), **given)
    spike = round(made.spikes["soma"][0] / 0.05)
    after = made.v[spike : spike + 40, 0]
    assert np.all(np.diff(after[1:]) < 0.02) and after.min() > -65.1
    swings = fine.run(20 * ms, record=("dend", 0), order=2, **given)
    assert swings.v.min() < -70


def test_other_states_are_reset_too() -> None:
    made = run(soma=ALIF(), record=["soma"], states=["b"], inject={"soma": 1 * nA})
    spikes = np.rint(made.spikes["soma"] / 0.05).astype(int)
    assert len(spikes) > 1
    jump = made.states["b"][spikes[0], 0] - made.states["b"][spikes[0] - 1, 0]
    assert jump == pytest.approx(1.5, rel=0.01)  # `jump` of the model, and a step of its flow


@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_in_a_network_it_has_the_same_bits(engine: Any) -> None:
    net = Network(dt=0.05 * ms, dtype="float64", engine=engine)
    pre = net.source(GivenSpikes([[5, 10, 12] * ms]), name="pre")
    cells = net.population(2, cell(), name="cells")
    net.connect(pre, cells, Impulse("exc"), AllToAll(), weight=3 * nS)
    net.inject(cells, Step(0.5 * nA, start=2 * ms))
    v, far, spikes = net.record(cells, "v"), net.record(cells, "v", at=FAR), net.record(cells)
    result = net.run(30 * ms)
    alone = run(duration=30.0, record=["soma", FAR])
    tolerance = 0 if engine == "auto" else 1e-10
    np.testing.assert_allclose(result[v].values[:, 1], alone.v[1:, 0], rtol=tolerance)
    np.testing.assert_allclose(result[far].values[:, 1], alone.v[1:, 1], rtol=tolerance)
    times = result[spikes].times[result[spikes].ids == 1]
    np.testing.assert_allclose(times, alone.spikes["soma"], rtol=1e-12)
    assert len(times) > 2


def test_rest_is_that_of_the_leak() -> None:
    linear = cell().linear
    assert np.abs(linear.v + 65).max() < 1e-9
    assert 0 < linear.resistance("soma") < 150


def test_what_cannot_be_reset_is_said() -> None:
    with pytest.raises(CompileError, match="runs away before"):
        cell(AdEx())
    with pytest.raises(CompileError, match="more than its potential is held"):
        cell(Refractory(ALIF(), 2 * ms, hold=("v", "b")))
    with pytest.raises(CompileError, match="fires by chance"):
        cell(EscapeLIF())

"""Figures of cells with a shape: what they show, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom import show
from spikeloom.cable import Cable, Morphology
from spikeloom.equations.units import Ohm, cm, ms, nA, um
from spikeloom.errors import ParameterError, ShapeError
from spikeloom.models import HodgkinHuxley, PassiveMembrane


def cell() -> Cable:
    shape = Morphology.soma(20 * um).branch("dendrite", 200 * um, 2 * um)
    return Cable(shape, PassiveMembrane(), Ri=100 * Ohm * cm, compartments=4)


def test_a_cell_is_drawn_with_its_regions_and_a_bar() -> None:
    figure = show.morphology(cell().morphology)
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["soma", "dendrite"]
    assert any("µm" in t.get_text() for t in axes.texts)
    assert show.png(figure)[:4] == b"\x89PNG"


def test_a_cell_is_coloured_by_the_potential() -> None:
    cable = cell()
    values = cable.linear.transfer("soma")
    figure = show.potential_on_cell(cable, values, label="potential for 1 nA (mV)")
    drawn = figure.axes[0].collections[0]
    np.testing.assert_array_equal(drawn.get_array(), values)
    assert figure.axes[1].get_ylabel() == "potential for 1 nA (mV)"
    with pytest.raises(ShapeError, match="8 compartments"):
        show.potential_on_cell(cable, values[:3])


def test_a_travelling_potential_has_units_on_every_axis() -> None:
    axon = Cable(
        Morphology.cylinder(2000 * um, 2 * um), HodgkinHuxley(), Ri=100 * Ohm * cm, compartments=20
    )
    run = axon.run(4 * ms, inject={("cable", 0): 0.5 * nA})
    figure = show.space_time(run)
    labels = [figure.axes[0].get_ylabel(), figure.axes[1].get_ylabel(), figure.axes[1].get_xlabel()]
    assert labels == ["distance (µm)", "potential (mV)", "time (ms)"]
    with pytest.raises(ParameterError, match="no section"):
        show.space_time(run, section="axon")
    part = axon.run(1 * ms, record=["cable"])
    with pytest.raises(ParameterError, match="not all compartments"):
        show.space_time(part)


def test_profiles_are_as_long_as_their_distances() -> None:
    x = np.linspace(0, 100, 5)
    figure = show.profiles(x, {"sealed": np.ones(5), "killed": np.zeros(5)})
    assert "MΩ" in figure.axes[0].get_ylabel()
    with pytest.raises(ShapeError):
        show.profiles(x, {"sealed": np.ones(4)})
    with pytest.raises(ParameterError, match="told apart"):
        show.profiles(x, {str(k): x for k in range(9)})

"""SWC files: what they mean, and what is said about those that are wrong."""

from __future__ import annotations

from math import pi
from pathlib import Path

import numpy as np
import pytest

from spikeloom.cable import Cable, Morphology
from spikeloom.equations.units import Ohm, cm, mV, um
from spikeloom.errors import DataError
from spikeloom.models import PassiveMembrane

CELL = """# a cell, by hand
# number type x y z radius parent
1 1 0 0 0 10 -1
2 1 0 -10 0 10 1   # NeuroMorpho's second and
3 1 0 10 0 10 1    # third point of the soma

4 3 10 0 0 1.0 1
5 3 60 0 0 1.0 4
6 3 110 0 0 0.5 5
7 3 60 40 0 0.5 5
8 2 0 -10 0 0.5 1
9 2 0 -210 0 0.5 8
"""


def read(tmp_path: Path, text: str, **options: bool) -> Morphology:
    path = tmp_path / "cell.swc"
    path.write_text(text)
    return Morphology.from_swc(path, **options)


def test_a_cell_of_three_soma_points(tmp_path: Path) -> None:
    cell = read(tmp_path, CELL)
    assert cell.regions == ("soma", "dendrite", "axon")
    assert [s.name for s in cell.sections] == [
        *("soma", "dendrite[0]", "axon[0]", "dendrite[1]", "dendrite[2]")
    ]
    assert cell.sections[0].area == pytest.approx(4 * pi * 100)
    trunk = cell.section("dendrite[0]")
    assert (trunk.length, trunk.parent, trunk.at) == (50.0, 0, 0.5)
    tapered = cell.section("dendrite[1]")
    assert (tapered.length, tapered.diameter(0), tapered.diameter(1)) == (50.0, 2.0, 1.0)
    assert (tapered.parent, tapered.at) == (1, 1.0)
    assert cell.section("axon[0]").length == 200.0
    cable = Cable(cell, PassiveMembrane(E=-70 * mV), Ri=100 * Ohm * cm, longest=20 * um)
    there = cable.linear.resistance("soma", "dendrite[2]")
    assert 0 < there < cable.linear.resistance("soma")


def test_the_axial_resistance_of_a_cone_is_that_of_the_integral(tmp_path: Path) -> None:
    cone = read(tmp_path, CELL).section("dendrite[1]")
    x = np.linspace(0, 50, 20001)
    middle = (x[1:] + x[:-1]) / 2
    d = 2 - middle / 50
    exact = np.sum(4 / (pi * d * d)) * (x[1] - x[0])
    cut = cone.cut(7)
    assert (cut.before + cut.after).sum() == pytest.approx(exact, rel=1e-8)
    assert cut.areas.sum() == pytest.approx(pi * 1.5 * np.hypot(0.5, 50), rel=1e-12)


def test_a_soma_of_one_point_and_forward_references(tmp_path: Path) -> None:
    rows = ["3 3 40 0 0 1 2", "2 3 8 0 0 1 1", "1 1 0 0 0 8 -1"]
    cell = read(tmp_path, "\n".join(rows))
    assert [s.name for s in cell.sections] == ["soma", "dendrite[0]"]
    assert cell.sections[0].area == pytest.approx(4 * pi * 64)
    assert cell.sections[1].length == 32.0


def test_a_branch_of_one_point_still_has_a_length(tmp_path: Path) -> None:
    cell = read(tmp_path, "1 1 0 0 0 5 -1\n2 3 30 0 0 1 1\n")
    assert cell.sections[1].length == pytest.approx(30.0)


def test_a_soma_of_many_points_keeps_them(tmp_path: Path) -> None:
    rows = "1 1 0 0 0 3 -1\n2 1 0 5 0 6 1\n3 1 0 10 0 3 2\n4 3 0 60 0 1 3\n5 3 0 90 0 1 4"
    cell = read(tmp_path, rows)
    assert cell.sections[0].length == 10.0
    assert cell.sections[0].diameter(0.5) == 12.0
    assert cell.sections[1].at == 1.0


def test_points_of_other_types_get_regions_of_their_own(tmp_path: Path) -> None:
    cell = read(tmp_path, "1 1 0 0 0 5 -1\n2 7 5 0 0 1 1\n3 7 50 0 0 1 2")
    assert cell.regions == ("soma", "type7")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 1 0 0 0 5 -1\n2 3 9 0 0 1 17", "line 2: point 2 has the parent 17"),
        ("1 1 0 0 0 5 -1\n2 3 9 0 0 1 3\n3 3 9 1 0 1 4\n4 3 9 2 0 1 2", "go round in a circle"),
        ("1 1 0 0 0 5 -1\n2 3 9 0 0 1 2", "line 2: the parents go round in a circle: 2 → 2"),
        ("# x\n1 1 0 0 0 5 -1\n2 3 9 0 0 1 -1", "line 3: a second point without a parent"),
        ("1 1 0 0 0 5 -1\n2 3 9 zero 0 1 1", "line 2: expected numbers"),
        ("1 1 0 0 0 5 -1\n2.5 3 9 0 0 1 1", "line 2: expected numbers"),
        ("1 1 0 0 0 5 -1\n\n2 3 9 0 0 1", "line 3: expected seven numbers"),
        ("1 1 0 0 0 5 -1\n2 3 9 nan 0 1 1", "line 2: a coordinate is not finite"),
        ("1 1 0 0 0 5 -1\n2 3 9 0 0 0 1", "line 2: the radius must be above 0"),
        ("1 1 0 0 0 5 -1\n1 3 9 0 0 1 1", "line 2: point 1 stands already in line 1"),
        ("1 3 0 0 0 5 -1\n2 3 9 0 0 1 1", "there is no soma"),
        ("# nothing\n", "there are no points"),
        ("2 3 9 0 0 1 3\n3 3 0 0 0 1 2", "go round in a circle"),
    ],
)
def test_a_wrong_file_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert words in str(caught.value)
    assert "cell.swc" in str(caught.value)


def test_a_file_without_a_soma_is_read_on_request(tmp_path: Path) -> None:
    cell = read(tmp_path, "1 3 0 0 0 1 -1\n2 3 90 0 0 1 1", soma=False)
    assert cell.sections[0].length == 90.0


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.swc"):
        Morphology.from_swc(tmp_path / "none.swc")

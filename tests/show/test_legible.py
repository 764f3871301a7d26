"""Every picture of the gallery can be read: measured, not looked at."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from tests.show.legible import faults

from spikeloom.show.gallery import Piece, pieces
from spikeloom.show.style import DASH, INK, SPIKING, new_figure, styled

QUICK = ("truenorthneuron.png", "alif.png", "axon.png", "three-neurons.png")
"""One of each kind of page, drawn in the default suite; the rest is slow."""


def check(piece: Piece) -> None:
    made = piece.make()
    assert isinstance(made, Figure)
    with styled():
        assert not faults(made, shared=piece.section == "Patterns")


STILL = [p for p in pieces() if p.file.endswith(".png")]


@pytest.mark.parametrize("piece", [p for p in STILL if p.file in QUICK], ids=lambda p: p.file)
def test_a_page_of_each_kind_can_be_read(piece: Piece) -> None:
    check(piece)


@pytest.mark.slow
@pytest.mark.parametrize("piece", [p for p in STILL if p.file not in QUICK], ids=lambda p: p.file)
def test_every_picture_can_be_read(piece: Piece) -> None:
    check(piece)


def planted(fault: str) -> Figure:
    """A good figure with one fault."""
    with styled():
        figure = new_figure(3.0, 5.0)
        axes = figure.subplots()
        up = 0 if fault == "still" else 1
        axes.plot([0, 1], [0, up], color=INK, label="one")
        axes.plot([0, 1], [up, 0], color=SPIKING, ls="-" if fault == "grey" else DASH, label="two")
        axes.set_xlabel("time (ms)")
        axes.set_ylabel("v" if fault == "unit" else "v (mV)")
        if fault == "grey":
            axes.lines[1].set_color("#112233")
        if fault == "legend":
            axes.legend(loc="center")
        if fault == "cut":
            figure.text(0.9, 0.95, "a long remark that nobody can read")
        if fault == "overlap":
            figure.text(0.4, 0.96, "one remark")
            figure.text(0.42, 0.96, "and another")
        if fault == "small":
            figure.text(0.2, 0.96, "a footnote", fontsize=4)
        if fault == "empty":
            figure.add_axes((0.8, 0.8, 0.1, 0.1), xticks=[], yticks=[])
        return figure


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("unit", "no unit at y"),
        ("grey", "alike in grey"),
        ("legend", "covers"),
        ("cut", "off the page"),
        ("overlap", "overlap"),
        ("small", "4.0 points"),
        ("empty", "is empty"),
        ("still", "nothing moves"),
    ],
)
def test_planted_faults_are_found(fault: str, told: str) -> None:
    assert faults(planted("none")) == []
    assert any(told in word for word in faults(planted(fault)))

"""The head of a model's figure: name, one line about it, equations, parameters, source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations import Expr, Quantity
from spikeloom.equations.at_values import at_values
from spikeloom.equations.latex import symbol
from spikeloom.equations.randomness import walk
from spikeloom.show.style import INK, MUTED
from spikeloom.show.typeset import Typeset, draw_equations, typeset, words_width

if TYPE_CHECKING:
    from matplotlib.figure import SubFigure

    from spikeloom.equations import Cell, Neuron, Refractory

POINTS = 72.0
EDGE = 10.0
"""Points left free on each side."""
TITLE, SMALL = 15.0, 8.5
LINE = 12.5
"""Points from one line of small print to the next."""
GUTTER = 34.0
"""Points between equations and what stands beside them."""
MORE = 48.0
"""By how many points a list of parameters may be higher than the equations."""
LIST = 0.34
"""Least share of the width that a list of parameters needs."""


@dataclass(frozen=True)
class Heading:
    """What stands above the curves, measured in points.

    Parameters stand beside the equations, each with what it is, where there is room: then `beside`
    says from where on.
    """

    name: str
    about: tuple[str, ...]
    equations: Typeset
    params: tuple[str, ...]
    absent: tuple[str, ...]
    source: tuple[str, ...]
    beside: float | None
    height: float


def heading(
    model: Cell | Neuron | Refractory, width: float, name: str | None = None, remark: str = ""
) -> Heading:
    """Everything that is told of a model in words and formulas, for a width in points.

    Arguments:
        model: The neuron.
        width: Of the figure, in points.
        name: What stands above; its class by default.
        remark: A sentence after what the model is.
    """
    d = model.definition
    room = width - 2 * EDGE
    first = re.split(r"\n\s*\n|(?<=[.])\s", " ".join(d.doc.partition("\n\n")[0].split()))[0]
    about = wrapped(" ".join(filter(None, (_plain(first), remark))), room, SMALL + 1)
    equations = typeset(d, model.values, room)
    source = wrapped(_plain(f"Source: {d.source}"), room, SMALL) if d.source else ()
    shown, gone = _in_sight(model)
    free = room - equations.width - GUTTER
    fits = free > LIST * room and len(shown) * LINE < equations.height + MORE
    beside = max(equations.width + GUTTER, 0.5 * room) if fits else None
    params = _rows(shown, room) if beside is None else listed(shown, room - beside)
    absent = _sentence("Left out above, at 0:", gone, room)
    middle = equations.height + LINE * len(params)
    if fits:
        middle = max(equations.height, LINE * len(params) + 6)
    height = TITLE + 10 + LINE * (len(about) + len(source) + len(absent)) + middle + 22
    return Heading(name or d.name, about, equations, params, absent, source, beside, height)


def draw_heading(figure: SubFigure, told: Heading, width: float) -> None:
    """Draw it into a part of a figure that is as high as it says."""
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(-EDGE, width - EDGE)
    axes.set_ylim(-told.height, 0)
    axes.set_axis_off()
    y = -TITLE - 4
    axes.text(0, y, told.name, fontsize=TITLE, fontweight="bold", color=INK)
    y = _lines(axes, told.about, y - 3, SMALL + 1, MUTED) - 5
    draw_equations(axes, told.equations, y)
    below = y - told.equations.height - 3
    if told.beside is None:
        below = _lines(axes, told.params, below, SMALL, INK)
    else:
        ends = _lines(axes, told.params, y - 3, SMALL, INK, told.beside)
        below = min(below, ends - 3)
    below = _lines(axes, told.absent, below, SMALL, MUTED)
    _lines(axes, told.source, below - 2, SMALL, MUTED)


def _in_sight(model: Cell | Neuron | Refractory) -> tuple[list[Entry], list[Entry]]:
    """Parameters of the equations as they are shown, and those that are 0 and gone from them."""
    plain = at_values(model.definition, model.values)
    fires = () if plain.fires is None else (plain.fires,)
    rules = (plain.flow, plain.receive, plain.reset, plain.tick, plain.otherwise)
    nodes = [node for rule in rules for node in rule.values()]
    used = {n.name for node in (*nodes, *fires) for n in walk(node) if isinstance(n, Expr)}
    shown, gone = [], []
    for p in model.definition.params:
        value = str(model.values[p.name]).replace("$", "").replace("-", "−")
        entry = Entry(rf"${symbol(p.name)}$ = {value}", " ".join(p.doc.split()))
        given = model.values[p.name]
        if p.name in used or not isinstance(given, Quantity) or np.any(given.value):
            shown.append(entry)
        else:
            gone.append(Entry(f"${symbol(p.name)}$", ""))
    return shown, gone


@dataclass(frozen=True)
class Entry:
    """A parameter with its value, and what it is."""

    text: str
    about: str


def _sentence(first: str, entries: list[Entry], width: float) -> tuple[str, ...]:
    """Names behind each other, or nothing."""
    if not entries:
        return ()
    texts = [f"{e.text}," for e in entries[:-1]] + [f"{entries[-1].text}."]
    return _rows([Entry(first, ""), *(Entry(t, "") for t in texts)], width, " ")


def _rows(entries: list[Entry], width: float, between: str = "     ") -> tuple[str, ...]:
    """Parameters in as few lines as fit."""
    lines: list[str] = []
    for entry in entries:
        longer = f"{lines[-1]}{between}{entry.text}" if lines else entry.text
        if lines and words_width(longer, SMALL) > width:
            lines.append(entry.text)
        else:
            lines[-1:] = [longer]
    return tuple(lines)


def listed(entries: list[Entry], width: float) -> tuple[str, ...]:
    """One parameter a line, with what it is where that fits, or its first words."""
    made: list[str] = []
    for entry in entries:
        words = _plain(entry.about.partition(".")[0])
        tries = [words, words.partition(":")[0], words.partition(",")[0]]
        told = (f"{entry.text}   {w[0].lower()}{w[1:]}" for w in tries if w)
        made.append(next((t for t in told if words_width(t, SMALL) <= width), entry.text))
    return tuple(made)


def _plain(text: str) -> str:
    return text.replace("`", "").replace("$", "")


def wrapped(text: str, width: float, size: float) -> tuple[str, ...]:
    """Words in lines that fit."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and words_width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1:] = [longer]
    return tuple(lines)


def _lines(
    axes: Any, lines: tuple[str, ...], y: float, size: float, colour: str, x: float = 0.0
) -> float:
    for line in lines:
        y -= LINE
        axes.text(x, y, line, fontsize=size, color=colour)
    return y

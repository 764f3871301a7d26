"""The head of a model's figure: name, one line about it, equations, parameters, source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spikeloom.equations.latex import symbol
from spikeloom.show.style import INK, MUTED
from spikeloom.show.typeset import Typeset, draw_equations, typeset

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
LETTER = 0.61
"""Mean width of a letter over its size."""


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
    source: tuple[str, ...]
    beside: float | None
    height: float


def heading(model: Cell | Neuron | Refractory, width: float, name: str | None = None) -> Heading:
    """Everything that is told of a model in words and formulas, for a width in points."""
    d = model.definition
    room = width - 2 * EDGE
    first = re.split(r"\n\s*\n|(?<=[.])\s", " ".join(d.doc.partition("\n\n")[0].split()))[0]
    about = wrapped(first, room, SMALL + 1)
    equations = typeset(d, model.values, room)
    source = wrapped(f"Source: {d.source}", room, SMALL) if d.source else ()
    free = room - equations.width - GUTTER
    fits = free > 0.3 * room and len(d.params) * LINE < equations.height + MORE
    params = listed(model, free) if fits else parameters(model, room)
    middle = equations.height + LINE * len(params)
    if fits:
        middle = max(equations.height, LINE * len(params) + 6)
    height = TITLE + 10 + LINE * (len(about) + len(source)) + middle + 22
    beside = max(equations.width + GUTTER, 0.5 * room) if fits else None
    return Heading(name or d.name, about, equations, params, source, beside, height)


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
    _lines(axes, told.source, below - 2, SMALL, MUTED)


def parameters(model: Cell | Neuron | Refractory, width: float) -> tuple[str, ...]:
    """Every parameter with its value, in as few lines as fit."""
    lines: list[str] = []
    used = 0.0
    for text, size in _values(model):
        if not lines or used + size > width:
            lines.append(text)
            used = size
        else:
            lines[-1] += "     " + text
            used += size
    return tuple(lines)


def listed(model: Cell | Neuron | Refractory, width: float) -> tuple[str, ...]:
    """Every parameter with its value and what it is, one a line."""
    made: list[str] = []
    for p, (text, size) in zip(model.definition.params, _values(model), strict=True):
        words = " ".join(p.doc.split()).partition(".")[0].replace("$", "").replace("`", "")
        short = bool(words) and size + len(words) * SMALL * LETTER < width
        made.append(f"{text}   {words[0].lower()}{words[1:]}" if short else text)
    return tuple(made)


def _values(model: Cell | Neuron | Refractory) -> Iterator[tuple[str, float]]:
    """Each parameter as text, and about how wide that is in points."""
    for p in model.definition.params:
        value = str(model.values[p.name]).replace("$", "").replace("-", "−")
        size = (len(_shown(p.name)) + len(value) + 8) * SMALL * LETTER
        yield rf"${symbol(p.name)}$ = {value}", size


def wrapped(text: str, width: float, size: float) -> tuple[str, ...]:
    """Words in lines that fit."""
    import textwrap

    plain = text.replace("`", "").replace("$", "")
    return tuple(textwrap.wrap(plain, max(int(width / (size * LETTER)), 10)))


def _lines(
    axes: Any, lines: tuple[str, ...], y: float, size: float, colour: str, x: float = 0.0
) -> float:
    for line in lines:
        y -= LINE
        axes.text(x, y, line, fontsize=size, color=colour)
    return y


def _shown(name: str) -> str:
    """About what a name takes on paper: a Greek letter is one."""
    parts = [part if len(part) < 3 else part[: max(2, len(part) // 2)] for part in name.split("_")]
    return "".join(parts)

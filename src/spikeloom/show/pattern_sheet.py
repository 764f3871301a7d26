"""All the named patterns of a model in one figure, each with its parameters, as in the papers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations import Quantity
from spikeloom.equations.latex import symbol
from spikeloom.errors import ParameterError, suggest
from spikeloom.models import patterns as shelf
from spikeloom.models.patterns import Pattern
from spikeloom.show.course import WORDS, label, shown_name, tex, with_tops
from spikeloom.show.model import watch, watch_pattern
from spikeloom.show.style import DASH, INK, MUTED, SPIKING, TWIN, grid, new_figure, styled
from spikeloom.show.thin import thinned
from spikeloom.show.trial import Trial, trial
from spikeloom.show.typeset import words_width
from spikeloom.show.watched import compared

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.equations import Cell, Neuron, Refractory
    from spikeloom.lab import Response

COLUMNS = 4
PANEL, GAP = 1.5, 0.62
"""Height of one panel, and of what is written above it, in inches."""
WIDTH = 10.6
SMALL = 7.5
ALIKE = 1.6
"""Panels of a row share a scale if the widest range is not more than so much wider."""
LONGEST = 42
"""Letters of parameters that fit above a panel."""


@dataclass(frozen=True)
class Entry:
    """One panel: a name, the neuron, and its pattern; None where a paper gives no input."""

    name: str
    neuron: Cell | Neuron | Refractory
    pattern: Pattern | None
    params: Mapping[str, Any]


def sheets(model: type[Neuron]) -> dict[str, Mapping[Any, Any]]:
    """The named sets of a model: ``"patterns"`` and what else its papers have, such as ``"cells"``.

    >>> from spikeloom import AdEx, Izhikevich
    >>> {name: len(table) for name, table in sheets(Izhikevich).items()}
    {'patterns': 20, 'cells': 7}
    """
    found: dict[str, Mapping[Any, Any]] = {}
    own = model.__name__.lower()
    for name in dir(shelf):
        table = getattr(shelf, name)
        if isinstance(table, dict) and name.isupper():
            head, _, tail = name.rpartition("_")
            if name.replace("_", "").lower() == own:
                found = {"patterns": table, **found}
            elif head.replace("_", "").lower() == own:
                found[tail.lower()] = table
    return found


def entries(model: type[Neuron], which: str | None = None) -> list[Entry]:
    """The panels of a sheet.

    Raises:
        ParameterError: There is no such sheet.
    """
    known = sheets(model)
    if not known:
        raise ParameterError(
            f"{model.__name__} has no named patterns.",
            hint="AdEx, GLIF, Izhikevich and MihalasNiebur have; spikeloom.models.patterns",
        )
    which = next(iter(known)) if which is None else which
    if which not in known:
        raise ParameterError(f"{model.__name__} has no {which!r}.", hint=suggest(which, known))
    make = getattr(model, which.removesuffix("s"))
    made: list[Entry] = []
    for name, value in known[which].items():
        pattern = value if isinstance(value, Pattern) else None
        params = value.params if isinstance(value, Pattern) else value
        title = name if isinstance(name, str) else f"{which.removesuffix('s')} {name}"
        title += f": {pattern.about}" if pattern is not None and pattern.about else ""
        made.append(Entry(title, make(name), pattern, params))
    return made


def patterns(
    model: type[Neuron],
    which: str | None = None,
    *,
    columns: int = COLUMNS,
    progress: Callable[[str], None] = lambda _: None,
) -> Figure:
    """Every named pattern of a model: potential, input, and the parameters that make it.

    Izhikevich's twenty, Mihalas and Niebur's twenty and the eight of AdEx bring the inputs of their
    papers. Where a paper names parameters alone, as for the levels of GLIF and Izhikevich's cells,
    all get the step that makes the first one fire.

    Arguments:
        model: The class, such as ``AdEx``.
        which: A sheet of `sheets`; the first if None.
        columns: Panels beside each other.
        progress: Is told what comes next.

    Raises:
        ParameterError: The model has no named patterns, or no such sheet.

    >>> from spikeloom import GLIF
    >>> len(patterns(GLIF).axes)
    10
    """
    shown = entries(model, which)
    common: Trial | None = None
    runs: list[Response] = []
    for entry in shown:
        progress(entry.name)
        if entry.pattern is not None:
            runs.append(watch_pattern(entry.neuron, entry.pattern))
        else:
            common = common or trial(entry.neuron)
            runs.append(watch(entry.neuron, common))
    with styled():
        rows = -(-len(shown) // columns)
        columns = -(-len(shown) // rows)  # so that no row is nearly empty
        ticks = any(w.moves for found in runs for w in compared(found)[1:] if w is not None)
        figure = new_figure(rows * (PANEL + GAP) + 0.95, WIDTH * max(columns, 2) / COLUMNS)
        _heading(figure, model, which or next(iter(sheets(model))), shown, runs)
        places = figure.add_gridspec(rows, columns)
        for number, (entry, found) in enumerate(zip(shown, runs, strict=True)):
            row, column = divmod(number, columns)
            parts = places[row, column].subgridspec(2, 1, height_ratios=(3, 1), hspace=0.0)
            upper = figure.add_subplot(parts[0])
            lower = figure.add_subplot(parts[1], sharex=upper)
            ends = _ends(runs[row * columns : (row + 1) * columns])
            _panel(upper, lower, found, ends or _range(found), column == 0, ends is None, ticks)
            letter = f"{chr(65 + number)}  " if len(shown) <= 26 else ""
            _title(upper, f"{letter}{entry.name}", _told(entry, shown))
        return figure


def _heading(
    figure: Figure, model: type[Neuron], which: str, shown: list[Entry], runs: list[Response]
) -> None:
    """Name, units of the parameters, what is the same everywhere, source."""
    figure.suptitle(" \n \n ", fontsize=14)  # keeps the room for what is written below
    title = f"{model.__name__}: {len(shown)} {which}"
    place = 1 - 22 / (72 * float(figure.get_figheight()))
    figure.text(0.01, place, title, fontsize=14, fontweight="bold").set_in_layout(False)
    varied = [p for p in model.definition.params if any(_varies(p.name, e, shown) for e in shown)]
    axes = [*_axis(runs[0]), (runs[0].port, runs[0].units[runs[0].port])]
    names = [(p.name, p.unit) for p in varied] + axes
    units = ", ".join(f"{_called(n)} in {u!s}" for n, u in names if str(u))
    plain = ", ".join(_called(n) for n, u in names if not str(u))
    units += f"; {plain} without unit" if plain else ""
    same = {n: v for n, v in shown[0].params.items() if n not in {p.name for p in varied}}
    fixed = ", ".join(f"${symbol(n)}$ = {v!s}".replace("-", "−") for n, v in same.items())
    moving = [w.moves for found in runs for w in compared(found)[1:] if w is not None]
    dashed = any(moving)
    parts = [
        units,
        f"in all: {fixed}" if fixed else "",
        "dashed: threshold, strokes: spikes" if dashed else "",
    ]
    source = f"Source: {model.definition.source}"
    top = float(figure.get_figheight()) * 72
    for k, line in enumerate(("; ".join(p for p in parts if p), source)):
        down = 40 + 13 * k
        figure.text(0.01, 1 - down / top, line, fontsize=8.5, color=MUTED).set_in_layout(False)


def _varies(name: str, entry: Entry, shown: list[Entry]) -> bool:
    return name in entry.params and not all(
        name in e.params and e.params[name] == entry.params[name] for e in shown
    )


def _title(axes: Axes, name: str, told: list[str]) -> None:
    """A blank title keeps the room; what is written there must not squeeze the panel."""
    axes.set_title(" ", fontsize=9.5, pad=24)
    at: Any = {"xycoords": "axes fraction", "textcoords": "offset points"}
    up = 5 + 10 * (len(told) - 1)
    figure: Any = axes.get_figure(root=True)
    room = 72 * axes.get_window_extent().width / figure.dpi
    size = 9.5
    while words_width(name, size, bold=True) > 0.96 * room and size > SMALL:
        size -= 0.25
    axes.annotate(name, (0, 1), xytext=(0, up + 12), fontsize=size, fontweight="bold", **at)
    for line in told:
        axes.annotate(line, (0, 1), xytext=(0, up), fontsize=SMALL, color=MUTED, **at)
        up -= 10
    for text in axes.texts:
        text.set_in_layout(False)


def _panel(
    upper: Axes, lower: Axes, found: Response, ends: tuple[float, float], first: bool, own: bool,
    ticks: bool,
) -> None:  # fmt: skip
    potential, threshold = compared(found)
    upper.plot(*thinned(*with_tops(found, potential, threshold)), color=SPIKING, lw=1.0)
    if threshold is not None and threshold.moves:
        upper.plot(*thinned(found.times, threshold.values), color=TWIN, lw=0.9, ls=DASH)
    low, high = ends
    if ticks:
        room = high - low
        upper.vlines(found.spikes, high + 0.04 * room, high + 0.16 * room, color=INK, lw=0.9)
        high += 0.18 * room
    upper.set_ylim(low, high)
    upper.locator_params(axis="y", nbins=4)
    upper.tick_params(axis="x", length=0, labelbottom=False)
    upper.spines["bottom"].set_visible(False)
    grid(upper)
    given = thinned(found.times, found.input)
    lower.plot(*given, color=INK, lw=1.1, drawstyle="steps-post")
    if np.ptp(found.input) == 0:
        lower.axhline(0, lw=0)  # a constant is seen beside 0
    lower.margins(y=0.25)
    lower.set_xlim(0, float(found.times[-1]))
    lower.locator_params(axis="x", nbins=4)
    lower.locator_params(axis="y", nbins=2)
    grid(lower)
    for axes in (upper, lower):
        axes.tick_params(labelsize=SMALL, pad=1.5)
    lower.set_xlabel("time (ms)", fontsize=SMALL, labelpad=1)
    if first:
        upper.set_ylabel(label(*_axis(found)[0]), fontsize=8.5)
        unit = str(found.units[found.port]) or 1
        lower.set_ylabel(f"{tex(found.port)}\n({unit})", fontsize=SMALL, labelpad=2)
    elif not own:
        upper.tick_params(labelleft=False)


def _axis(found: Response) -> list[tuple[str, Any]]:
    potential = compared(found)[0]
    return [(shown_name(found, potential), potential.unit)]


def _called(name: str) -> str:
    return name if name in WORDS else tex(name)


def _ends(runs: list[Response]) -> tuple[float, float] | None:
    """One scale for the panels of a row, so that they can be compared; None where one is deep."""
    every = [_range(found) for found in runs]
    low, high = min(a for a, _ in every), max(b for _, b in every)
    return (low, high) if high - low < ALIKE * min(b - a for a, b in every) else None


def _range(found: Response) -> tuple[float, float]:
    every = [watched.values for watched in compared(found) if watched is not None]
    low, high = min(float(np.nanmin(v)) for v in every), max(float(np.nanmax(v)) for v in every)
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def _told(entry: Entry, all_: list[Entry]) -> list[str]:
    """What sets a panel apart: parameters that are not the same in all, in at most two lines."""
    lines, used = [""], 0
    for name, value in entry.params.items():
        if not _varies(name, entry, all_):
            continue
        number = f"{value.value:g}" if isinstance(value, Quantity) else f"{value:g}"
        long = len(number) + 3 + (len(name) if len(name.partition("_")[0]) > 3 else 1)
        if used + long > LONGEST and len(lines) < 2:
            lines.append("")
            used = 0
        lines[-1] += f"{'  ' if lines[-1] else ''}${symbol(name)}$ {number}".replace("-", "−")
        used += long
    return lines

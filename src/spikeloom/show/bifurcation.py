"""A bifurcation diagram: rest and oscillation over what is varied, and how fast it oscillates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.errors import ParameterError, suggest
from spikeloom.show.course import label
from spikeloom.show.cycles import draw_cycles, draw_rates, hertz, named_turns
from spikeloom.show.placing import name_points
from spikeloom.show.style import DASH, INK, MUTED, SPIKING, TWIN, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.lab.bifurcation import Bifurcation
    from spikeloom.lab.branches import Branch
    from spikeloom.lab.sweep import Sweep

MARKS = {"saddle-node": ("D", 7), "Hopf": ("o", 8), "branch point": ("s", 7), "threshold": ("^", 8)}
SHORT = {"saddle-node": "SN", "Hopf": "Hopf", "branch point": "BP", "threshold": "threshold"}


def bifurcation(diagram: Bifurcation, state: str | None = None) -> Figure:
    """Fixed points and extrema of oscillations on top, their frequency below.

    Fixed points are solid where they are stable and dashed where not, and so are the extrema of
    periodic orbits; what a sweep up settles to is a triangle pointing up, what a sweep down does
    one pointing down.

    Arguments:
        diagram: From `lab.bifurcation`.
        state: The state that is shown; that which was watched if None.

    Raises:
        ParameterError: No such state.

    >>> from spikeloom import FitzHughNagumo, one
    >>> from spikeloom.lab.bifurcation import bifurcation as find
    >>> found = find(FitzHughNagumo(), "I", (0, 2) * one, sweeps=False)
    >>> figure = bifurcation(found)
    """
    swept = diagram.up is not None or bool(diagram.cycles)
    with styled():
        figure = new_figure(5.6 if swept else 3.8)
        if swept:
            top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
        else:
            top, bottom = figure.subplots(), None
        draw_bifurcation(top, diagram, state)
        if bottom is not None:
            draw_frequency(bottom, diagram)
            top.set_xlabel("")
            top.tick_params(axis="x", length=0)
        figure.align_ylabels()
        handles, labels = top.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3, handlelength=2.2)
        return figure


def draw_bifurcation(axes: Axes, diagram: Bifurcation, state: str | None = None) -> None:
    """Fixed points and extrema in axes of one's own.

    >>> from matplotlib.figure import Figure
    >>> from spikeloom import FitzHughNagumo, one
    >>> from spikeloom.lab.bifurcation import bifurcation as find
    >>> found = find(FitzHughNagumo(), "I", (0, 2) * one, sweeps=False)
    >>> draw_bifurcation(Figure().subplots(), found, "w")
    """
    state = diagram.watched if state is None else state
    if state not in diagram.states:
        raise ParameterError(
            f"bifurcation figure: {diagram.model} has no state {state!r} that moves.",
            hint=suggest(state, diagram.states),
        )
    row = diagram.states.index(state)
    for branch in diagram.branches:
        _branch(axes, branch, row)
    for line in diagram.cycles:
        draw_cycles(axes, line, row)
    swept = diagram.sweep_states.index(state) if diagram.sweep_states else 0
    for way, marker, name in ((diagram.up, "^", "going up"), (diagram.down, "v", "going down")):
        if way is not None and way.moves.any():
            _extrema(axes, way, swept, marker, f"oscillation, {name}")
    names = _marked(axes, diagram, row)
    axes.set_xlim(*diagram.ends)
    axes.set_ylim(*_heights(diagram, row, swept))
    axes.set_xlabel(label(diagram.over, diagram.unit))
    axes.set_ylabel(label(state, diagram.units[state]))
    _unrepeated(axes)
    top = axes.get_ylim()[1]
    ends = [(f"{e.value:.4g}".replace("-", "−"), float(e.value), top) for e in diagram.cycle_ends]
    name_points(axes, names + ends)


def draw_frequency(axes: Axes, diagram: Bifurcation) -> None:
    """How often it spikes or turns, in axes of one's own.

    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from spikeloom import QuadraticIF, one
    >>> from spikeloom.lab.bifurcation import bifurcation as find
    >>> found = find(QuadraticIF(), "I", np.array([0.5, 1, 2]) * one)
    >>> draw_frequency(Figure().subplots(), found)
    """
    for line in diagram.cycles:
        draw_rates(axes, line, hertz(diagram.units["time"]))
    for way, marker, colour in ((diagram.up, "^", SPIKING), (diagram.down, "v", TWIN)):
        if way is not None:
            _markers(axes, way.values, way.frequency, marker, colour, None)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(label(diagram.over, diagram.unit))
    axes.set_ylabel("frequency (Hz)")
    grid(axes)


def _branch(axes: Axes, branch: Branch, row: int) -> None:
    real = ~branch.fires
    for good, dash, width, name in (
        (branch.stable & real, "-", 2.4, "fixed point, stable"),
        (~branch.stable & real, DASH, 1.5, "fixed point, unstable"),
    ):
        y = np.where(_widened(good), branch.states[:, row], np.nan)
        if good.any():
            axes.plot(branch.values, y, color=INK, linestyle=dash, linewidth=width, label=name)


def _widened(good: np.ndarray) -> np.ndarray:
    """One point more at each end, so that solid and dashed lines meet."""
    wide = good.copy()
    wide[1:] |= good[:-1]
    return wide


def _extrema(axes: Axes, way: Sweep, row: int, marker: str, name: str) -> None:
    colour = SPIKING if marker == "^" else TWIN
    for values, called in ((way.low, name), (way.high, None)):
        _markers(axes, way.values[way.moves], values[way.moves, row], marker, colour, called)


def _markers(
    axes: Axes, x: np.ndarray, y: np.ndarray, marker: str, colour: str, name: str | None
) -> None:
    axes.plot(
        x,
        y,
        marker,
        color=colour,
        markersize=5 if marker == "^" else 4.5,
        markerfacecolor=colour if marker == "^" else "white",
        markeredgewidth=1.1,
        linestyle="none",
        label=name,
        zorder=3 if marker == "^" else 4,
    )


def _marked(axes: Axes, diagram: Bifurcation, row: int) -> list[tuple[str, float, float]]:
    """Draw the points of change; their names, with places."""
    for end in diagram.cycle_ends:
        axes.axvline(end.value, color=MUTED, linewidth=0.9, linestyle=(0.0, (1.2, 1.8)))
    names: list[tuple[str, float, float]] = []
    for point in diagram.points:
        marker, size = MARKS[point.kind]
        axes.plot(
            point.value,
            point.state[row],
            marker,
            markersize=size,
            markerfacecolor="white",
            markeredgecolor=INK,
            markeredgewidth=1.6,
            zorder=6,
        )
        text = f"{SHORT[point.kind]} {point.value:.4g}".replace("-", "−")
        names.append((text, float(point.value), float(point.state[row])))
    for line in diagram.cycles:
        names += named_turns(line, row)
    return names


def _heights(diagram: Bifurcation, row: int, swept: int) -> tuple[float, float]:
    """What oscillations and stable fixed points take up; unstable ones may go far beyond."""
    seen = [point.state[row : row + 1] for point in diagram.points]
    seen += [b.states[b.stable & ~b.fires, row] for b in diagram.branches]
    for line in diagram.cycles:
        seen += [line.low[:, row], line.high[:, row]]
    for way in (diagram.up, diagram.down):
        if way is not None:
            seen += [way.low[way.moves, swept], way.high[way.moves, swept]]
    values = np.concatenate(seen) if seen else np.empty(0)
    if not len(values):
        values = np.concatenate([b.states[:, row] for b in diagram.branches] or [np.array([0, 1])])
    edge = 0.08 * (values.max() - values.min()) or 1.0
    return float(values.min() - edge), float(values.max() + 1.6 * edge)


def _unrepeated(axes: Axes) -> None:
    """Each name once in the legend."""
    known: set[str] = set()
    for line in axes.lines:
        name = str(line.get_label())
        if name in known:
            line.set_label(f"_{name}")
        known.add(name)


def intervals(diagram: Bifurcation) -> Figure:
    """Every interval between spikes over what is varied: one line for tonic firing, k for bursts.

    Arguments:
        diagram: From `lab.bifurcation`, with its sweeps.

    Raises:
        ParameterError: It has none.

    >>> import numpy as np
    >>> from spikeloom import QuadraticIF, one
    >>> from spikeloom.lab.bifurcation import bifurcation as find
    >>> figure = intervals(find(QuadraticIF(), "I", np.array([0.5, 1, 2]) * one))
    """
    with styled():
        figure = new_figure(4.2)
        draw_intervals(figure.subplots(), diagram)
        return figure


def draw_intervals(axes: Axes, diagram: Bifurcation) -> None:
    """The same in axes of one's own.

    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from spikeloom import QuadraticIF, one
    >>> from spikeloom.lab.bifurcation import bifurcation as find
    >>> found = find(QuadraticIF(), "I", np.array([0.5, 1, 2]) * one)
    >>> draw_intervals(Figure().subplots(), found)
    """
    way = diagram.up
    if way is None:
        raise ParameterError(
            "intervals figure: this diagram has no sweeps.", hint="bifurcation(…, sweeps=True)"
        )
    x = np.repeat(way.values, [len(found) for found in way.intervals])
    y = np.concatenate([*way.intervals, np.empty(0)])
    axes.plot(x, y, ".", color=INK, markersize=2.6, markeredgewidth=0)
    if len(y) and y.max() > 20 * y.min() > 0:
        axes.set_yscale("log")
    axes.set_xlim(*diagram.ends)
    axes.set_xlabel(label(diagram.over, diagram.unit))
    axes.set_ylabel(f"interval ({diagram.units['time']!s})")
    grid(axes)

"""One figure of a model: what it says, what it does, how often it fires, how its states move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import SequentialEuler
from spikeloom.equations import Family, Quantity, family
from spikeloom.equations.units import ms
from spikeloom.errors import CompileError, ParameterError
from spikeloom.lab import FICurve, PhasePlane, Response, phase_plane, response
from spikeloom.network import Samples
from spikeloom.show.course import draw_potential, draw_states, groups, label
from spikeloom.show.firing import above, draw_rates, firing
from spikeloom.show.heading import POINTS, draw_heading, heading
from spikeloom.show.phase_plane import draw_phase_plane
from spikeloom.show.response import draw_input
from spikeloom.show.setting import telling
from spikeloom.show.style import new_figure, styled
from spikeloom.show.trial import Trial, first_port, settled, trial

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from spikeloom.equations import Cell, Neuron, Refractory
    from spikeloom.models.patterns import Pattern

WIDTH = 8.6
POTENTIAL, STATE, INPUT = 1.9, 0.85, 0.75
"""Heights of panels in inches."""
LEGEND = 0.15
"""What a legend above a panel takes more."""
SIDE = 2.5
"""Least height of a panel at the side."""
LARGEST = 3.0
"""Greatest height of one at the side; below it stays free."""


def model(
    neuron: Cell | Neuron | Refractory,
    *,
    input: Quantity | float | None = None,
    into: str | None = None,
    duration: Quantity | None = None,
    pattern: Pattern | None = None,
    shape: Any = "step",
    name: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Figure:
    """Everything about a neuron in one figure.

    Its equations, typeset at its parameters; the potential with spikes and threshold under a step
    of input; the other states; the input; how often it fires at each input; and, where it has two
    states, the phase plane with nullclines and the trajectory.

    Arguments:
        neuron: Any neuron, also one of your own or a `Cell`.
        input: Height of the step; None takes one somewhat above the least that makes it fire.
        into: Name of the input that is stepped, where there are several.
        duration: How long to watch; None takes several spikes.
        pattern: A `models.patterns.Pattern`, whose input, start, length and time step are taken.
        shape: Of the input: ``"step"``, ``"ramp"``, ``"pulses"``, ``"noise"``, or a waveform.
        name: What stands above; its class by default.
        progress: Is told what comes next.

    Raises:
        ParameterError: It has no input, or both `input` and `pattern` are given.
        UnitError: The input is in another unit.

    >>> from spikeloom import FitzHughNagumo
    >>> figure = model(FitzHughNagumo(), input=0.5, duration=150 * ms)
    >>> [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]
    ['$v$ (1)', '$w$ (1)', '$I$ (1)', 'firing rate (Hz)', '$w$ (1)']
    """
    if pattern is not None and input is not None:
        raise ParameterError(
            "show.model: a pattern brings its own input.", hint="give input= or pattern=, not both"
        )
    progress("looking for an input that makes it fire")
    length = None if duration is None else float(np.asarray(duration.to(ms)))
    remark = ""
    if pattern is None and input is None:
        neuron, remark = telling(neuron, into)
    tried = trial(neuron, input, into=into, duration=length, shape=shape)
    progress("watching it")
    found = watch(neuron, tried) if pattern is None else watch_pattern(neuron, pattern)
    progress("measuring how often it fires")
    curve = firing(neuron, tried) if neuron.definition.fires is not None else None
    plane = plane_of(neuron, found)
    progress("drawing")
    return compose(neuron, found, curve, plane, name, remark)


def compose(
    neuron: Cell | Neuron | Refractory,
    found: Response,
    curve: FICurve | None,
    plane: PhasePlane | None,
    name: str | None = None,
    remark: str = "",
) -> Figure:
    """The figure from what has been measured."""
    width = WIDTH * POINTS
    side: list[Callable[[Axes], None]] = []
    if curve is not None:
        side.append(lambda axes: draw_rates(axes, curve))
    if plane is not None:
        side.append(lambda axes: draw_plane(axes, plane))
    with styled():
        told = heading(neuron, width, name, remark)
        panels = groups(found)
        several = sum(len(names) > 1 for names in panels)
        left = POTENTIAL + STATE * len(panels) + LEGEND * several + INPUT
        body = max(left, SIDE * len(side), 3.2) + 0.5
        top = told.height / POINTS
        figure = new_figure(top + body, WIDTH)
        parts: Any = figure.subfigures(2, 1, height_ratios=(top, body))
        upper, lower = parts
        draw_heading(upper, told, width)
        _curves(lower, found, panels, side, body)
        return figure


def _curves(
    figure: SubFigure,
    found: Response,
    panels: list[list[str]],
    side: list[Callable[[Axes], None]],
    body: float,
) -> None:
    columns = figure.add_gridspec(1, 2 if side else 1, width_ratios=(1.75, 1) if side else None)
    heights = [POTENTIAL, *(STATE + LEGEND * (len(names) > 1) for names in panels), INPUT]
    rows = columns[0].subgridspec(len(heights), 1, height_ratios=heights)
    axes = [figure.add_subplot(rows[0])]
    axes += [figure.add_subplot(rows[k], sharex=axes[0]) for k in range(1, len(heights))]
    draw_potential(axes[0], found)
    for at, names in zip(axes[1:-1], panels, strict=True):
        draw_states(at, found, names)
    draw_input(axes[-1], found)
    axes[-1].set_ylabel(label(found.port, found.units[found.port]))
    for at in axes[:-1]:
        at.tick_params(axis="x", length=0, labelbottom=False)
        at.spines["bottom"].set_visible(False)
    axes[-1].set_xlabel("time (ms)")
    axes[-1].set_xlim(float(found.times[0]), float(found.times[-1]))
    figure.align_ylabels(axes)
    if side:
        spare = max(body - LARGEST * len(side), 0.0)
        heights = [(body - spare) / len(side)] * len(side) + ([spare] if spare else [])
        places = columns[1].subgridspec(len(heights), 1, height_ratios=heights)
        for k, draw in enumerate(side):
            draw(figure.add_subplot(places[k]))


def draw_plane(axes: Axes, plane: PhasePlane) -> None:
    """The phase plane with a small legend above it."""
    draw_phase_plane(axes, plane)
    axes.set_xlabel(label(plane.x, plane.units[plane.x]))
    axes.set_ylabel(label(plane.y, plane.units[plane.y]))
    above(axes)


def plane_of(neuron: Cell | Neuron | Refractory, found: Response) -> PhasePlane | None:
    """The plane of a neuron with two states, under the input that it gets most of the time."""
    flows = [i for i in neuron.definition.inputs if i.kind == "inflow" and i.name == found.port]
    steady = family(neuron.definition) is not Family.STOCHASTIC
    if len(found.states) != 2 or not flows or not steady:
        return None
    levels, often = np.unique(found.input[found.input != 0], return_counts=True)
    level = float(levels[often.argmax()]) if len(levels) else 0.0
    start = {n: Quantity(float(x[0]), found.units[n]) for n, x in found.states.items()}
    given = Quantity(level, found.units[found.port])
    try:
        plane = phase_plane(neuron, given, into=found.port, starts=[start])
        return plane if any(plane.nullclines) else None
    except (ParameterError, CompileError):
        return None  # such as a state that never moves


def watch(neuron: Cell | Neuron | Refractory, tried: Trial) -> Response:
    """What it does in a trial, from rest."""
    return response(
        neuron, tried.input, tried.duration * ms, into=tried.port.name, start=settled(neuron)
    )


def watch_pattern(neuron: Cell | Neuron | Refractory, pattern: Pattern) -> Response:
    """What it does under the input of a pattern, with the start and the step that belong to it."""
    units = {s.name: s.unit for s in neuron.definition.states}
    start = {n: Quantity(float(x[0]), units[n]) for n, x in (pattern.start or {}).items()}
    # The patterns of a script that moves one state after another exist only for that step.
    method = SequentialEuler() if pattern.strict else None
    drive = pattern.drive()
    course = Samples(Quantity(np.asarray(drive.value)[:, 0], drive.unit), every=pattern.dt)
    return response(
        neuron, course, pattern.duration, pattern.dt, into=first_port(neuron).name,
        start=start or None, method=method,
    )  # fmt: skip

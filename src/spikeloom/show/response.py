"""What one neuron did: its spikes, its potential, its other states, what flowed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikeloom.equations import Unit
from spikeloom.show.style import (
    INK,
    LINES,
    MUTED,
    SPIKING,
    grid,
    new_figure,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.lab import Response


def response(result: Response) -> Figure:
    """Spikes on top, then the potential, the other states by their units, and the input.

    Arguments:
        result: What `lab.response` gave.

    >>> from spikeloom import AdEx, lab, ms, nA, show
    >>> figure = show.response(lab.response(AdEx(), 1 * nA, 200 * ms))
    >>> [axes.get_ylabel().replace("\\n", " ") for axes in figure.axes]
    ['spikes', 'v (mV)', 'w (pA)', 'I (pA)']
    """
    others = states_by_unit(result)
    heights = [0.3, 2.0, *[1.0] * len(others), 0.7]
    with styled():
        figure = new_figure(sum(heights) + 0.7)
        panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        draw_spikes(panels[0], result)
        draw_states(panels[1], result, (result.potential,))
        for axes, names in zip(panels[2:-1], others, strict=True):
            draw_states(axes, result, names)
        draw_input(panels[-1], result)
        panels[-1].set_xlabel("time (ms)")
        for axes in panels[1:-1]:
            axes.tick_params(axis="x", length=0)
            axes.spines["bottom"].set_visible(False)
        figure.align_ylabels(panels[1:])
        return figure


def states_by_unit(result: Response) -> list[tuple[str, ...]]:
    """The states beside the potential, those of one unit together, at most three."""
    groups: dict[Unit, list[tuple[str, ...]]] = {}
    for name in result.states:
        if name == result.potential:
            continue
        rows = groups.setdefault(result.units[name], [])
        if rows and len(rows[-1]) < len(LINES):
            rows[-1] = (*rows[-1], name)
        else:
            rows.append((name,))
    return [names for rows in groups.values() for names in rows]


def draw_spikes(axes: Axes, result: Response) -> None:
    """A stroke for each spike.

    Arguments:
        axes: Where.
        result: What `lab.response` gave.
    """
    axes.vlines(result.spikes, 0, 1, color=INK, linewidth=1.6)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.set_ylabel("spikes", rotation=0, ha="right", va="center")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(float(result.times[0]), float(result.times[-1]))


def draw_states(axes: Axes, result: Response, names: tuple[str, ...]) -> None:
    """States over time, all of one unit.

    Arguments:
        axes: Where.
        result: What `lab.response` gave.
        names: Which states; three at most can be told apart.
    """
    alone = len(names) == 1
    first = names[0] == result.potential
    for name, (colour, dash) in zip(names, LINES, strict=False):
        colour, dash = (SPIKING if first else MUTED, "-") if alone else (colour, dash)
        width = 1.8 if alone else 1.5
        axes.plot(
            result.times, result.states[name], color=colour, linestyle=dash, linewidth=width,
            label=name,
        )  # fmt: skip
    axes.set_ylabel(_stacked(", ".join(names), result.units[names[0]]))
    if not alone:
        axes.legend(
            loc="lower right", bbox_to_anchor=(1, 0.9), ncols=len(names), handlelength=2.2,
            borderaxespad=0,
        )  # fmt: skip
    axes.margins(y=0.12)
    axes.set_xlim(float(result.times[0]), float(result.times[-1]))
    grid(axes)


def draw_input(axes: Axes, result: Response) -> None:
    """What flowed in; for impulses a stroke at each arrival.

    Arguments:
        axes: Where.
        result: What `lab.response` gave.
    """
    if result.impulses:
        at = result.input != 0
        axes.vlines(result.times[at], 0, result.input[at], color=INK, linewidth=1.4)
        axes.axhline(0, color=MUTED, linewidth=0.8)
    else:
        axes.plot(result.times, result.input, color=INK, linewidth=1.3, drawstyle="steps-post")
    axes.set_ylabel(_stacked(result.port, result.units[result.port]))
    axes.margins(y=0.15)
    low, high = axes.get_ylim()
    if not result.impulses and result.input.min() >= 0:
        axes.set_ylim(min(low, -0.08 * high), high)
    axes.set_xlim(float(result.times[0]), float(result.times[-1]))
    grid(axes)


def labelled(name: str, unit: Unit) -> str:
    """A name with its unit, as axes carry it.

    >>> from spikeloom import mV, one
    >>> labelled("v", mV), labelled("x", one)
    ('v (mV)', 'x (no unit)')
    """
    return f"{name} ({unit!s})" if f"{unit!s}" else f"{name} (no unit)"


def _stacked(name: str, unit: Unit) -> str:
    """The same on two lines where one would be too long for a low panel."""
    text = labelled(name, unit)
    return text if len(text) < 12 else text.replace(" (", "\n(")

"""Several neurons under the same input, one above the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.show.response import draw_input, labelled
from spikeloom.show.style import INK, SPIKING, bare, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.lab import Comparison, Response


def comparison(result: Comparison) -> Figure:
    """The potential of each under its spikes, the input, and how far apart their spikes are.

    Arguments:
        result: What `lab.compare` gave.

    >>> from spikeloom import LIF, lab, ms, nA, show
    >>> both = lab.compare([LIF(), LIF(tau=10 * ms)], 0.2 * nA, 100 * ms)
    >>> len(show.comparison(both).axes)  # two neurons, the input, the distances
    4
    """
    count = len(result.responses)
    with styled():
        figure = new_figure(1.35 * count + 1.6)
        parts = figure.add_gridspec(
            count + 1, 2, width_ratios=[2.6, 1], height_ratios=[*[1.0] * count, 0.7]
        )
        rows: list[Axes] = []
        for k, (name, found) in enumerate(result.responses.items()):
            axes = figure.add_subplot(parts[k, 0], sharex=rows[0] if rows else None)
            draw_beneath_spikes(axes, name, found)
            axes.tick_params(axis="x", length=0, labelbottom=False)
            axes.spines["bottom"].set_visible(False)
            rows.append(axes)
        last = figure.add_subplot(parts[count, 0], sharex=rows[0])
        first = next(iter(result.responses.values()))
        draw_input(last, first)
        last.set_xlabel("time (ms)")
        draw_distances(figure.add_subplot(parts[:count, 1]), result)
        figure.align_ylabels([*rows, last])
        return figure


def draw_beneath_spikes(axes: Axes, name: str, result: Response) -> None:
    """A potential with its spikes as strokes above it, and a title with count and latency.

    Arguments:
        axes: Where.
        name: Of the neuron.
        result: What it did.
    """
    values = result.states[result.potential]
    low, high = float(np.min(values)), float(np.max(values))
    room = max(high - low, 1e-9)
    axes.plot(result.times, values, color=SPIKING, linewidth=1.5)
    axes.vlines(result.spikes, high + 0.12 * room, high + 0.34 * room, color=INK, linewidth=1.4)
    axes.set_ylim(low - 0.08 * room, high + 0.4 * room)
    axes.set_ylabel(labelled(result.potential, result.units[result.potential]))
    spikes = f"{result.count} spike{'s' * (result.count != 1)}"
    late = f", first at {result.latency:.1f} ms" if result.count else ""
    axes.set_title(f"{name}: {spikes}{late}")
    axes.set_xlim(float(result.times[0]), float(result.times[-1]))
    grid(axes)


def draw_distances(axes: Axes, result: Comparison) -> None:
    """How far apart the spikes of each two neurons are, as a table of numbers on shades.

    Arguments:
        axes: Where.
        result: What `lab.compare` gave.
    """
    table = np.sqrt(result.van_rossum)
    axes.imshow(table, cmap="Greys", vmin=0, vmax=max(2.2 * float(table.max()), 1e-9))
    for (row, column), value in np.ndenumerate(table):
        axes.text(column, row, f"{value:.2g}", ha="center", va="center", fontsize=9.5, color=INK)
    bare(axes)
    names = [name if len(name) < 14 else f"{name[:12]}…" for name in result.names]
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right")
    axes.tick_params(axis="x", length=0)
    axes.set_title(f"distance of spike trains\n(van Rossum, {result.tau:g} ms)", loc="center")

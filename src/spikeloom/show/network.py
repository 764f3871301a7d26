"""A run of a network: every spike, the rate of each population, the potentials of a few neurons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.show.style import DASH, INK, SPIKING, TWIN, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.network import Result, SpikeTrains, StateTrace

MOST_ROWS = 1000
"""More neurons than this are thinned out evenly, and the figure says so."""
FEW = 40
"""Neurons whose spikes are drawn as strokes."""
MOST_LABELS = 14
"""Names of populations that fit above each other."""
COLOURS = (INK, TWIN, SPIKING)


def raster(result: Result, *, bin: float = 2.0) -> Figure:
    """Spikes on top, population rates below, then each recorded state of a few neurons.

    Arguments:
        result: A run that recorded spikes, states or both.
        bin: Width of the bins of the rates in ms.

    Raises:
        ParameterError: Nothing was recorded.

    >>> from spikeloom import LIF, Network, ms, nA
    >>> net = Network(engine="reference")
    >>> cells = net.population(3, LIF(), name="cells", I=0.2 * nA)
    >>> _ = net.record(cells)
    >>> len(raster(net.run(50 * ms)).axes)
    2
    """
    trains, traces = list(result.spikes.values()), list(result.states.values())
    if not trains and not traces:
        raise ParameterError(
            "raster: nothing was recorded in this run.", hint='net.record(exc, "spikes")'
        )
    heights = [h for _ in trains for h in (2.8, 1.0)] + [1.0 for _ in traces]
    with styled():
        figure = new_figure(sum(heights) + 0.7)
        panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)
        axes = iter(panels[:, 0])
        for each in trains:
            _spikes(next(axes), each)
            _rates(next(axes), each, bin)
        for trace in traces:
            _potentials(next(axes), trace)
        panels[-1, 0].set_xlabel("time (ms)")
        panels[-1, 0].set_xlim(result.start, max(result.stop, result.start + 1e-9))
        figure.align_ylabels(panels[:, 0])
        return figure


def _spikes(axes: Axes, trains: SpikeTrains) -> None:
    step = max(1, -(-trains.size // MOST_ROWS))
    shown = trains.ids % step == 0
    times, ids = trains.times[shown], trains.ids[shown]
    mark: dict[str, Any] = {"ls": "", "marker": ".", "ms": 1.6, "mew": 0}
    if trains.size <= FEW:  # strokes as high as a neuron's place
        mark = {"ls": "", "marker": "|", "ms": 120 / trains.size, "mew": 1.0}
    low = 0
    centres: list[float] = []
    for (_, size), colour in zip(trains.parts, _colours(trains), strict=True):
        here = (ids >= low) & (ids < low + size)
        # Dots as part of a picture: a vector mark for each of 100,000 spikes would choke a viewer.
        axes.plot(times[here], ids[here] + 0.5, color=colour, rasterized=True, **mark)
        centres.append(low + size / 2)
        low += size
    axes.set_ylim(trains.size, 0)
    axes.set_yticks(centres, [""] * len(centres))
    for (name, _), at in zip(trains.parts, apart(centres, trains.size / MOST_LABELS), strict=True):
        axes.text(-0.01, at, name, transform=axes.get_yaxis_transform(), ha="right", va="center")
    axes.tick_params(axis="y", length=0)
    every = "" if step == 1 else f", one of {step} shown"
    axes.set_title(f"{trains.size:,} neurons{every}, {trains.rate():.3g} Hz")


def _rates(axes: Axes, trains: SpikeTrains, bin: float) -> None:
    """The rate of each population; of more than can be told apart, that of all together."""
    low, many = 0, len(trains.parts) > len(COLOURS)
    parts = (("all together", trains.size),) if many else trains.parts
    for (name, size), colour in zip(parts, _colours(trains), strict=False):
        here = (trains.ids >= low) & (trains.ids < low + size)
        middle = trains.start + bin * (
            np.arange(max(int((trains.stop - trains.start) / bin + 1e-9), 1)) + 0.5
        )
        edges = np.append(middle - bin / 2, middle[-1] + bin / 2)
        hits = np.histogram(trains.times[here] - 1e-9, edges)[0]
        style: Any = "-" if colour == INK else DASH
        axes.plot(
            middle, hits * (1000 / (bin * size)), color=colour, ls=style, lw=1.0, label=name
        )  # fmt: skip
        low += size
    axes.set_ylabel("mean rate\n(Hz)" if many else "rate\n(Hz)")
    axes.set_ylim(bottom=0)
    if 1 < len(trains.parts) <= len(COLOURS):
        axes.legend(loc="upper right", ncols=len(parts), fontsize=9)
    grid(axes)


def _potentials(axes: Axes, trace: StateTrace) -> None:
    count = min(trace.values.shape[1], 3)
    for k in range(count):
        axes.plot(trace.times, trace.values[:, k], color=COLOURS[k], lw=1.0)
    unit = str(trace.unit)
    axes.set_ylabel(trace.state + (f"\n({unit})" if unit else ""))
    grid(axes)


def apart(places: list[float], least: float) -> list[float]:
    """Places in rising order, moved as little as keeps neighbours apart.

    >>> apart([0.0, 1.0, 10.0], 3.0)
    [-1.0, 2.0, 10.0]
    """
    groups: list[list[float]] = []
    for place in places:
        groups.append([place])
        while len(groups) > 1:
            before, last = (_spread(g, least) for g in groups[-2:])
            if last[0] - before[-1] >= least:
                break
            groups[-2:] = [groups[-2] + groups[-1]]
    return [x for group in groups for x in _spread(group, least)]


def _spread(group: list[float], least: float) -> list[float]:
    middle = sum(group) / len(group)
    return [middle + least * (k - (len(group) - 1) / 2) for k in range(len(group))]


def _colours(trains: SpikeTrains) -> list[str]:
    return [COLOURS[k % len(COLOURS)] for k in range(len(trains.parts))]

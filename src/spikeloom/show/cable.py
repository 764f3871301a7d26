"""Cells with a shape: the tree itself, a potential that travels, and steady profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.show.style import INK, LINES, MUTED, SPIKING, TWIN, bare, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.cable import Cable, CableRun, Morphology

SHADES = (INK, TWIN, SPIKING, MUTED, "#009e73", "#cc79a7")
"""Colours of regions in the order of the morphology."""
THIN, WIDE = 1.0, 9.0
"""Narrowest and widest line of a branch, in points."""


def morphology(shape: Morphology) -> Figure:
    """A cell as it stands in space, seen along z, coloured by region.

    Arguments:
        shape: The morphology.
    """
    with styled():
        figure = new_figure(4.6)
        axes = figure.subplots()
        draw_morphology(axes, shape)
        return figure


def draw_morphology(axes: Axes, shape: Morphology) -> None:
    """The cell in given axes, with a bar for its size.

    Arguments:
        axes: Where.
        shape: The morphology.
    """
    regions = list(shape.regions)
    lines, widths, shades = [], [], []
    for section in shape.sections:
        table = np.asarray(section.points)
        for a, b in pairwise(table):
            lines.append([a[:2], b[:2]])
            widths.append((a[3] + b[3]) / 2)
            shades.append(SHADES[regions.index(section.region) % len(SHADES)])
    _branches(axes, lines, widths, shades)
    for region, shade in zip(regions, SHADES * len(regions), strict=False):
        axes.plot([], [], color=shade, linewidth=4, label=region)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
    _scale_bar(axes)


def potential_on_cell(cable: Cable, values: np.ndarray, *, label: str = "potential (mV)") -> Figure:
    """A cell coloured by one number for each compartment, in the order of sections.

    Arguments:
        cable: The cable.
        values: (compartments,), such as a row of `CableRun.v` or `Linear.transfer`.
        label: What they are, with their unit.
    """
    with styled():
        figure = new_figure(4.6)
        axes = figure.subplots()
        draw_potential(axes, cable, values, label=label)
        return figure


def draw_potential(
    axes: Axes, cable: Cable, values: np.ndarray, *, label: str = "potential (mV)"
) -> None:
    """The coloured cell in given axes.

    Arguments:
        axes: Where.
        cable: The cable.
        values: (compartments,) in the order of sections.
        label: What they are, with their unit.
    Raises:
        ShapeError: There is not one number for each compartment.
    """
    count = sum(cable.grid.counts)
    if np.shape(values) != (count,):
        raise ShapeError(
            f"potential figure: one number for each of {count:,} compartments is needed, got"
            f" shape {np.shape(values)}.",
            hint="record all: Cable.run(record=None), and take one row of v",
        )
    lines, widths = [], []
    for section, n in zip(cable.morphology.sections, cable.grid.counts, strict=True):
        edges = np.linspace(0, 1, n + 1)
        for a, b in pairwise(edges):
            lines.append([section.place(a)[:2], section.place(b)[:2]])
            widths.append(section.diameter((a + b) / 2))
    # One scale from dark to light, so that the order survives grey print.
    drawn = _branches(axes, lines, widths, None, np.asarray(values))
    axes.figure.colorbar(drawn, ax=axes, label=label, shrink=0.8)
    _scale_bar(axes)


def space_time(run: CableRun, *, section: str | None = None) -> Figure:
    """A potential that travels: where it is at every time, and its course at a few places.

    Arguments:
        run: A run that recorded all compartments of the section.
        section: Which section; the first if None.
    """
    with styled():
        figure = new_figure(5.2)
        panels = figure.subplots(2, 1, sharex=True, height_ratios=[1.5, 1])
        draw_space_time(panels[0], run, section=section)
        draw_courses(panels[1], run, section=section)
        panels[0].set_xlabel("")
        return figure


def draw_space_time(axes: Axes, run: CableRun, *, section: str | None = None) -> None:
    """Potential over time and place, as an image.

    Arguments:
        axes: Where.
        run: A run that recorded all compartments of the section.
        section: Which section; the first if None.
    """
    x, v, unit = _along(run, section)
    step = max(1, len(run.times) // 1200)
    drawn = axes.pcolormesh(
        run.times[::step], x, v[::step].T, cmap="cividis", shading="nearest", rasterized=True
    )
    axes.figure.colorbar(drawn, ax=axes, label="potential (mV)")
    axes.set_ylabel(f"distance ({unit})")
    axes.set_xlabel("time (ms)")


def draw_courses(
    axes: Axes, run: CableRun, *, section: str | None = None, places: Sequence[float] = ()
) -> None:
    """The potential over time at a few places.

    Arguments:
        axes: Where.
        run: A run that recorded all compartments of the section.
        section: Which section; the first if None.
        places: Fractions of the section; a sixth, a half and five sixths if empty.
    """
    x, v, unit = _along(run, section)
    for (shade, dash), place in zip(LINES, places or (1 / 6, 1 / 2, 5 / 6), strict=False):
        k = min(int(place * len(x)), len(x) - 1)
        axes.plot(run.times, v[:, k], color=shade, linestyle=dash, linewidth=1.6,
                  label=f"{x[k]:.3g} {unit}")  # fmt: skip
    axes.set_ylabel("potential (mV)")
    axes.set_xlabel("time (ms)")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.98), ncols=3, handlelength=2.4)
    axes.margins(x=0)
    grid(axes)


def profiles(
    distance_um: np.ndarray, curves: Mapping[str, np.ndarray], *, unit: str = "MΩ"
) -> Figure:
    """What a steady current does along a cable, for a few ends of it.

    Arguments:
        distance_um: Of each compartment, (N,).
        curves: Name -> (N,).
        unit: Of the values.
    Raises:
        ShapeError: A curve has another length.
    """
    with styled():
        figure = new_figure(3.4)
        axes = figure.subplots()
        draw_profiles(axes, distance_um, curves, unit=unit)
        return figure


def draw_profiles(
    axes: Axes, distance_um: np.ndarray, curves: Mapping[str, np.ndarray], *, unit: str = "MΩ"
) -> None:
    """The profiles in given axes.

    Arguments:
        axes: Where.
        distance_um: Of each compartment, (N,).
        curves: Name -> (N,).
        unit: Of the values.
    """
    if len(curves) > len(LINES):
        raise ParameterError(f"profiles: at most {len(LINES)} curves can be told apart.")
    for (shade, dash), (name, values) in zip(LINES, curves.items(), strict=False):
        if np.shape(values) != np.shape(distance_um):
            raise ShapeError(
                f"profiles: {name!r} must be {np.shape(distance_um)} like the distances, got"
                f" {np.shape(values)}."
            )
        axes.plot(distance_um, values, color=shade, linestyle=dash, linewidth=1.8, label=name)
    axes.set_xlabel("distance (µm)")
    axes.set_ylabel(f"potential for a steady current\n({unit})")
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.legend()
    grid(axes)


def _along(run: CableRun, section: str | None) -> tuple[np.ndarray, np.ndarray, str]:
    """Distances and potentials of one section, and the unit of the distances."""
    cable = run.cable
    names = [s.name for s in cable.morphology.sections]
    if section is not None and section not in names:
        raise ParameterError(f"space-time figure: there is no section {section!r}.")
    nodes = cable.grid.nodes[0 if section is None else names.index(section)]
    columns = {int(node): k for k, node in enumerate(run.places)}
    if any(int(node) not in columns for node in nodes):
        raise ParameterError(
            "space-time figure: not all compartments of the section were recorded.",
            hint="leave out record=, or set it to None",
        )
    x, v = cable.grid.distance[nodes], run.v[:, [columns[int(n)] for n in nodes]]
    return (x / 1e3, v, "mm") if x[-1] > 2e3 else (x, v, "µm")


def _branches(
    axes: Axes,
    lines: list[Any],
    widths: Sequence[float],
    shades: Sequence[str] | None,
    values: np.ndarray | None = None,
) -> Any:
    from matplotlib.collections import LineCollection

    wide = np.sqrt(np.asarray(widths))
    sizes = THIN + (WIDE - THIN) * (wide - wide.min()) / max(float(np.ptp(wide)), 1e-12)
    drawn = LineCollection(lines, linewidths=sizes, colors=shades, capstyle="round")
    if values is not None:
        drawn.set_array(values)
        drawn.set_cmap("cividis")
    axes.add_collection(drawn)
    axes.autoscale()
    axes.margins(0.06)
    axes.set_aspect("equal", adjustable="datalim")
    bare(axes)
    return drawn


def _scale_bar(axes: Axes) -> None:
    """A round length, as there are no axes."""
    low, high = axes.get_xlim()
    wish = (high - low) / 4
    power = 10 ** np.floor(np.log10(wish))
    length = float(power * max(k for k in (1, 2, 5) if k * power <= wish))
    shown = f"{length:g} µm" if length < 1e4 else f"{length / 1e4:g} cm"
    bottom, top = axes.get_ylim()
    y = bottom + 0.02 * (top - bottom)
    x = low + 0.03 * (high - low)
    axes.plot([x, x + length], [y, y], color=INK, linewidth=2.5)
    axes.annotate(shown, (x + length / 2, y), xytext=(0, 4), textcoords="offset points",
                  ha="center", va="bottom", fontsize=9.5)  # fmt: skip

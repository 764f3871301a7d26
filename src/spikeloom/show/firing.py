"""How often a neuron fires, as the figure of a model shows it: measured, averaged, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations import Family, Quantity, family
from spikeloom.equations.units import ms
from spikeloom.lab import FICurve, fi_curve
from spikeloom.show.course import label
from spikeloom.show.fi_curve import draw_fi_curve
from spikeloom.show.style import SPIKING, grid
from spikeloom.show.trial import WATCHED, Trial, drive

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
FASTEST = 1000.0
"""Rates above this in Hz are a neuron that fires in every step, and are not drawn."""
CURRENTS = 41
REPEATS = 20
"""Runs of what fires by chance, at each input."""
LONG = 5.0
"""So much longer is watched what may fire again after the end."""


def firing(neuron: Cell | Neuron | Refractory, tried: Trial) -> FICurve:
    """How often it fires from no input to twice the one that is shown, or on both sides of 0.

    What fires by chance is run several times at each input: `FICurve.currents` then repeat.
    """
    reach = 2.2 * (tried.level or 1.0)
    least = 0.0 if tried.rheobase is not None or tried.level == 0 else -reach
    levels = np.linspace(least, reach, CURRENTS)
    port, ticks = tried.port, neuron.definition.ticks
    if ticks:
        levels = np.unique(np.round(levels))
        if port.span is not None:  # fewer events than none do not arrive
            levels = levels[(levels >= port.span.low) & (levels <= port.span.high)]
    elif family(neuron.definition) is Family.STOCHASTIC:
        levels = np.repeat(levels, REPEATS)
    if port.kind == "impulse" and not ticks:
        run = drive(neuron, port, levels, WATCHED, record=())
        trains = tuple(run.train(k) for k in range(len(levels)))
        return FICurve(neuron, levels, run.counts, trains, WATCHED, port.name, port.unit, False)
    given = Quantity(levels.astype(int) if ticks else levels, port.unit)
    made = fi_curve(neuron, given, into=port.name)
    if any(len(train) == 1 and train[0] > made.duration / 4 for train in made.trains):
        made = fi_curve(neuron, given, LONG * WATCHED * ms, into=port.name)
    return made


def draw_rates(axes: Axes, curve: FICurve) -> None:
    """Firing rate over input; of what fires in bursts or by chance, the mean rate."""
    late = np.array([_late_rate(train, curve.duration) for train in curve.trains])
    by_chance = family(curve.model.definition) is Family.STOCHASTIC
    arrives = next(i for i in curve.model.definition.inputs if i.name == curve.port)
    plain = by_chance or arrives.kind != "inflow"
    if not plain:
        regular = np.abs(late - curve.settled) <= 0.15 * late + 2000 / curve.duration
        # A first interval that dwarfs the rest would hide the curve that is looked for.
        burst = curve.first.max() > 3 * max(late.max(), 1e-9)
        plain = bool(burst or regular.mean() <= 0.9 or late.max() > FASTEST)
    if plain:
        levels, rates = _means(curve.currents, late)
        shown = rates <= FASTEST
        dots = None if by_chance else "."
        axes.plot(levels[shown], rates[shown], color=SPIKING, lw=1.8, marker=dots, ms=4)
        axes.set_ylabel("firing rate (Hz)")
        axes.set_ylim(bottom=0)
        grid(axes)
    else:
        draw_fi_curve(axes, curve)
    if axes.get_legend() is not None:
        above(axes)
    axes.set_xlabel(label(curve.port, curve.unit))
    axes.locator_params(axis="x", nbins=4)


def above(axes: Axes) -> None:
    """A small legend above the panel, where it covers nothing."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, fontsize=8, handlelength=1.6,
        columnspacing=0.8, labelspacing=0.25, borderpad=0.1, handletextpad=0.6,
    )  # fmt: skip


def _means(levels: Array, rates: Array) -> tuple[Array, Array]:
    """Each level once, with the mean over its runs."""
    known, at = np.unique(levels, return_inverse=True)
    return known, np.bincount(at, rates) / np.bincount(at)


def _late_rate(train: Array, duration: float) -> float:
    """Of the second half, from its intervals where there are several; Hz."""
    late = train[train > duration / 2]
    if len(late) > 3:
        return 1000 * (len(late) - 1) / float(late[-1] - late[0])
    return 2000 * len(late) / duration

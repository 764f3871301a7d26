"""A response over time, as the figure of a model shows it: potential with threshold, states."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations.latex import symbol
from spikeloom.equations.units import kHz
from spikeloom.show.style import DASH, INK, LINES, MUTED, SPIKING, grid
from spikeloom.show.thin import thinned
from spikeloom.show.watched import Watched, compared, shown_states

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from spikeloom.equations import Unit
    from spikeloom.lab import Response

MOST = len(LINES)
"""Lines in one panel that can be told apart in grey."""
WORDS = ("potential", "rate")
"""What stands on an axis as a word and is no letter of a formula."""
ALIKE = 8.0
"""States share a panel if their ranges differ by less than this factor."""


def groups(found: Response) -> list[list[str]]:
    """States besides the potential that move, those together that one axis can hold.

    They share a unit, and none would be a flat line beside another.
    """
    known = shown_states(found) | {n for n, x in found.states.items() if _stands(x)}
    made: list[list[str]] = []
    reach = {n: _reach(x) for n, x in found.states.items()}
    for name in (n for n in found.states if n not in known):
        for group in made:
            first = group[0]
            same = found.units[first] == found.units[name]
            sizes = sorted((max(reach[first], 1e-12), max(reach[name], 1e-12)))
            if same and len(group) < MOST and sizes[1] < ALIKE * sizes[0]:
                group.append(name)
                break
        else:
            made.append([name])
    return made


def draw_potential(axes: Axes, found: Response) -> None:
    """The potential, its threshold dashed, and a stroke above for each spike."""
    potential, threshold = compared(found)
    low, high = _ends(potential.values)
    if threshold is not None:
        axes.plot(*thinned(found.times, threshold.values), color=MUTED, lw=1.1, ls=DASH, zorder=1.5)
        low = min(low, float(np.nanmin(threshold.values)))
        high = max(high, float(np.nanmax(threshold.values)))
    axes.plot(*thinned(*with_tops(found, potential, threshold)), color=SPIKING, lw=1.5)
    if high - low <= 1e-9 * max(abs(high), 1e-12):  # it stands still
        high, low = high + 0.5 * abs(high or 1), low - 0.5 * abs(low or 1)
    room = high - low
    if len(found.spikes):
        axes.vlines(found.spikes, high + 0.08 * room, high + 0.2 * room, color=INK, lw=1.2)
    axes.set_ylim(low - 0.06 * room, high + (0.24 if len(found.spikes) else 0.1) * room)
    axes.set_ylabel(label(shown_name(found, potential), potential.unit))
    if threshold is not None:
        axes.annotate(
            formula(threshold.name),
            (1.0, float(threshold.values[-1])),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=MUTED,
        )
    _course(axes)


def with_tops(found: Response, potential: Watched, threshold: Watched | None) -> tuple[Any, Any]:
    """Times and potential with a point where each spike was fired: samples miss the top.

    Only a neuron that is reset has its spikes at the threshold.
    """
    if threshold is None or not found.model.definition.reset or not len(found.spikes):
        return found.times, potential.values
    after = np.searchsorted(found.times, found.spikes - 1e-9)
    before = np.clip(after - 1, 0, len(found.times) - 1)
    times = np.insert(found.times, after, found.spikes)
    return times, np.insert(potential.values, after, threshold.values[before])


def draw_states(axes: Axes, found: Response, names: list[str]) -> None:
    """Some states in one panel."""
    for name, (colour, dash) in zip(names, LINES, strict=False):
        curve = thinned(found.times, found.states[name])
        axes.plot(*curve, color=colour, ls=dash, lw=1.3, label=tex(name))
    axes.set_ylabel(label(", ".join(names), found.units[names[0]]))
    if len(names) > 1:
        axes.legend(
            loc="lower right", bbox_to_anchor=(1.0, 0.94), ncols=len(names), fontsize=8.5,
            handlelength=1.8, borderpad=0.1, borderaxespad=0.2,
        )  # fmt: skip
    _course(axes)


def shown_name(found: Response, potential: Watched) -> str:
    """A state's own name; of a sum of states, what it is."""
    if potential.name in found.states:
        return potential.name
    return "rate" if potential.unit.fits(kHz) else "potential"


def label(names: str, unit: Unit) -> str:
    """Names with their unit, for an axis; (1) says that there is none.

    >>> from spikeloom import mV, one
    >>> label("theta", mV), label("potential", mV), label("m, h", one)
    ('$\\\\theta$ (mV)', 'potential (mV)', '$m$, $h$ (1)')
    """
    words = ", ".join(tex(n) if n not in WORDS else n for n in names.split(", "))
    long = len(names) + len(str(unit)) > 9 and names not in WORDS
    return f"{words}{chr(10) if long else ' '}({str(unit) or 1})"


def tex(name: str) -> str:
    """A name as a formula."""
    return f"${symbol(name)}$"


def formula(text: str) -> str:
    r"""A short sum of names as a formula; of a longer expression, what it is for.

    >>> formula("theta + b"), formula("max(theta, v_1)")
    ('$\\theta + b$', 'threshold')
    """
    if not re.fullmatch(r"\w+( [+-] \w+){0,2}", text):
        return "threshold"
    return "$" + re.sub(r"[^\W\d]\w*", lambda m: symbol(m[0]), text) + "$"


def _course(axes: Axes) -> None:
    axes.locator_params(axis="y", nbins=4)
    axes.ticklabel_format(axis="y", useOffset=False)
    grid(axes)


def _stands(values: Any) -> bool:
    return float(np.ptp(values)) <= 1e-9 * _reach(values)


def _ends(values: Any) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)


def _reach(values: Any) -> float:
    low, high = _ends(values)
    return max(abs(low), abs(high))

"""A fitted model beside what it was fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.show.response import labelled
from spikeloom.show.style import (
    DASH,
    INK,
    MUTED,
    SPIKING,
    TWIN,
    grid,
    new_figure,
    styled,
    whole_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.lab import Fit


def fit(result: Fit) -> Figure:
    """Recorded and fitted potential and spikes, the cost over the rounds, and the parameters.

    Arguments:
        result: What `lab.fit` gave.

    >>> from spikeloom import LIF, OrnsteinUhlenbeck, lab, ms, nA, show
    >>> noise = OrnsteinUhlenbeck(0.15 * nA, 0.1 * nA, tau=5 * ms)
    >>> known = lab.response(LIF(tau=13 * ms), noise, 100 * ms, 0.1 * ms)
    >>> found = lab.fit(LIF(), known, {"tau": [5, 50] * ms}, dt=0.1 * ms)
    >>> [axes.get_ylabel() for axes in show.fit(found).axes]
    ['spikes', 'v (mV)', 'cost (no unit)', '']
    """
    with styled():
        figure = new_figure(4.6 + 0.16 * max(len(result.values) - 5, 0))
        parts = figure.add_gridspec(3, 2, height_ratios=[0.42, 1.7, 1.3], width_ratios=[1, 1.15])
        spikes = figure.add_subplot(parts[0, :])
        draw_both_trains(spikes, result)
        potential = figure.add_subplot(parts[1, :], sharex=spikes)
        draw_fitted(potential, result)
        spikes.tick_params(labelbottom=False)
        draw_costs(figure.add_subplot(parts[2, 0]), result)
        draw_parameters(figure.add_subplot(parts[2, 1]), result)
        return figure


def draw_both_trains(axes: Axes, result: Fit) -> None:
    """Recorded spikes above, those of the model below.

    Arguments:
        axes: Where.
        result: What `lab.fit` gave.
    """
    axes.vlines(result.recording.times, 1.1, 1.9, color=INK, linewidth=1.6)
    axes.vlines(result.response.spikes, 0.1, 0.9, color=TWIN, linewidth=1.6)
    axes.set_ylim(0, 2)
    axes.set_yticks([0.5, 1.5], ["model", "recorded"])
    axes.set_ylabel("spikes")
    axes.tick_params(axis="both", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    if np.isfinite(result.gamma):
        axes.set_title(f"coincidence factor {result.gamma:.3f}")


def draw_fitted(axes: Axes, result: Fit) -> None:
    """The recorded potential and that of the model.

    Arguments:
        axes: Where.
        result: What `lab.fit` gave.
    """
    answer, recording = result.response, result.recording
    name = recording.state or answer.potential
    unit = answer.units[name]
    if recording.potential is not None:
        axes.plot(
            recording.sampled, recording.values(unit), color=SPIKING, linewidth=3.2, alpha=0.45,
            label="recorded",
        )  # fmt: skip
    axes.plot(
        answer.times, answer.states[name], color=TWIN, linewidth=1.3, linestyle=DASH,
        label=f"model, {result.rms:.2g} {unit!s} off" if np.isfinite(result.rms) else "model",
    )  # fmt: skip
    axes.set_xlim(0, float(answer.times[-1]))
    axes.set_xlabel("time (ms)")
    axes.set_ylabel(labelled(name, unit))
    axes.margins(y=0.1)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=2, handlelength=2.4)
    grid(axes)


def draw_costs(axes: Axes, result: Fit) -> None:
    """The best cost after each round.

    Arguments:
        axes: Where.
        result: What `lab.fit` gave.
    """
    best = np.minimum.accumulate(np.maximum(result.history, 1e-16))
    axes.plot(np.arange(1, len(best) + 1), best, color=INK, linewidth=1.6)
    if len(best) and best.max() > 20 * best.min():
        axes.set_yscale("log")
    axes.set_xlabel("round")
    axes.set_ylabel("cost (no unit)")
    whole_ticks(axes)
    grid(axes)


def draw_parameters(axes: Axes, result: Fit) -> None:
    """The parameters that were found, as a table.

    Arguments:
        axes: Where.
        result: What `lab.fit` gave.
    """
    axes.axis("off")
    axes.set_title(f"{result.model.definition.name}, {result.runs:,} neurons run")
    count = max(len(result.values), 5)
    for row, (name, value) in enumerate(result.values.items()):
        height, error = 0.92 - row / count, result.errors[name]
        amount = f"{value:.5g}" + (f" ± {error:.1g}" if np.isfinite(error) else "")
        text = f"{amount} {result.units[name]!s}".rstrip()
        edge = name in result.at_edge
        axes.text(0.0, height, name, va="top", transform=axes.transAxes)
        axes.text(
            0.25, height, f"{text}  (end of its range)" if edge else text, va="top",
            color=TWIN if edge else INK, transform=axes.transAxes,
        )  # fmt: skip
    if not result.values:
        axes.text(0, 0.9, "nothing was fitted", color=MUTED, transform=axes.transAxes)

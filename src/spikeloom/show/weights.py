"""How the weights of synapses change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.show.style import DASH, INK, MUTED, SPIKING, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spikeloom.network import WeightTrace

MOST_COLUMNS = 400
"""More samples than this are thinned out evenly: no page is wider."""


def weights(trace: WeightTrace, *, bins: int = 40) -> Figure:
    """The distribution of weights over time, and at the beginning and end.

    The darker a place, the more synapses have that weight at that time.

    Arguments:
        trace: What a recorder of weights has kept.
        bins: Number of bins between the least and the largest weight.

    Raises:
        ParameterError: Nothing was kept, or there are no bins.

    >>> import numpy as np
    >>> from spikeloom import WeightTrace, pA
    >>> ids = np.arange(3)
    >>> times, values = np.array([0.0, 100.0]), np.array([[1.0, 1.0, 1.0], [0.5, 1.0, 2.0]])
    >>> trace = WeightTrace(times, values, pA, "exc -> exc", ids, ids)
    >>> weights(trace, bins=10).axes[0].get_ylabel()
    'weight (pA)'
    """
    if not len(trace) or not trace.size:
        raise ParameterError("weights: no weights were recorded.", hint="net.record(p, every=…)")
    if bins < 1:
        raise ParameterError(f"weights: bins must be at least 1, got {bins}.")
    shown = np.unique(np.linspace(0, len(trace) - 1, min(len(trace), MOST_COLUMNS)).astype(int))
    times, values = trace.times[shown], trace.values[shown]
    low, high = float(values.min()), float(values.max())
    if high <= low:
        low, high = low - 0.5 * max(abs(low), 1e-12), high + 0.5 * max(abs(high), 1e-12)
    edges = np.linspace(low, high, bins + 1)
    share = np.array([np.histogram(row, edges)[0] for row in values]).T / trace.size
    unit = f" ({trace.unit})" if str(trace.unit) else ""
    with styled():
        from matplotlib.colors import LinearSegmentedColormap, PowerNorm

        figure = new_figure(3.4)
        main, side = figure.subplots(1, 2, sharey=True, width_ratios=(4, 1))
        ink = LinearSegmentedColormap.from_list("ink", ["#ffffff", SPIKING, INK])
        main.pcolormesh(
            _edges(times), edges, share, cmap=ink, norm=PowerNorm(0.5, 0, 1), rasterized=True
        )
        main.plot(times, values.mean(axis=1), color=INK, lw=1.8, label="mean")
        main.legend(loc="upper left")
        main.set_title(f"{trace.name}: {trace.size:,} synapses")
        main.set_xlabel("time (ms)")
        main.set_ylabel(f"weight{unit}")
        side.stairs(share[:, 0], edges, orientation="horizontal", color=MUTED, ls=DASH, lw=1.2)
        side.stairs(
            share[:, -1], edges, orientation="horizontal", color=SPIKING, fill=True, alpha=0.75
        )
        side.set_title("first (dashed), last", fontsize=9.5)
        side.set_xlabel("share of synapses")
        grid(side, "x")
        return figure


def _edges(times: np.ndarray) -> np.ndarray:
    """Where the columns of samples begin and end."""
    if len(times) == 1:
        return np.array([times[0] - 0.5, times[0] + 0.5])
    middle = (times[1:] + times[:-1]) / 2
    first, last = 2 * times[0] - middle[0], 2 * times[-1] - middle[-1]
    return np.concatenate([[first], middle, [last]])

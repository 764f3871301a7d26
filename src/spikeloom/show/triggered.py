"""What a state does around a moment, on average."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.show.style import FAINT, LINES, MUTED, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spikeloom.network import Windows

MOST_SINGLE = 20
"""Windows that are drawn one by one behind the average of a single neuron."""


def triggered(windows: Windows) -> Figure:
    """The average of all windows, with one standard deviation to both sides.

    Up to three neurons have a line each; of more the mean over neurons is drawn. Behind a single
    neuron, its first windows are shown as they are.

    Arguments:
        windows: What a recorder of windows has kept.

    Raises:
        ParameterError: There is no window.

    >>> import numpy as np
    >>> from spikeloom import Windows, mV
    >>> values = np.array([[[-50.0], [-65.0]], [[-52.0], [-65.0]]])
    >>> times, who, offsets = np.array([3.0, 9.0]), np.zeros(2, int), np.array([-1.0, 0.0])
    >>> found = Windows(times, who, values, offsets, mV, "v", "spikes of exc[0]")
    >>> triggered(found).axes[0].get_xlabel()
    'time from spikes of exc[0] (ms)'
    """
    if not len(windows):
        raise ParameterError("triggered: there was no moment around which to record.")
    mean, spread = windows.average(), windows.spread()
    names = list(windows.neurons)
    if windows.size > len(LINES):
        # Over neurons and windows: the mean of variances and the variance of means.
        spread = np.sqrt((spread**2).mean(axis=1) + mean.var(axis=1))[:, None]
        mean, names = mean.mean(axis=1, keepdims=True), [f"mean of {windows.size:,} neurons"]
    unit = f" ({windows.unit})" if str(windows.unit) else ""
    with styled():
        figure = new_figure(3.2)
        axes = figure.subplots()
        if windows.size == 1:
            for one in windows.values[:MOST_SINGLE, :, 0]:
                axes.plot(windows.offsets, one, color=FAINT, lw=0.6)
        for k in range(mean.shape[1]):
            colour, dash = LINES[k]
            low, high = mean[:, k] - spread[:, k], mean[:, k] + spread[:, k]
            axes.fill_between(windows.offsets, low, high, color=colour, alpha=0.14, lw=0)
            label = names[k] if names else None
            axes.plot(windows.offsets, mean[:, k], color=colour, ls=dash, lw=1.6, label=label)
        axes.axvline(0, color=MUTED, lw=1.0, ls=(0, (1, 1.5)))
        if len(names) > 1:
            axes.legend(loc="best")
        whose = f"{names[0]}: " if len(names) == 1 else ""
        many = f"average of {len(windows):,} window{'s' * (len(windows) != 1)}"
        axes.set_title(f"{whose}{many} ± 1 standard deviation")
        axes.set_xlabel(f"time from {windows.around} (ms)")
        axes.set_ylabel(f"{windows.state}{unit}")
        axes.set_xlim(windows.offsets[0], windows.offsets[-1])
        grid(axes)
        return figure

"""Learning curves: how loss and accuracy change from epoch to epoch, beside the plain twin's."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from spikeloom.show.run import Curves
from spikeloom.show.style import DASH, SPIKING, TWIN, grid, new_figure, styled, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Dash: TypeAlias = str | tuple[float, tuple[float, ...]]
ACCURACY_TICKS = (0, 50, 80, 90, 95, 98, 99, 100)


def learning_curves(network: Curves, twin: Curves | None = None) -> Figure:
    """Loss and accuracy over epochs.

    The accuracy axis is stretched towards 100 %, because that is where the story is: equal steps
    up are equal *factors* fewer errors, until one error in a hundred is left.

    Arguments:
        network: Curves of the spiking network; fractions, shape (seeds, epochs).
        twin: Curves of the plain network, or None.
    """
    with styled():
        figure = new_figure(3.5)
        loss, accuracy = figure.subplots(1, 2)
        parts: list[tuple[str, Curves, str, Dash]] = [("spiking", network, SPIKING, "-")]
        if twin is not None:
            parts.append(("plain twin", twin, TWIN, DASH))
        for name, curves, colour, dash in parts:
            for axes, train, validation in (
                (loss, curves.train_loss, curves.validation_loss),
                (accuracy, 100 * curves.train_accuracy, 100 * curves.validation_accuracy),
            ):
                _lines(axes, validation, f"{name}, validation", colour, dash, 2.2)
                _lines(axes, train, f"{name}, training", colour, dash, 1.0)
        loss.set_title("loss (nats)")
        positive = [c.train_loss[c.train_loss > 0] for _, c, _, _ in parts]
        if all(len(values) for values in positive):
            loss.set_yscale("log")
            _plain_log_ticks(loss)
        accuracy.set_title("accuracy (%)")
        _stretch(accuracy)
        for axes in (loss, accuracy):
            grid(axes)
            axes.set_xlabel("epoch")
            whole_ticks(axes)
        handles, labels = loss.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=2, handlelength=2.6)
        return figure


def _lines(
    axes: Axes, values: np.ndarray, label: str, colour: str, dash: Dash, width: float
) -> None:
    """Each seed faintly, their mean strongly for as long as all of them run."""
    epochs = np.arange(1, values.shape[1] + 1)
    mean = values.mean(axis=0)  # NaN as soon as one seed has stopped
    if len(values) > 1:
        for seed in values:
            axes.plot(epochs, seed, color=colour, linewidth=0.7, alpha=0.3)
    axes.plot(epochs, mean, color=colour, linewidth=width, linestyle=dash, label=label)


def _stretch(axes: Axes) -> None:
    """Scale an accuracy axis (%) by the logarithm of what is missing to 100, straight below 1."""

    def forward(percent: np.ndarray) -> np.ndarray:
        missing = np.maximum(100.0 - np.asarray(percent, dtype=float), -1.0)
        return -np.where(missing <= 1, missing, 1 + np.log(np.maximum(missing, 1)))

    def back(height: np.ndarray) -> np.ndarray:
        depth = -np.asarray(height, dtype=float)
        return 100.0 - np.where(depth <= 1, depth, np.exp(np.minimum(depth, 9.0) - 1))

    lowest = min(
        (
            float(np.nanmin(data))
            for line in axes.lines
            if len(data := np.asarray(line.get_ydata()))
        ),
        default=0.0,
    )
    axes.set_yscale("function", functions=(forward, back))
    floor = max((tick for tick in ACCURACY_TICKS if tick <= lowest), default=0)
    ticks = [tick for tick in ACCURACY_TICKS if tick >= floor]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.set_yticks([], minor=True)
    axes.set_ylim(floor, 100.2)


def _plain_log_ticks(axes: Axes) -> None:
    """Write 0.1 and 0.02 on a logarithmic axis instead of powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5), numticks=12))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()

"""A spike in slow motion: the potential over time, and a point that runs in the phase plane."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.show.course import draw_potential, draw_states, groups, label
from spikeloom.show.model import draw_plane, plane_of
from spikeloom.show.response import draw_input
from spikeloom.show.style import TWIN, new_figure, styled
from spikeloom.show.watched import compared

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.lab import Response

FRAMES = 60
DPI = 80
COLOURS = 48
EACH = 60
"""How long a frame stands, ms."""
LAST = 1200
"""The last one stands longer."""
REST = 0.45
"""Share of the frames that goes evenly over time; the others go where something happens."""


def animation(
    found: Response,
    *,
    frames: int = FRAMES,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> bytes:
    """A GIF of a neuron at work: what has happened so far in colour, a point where it is now.

    The film is slow where the potential moves fast, so that a spike of a millisecond can be seen.

    Arguments:
        found: A response, for example over one or two spikes.
        frames: Number of pictures.
        progress: Is told how many are done, of how many.

    Raises:
        ParameterError: Fewer than two frames.

    >>> from spikeloom import FitzHughNagumo, lab, ms
    >>> run = lab.response(FitzHughNagumo(), 0.5, 60 * ms)
    >>> animation(run, frames=2)[:6]
    b'GIF89a'
    """
    if frames < 2:
        raise ParameterError(f"show.animation: at least two frames, got {frames}.")
    from PIL import Image

    method = Image.Quantize.MAXCOVERAGE
    with styled():
        figure, move = _scene(found)
        pictures: list[Image.Image] = []
        for number, k in enumerate(_moments(compared(found)[0].values, frames)):
            move(k)
            shown = _pixels(figure)
            pictures.append(
                Image.fromarray(shown).quantize(COLOURS, method=method, dither=Image.Dither.NONE)
            )
            progress(number + 1, frames)
    target = BytesIO()
    pictures[0].save(
        target, format="GIF", save_all=True, append_images=pictures[1:], loop=0, optimize=True,
        duration=[EACH] * (frames - 1) + [LAST],
    )  # fmt: skip
    return target.getvalue()


def _scene(found: Response) -> tuple[Figure, Callable[[int], None]]:
    """A figure, and what moves it to a sample."""
    panels = groups(found)[:2]
    plane = plane_of(found.model, found)
    heights = [2.0, *(0.9 for _ in panels), 0.8]
    figure = new_figure(sum(heights) + 0.6, 8.4 if plane is not None else 5.4)
    columns = figure.add_gridspec(1, 2 if plane else 1, width_ratios=(1.3, 1) if plane else None)
    rows = columns[0].subgridspec(len(heights), 1, height_ratios=heights)
    axes = [figure.add_subplot(rows[k]) for k in range(len(heights))]
    draw_potential(axes[0], found)
    for at, names in zip(axes[1:-1], panels, strict=True):
        draw_states(at, found, names)
    draw_input(axes[-1], found)
    axes[-1].set_ylabel(label(found.port, found.units[found.port]))
    figure.align_ylabels(axes)
    for at in axes:
        at.set_xlim(float(found.times[0]), float(found.times[-1]))
    for at in axes[:-1]:
        at.tick_params(axis="x", length=0, labelbottom=False)
    axes[-1].set_xlabel("time (ms)")
    moving: list[Callable[[int], None]] = [_curtain(at, found) for at in axes]
    moving.append(_point(axes[0], found.times, compared(found)[0].values))
    if plane is not None:
        beside = figure.add_subplot(columns[1])
        draw_plane(beside, plane)
        moving.append(_point(beside, found.states[plane.x], found.states[plane.y]))
    figure.draw_without_rendering()  # the layout is found once; nothing may jump
    figure.set_layout_engine("none")

    def move(k: int) -> None:
        for each in moving:
            each(k)

    return figure, move


def _curtain(axes: Axes, found: Response) -> Callable[[int], None]:
    """What is still to come stands behind a veil."""
    from matplotlib.patches import Rectangle

    low, high = axes.get_ylim()
    end = float(found.times[-1])
    veil = Rectangle((0, low), end, high - low, color="white", alpha=0.86, lw=0, zorder=8)
    axes.add_patch(veil)

    def move(k: int) -> None:
        veil.set_x(float(found.times[k]))
        veil.set_width(end - float(found.times[k]))

    return move


def _point(axes: Axes, x: Any, y: Any) -> Callable[[int], None]:
    (point,) = axes.plot([], [], "o", ms=8, color=TWIN, mec="white", mew=1.2, zorder=9)

    def move(k: int) -> None:
        point.set_data([float(x[k])], [float(y[k])])

    return move


def _moments(potential: Any, frames: int) -> Any:
    """Samples to show: partly even in time, partly even along the way of the potential."""
    way = np.abs(np.diff(potential, prepend=potential[:1]))
    way = np.minimum(way, 0.05 * max(float(np.ptp(potential)), 1e-12))  # a reset is one step
    share = np.cumsum(way) / max(float(way.sum()), 1e-12)
    evenly = np.linspace(0, 1, len(potential))
    return np.searchsorted(
        REST * evenly + (1 - REST) * share, np.linspace(0, 1, frames) * (1 - 1e-9)
    ).clip(0, len(potential) - 1)


def _pixels(figure: Figure) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()

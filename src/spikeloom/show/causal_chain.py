"""A few neurons and how one makes the next fire: from each spike to what it does elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.show.course import label
from spikeloom.show.style import DASH, INK, MUTED, SPIKING, TWIN, grid, new_figure, styled
from spikeloom.show.thin import thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from spikeloom.network import Network, Projection, Result, StateTrace

Array = np.ndarray[Any, np.dtype[Any]]
MOST = 8
"""Neurons that fit above each other."""
ROW = 1.45
"""Height of a row in inches."""
SHAPES = {"fires": (TWIN, "-", 1.8), "adds": (MUTED, "-", 0.9), "stops": (SPIKING, DASH, 1.3)}
"""Colour, dash and width of an arrow, by what its spike does."""
WORDS = {
    "fires": "the last arrival before a spike",
    "adds": "an arrival with no spike of its own",
    "stops": "inhibition",
}


@dataclass(frozen=True)
class Link:
    """One spike on its way.

    Arguments:
        source, target: Rows of the two neurons.
        sent, arrived: When, ms.
        caused: The spike of the target that it set off, ms; None for none.
        kind: ``"fires"``, ``"adds"`` or ``"stops"``.
        delay: Of the synapse, ms.
        by: Name of the connection.

    >>> link = Link(0, 1, 5.0, 7.0, 9.5, "fires", delay=2.0, by="first -> then")
    >>> link.arrived - link.sent == link.delay, link.caused
    (True, 9.5)
    """

    source: int
    target: int
    sent: float
    arrived: float
    caused: float | None
    kind: str
    delay: float
    by: str


@dataclass(frozen=True, eq=False)
class Row:
    """One neuron: its name, spikes, and potential where it was recorded."""

    name: str
    population: str
    index: int
    spikes: Array
    times: Array | None = None
    values: Array | None = None
    trace: StateTrace | None = None


def links(
    net: Network,
    rows: list[Row],
    stop: float,
    *,
    window: float = 20.0,
    inhibitory: Collection[str] = (),
) -> list[Link]:
    """Every spike on every synapse between the neurons of a figure, and what came of it.

    A spike is put down to the last excitatory arrival before it, no longer than `window` ms ago and
    after the neuron's spike before; a neuron that fires by itself is credited to nobody.

    Arguments:
        net: The network.
        rows: Its neurons.
        stop: What arrives later is left out, ms.
        window: How long an arrival can be the cause, ms.
        inhibitory: Names of connections that inhibit although their weight is positive, as
            conductances do.

    Raises:
        ParameterError: No such connection.
    """
    projections = {p.name: p for p in net.projections}
    for name in inhibitory:
        if name not in projections:
            raise ParameterError(
                f"causal_chain: there is no connection {name!r}.",
                hint=f"there are {', '.join(projections)}",
            )
    found = [
        link
        for name, p in projections.items()
        for link in _of_projection(p, rows, stop, name in inhibitory)
    ]
    made: list[Link] = []
    for place, row in enumerate(rows):
        here = [link for link in found if link.target == place]
        causes = _causes([x for x in here if x.kind != "stops"], row.spikes, window)
        made += [
            Link(**{**vars(x), "caused": causes.get(id(x)), "kind": "fires"})
            if id(x) in causes
            else x
            for x in here
        ]
    return sorted(made, key=lambda x: (x.sent, x.arrived))


def causal_chain(
    net: Network,
    result: Result,
    *,
    window: float = 20.0,
    inhibitory: Collection[str] = (),
) -> Figure:
    """Neurons above each other, with an arrow from each spike to where and when it arrives.

    The potential from an arrival to the spike it sets off is drawn in the arrow's colour. Delays
    stand at the first arrow of each connection.

    Arguments:
        net: A network of at most eight neurons.
        result: A run of it that recorded the spikes of every population, and the potentials of
            those that have one.
        window: How long before a spike an arrival can be its cause, ms.
        inhibitory: Names of connections that inhibit although their weight is positive.

    Raises:
        ParameterError: Too many neurons, or spikes that were not recorded.

    >>> from spikeloom import LIF, AllToAll, ExponentialCurrent, Network, nA, ms, pA
    >>> net = Network(dt=0.1 * ms, engine="reference")
    >>> first = net.population(1, LIF(), name="first", I=0.2 * nA)
    >>> then = net.population(1, LIF(), name="then")
    >>> _ = net.connect(
    ...     first, then, ExponentialCurrent(), AllToAll(), weight=900 * pA, delay=2 * ms
    ... )
    >>> kept = [net.record(p, what) for p in (first, then) for what in ("spikes", "v")]
    >>> figure = causal_chain(net, net.run(100 * ms))
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['first\\n$v$ (mV)', 'then\\n$v$ (mV)']
    """
    rows = _rows(net, result)
    stop = float(result.stop)
    arrows = links(net, rows, stop, window=window, inhibitory=inhibitory)
    with styled():
        figure = new_figure(ROW * len(rows) + 1.0)
        panels = figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
        for axes, row in zip(panels, rows, strict=True):
            _neuron(axes, row)
        for link in arrows:
            if link.kind == "fires":
                _consequence(panels[link.target], rows[link.target], link)
        panels[-1].set_xlim(float(result.start), stop)
        panels[-1].set_xlabel("time (ms)")
        figure.align_ylabels(panels)
        _arrows(figure, panels, rows, arrows)
        _legend(figure, arrows)
        return figure


def _rows(net: Network, result: Result) -> list[Row]:
    count = sum(p.size for p in net.populations)
    if count > MOST:
        raise ParameterError(
            f"causal_chain: {count} neurons; {MOST} can be told apart.",
            hint="show.raster draws many",
        )
    made: list[Row] = []
    for p in net.populations:
        if p not in result.spikes:
            raise ParameterError(
                f"causal_chain: the spikes of {p.name!r} were not recorded.",
                hint=f"before the run: net.record({p.name})",
            )
        trains = result.spikes[p]
        # By population, of which `get` knows nothing.
        trace = result.states[p] if p in result.states else None  # noqa: SIM401 - see above
        for k in range(p.size):
            name = p.name if p.size == 1 else f"{p.name}[{k}]"
            spikes = np.asarray(trains.train(k))
            if trace is None:
                made.append(Row(name, p.name, k, spikes))
            else:
                values = np.asarray(trace.values)[:, k]
                made.append(Row(name, p.name, k, spikes, np.asarray(trace.times), values, trace))
    return made


def _of_projection(p: Projection, rows: list[Row], stop: float, inhibits: bool) -> list[Link]:
    source, target = p.connection.source.parts, p.connection.target.parts
    if len(source) > 1 or len(target) > 1:
        raise ParameterError(
            f"causal_chain: {p.name} joins sums of populations.",
            hint="connect the populations one by one",
        )
    place = {(row.population, row.index): k for k, row in enumerate(rows)}
    names = [part.population.name for part in (*source, *target)]
    weights = np.broadcast_to(np.asarray(p.weights.value), (len(p),))
    made: list[Link] = []
    for s, t, w, d in zip(p.sources, p.targets, weights, np.asarray(p.delays.value), strict=True):
        begin, end = place[names[0], int(s)], place[names[1], int(t)]
        kind = "stops" if inhibits or w < 0 else "adds"
        for sent in rows[begin].spikes:
            arrived = float(sent + d)
            if w != 0 and arrived <= stop:
                made.append(Link(begin, end, float(sent), arrived, None, kind, float(d), p.name))
    return made


def _causes(arrivals: list[Link], spikes: Array, window: float) -> dict[int, float]:
    """The arrival that set off each spike, by its identity."""
    made: dict[int, float] = {}
    before = -np.inf
    for spike in spikes:
        able = [x for x in arrivals if max(before, spike - window) < x.arrived < spike]
        if able:
            made[id(max(able, key=lambda x: x.arrived))] = float(spike)
        before = spike
    return made


def _neuron(axes: Axes, row: Row) -> None:
    if row.times is None or row.values is None or row.trace is None:
        axes.vlines(row.spikes, 0, 1, color=INK, lw=1.8)
        axes.set_ylim(0, 1.4)
        axes.set_yticks([])
        axes.set_ylabel(row.name)
    else:
        axes.plot(*thinned(row.times, row.values), color=INK, lw=1.2)
        low, high = float(row.values.min()), float(row.values.max())
        room = max(high - low, 1e-9)
        axes.vlines(row.spikes, high, high + 0.45 * room, color=INK, lw=1.8)
        axes.set_ylim(low - 0.1 * room, high + 0.5 * room)
        axes.locator_params(axis="y", nbins=3)
        axes.set_ylabel(f"{row.name}\n{label(row.trace.state, row.trace.unit)}")
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    grid(axes)


def _consequence(axes: Axes, row: Row, link: Link) -> None:
    """What follows from an arrival until the spike, in the colour of its arrow."""
    if row.times is None or row.values is None or link.caused is None:
        return
    within = (row.times >= link.arrived - 1e-9) & (row.times < link.caused - 1e-9)
    colour, _, width = SHAPES["fires"]
    axes.plot(row.times[within], row.values[within], color=colour, lw=width + 0.8, zorder=3)


def _arrows(figure: Figure, panels: Any, rows: list[Row], arrows: list[Link]) -> None:
    from matplotlib.patches import ConnectionPatch

    told: set[str] = set()
    for link in arrows:
        start, end = panels[link.source], panels[link.target]
        colour, dash, width = SHAPES[link.kind]
        down = link.target >= link.source
        begin = (link.sent, start.get_ylim()[0] if down else start.get_ylim()[1])
        stop = (link.arrived, _height(rows[link.target], link.arrived, down))
        patch = ConnectionPatch(
            begin, stop, "data", "data", axesA=start, axesB=end, color=colour, lw=width,
            linestyle=dash, arrowstyle="-|>" if link.kind != "stops" else "|-|,widthA=0,widthB=0.3",
            mutation_scale=10, shrinkA=0, shrinkB=1.5, zorder=5,
        )  # fmt: skip
        figure.add_artist(patch)
        patch.set_in_layout(False)
        if link.by not in told:
            told.add(link.by)
            start.annotate(
                f"{link.delay:g} ms", begin, xytext=(-5, -11 if down else 5), fontsize=8.5,
                textcoords="offset points", ha="right", color=colour,
            )  # fmt: skip


def _height(row: Row, when: float, down: bool) -> float:
    """Where on its axis a spike arrives: at the potential of that moment."""
    if row.times is None or row.values is None:
        return 1.0 if down else 0.0
    return float(np.interp(when, row.times, row.values))


def _legend(figure: Figure, arrows: list[Link]) -> None:
    from matplotlib.lines import Line2D

    kinds = [kind for kind in SHAPES if any(link.kind == kind for link in arrows)]
    handles = [
        Line2D([], [], color=SHAPES[k][0], ls=SHAPES[k][1], lw=SHAPES[k][2], label=WORDS[k])
        for k in kinds
    ]
    if handles:
        figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), fontsize=9,
                      handlelength=2.4)  # fmt: skip

"""Things that are allowed but look like mistakes: said once, before the first run."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Any

import numpy as np

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import kHz, ms
from spikeloom.network.bounds import bounds
from spikeloom.network.description import Connection, Description
from spikeloom.network.signs import signs, some
from spikeloom.network.sources import PoissonSpikes, Spikes
from spikeloom.network.waveforms import Waveform


class NetworkWarning(UserWarning):
    """A network that can be run but looks like a mistake.

    >>> issubclass(NetworkWarning, UserWarning)
    True
    """


def complaints(said: Description, plan: NetworkPlan) -> Iterator[str]:
    """What looks wrong, in words.

    Arguments:
        said: What the user has said.
        plan: What came of it.
    """
    reached = {p.target for p in plan.projections if not p.empty}
    reached |= {p.source for p in plan.projections if not p.empty}
    reached |= {p.target for p in (*plan.poisson, *plan.drives)}
    reached |= {c.target.population for c in plan.couplings}
    for member in said.members:
        name = member.population.name
        if member.population.index not in reached and len(said.members) > 1:
            yield f"population {name!r} is connected to nothing"
        if isinstance(spikes := member.population.neuron, PoissonSpikes):
            yield from _often(spikes, name, said.dt)
    for connection in said.connections:
        made = [p for p in plan.projections if p.name == connection.name]
        if made and all(p.empty for p in made):
            yield f"{connection.name}: {connection.rule!r} gives no synapse at all"
        yield from _delays(connection, said.dt)
        yield from bounds(connection, plan)
    yield from signs(said)


def outside(said: Description, start: float, stop: float) -> Iterator[tuple[str, str]]:
    """All inputs with a time of their own: a name of each, and why it does nothing in a run, or "".

    Arguments:
        said: The network.
        start, stop: Of the run, in ms.
    """
    inputs: list[tuple[str, str, Any]] = []
    for k, injection in enumerate(said.injections):
        inputs.append((f"injection {k}", injection.name, injection.current))
    for k, source in enumerate(said.sources):
        if isinstance(source.rate, Waveform):
            inputs.append((f"source {k}", f"poisson -> {source.target!r}", source.rate))
    for member in said.members:
        if isinstance(spikes := member.population.neuron, Spikes):
            name = member.population.name
            inputs.append((f"population {name}", name, spikes))
    run, slack = f"this run, {start:g} to {stop:g} ms", 1e-12 * stop
    for key, name, value in inputs:
        first, last = value.span
        why = ""
        if first >= stop - slack:
            why = f"{name}: {value!r} begins at {first:g} ms, after {run}"
        elif last <= start:
            why = f"{name}: {value!r} ends at {last:g} ms, before {run}"
        yield key, why


OFTEN = 0.1
"""Spikes expected in a step from which a Poisson train is visibly too regular."""


def _often(spikes: PoissonSpikes, name: str, dt: Quantity) -> Iterator[str]:
    if not isinstance(spikes.rate, Quantity):
        return
    chance = float(np.max(np.asarray(spikes.rate.to(kHz)))) * float(dt.to(ms))
    if OFTEN <= chance <= 1:
        yield (
            f"{name!r} fires in {chance:.0%} of all steps, at most once in each: its intervals have"
            f" a coefficient of variation of {sqrt(1 - chance):.2f} instead of 1; a smaller dt or "
            "net.poisson(…) helps"
        )


def _delays(connection: Connection, dt: Quantity) -> Iterator[str]:
    step, numbers = float(dt.to(ms)), some(connection.delay, ms)
    short = numbers[(numbers > 0) & (numbers < step * (1 - 1e-9))]
    if not short.size:
        return
    if isinstance(connection.delay, Quantity):
        yield (
            f"{connection.name}: a delay of {short.min():g} ms is shorter than dt = {dt} and "
            f"is rounded to {np.rint(short.min() / step) * step:g} ms"
        )
    elif short.size > numbers.size / 2:
        share = short.size / numbers.size
        yield (
            f"{connection.name}: {share:.0%} of the delays, {connection.delay}, are shorter than "
            f"dt = {dt} and are rounded to 0 or to one step"
        )

"""Things that are allowed but look like mistakes: said once, before the first run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms, mV
from spikeloom.network.description import Connection, Description
from spikeloom.network.receptors import Receptors

EXCITES, INHIBITS = ("e", "exc", "ampa", "nmda"), ("i", "inh", "gaba")


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
    reached = {p.target for p in plan.projections if p.count}
    reached |= {p.source for p in plan.projections if p.count}
    reached |= {p.target for p in plan.poisson}
    for member in said.members:
        name = member.population.name
        if member.population.index not in reached and len(said.members) > 1:
            yield f"population {name!r} is connected to nothing"
    for connection in said.connections:
        yield from _delays(connection, said.dt)
        for part, channel in zip(connection.target.parts, connection.channels, strict=True):
            receptors = said.members[part.population.index].receptors
            yield from _signs(connection, channel, receptors)


def _delays(connection: Connection, dt: Quantity) -> Iterator[str]:
    delay, step = connection.delay, float(dt.to(ms))
    if isinstance(delay, Quantity):
        numbers = np.atleast_1d(np.asarray(delay.to(ms)))
        short = numbers[(numbers > 0) & (numbers < step * (1 - 1e-9))]
        if short.size:
            yield (
                f"{connection.name}: a delay of {short.min():g} ms is shorter than dt = {dt} and "
                f"is rounded to {np.rint(short.min() / step) * step:g} ms"
            )


def _signs(connection: Connection, channel: str, receptors: Receptors) -> Iterator[str]:
    if not isinstance(connection.weight, Quantity):
        return
    numbers = np.asarray(connection.weight.value)
    negative, positive = bool(np.any(numbers < 0)), bool(np.any(numbers > 0))
    unit = next(i.unit for i in receptors.definition.inputs if i.name == channel)
    if unit.kind == "conductance":
        if negative:
            yield (
                f"{connection.name}: a conductance is never negative, its weight is "
                f"{connection.weight}; what inhibits is the synapse's E"
            )
        reversal = (
            receptors.synapses[channel].values.get("E") if channel in receptors.synapses else None
        )
        if isinstance(reversal, Quantity) and reversal.unit.fits(mV) and not reversal.shape:
            low = float(reversal.to(mV)) < -55
            if _kind(channel) == "excites" and low:
                yield f"{connection.name}: receptor {channel!r} has E = {reversal}, which inhibits"
            if _kind(channel) == "inhibits" and not low:
                yield f"{connection.name}: receptor {channel!r} has E = {reversal}, which excites"
        return
    senders = {part.population.name for part in connection.source.parts}
    for name in sorted({channel, *senders}):
        wrong = {"excites": negative and not positive, "inhibits": positive and not negative}
        if wrong.get(kind := _kind(name)):
            yield f"{connection.name}: {name!r} sounds as if it {kind}, but the weight is " + str(
                connection.weight
            )


def _kind(name: str) -> str:
    word = name.lower().split("_")[0]
    if word in EXCITES or word.startswith("exc"):
        return "excites"
    return "inhibits" if word in INHIBITS or word.startswith("inh") else ""

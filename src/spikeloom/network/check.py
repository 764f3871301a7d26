"""Things that are allowed but look like mistakes: said once, before the first run."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import numpy as np

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import kHz, ms, mV
from spikeloom.network.description import Connection, Description
from spikeloom.network.receptors import Receptors
from spikeloom.network.sources import PoissonSpikes, Spikes
from spikeloom.network.waveforms import Waveform

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
        yield from _delays(connection, said.dt)
        for part, channel in zip(connection.target.parts, connection.channels, strict=True):
            receptors = said.members[part.population.index].receptors
            yield from _signs(connection, channel, receptors)


def outside(said: Description, start: float, stop: float) -> Iterator[tuple[str, str]]:
    """All inputs with a time of their own: what each is, and why it does nothing in a run, or "".

    Arguments:
        said: The network.
        start, stop: Of the run, in ms.
    """
    inputs = [(f"{i.name}: {i.current!r}", i.current.span) for i in said.injections]
    for source in said.sources:
        if isinstance(source.rate, Waveform):
            inputs.append((f"poisson -> {source.target!r}: {source.rate!r}", source.rate.span))
    for member in said.members:
        if isinstance(spikes := member.population.neuron, Spikes):
            inputs.append((f"{member.population.name}: {spikes!r}", spikes.span))
    run, slack = f"this run, {start:g} to {stop:g} ms", 1e-12 * stop
    for what, (first, last) in inputs:
        why = ""
        if first >= stop - slack:
            why = f"{what} begins at {first:g} ms, after {run}"
        elif last <= start:
            why = f"{what} ends at {last:g} ms, before {run}"
        yield what, why


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

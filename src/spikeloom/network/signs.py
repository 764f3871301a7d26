"""Weights whose sign does not go with what their names say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import mV
from spikeloom.equations.values import Distribution
from spikeloom.errors import SpikeloomError
from spikeloom.network.description import Description
from spikeloom.network.receptors import Receptors

Array = np.ndarray[Any, np.dtype[Any]]
EXCITES, INHIBITS = ("e", "exc", "ampa", "nmda"), ("i", "inh", "gaba")
DRAWS = 200
"""Numbers that are drawn to see what a distribution is like."""
DIVIDES = -55.0
"""Reversal potentials below this many mV inhibit."""


def signs(said: Description) -> Iterator[str]:
    """What looks wrong, in words.

    Arguments:
        said: The network.
    """
    for c in said.connections:
        senders = [part.population.name for part in c.source.parts]
        for part, channel in zip(c.target.parts, c.channels, strict=True):
            receptors = said.members[part.population.index].receptors
            yield from _of(c.name, c.weight, channel, senders, receptors)
    for s in said.sources:
        for part, channel in zip(s.target.parts, s.channels, strict=True):
            receptors = said.members[part.population.index].receptors
            yield from _of(f"poisson -> {s.target!r}", s.weight, channel, [], receptors)


def some(value: Any, unit: Unit) -> Array:
    """Numbers that a value has: all of them, some draws, or none of an expression."""
    if isinstance(value, Quantity):
        return np.atleast_1d(np.asarray(value.to(unit), np.float64)).ravel()
    if isinstance(value, Distribution):
        try:
            drawn = Quantity(value.sample(0, "a look at its signs", DRAWS), value.unit)
        except SpikeloomError:
            return np.empty(0)
        return np.asarray(drawn.to(unit))
    return np.empty(0)


def _of(
    name: str, weight: Any, channel: str, senders: list[str], receptors: Receptors
) -> Iterator[str]:
    unit = next(i.unit for i in receptors.definition.inputs if i.name == channel)
    numbers = some(weight, unit)
    if not numbers.size:
        return
    if unit.kind == "conductance":
        if np.any(numbers < 0):
            yield (
                f"{name}: a conductance is never negative, its weight is {weight}; "
                "what inhibits is the synapse's E"
            )
        yield from _reversal(name, channel, receptors)
        return
    negative, positive = np.mean(numbers < 0) > 0.5, np.mean(numbers > 0) > 0.5
    for word in sorted({channel, *senders}):
        kind = _kind(word)
        if (kind == "excites" and negative) or (kind == "inhibits" and positive):
            yield f"{name}: {word!r} sounds as if it {kind}, but the weight is {weight}"


def _reversal(name: str, channel: str, receptors: Receptors) -> Iterator[str]:
    synapse = receptors.synapses.get(channel)
    reversal = None if synapse is None else synapse.values.get("E")
    if isinstance(reversal, Quantity) and reversal.unit.fits(mV) and not reversal.shape:
        low = float(reversal.to(mV)) < DIVIDES
        if _kind(channel) == "excites" and low:
            yield f"{name}: receptor {channel!r} has E = {reversal}, which inhibits"
        if _kind(channel) == "inhibits" and not low:
            yield f"{name}: receptor {channel!r} has E = {reversal}, which excites"


def _kind(name: str) -> str:
    word = name.lower().split("_")[0]
    if word in EXCITES or word.startswith("exc"):
        return "excites"
    return "inhibits" if word in INHIBITS or word.startswith("inh") else ""

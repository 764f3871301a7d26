"""Parameters that show what a neuron can do, where those it comes with show nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations import Cell, Expr, Quantity, Refractory
from spikeloom.equations.at_values import at_values
from spikeloom.equations.latex import symbol
from spikeloom.equations.randomness import walk
from spikeloom.show.trial import WATCHED, drive, first_port, levels_of

if TYPE_CHECKING:
    from spikeloom.equations import Neuron

APART = 8
"""At its least input a neuron should need about so many ticks for a spike."""
DOUBLINGS = 10


def telling(
    neuron: Cell | Neuron | Refractory, into: str | None = None
) -> tuple[Cell | Neuron | Refractory, str]:
    """The neuron itself, or one with a higher threshold if any input fires it in each tick.

    Only a neuron that counts in whole numbers and has all its default parameters is altered: its
    threshold, which is what the firing condition compares with, is doubled until the least input
    that fires it needs several ticks for a spike.

    Arguments:
        neuron: Any neuron.
        into: Name of the input.

    Returns:
        The neuron, and a sentence that says what was altered; empty if nothing was.

    >>> from spikeloom import LIF, TrueNorthNeuron
    >>> telling(TrueNorthNeuron())[0].values["alpha"], telling(LIF())[1]
    (8 * one, '')
    """
    if isinstance(neuron, Cell | Refractory) or not neuron.definition.ticks:
        return neuron, ""
    if neuron != type(neuron)() or not _always(neuron, into):
        return neuron, ""
    plain = at_values(neuron.definition, neuron.values)
    own = {p.name for p in plain.params}
    fires = () if plain.fires is None else tuple(walk(plain.fires))
    names = [n.name for n in fires if isinstance(n, Expr) and n.name in own]
    for name in dict.fromkeys(n for n in names if n is not None):
        given = neuron.values[name]
        if not isinstance(given, Quantity):
            continue
        first = value = int(np.asarray(given.value))
        for _ in range(DOUBLINGS):
            value *= 2
            tried = type(neuron)(**{name: Quantity(value, given.unit)})
            if _ticks(tried, into) >= APART:
                shown = f"${symbol(name)}$"
                return tried, f"Drawn with {shown} = {value}: at {shown} = {first} any input fires."
    return neuron, ""


def _always(neuron: Neuron, into: str | None) -> bool:
    """Whether it fires in each tick as soon as it fires at all."""
    rates = _rates(neuron, into)
    return bool(len(rates) and rates.min() > 0.9)


def _ticks(neuron: Neuron, into: str | None) -> float:
    """Ticks from spike to spike at the least input that makes it fire."""
    rates = _rates(neuron, into)
    return float(1 / rates.min()) if len(rates) else np.inf


def _rates(neuron: Neuron, into: str | None) -> Any:
    """Spikes in a tick, for each input that makes it fire."""
    port = first_port(neuron, into)
    run = drive(neuron, port, levels_of(neuron, port), 0.2 * WATCHED, record=())
    return run.counts[run.counts > 1] / (0.2 * WATCHED)

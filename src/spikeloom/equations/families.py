"""To which family a neuron model belongs, read from what its equations say.

A model that is added tomorrow finds its place by itself: nothing here knows a name.

>>> from spikeloom.models import Izhikevich
>>> family(Izhikevich.definition) is Family.THRESHOLD
True
"""

from __future__ import annotations

from enum import Enum
from itertools import combinations

from spikeloom.equations.definition import Definition
from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.randomness import CHANCES, walk
from spikeloom.equations.units import mV


class Family(Enum):
    """A kind of neuron model; the value says what sets it apart."""

    CONDUCTANCE = "the equations themselves make the spike; nothing is reset"
    THRESHOLD = "a spike at a threshold, and a reset"
    STOCHASTIC = "noise in the rates, or spikes by chance"
    COMPARTMENTS = "potentials that flow into each other"
    INTEGER = "whole numbers alone, as on a chip"
    SPIKELESS = "no spikes at all: read-outs and rates"

    @property
    def title(self) -> str:
        """The family's name, for headings."""
        return _TITLES[self.name]


_TITLES = {
    "CONDUCTANCE": "Conductance-based and its reductions",
    "THRESHOLD": "Threshold",
    "STOCHASTIC": "Stochastic",
    "COMPARTMENTS": "Several compartments",
    "INTEGER": "Integer",
    "SPIKELESS": "Without spikes",
}


def family(definition: Definition) -> Family:
    """The family of a neuron model.

    The first that fits: a tick in place of a flow makes an integer model; two potentials in each
    other's rates make compartments; white noise or chance makes a stochastic model; no firing
    condition, one without spikes; a reset, a threshold model; and what fires without being reset
    makes its spikes by its own equations.

    Arguments:
        definition: ``model.definition``, of a class or a value.

    >>> from spikeloom.models import HodgkinHuxley, LIF, EscapeLIF, TwoCompartment
    >>> [family(m.definition).name for m in (HodgkinHuxley, LIF, EscapeLIF, TwoCompartment)]
    ['CONDUCTANCE', 'THRESHOLD', 'STOCHASTIC', 'COMPARTMENTS']
    """
    if definition.ticks:
        return Family.INTEGER
    if _coupled(definition):
        return Family.COMPARTMENTS
    if definition.noises or _by_chance(definition.fires):
        return Family.STOCHASTIC
    if definition.fires is None:
        return Family.SPIKELESS
    return Family.THRESHOLD if definition.reset else Family.CONDUCTANCE


def _by_chance(fires: Condition | None) -> bool:
    return fires is not None and any(n.op in CHANCES for n in walk(fires))


def _coupled(definition: Definition) -> bool:
    volts = [s.name for s in definition.states if s.unit.fits(mV)]
    reads = {name: _states(definition.flow[name]) for name in volts}
    return any(b in reads[a] and a in reads[b] for a, b in combinations(volts, 2))


def _states(node: Expr) -> set[str]:
    leaves = (n for n in walk(node) if isinstance(n, Expr))
    return {n.name or "" for n in leaves if n.op == "leaf" and n.kind == "state"}

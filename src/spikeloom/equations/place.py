"""Where neurons are, as something that parameters, weights and delays can be computed from.

>>> from spikeloom.equations.functions import exp
>>> from spikeloom.equations.units import nS, um
>>> 5 * nS * exp(-pair.distance / (100 * um))
<5*nS*exp(-pair.distance/(100*um))  [nS]>
>>> position.x / (2 * um)
<position.x/(2*um)>
"""

from __future__ import annotations

from collections.abc import Iterator

from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.units import um


def _leaf(name: str) -> Expr:
    return Expr("leaf", unit=um, kind="place", name=name)


class Axes:
    """The coordinates of a neuron: ``x``, ``y`` and ``z``.

    Arguments:
        name: How they are called in messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def x(self) -> Expr:
        """Along the first axis of the positions."""
        return _leaf(f"{self._name}.x")

    @property
    def y(self) -> Expr:
        """Along the second axis."""
        return _leaf(f"{self._name}.y")

    @property
    def z(self) -> Expr:
        """Along the third axis."""
        return _leaf(f"{self._name}.z")

    def __repr__(self) -> str:
        return self._name


class Pair:
    """The two neurons of a synapse."""

    source = Axes("pair.source")
    target = Axes("pair.target")

    @property
    def distance(self) -> Expr:
        """The distance between them; around a ring where the rule's space is periodic."""
        return _leaf("pair.distance")

    def __repr__(self) -> str:
        return "pair"


position = Axes("position")
"""Where a neuron is, for parameters and start values: ``position.x``."""
pair = Pair()
"""Where both sides of a synapse are, for weights and delays: ``pair.distance``."""


def leaves(node: Expr | Condition) -> Iterator[Expr]:
    """Every leaf of an expression that is no constant."""
    if isinstance(node, Expr) and node.op == "leaf":
        yield node
    for arg in node.args:
        yield from leaves(arg)


def of_places(node: Expr | Condition) -> bool:
    """Whether an expression is made of positions alone, and of some."""
    found = list(leaves(node))
    return bool(found) and all(leaf.kind == "place" for leaf in found)

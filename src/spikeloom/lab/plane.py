"""Two states of a model as a flow of their own, the others frozen or at their steady value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spikeloom.compile.derivative import derivative
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Node, leaves, rebuild
from spikeloom.compile.program import Block
from spikeloom.equations.at_values import caps_of
from spikeloom.equations.randomness import walk
from spikeloom.errors import ParameterError
from spikeloom.lab.reduction import Reduction, reduce
from spikeloom.lab.vector_field import Array, VectorField


@dataclass(frozen=True, eq=False, repr=False)
class Plane:
    """dx/dt and dy/dt over x and y; every other state that moves is steady for the x and y."""

    field: VectorField
    x: str
    y: str
    reduction: Reduction

    def __call__(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Rates at points of the plane."""
        made = self._at(self._flow, x, y, 2)
        return made[..., 0], made[..., 1]

    def jacobian(self, x: Array, y: Array) -> Array:
        """Slopes of the rates (..., 2, 2), the others following."""
        return self._at(self._slopes, x, y, 4).reshape(*np.shape(x), 2, 2)

    def whole(self, x: Array, y: Array) -> Array:
        """All moving states (..., S) at points of the plane."""
        return self.reduction.whole(np.stack([x, y], -1))

    def past_threshold(self, x: Array, y: Array) -> Array:
        """How far past its threshold the neuron is (...), where `margin` is not None."""
        return self._at(emit(self.field.graph, {"margin": self._margin()}), x, y, 1)[..., 0]

    def margin_slopes(self, x: Array, y: Array) -> Array:
        """Its slopes by x and y (..., 2)."""
        g, margin = self.field.graph, self._margin()
        nodes = [derivative(g, margin, g.leaf(f"state:{name}")) for name in (self.x, self.y)]
        return self._at(emit(g, {str(i): node for i, node in enumerate(nodes)}), x, y, 2)

    @cached_property
    def margin(self) -> Node | None:
        """What is above zero where the neuron fires and is reset; None where there is no line."""
        field = self.field
        if not field.hybrid:
            return None
        threshold = field.lowered.fires(field.point, field.point)
        if threshold is None or threshold.probability is not None or threshold.margin is None:
            return None
        node = rebuild(field.graph, field.settle(threshold.margin), self._others)
        axes = {f"state:{self.x}", f"state:{self.y}"}
        return node if leaves([node]) <= axes and leaves([node]) else None

    @cached_property
    def held_back(self) -> bool:
        """Whether past the threshold the flow is no longer that of the equations.

        A model whose spike runs off to infinity may write min(v, peak) to keep numbers finite.
        """
        d = self.field.definition
        if self.margin is None:
            return False
        caps = caps_of(d)
        nodes = (node for name in (self.x, self.y) for node in walk(d.flow[name]))
        return any(n.op == "min" and n.args in caps for n in nodes)

    def _margin(self) -> Node:
        return self.field.graph.const(-1) if self.margin is None else self.margin

    def _at(self, block: Block, x: Array, y: Array, count: int) -> Array:
        states = self.field.states
        point = np.full((*np.shape(x), len(states)), np.nan)
        point[..., states.index(self.x)], point[..., states.index(self.y)] = x, y
        return self.field.run(block, point, (), (count,))

    @cached_property
    def _rates(self) -> tuple[Node, Node]:
        g, rates = self.field.graph, self.field.rates
        return rebuild(g, rates[self.x], self._others), rebuild(g, rates[self.y], self._others)

    @cached_property
    def _others(self) -> dict[Node, Node]:
        g = self.field.graph
        return {g.leaf(f"state:{n}"): node for n, node in self.reduction.others.items()}

    @cached_property
    def _flow(self) -> Block:
        return emit(self.field.graph, dict(zip("xy", self._rates, strict=True)))

    @cached_property
    def _slopes(self) -> Block:
        g = self.field.graph
        axes = [g.leaf(f"state:{name}") for name in (self.x, self.y)]
        nodes = [derivative(g, rate, leaf) for rate in self._rates for leaf in axes]
        return emit(g, {str(i): node for i, node in enumerate(nodes)})


def plane_of(who: str, field: VectorField, x: str, y: str) -> Plane:
    """The plane of two moving states.

    Raises:
        ParameterError: The others do not follow from the two in the equations.
    """
    reduction = reduce(field, keep=(x, y))
    left = [name for name in reduction.core if name not in (x, y)]
    if left:
        raise ParameterError(
            f"{who}: the steady value of {left[0]!r} does not follow from {x} and {y}.",
            hint=f"say where it stands still: at={{{left[0]!r}: …}}",
        )
    return Plane(field, x, y, reduction)

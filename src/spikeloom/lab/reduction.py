"""Fewer equations for a fixed point: states whose steady value follows from the others go first.

At rest every rate is zero. Where a rate is linear in its own state, as that of every gate of a
channel is, this state follows from the others; putting it into the other rates leaves one equation
less. Most neurons come down to one equation in the potential, whose roots can all be found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spikeloom.compile.derivative import derivative
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Node, is_const, leaves, rebuild
from spikeloom.compile.program import Block
from spikeloom.errors import CompileError
from spikeloom.lab.vector_field import Array, Free, VectorField


@dataclass(frozen=True, eq=False, repr=False)
class Reduction:
    """What must be zero at a fixed point, over the few states that are left.

    Arguments:
        field: What was reduced.
        core: States that are left, C of them.
        equations: What must be zero, one node for each of them.
        others: Every other state over the core.

    >>> from spikeloom import HodgkinHuxley
    >>> from spikeloom.lab.vector_field import vector_field
    >>> reduce(vector_field("example", HodgkinHuxley(), {})).core
    ('v',)
    """

    field: VectorField
    core: tuple[str, ...]
    equations: tuple[Node, ...]
    others: dict[str, Node]

    def __call__(self, core: Array, p: Free = ()) -> Array:
        """What must be zero (..., C), at values of the core states (..., C)."""
        return self._run(self._flow, core, p, (len(self.core),))

    def jacobian(self, core: Array, p: Free = ()) -> Array:
        """Its slopes by the core states (..., C, C)."""
        return self._run(self._slopes, core, p, (len(self.core),) * 2)

    def by_free(self, core: Array, p: Free) -> Array:
        """Its slopes by the free values (..., C, P)."""
        return self._run(self._by_free, core, p, (len(self.core), len(self.field.free)))

    def whole(self, core: Array, p: Free = ()) -> Array:
        """All states (..., S) that belong to values of the core states (..., C)."""
        return self._run(self._whole, core, p, (len(self.field.states),))

    def _run(self, block: Block, core: Array, p: Free, tail: tuple[int, ...]) -> Array:
        x = np.full((*np.shape(core)[:-1], len(self.field.states)), np.nan)
        for i, name in enumerate(self.core):
            x[..., self.field.states.index(name)] = core[..., i]
        return self.field.run(block, x, p, tail)

    @cached_property
    def _flow(self) -> Block:
        return emit(self.field.graph, {str(i): e for i, e in enumerate(self.equations)})

    @cached_property
    def _slopes(self) -> Block:
        return emit(self.field.graph, self._by([f"state:{name}" for name in self.core]))

    @cached_property
    def _by_free(self) -> Block:
        return emit(self.field.graph, self._by(self.field.free))

    def _by(self, names: Sequence[str]) -> dict[str, Node]:
        g = self.field.graph
        return {
            f"{i}/{name}": derivative(g, equation, g.leaf(name))
            for i, equation in enumerate(self.equations)
            for name in names
        }

    @cached_property
    def _whole(self) -> Block:
        g = self.field.graph
        states = {name: g.leaf(f"state:{name}") for name in self.field.states} | self.others
        return emit(g, {name: states[name] for name in self.field.states})


def reduce(field: VectorField, keep: Sequence[str] = ()) -> Reduction:
    """Solve for as many states as can be solved for, the last first; at least one is left.

    Arguments:
        field: A flow.
        keep: States that are not solved for, and whose rates need not be zero.
    """
    g = field.graph
    equations = {name: node for name, node in field.rates.items() if name not in keep}
    left = [name for name in field.states if name not in keep]
    others: dict[str, Node] = {}
    while len(left) > (0 if keep else 1):
        found = _pivot(field, equations, left)
        if found is None:
            break
        equation, name, solved = found
        exchange = {g.leaf(f"state:{name}"): solved}
        del equations[equation]
        left.remove(name)
        equations = {n: rebuild(g, node, exchange) for n, node in equations.items()}
        others = {n: rebuild(g, node, exchange) for n, node in others.items()} | {name: solved}
    core = (*keep, *left)
    return Reduction(field, core, tuple(equations.values()), others)


def _pivot(
    field: VectorField, equations: dict[str, Node], left: list[str]
) -> tuple[str, str, Node] | None:
    """(equation, state, the state's value) for the state that is best solved for.

    A factor that depends on no state cannot vanish on the way; the rate of a gate, a + b with both
    above zero, does not either. A factor of a state in the rate of another may, so it is not taken.
    """
    candidates = [
        *((name, name, False) for name in reversed(left)),
        *((row, name, True) for name in reversed(left) for row in equations if row != name),
    ]
    best: tuple[str, str, Node] | None = None
    for row, name, constant in candidates:
        if row not in equations or (name == field.states[0] and not constant):
            continue
        slope, rest = _split(field, equations[row], name)
        if slope is None or rest is None:
            continue
        plain = not any(n.startswith(("state:", *field.free)) for n in leaves([slope]))
        if plain:
            return row, name, field.graph.neg(field.graph.div(rest, slope))
        if best is None and not constant:
            best = row, name, field.graph.neg(field.graph.div(rest, slope))
    return best


def _split(field: VectorField, node: Node, name: str) -> tuple[Node | None, Node | None]:
    """(a, b) where the node is a x + b in this state x."""
    g = field.graph
    leaf = g.leaf(f"state:{name}")
    if leaf.name not in leaves([node]):
        return None, None
    try:
        slope = derivative(g, node, leaf)
    except CompileError:
        return None, None
    if is_const(slope, 0) or leaf.name in leaves([slope]):
        return None, None
    return slope, rebuild(g, node, {leaf: g.const(0)})

"""Linear flows: finding them, and their exact propagator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from spikeloom.compile.derivative import derivative
from spikeloom.compile.graph import Graph, Node, is_const, leaves, rebuild

CONSTANT = ""
"""The column of the constant term."""


@dataclass(frozen=True)
class Affine:
    """dx/dt = A x + B u + c by name: ``matrix[row][column]``, columns over states, inputs, 1."""

    states: tuple[str, ...]
    columns: tuple[str, ...]
    inputs: Mapping[str, Node]
    matrix: Mapping[str, Mapping[str, Node]]


def affine(
    graph: Graph,
    rates: Callable[[Mapping[str, Node]], Mapping[str, Node]],
    states: tuple[str, ...],
    inputs: tuple[str, ...],
) -> Affine | None:
    """The linear system behind the rates, or None where there is none."""
    point = {name: graph.leaf(f"probe:{name}") for name in states}
    flowing = {name: graph.leaf(f"input:{name}") for name in inputs}
    varying = {leaf.name for leaf in (*point.values(), *flowing.values())}
    zero = graph.const(0)
    at_zero = dict.fromkeys((*point.values(), *flowing.values()), zero)
    matrix: dict[str, dict[str, Node]] = {}
    for name, rate in rates(point).items():
        row: dict[str, Node] = {}
        for column, leaf in (*point.items(), *flowing.items()):
            slope = derivative(graph, rate, leaf)
            if leaves([slope]) & varying:
                return None
            row[column] = slope
        row[CONSTANT] = rebuild(graph, rate, at_zero)
        matrix[name] = row
    return Affine(states, (*states, *inputs, CONSTANT), flowing, matrix)


def closed(
    graph: Graph,
    rates: Callable[[Mapping[str, Node]], Mapping[str, Node]],
    states: tuple[str, ...],
    inputs: tuple[str, ...],
) -> tuple[str, ...]:
    """The states that are linear and driven by nothing but inputs and one another."""
    point = {name: graph.leaf(f"probe:{name}") for name in states}
    flowing = {name: graph.leaf(f"input:{name}") for name in inputs}
    owner = {leaf.name: name for name, leaf in point.items()}
    varying = {leaf.name for leaf in (*point.values(), *flowing.values())}
    feeds: dict[str, set[str]] = {}
    for name, rate in rates(point).items():
        slopes = [derivative(graph, rate, leaf) for leaf in (*point.values(), *flowing.values())]
        if not leaves(slopes) & varying:
            feeds[name] = {owner[leaf] for leaf in leaves([rate]) if leaf in owner}
    while open_ := {name for name, sources in feeds.items() if not sources <= feeds.keys()}:
        feeds = {name: sources for name, sources in feeds.items() if name not in open_}
    return tuple(name for name in states if name in feeds)


def propagate(
    graph: Graph, system: Affine, dt: Node, start: Mapping[str, Node], *, far: bool = False
) -> dict[str, Node]:
    """States after `dt`: x + (P − 1)x + Q u + r.

    The increment is formed on its own, so that a small `dt` in float32 loses digits neither of the
    decay nor of the resting value. What the inputs and the constant add is summed first and what
    the state itself adds comes last: inputs that are held are then summed before a run, and a step
    waits for its own state only once.

    Arguments:
        graph, system, start: What moves, and from where.
        dt: How long.
        far: Whether dt may be many time constants, where a growing factor must not meet one that
            has vanished.
    """
    propagator = _Propagator(graph, system, dt, far)
    after: dict[str, Node] = {}
    for row in system.states:
        terms: list[Node] = []
        others = [c for c in system.states if c != row]
        for column in (*system.columns[len(system.states) :], *others, row):
            entry = propagator.entry(row, column)
            if not is_const(entry, 0):
                factor = start.get(column) or system.inputs.get(column) or graph.const(1)
                terms.append(graph.mul(entry, factor))
        after[row] = graph.add(start[row], graph.sum(terms))
    return after


class _Propagator:
    """Entries of exp(M·dt) − 1 for M = [[A, B, c], [0, 0, 0]].

    An entry that a single coupling leads to has a closed form by a divided difference of exp,
    ``m·dt·exp(b·dt)·exprel((a−b)·dt)``, which stays right where a = b. Longer chains and loops go
    through one matrix exponential.
    """

    def __init__(self, graph: Graph, system: Affine, dt: Node, far: bool) -> None:
        self.graph, self.system, self.dt, self.far = graph, system, dt, far
        self._exponential: Node | None = None

    def entry(self, row: str, column: str) -> Node:
        """One entry, as simple as the coupling allows."""
        g, dt = self.graph, self.dt
        if row == column and not self._in_loop(row):
            return g.apply("expm1", g.mul(self._rate(row), dt))
        direct = row in self._next(column)
        detour = any(row in self._reach(n) for n in self._next(column) if n != row)
        if row != column and not direct and not detour:
            return g.const(0)
        if row == column or detour or self._in_loop(row) or self._in_loop(column):
            return self._general(row, column)
        a, b = self._rate(row), self._rate(column)
        coupling = g.mul(self.system.matrix[row][column], dt)
        if self.far:
            # The same with the slower rate outside: neither factor grows.
            slow, apart = g.apply("max", a, b), g.apply("abs", g.sub(a, b))
            decay = g.apply("exp", g.mul(slow, dt))
            return g.mul(coupling, g.mul(decay, g.apply("exprel", g.neg(g.mul(apart, dt)))))
        decay = g.apply("exp", g.mul(b, dt))
        return g.mul(coupling, g.mul(decay, g.apply("exprel", g.mul(g.sub(a, b), dt))))

    def _rate(self, name: str) -> Node:
        return self.system.matrix[name][name] if name in self.system.states else self.graph.const(0)

    def _next(self, source: str) -> list[str]:
        """States that `source` drives directly, itself left out."""
        matrix = self.system.matrix
        return [r for r in matrix if r != source and not is_const(matrix[r][source], 0)]

    def _reach(self, source: str) -> set[str]:
        """States that `source` drives directly or through others."""
        found: set[str] = set()
        waiting = self._next(source)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._next(name)
        return found

    def _in_loop(self, name: str) -> bool:
        return name in self._reach(name)

    def _general(self, row: str, column: str) -> Node:
        g, columns = self.graph, self.system.columns
        size = len(columns)
        if self._exponential is None:
            zero = g.const(0)
            entries = [
                g.mul(self.system.matrix[r][c], self.dt) if r in self.system.states else zero
                for r in columns
                for c in columns
            ]
            self._exponential = g.apply("expm1m", g.matrix(entries, size))
        return g.item(self._exponential, columns.index(row) * size + columns.index(column))

"""The graph that a step is built in: shared nodes, folded constants, no units.

Every node is made by its `Graph`, which hands out the same object for the same operation on the
same arguments. Common subexpressions are therefore shared from the start, two nodes are equal
exactly when they are identical, and a node is always younger than its arguments.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

COMMUTATIVE = frozenset({"add", "mul", "min", "max", "and", "or"})


def _div_numbers(a: float, b: float) -> float:
    if b:
        return a / b
    return math.copysign(math.inf, a) if a else math.nan


def _exprel_number(a: float) -> float:
    return math.expm1(a) / a if a else 1.0


def _or_infinity(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda a: function(a) if a < 709 else math.inf


# How constants are folded. A function missing here is never applied to numbers while compiling.
FOLD: Mapping[str, Callable[..., float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": _div_numbers,
    "neg": operator.neg,
    "min": min,
    "max": max,
    "abs": abs,
    "exp": _or_infinity(math.exp),
    "expm1": _or_infinity(math.expm1),
    "exprel": _exprel_number,
    "tanh": math.tanh,
    "atan": math.atan,
    "erf": math.erf,
    "cos": math.cos,
    "sin": math.sin,
}


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One operation; equality is identity."""

    index: int
    op: str
    args: tuple[Node, ...] = ()
    value: float | None = None
    name: str | None = None


class Graph:
    """A growing set of shared nodes.

    >>> g = Graph()
    >>> x = g.leaf("state:v")
    >>> g.add(x, g.mul(g.const(2), g.const(0))) is x
    True
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Node] = {}

    def _make(
        self,
        op: str,
        args: tuple[Node, ...] = (),
        value: float | None = None,
        name: str | None = None,
    ) -> Node:
        if op in COMMUTATIVE and args[0].index > args[1].index:
            args = (args[1], args[0])
        # -0.0 == 0.0, yet they are different numbers: the sign is part of the key.
        key = (op, tuple(a.index for a in args), value, value and math.copysign(1, value), name)
        node = self._known.get(key)
        if node is None:
            node = self._known[key] = Node(len(self._known), op, args, value, name)
        return node

    def const(self, value: float) -> Node:
        """A number."""
        return self._make("const", value=float(value) + 0.0)

    def leaf(self, name: str) -> Node:
        """A value that comes from outside, such as ``state:v``."""
        return self._make("leaf", name=name)

    def item(self, matrix: Node, position: int) -> Node:
        """One entry of a matrix, counted row by row."""
        return self._make("item", (matrix,), value=float(position))

    def matrix(self, entries: Iterable[Node], size: int) -> Node:
        """A square matrix from its entries, row by row."""
        return self._make("matrix", tuple(entries), value=float(size))

    def apply(self, op: str, *args: Node) -> Node:
        """Any operation by name, with constants folded and neutral elements removed."""
        rule = _SIMPLIFY.get(op)
        if rule is not None:
            simpler = rule(self, *args)
            if simpler is not None:
                return simpler
        fold = FOLD.get(op)
        if fold is not None and all(a.op == "const" for a in args):
            return self.const(fold(*[a.value for a in args]))
        return self._make(op, args)

    def add(self, a: Node, b: Node) -> Node:
        """a + b"""
        return self.apply("add", a, b)

    def sub(self, a: Node, b: Node) -> Node:
        """a - b"""
        return self.apply("sub", a, b)

    def mul(self, a: Node, b: Node) -> Node:
        """a · b"""
        return self.apply("mul", a, b)

    def div(self, a: Node, b: Node) -> Node:
        """a / b"""
        return self.apply("div", a, b)

    def neg(self, a: Node) -> Node:
        """-a"""
        return self.apply("neg", a)

    def select(self, condition: Node, a: Node, b: Node) -> Node:
        """a where the condition holds, b elsewhere"""
        return self.apply("select", condition, a, b)

    def sum(self, terms: Iterable[Node]) -> Node:
        """The sum of all terms, from left to right; 0 for none."""
        total = self.const(0.0)
        for term in terms:
            total = self.add(total, term)
        return total


def is_const(node: Node, value: float) -> bool:
    """Whether a node is this very number."""
    return node.op == "const" and node.value == value


def reach(roots: Iterable[Node]) -> list[Node]:
    """Every node that the roots depend on, arguments before users."""
    seen: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.index not in seen:
            seen[node.index] = node
            stack.extend(node.args)
    return [seen[i] for i in sorted(seen)]


def leaves(roots: Iterable[Node]) -> set[str]:
    """Names of all leaves that the roots depend on."""
    return {n.name for n in reach(roots) if n.op == "leaf" and n.name is not None}


def rebuild(graph: Graph, root: Node, replace: Mapping[Node, Node]) -> Node:
    """The same expression with some nodes exchanged, simplified again on the way up."""
    done: dict[int, Node] = {node.index: new for node, new in replace.items()}
    for node in reach([root]):
        if node.index not in done:
            args = tuple(done[a.index] for a in node.args)
            same = all(new is old for new, old in zip(args, node.args, strict=True))
            if same:
                done[node.index] = node
            elif node.op == "item":
                done[node.index] = graph.item(args[0], int(node.value or 0))
            elif node.op == "matrix":
                done[node.index] = graph.matrix(args, int(node.value or 0))
            else:
                done[node.index] = graph.apply(node.op, *args)
    return done[root.index]


def _add(g: Graph, a: Node, b: Node) -> Node | None:
    if is_const(a, 0):
        return b
    if is_const(b, 0):
        return a
    if b.op == "neg":
        return g.sub(a, b.args[0])
    if a.op == "neg":
        return g.sub(b, a.args[0])
    (x, scale), (y, other) = _scaled(g, a), _scaled(g, b)
    return g.mul(g.add(x, y), scale) if scale is other and scale.value != 1 else None


def _scaled(g: Graph, node: Node) -> tuple[Node, Node]:
    """A product with a number as (what is scaled, the number); the number 1 for anything else."""
    if node.op == "mul":
        x, y = node.args
        if x.op == "const":
            return y, x
        if y.op == "const":
            return x, y
    return node, g.const(1)


def _sub(g: Graph, a: Node, b: Node) -> Node | None:
    if is_const(b, 0):
        return a
    if is_const(a, 0):
        return g.neg(b)
    if a is b:
        return g.const(0)
    return g.add(a, b.args[0]) if b.op == "neg" else None


def _mul(g: Graph, a: Node, b: Node) -> Node | None:
    for x, y in ((a, b), (b, a)):
        if is_const(x, 0):
            return x
        if is_const(x, 1):
            return y
        if is_const(x, -1):
            return g.neg(y)
        if x.op == "neg":
            return g.neg(g.mul(x.args[0], y))
        inner, scale = _scaled(g, y)
        if x.op == "const" and inner is not y:  # units in and out again, as in 1000 (0.001 x)
            return g.mul(inner, g.mul(x, scale))
    return None


def _div(g: Graph, a: Node, b: Node) -> Node | None:
    if is_const(a, 0) and b.op != "const":
        return a
    if is_const(b, 1):
        return a
    if is_const(b, -1):
        return g.neg(a)
    if a.op == "neg":
        return g.neg(g.div(a.args[0], b))
    return g.neg(g.div(a, b.args[0])) if b.op == "neg" else None


def _pow(g: Graph, a: Node, b: Node) -> Node | None:
    """Small whole powers become products, which are faster and exact in sign."""
    if b.op != "const" or b.value is None:
        return None
    if b.value == 0.5:
        return g.apply("sqrt", a)
    if not b.value.is_integer() or abs(b.value) > 16:
        return None
    if b.value < 0:
        return g.div(g.const(1), g.apply("pow", a, g.const(-b.value)))
    power, square, left = g.const(1), a, int(b.value)
    while left:
        if left & 1:
            power = g.mul(power, square)
        left >>= 1
        if left:
            square = g.mul(square, square)
    return power


def _select(g: Graph, c: Node, a: Node, b: Node) -> Node | None:
    if c.op == "not":
        return g.select(c.args[0], b, a)
    if c.op == "const":
        return a if c.value else b
    return a if a is b else None


def _neg(g: Graph, a: Node) -> Node | None:
    return a.args[0] if a.op == "neg" else None


def _not(g: Graph, a: Node) -> Node | None:
    return a.args[0] if a.op == "not" else None


def _twice(g: Graph, a: Node, b: Node) -> Node | None:
    return a if a is b else None


_SIMPLIFY: Mapping[str, Callable[..., Node | None]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "pow": _pow,
    "select": _select,
    "neg": _neg,
    "not": _not,
    "and": _twice,
    "or": _twice,
}

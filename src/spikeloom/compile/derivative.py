"""Derivatives: one table of rules, used forwards for Jacobians and backwards for the adjoint.

Each rule gives the partial derivatives of one operation by its arguments as nodes of the same
graph, so that what the forward step already computed is shared. `None` stands for "does not
depend". A table is checked against SymPy, rule by rule, in the tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from spikeloom.compile.graph import Graph, Node, is_const, reach
from spikeloom.errors import CompileError

Partials = tuple[Node | None, ...]
Rule = Callable[[Graph, Node], Partials]


def _unary(partial: Callable[[Graph, Node, Node], Node]) -> Rule:
    """A rule for a function of one argument: partial(graph, argument, result)."""
    return lambda g, node: (partial(g, node.args[0], node),)


def _choose(g: Graph, condition: Node) -> tuple[Node, Node]:
    one, zero = g.const(1), g.const(0)
    return g.select(condition, one, zero), g.select(condition, zero, one)


def _pow(g: Graph, node: Node) -> Partials:
    base, power = node.args
    by_base = g.mul(power, g.apply("pow", base, g.sub(power, g.const(1))))
    if power.op == "const":
        return by_base, None
    return by_base, g.mul(node, g.apply("log", base))


def _div(g: Graph, node: Node) -> Partials:
    """1/b and −(a/b)/b, with one division for both: a division costs as much as ten products."""
    inverse = g.div(g.const(1), node.args[1])
    return inverse, g.neg(g.mul(node, inverse))


def _min(g: Graph, node: Node) -> Partials:
    return _choose(g, g.apply("le", *node.args))


def _max(g: Graph, node: Node) -> Partials:
    return _choose(g, g.apply("ge", *node.args))


def _select(g: Graph, node: Node) -> Partials:
    return (None, *_choose(g, node.args[0]))


def _exprel2(g: Graph, x: Node, y: Node) -> Node:
    """exprel'' from exprel' = y: (eˣ − 2y)/x, and near 0, where that loses its digits, a series."""
    near = g.apply("lt", g.apply("abs", x), g.const(0.5))
    series = g.const(0.0)
    for n in range(15, -1, -1):  # Horner's rule for Σ xⁿ / (n! (n + 3))
        factor = 1 / (math.factorial(n) * (n + 3))
        series = g.add(g.mul(series, x), g.const(factor))
    safe = g.select(near, g.const(1), x)
    far = g.div(g.sub(g.apply("exp", safe), g.mul(g.const(2), y)), safe)
    return g.select(near, series, far)


PARTIALS: Mapping[str, Rule] = {
    "add": lambda g, n: (g.const(1), g.const(1)),
    "sub": lambda g, n: (g.const(1), g.const(-1)),
    "mul": lambda g, n: (n.args[1], n.args[0]),
    "div": _div,
    "neg": lambda g, n: (g.const(-1),),
    "pow": _pow,
    "min": _min,
    "max": _max,
    "select": _select,
    "exp": _unary(lambda g, x, y: y),
    "expm1": _unary(lambda g, x, y: g.add(y, g.const(1))),
    "log": _unary(lambda g, x, y: g.div(g.const(1), x)),
    "log1p": _unary(lambda g, x, y: g.div(g.const(1), g.add(g.const(1), x))),
    "sqrt": _unary(lambda g, x, y: g.div(g.const(0.5), y)),
    "abs": _unary(lambda g, x, y: g.apply("sign", x)),
    "tanh": _unary(lambda g, x, y: g.sub(g.const(1), g.mul(y, y))),
    "sigmoid": _unary(lambda g, x, y: g.mul(y, g.sub(g.const(1), y))),
    "sinh": _unary(lambda g, x, y: g.apply("cosh", x)),
    "cosh": _unary(lambda g, x, y: g.apply("sinh", x)),
    "sin": _unary(lambda g, x, y: g.apply("cos", x)),
    "cos": _unary(lambda g, x, y: g.neg(g.apply("sin", x))),
    "atan": _unary(lambda g, x, y: g.div(g.const(1), g.add(g.const(1), g.mul(x, x)))),
    "erf": _unary(
        lambda g, x, y: g.mul(g.const(2 / math.sqrt(math.pi)), g.apply("exp", g.neg(g.mul(x, x))))
    ),
    "exprel": _unary(lambda g, x, y: g.apply("exprel1", x)),
    "exprel1": _unary(_exprel2),
}
"""Partial derivatives of every operation that has them."""

FLAT = frozenset(
    {"const", "leaf", "sign", "floor", "ceil", "indicator"}
    | {"lt", "le", "gt", "ge", "and", "or", "not"}
)
"""Operations whose derivative is zero wherever it exists."""


def derivative(graph: Graph, root: Node, leaf: Node) -> Node:
    """d root / d leaf as a node (forward accumulation)."""
    zero, tangent = graph.const(0), {leaf.index: graph.const(1)}
    for node in reach([root]):
        if node.index in tangent or node.op in FLAT:
            continue
        incoming = [tangent.get(a.index, zero) for a in node.args]
        if all(is_const(t, 0) for t in incoming):
            continue
        terms = [
            graph.mul(t, p)
            for t, p in zip(incoming, _partials(graph, node), strict=True)
            if p is not None
        ]
        tangent[node.index] = graph.sum(terms)
    return tangent.get(root.index, zero)


def push(graph: Graph, roots: Iterable[Node], seeds: Mapping[Node, Node]) -> list[Node]:
    """How the roots move while some leaves do: forward accumulation along one direction.

    Arguments:
        graph: The graph that all nodes belong to; the tangents are added to it.
        roots: What moves along.
        seeds: Leaf → how fast it moves; every other leaf stands still.

    >>> g = Graph()
    >>> x, y = g.leaf("x"), g.leaf("y")
    >>> (moved,) = push(g, [g.mul(x, y)], {x: g.const(1), y: g.const(0)})
    >>> moved is y
    True
    """
    wanted, zero = list(roots), graph.const(0)
    tangent = {leaf.index: speed for leaf, speed in seeds.items()}
    for node in reach(wanted):
        if node.index in tangent or node.op in FLAT:
            continue
        incoming = [tangent.get(a.index, zero) for a in node.args]
        if all(is_const(t, 0) for t in incoming):
            continue
        if node.op == "select":  # a choice, not a product with 0: the other branch may be infinite
            tangent[node.index] = graph.select(node.args[0], incoming[1], incoming[2])
            continue
        terms = [
            graph.mul(t, p)
            for t, p in zip(incoming, _partials(graph, node), strict=True)
            if p is not None and not is_const(t, 0)
        ]
        tangent[node.index] = graph.sum(terms)
    return [tangent.get(root.index, zero) for root in wanted]


def pull_back(
    graph: Graph,
    seeds: Iterable[tuple[Node, Node]],
    wanted: Iterable[Node],
    special: Mapping[str, Callable[[Node, Node], Partials]],
) -> list[Node]:
    """Reverse accumulation: the gradients at the wanted nodes for given gradients at the roots.

    Arguments:
        graph: The graph that all nodes belong to; the adjoint is added to it.
        seeds: Pairs (root, gradient at the root).
        wanted: Nodes whose gradient is asked for.
        special: For operations without a place in `PARTIALS`: a function of the node and the
            gradient that arrives there, giving what goes on to each argument.
    """
    zero = graph.const(0)
    gradient: dict[int, Node] = {}
    roots: list[Node] = []
    for root, seed in seeds:
        roots.append(root)
        gradient[root.index] = graph.add(gradient.get(root.index, zero), seed)
    for node in reversed(reach(roots)):
        arrived = gradient.get(node.index)
        if arrived is None or is_const(arrived, 0) or node.op in FLAT:
            continue
        if node.op in special:
            passed = special[node.op](node, arrived)
        elif node.op == "select":
            # Selecting the gradient, not multiplying it by 0, keeps infinities of the branch
            # that was not taken out of the sum.
            c = node.args[0]
            passed = (None, graph.select(c, arrived, zero), graph.select(c, zero, arrived))
        else:
            passed = tuple(
                None if p is None else graph.mul(arrived, p) for p in _partials(graph, node)
            )
        for argument, share in zip(node.args, passed, strict=True):
            if share is not None:
                before = gradient.get(argument.index, zero)
                gradient[argument.index] = graph.add(before, share)
    return [gradient.get(node.index, zero) for node in wanted]


def _partials(graph: Graph, node: Node) -> Partials:
    rule = PARTIALS.get(node.op)
    if rule is None:
        raise CompileError(
            f"No derivative is known for the operation {node.op!r}.",
            hint="use it only on parameters, or write the equation with other functions",
        )
    return rule(graph, node)

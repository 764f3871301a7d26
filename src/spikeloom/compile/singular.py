"""Removable singularities: 0/0 in a quotient that has a finite limit there.

The rates of Hodgkin and Huxley hold terms like (V+40)/(1 − exp(−(V+40)/10)), which is 0/0 at −40 mV
and loses digits close by. They are all of the form z/(eᶻ − 1) = 1/exprel(z), which has neither
fault, so the quotient is rewritten. The user's own text stays as in the book.
"""

from __future__ import annotations

import math
import random

from spikeloom.compile.derivative import derivative
from spikeloom.compile.graph import FOLD, Graph, Node, is_const, leaves, reach
from spikeloom.errors import CompileError

TRIALS = 4


def quotient(g: Graph, top: Node, bottom: Node) -> Node:
    """top / bottom, through `exprel` where both vanish together."""
    found = _exponential_minus_one(g, bottom)
    if found is not None:
        z, sign = found
        for factor, others in _factors(g, top):
            ratio = _ratio(g, factor, z)
            if ratio is not None:
                scale = g.mul(others, ratio)
                return g.div(scale if sign > 0 else g.neg(scale), g.apply("exprel", z))
    return g.div(top, bottom)


def _exponential_minus_one(g: Graph, node: Node) -> tuple[Node, int] | None:
    """(z, sign) where the node is sign · (eᶻ − 1)."""
    if node.op == "neg":
        inner = _exponential_minus_one(g, node.args[0])
        return None if inner is None else (inner[0], -inner[1])
    if node.op == "expm1":
        return node.args[0], 1
    if node.op == "sub":
        a, b = node.args
        if a.op == "exp" and is_const(b, 1):
            return a.args[0], 1
        if b.op == "exp" and is_const(a, 1):
            return b.args[0], -1
    if node.op == "add":  # e^z + (-1)
        for a, b in (node.args, node.args[::-1]):
            if a.op == "exp" and is_const(b, -1):
                return a.args[0], 1
    return None


def _factors(g: Graph, node: Node) -> list[tuple[Node, Node]]:
    """Every way to write the node as factor · others."""
    pairs = [(node, g.const(1))]
    if node.op == "mul":
        for mine, rest in (node.args, node.args[::-1]):
            pairs += [(f, g.mul(o, rest)) for f, o in _factors(g, mine)]
    if node.op == "neg":
        pairs += [(f, g.neg(o)) for f, o in _factors(g, node.args[0])]
    if node.op == "div":
        pairs += [(f, g.div(o, node.args[1])) for f, o in _factors(g, node.args[0])]
    return pairs


def _ratio(g: Graph, factor: Node, z: Node) -> Node | None:
    """factor / z if that does not depend on any state, else None."""
    states = sorted(n for n in leaves([z]) if n.startswith(("state:", "probe:")))
    if not states:
        return None
    leaf = g.leaf(states[0])
    try:
        ratio = g.div(derivative(g, factor, leaf), derivative(g, z, leaf))
    except CompileError:
        return None
    if any(n.startswith(("state:", "probe:", "input:")) for n in leaves([ratio])):
        return None
    return ratio if equal(factor, g.mul(ratio, z)) else None


def equal(a: Node, b: Node) -> bool:
    """Whether two expressions agree at random points (polynomial identity testing)."""
    generator = random.Random(0)
    for _ in range(TRIALS):
        values = {name: generator.uniform(0.5, 2.0) for name in sorted(leaves([a, b]))}
        x, y = _value(a, values), _value(b, values)
        if not (math.isfinite(x) and math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-9)):
            return False
    return True


def _value(root: Node, leaf_values: dict[str, float]) -> float:
    done: dict[int, float] = {}
    for node in reach([root]):
        if node.op == "leaf":
            done[node.index] = leaf_values[node.name or ""]
        elif node.op == "const":
            done[node.index] = node.value or 0.0
        elif node.op in FOLD:
            done[node.index] = FOLD[node.op](*[done[a.index] for a in node.args])
        else:
            return math.nan
    return done[root.index]

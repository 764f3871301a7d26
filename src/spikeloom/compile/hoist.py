"""Hoisting: whatever depends on parameters and dt alone is computed once, before the time loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from spikeloom.compile.graph import Graph, Node, reach
from spikeloom.compile.verify import BOOL, NUMBER, RANDOM, SIGNATURES

VARYING = ("state:", "input:", "grad:", "own:", "post:", "after:", "event:", *RANDOM)


@dataclass
class Hoisted:
    """Step nodes over ``coef:`` leaves, and what each coefficient is made of."""

    graph: Graph
    coefs: dict[str, Node] = field(default_factory=dict[str, Node])
    """Name → its node over ``param:`` leaves and ``dt``, in order of first use."""


def hoist(graph: Graph, roots: Mapping[str, Node]) -> tuple[dict[str, Node], Hoisted]:
    """Split the roots into a step over coefficients and a prologue that makes these."""
    result = Hoisted(graph)
    nodes = reach(roots.values())
    moving = varying(nodes)
    done: dict[int, Node] = {}
    named: dict[int, str] = {}

    def coefficient(node: Node) -> Node:
        if node.op == "const":
            return node
        if SIGNATURES.get(node.op, ("", NUMBER))[1] == BOOL:
            # Coefficients are numbers: a condition over parameters travels as 1 or 0.
            number = coefficient(graph.apply("indicator", node))
            return graph.apply("gt", number, graph.const(0.5))
        if node.index not in named:
            name = node.name.removeprefix("param:") if node.op == "leaf" and node.name else None
            named[node.index] = name or f"c.{len(named)}"
            result.coefs[named[node.index]] = node
        return graph.leaf(f"coef:{named[node.index]}")

    for node in nodes:
        if node.index not in moving:
            continue
        if node.op == "leaf":
            done[node.index] = node
            continue
        if node.op == "div" and node.args[1].index not in moving:
            # A division in the loop becomes a product with a reciprocal from the prologue.
            inverse = graph.div(graph.const(1), node.args[1])
            args = (done[node.args[0].index], coefficient(inverse))
            done[node.index] = graph.mul(*args)
            continue
        args = tuple(done[a.index] if a.index in moving else coefficient(a) for a in node.args)
        done[node.index] = graph.apply(node.op, *args)
    step = {n: done[r.index] if r.index in moving else coefficient(r) for n, r in roots.items()}
    return step, result


def varying(nodes: Iterable[Node]) -> set[int]:
    """Indices of the nodes that change within a run."""
    found: set[int] = set()
    for node in nodes:
        own = node.op == "leaf" and node.name is not None and node.name.startswith(VARYING)
        if own or any(a.index in found for a in node.args):
            found.add(node.index)
    return found

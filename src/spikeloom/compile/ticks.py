"""`compile_ticks`: the equations of a model of whole numbers → a verified TickProgram.

The order within a tick is that of a step: the states move (`tick`), the condition is asked of what
they have become, and where it holds they are reset; elsewhere `otherwise` applies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node
from spikeloom.compile.tick_program import TickProgram, verify_ticks
from spikeloom.equations.definition import Definition
from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.span import Span
from spikeloom.errors import CompileError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

Array = np.ndarray[Any, np.dtype[Any]]
Point = Mapping[str, Node]


def compile_ticks(neuron: Cell | Neuron | Refractory) -> TickProgram:
    """Turn the equations of a model of whole numbers into a Program.

    Arguments:
        neuron: Its value; only the equations matter here.

    Raises:
        CompileError: The model has a flow, and numbers that are real.

    >>> from spikeloom.models import TrueNorthNeuron
    >>> compile_ticks(TrueNorthNeuron()).random[-1]
    'draw:rho_T'
    """
    if not neuron.definition.ticks:
        raise CompileError(
            f"{neuron.definition.name}: it has a flow, not a tick of whole numbers.",
            hint="compile_neuron takes it, and the engines reference, cpu and gpu run it",
        )
    return _compiled(neuron.definition)


@lru_cache(maxsize=256)
def _compiled(d: Definition) -> TickProgram:
    lowering = Lowering(Graph())
    g = lowering.graph
    before: dict[str, Node] = {s.name: g.leaf(f"state:{s.name}") for s in d.states}
    moved = before | lowering.rules(d.tick, before)
    out = moved[d.states[0].name]
    if d.fires is not None:
        fired = lowering.node(d.fires, moved)
        spike = moved | lowering.rules(d.reset, moved)
        silent = moved | lowering.rules(d.otherwise, moved)
        moved = {name: g.select(fired, spike[name], silent[name]) for name in moved}
        out = g.apply("indicator", fired)
    starts = {f"start:{s.name}": lowering.node(s.start, {}) for s in d.states}
    return verify_ticks(
        TickProgram(
            model=d.name,
            time_unit=str(d.time_unit),
            states_in=tuple((s.name, _span(s.span)) for s in d.states),
            inputs_in=tuple((i.name, _span(i.span)) for i in d.inputs),
            params_in=tuple((p.name, _span(p.span)) for p in d.params),
            draws=tuple((r.name, r.bits) for r in d.draws),
            spikes=d.fires is not None,
            prologue=emit(g, starts),
            forward=emit(g, {f"state:{n}": node for n, node in moved.items()} | {"out": out}),
        )
    )


@dataclass(frozen=True)
class Lowering:
    """Expressions of whole numbers → nodes of a graph."""

    graph: Graph

    def rules(self, rules: Mapping[str, Expr], point: Point) -> dict[str, Node]:
        """New values of states."""
        return {name: self.node(expr, point) for name, expr in rules.items()}

    def node(self, root: Expr | Condition, point: Point) -> Node:
        """An expression at a point; shared parts are walked once."""
        done = dict[int, Node]()

        def visit(node: Expr | Condition) -> Node:
            if id(node) not in done:
                done[id(node)] = self._made(node, point, [visit(a) for a in node.args])
            return done[id(node)]

        return visit(root)

    def _made(self, node: Expr | Condition, point: Point, args: list[Node]) -> Node:
        g = self.graph
        if isinstance(node, Expr) and node.op == "const":
            return g.const(node.value or 0.0)
        if isinstance(node, Expr) and node.op == "leaf":
            name = node.name or ""
            return point[name] if node.kind == "state" else g.leaf(f"{node.kind}:{name}")
        if node.op == "saturate":
            x, low, high = args
            return g.apply("min", g.apply("max", x, low), high)
        if node.op == "wrap":
            return _wrap(g, *args)
        return g.apply(node.op, *args)


def _wrap(g: Graph, x: Node, low: Node, high: Node) -> Node:
    """The lower bits of x − low, counted from low."""
    mask = g.sub(high, low)
    return g.add(g.apply("bitand", g.sub(x, low), mask), low)


def _span(span: Span | None) -> Span:
    if span is None:
        raise CompileError("a model of whole numbers has a field without a width.")
    return span

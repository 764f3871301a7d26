"""Lowering: the expressions of a model become nodes without units.

Inside a model every number is in the coherent system of its definition; a state, parameter or input
is in the unit that it declares. Where the two differ by a power of ten, the factor is put in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spikeloom.compile.graph import Graph, Node
from spikeloom.compile.singular import quotient
from spikeloom.equations.definition import Definition, SurrogateDefinition
from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.randomness import CHANCES
from spikeloom.errors import CompileError

Point = Mapping[str, Node]
SURROGATE = "surrogate."
"""Prefix of the surrogate's parameters among those of a Program."""


@dataclass(frozen=True)
class Threshold:
    """A firing condition taken apart."""

    crossed: Node
    """The condition itself (bool)."""
    margin: Node | None
    """Distance past the threshold; None where the condition is no plain comparison."""
    gate: Node | None
    """What else must hold (bool), through which no gradient flows."""
    probability: Node | None = None
    """Of a random condition: what its gradient goes through, with no surrogate's help."""


@dataclass(frozen=True)
class Lowered:
    """A definition over a graph: functions from points to nodes."""

    graph: Graph
    definition: Definition
    surrogate: SurrogateDefinition | None
    width: Node | None
    given: bool = False
    """Whether random numbers come in as inputs."""

    @property
    def model(self) -> str:
        """Name of the model class."""
        return self.definition.name

    @property
    def states(self) -> tuple[str, ...]:
        """State names in order of declaration."""
        return tuple(s.name for s in self.definition.states)

    @property
    def hold(self) -> tuple[str, ...]:
        """States that stand still while the neuron is refractory."""
        return self.definition.hold

    @property
    def inflows(self) -> tuple[str, ...]:
        """Inputs that act all through a step."""
        return tuple(i.name for i in self.definition.inputs if i.kind == "inflow")

    @property
    def noises(self) -> dict[str, bool]:
        """White noise → whether it is meant in the sense of Stratonovich."""
        return {xi.name: xi.stratonovich for xi in self.definition.noises}

    def random(self, kind: str, name: str) -> Node:
        """A random number, ``normal`` or ``uniform``."""
        return self.graph.leaf(f"input:{kind}.{name}" if self.given else f"{kind}:{name}")

    def rates(self, point: Point) -> dict[str, Node]:
        """d state / d t at a point, in state units per time unit; with ``noise:NAME`` leaves."""
        g = self.graph
        made: dict[str, Node] = {}
        if self.definition.ticks:
            raise CompileError(
                f"{self.model} goes from tick to tick in whole numbers: it has no rates.",
                hint="simulate(...) and lab.response(...) run it",
            )
        time = self.definition.factor(self.definition.time_unit)
        for state in self.definition.states:
            rate = self.expr(self.definition.flow[state.name], point)
            made[state.name] = g.mul(rate, g.const(time / self.definition.factor(state.unit)))
        return made

    def receive(self, point: Point) -> dict[str, Node]:
        """States after the impulses of this step have arrived."""
        return self._update(self.definition.receive, point)

    def reset(self, point: Point) -> dict[str, Node]:
        """States after a spike."""
        return self._update(self.definition.reset, point)

    def start(self) -> dict[str, Node]:
        """Starting value of every state, over parameters."""
        made: dict[str, Node] = {}
        for state in self.definition.states:
            value = self.expr(state.start, {})
            factor = self.definition.factor(state.unit)
            made[state.name] = self.graph.mul(value, self.graph.const(1 / factor))
        return made

    def fires(self, before: Point, after: Point) -> Threshold | None:
        """The firing condition between two points, or None for a model without spikes."""
        condition = self.definition.fires
        return None if condition is None else self._threshold(condition, before, after)

    def soft(self, threshold: Threshold) -> Node | None:
        """The smooth spike: the surrogate at a distance from threshold, or the probability."""
        margin = threshold.margin
        if threshold.probability is not None or self.surrogate is None:
            return None if self.surrogate is None else threshold.probability
        if margin is None or self.width is None:
            raise CompileError(
                f"{self.model}: a surrogate gradient needs one comparison that fires,"
                " such as self.v >= self.theta.",
                hint="join further conditions with & after it; | and ~ have no distance",
            )
        scaled = self.graph.div(margin, self.width)
        return self.expr(self.surrogate.soft, {}, scaled)

    def hold_steps(self) -> Node:
        """Whole steps of the refractory period, rounded up."""
        g = self.graph
        ratio = g.div(g.leaf(f"param:{self.definition.period}"), g.leaf("dt"))
        # A period of exactly n steps must not become n + 1 by rounding of the quotient.
        return g.apply("ceil", g.sub(ratio, g.const(1e-6)))

    def _update(self, updates: Mapping[str, Expr], point: Point) -> dict[str, Node]:
        g, made = self.graph, dict(point)
        for state in self.definition.states:
            if state.name in updates:
                value = self.expr(updates[state.name], point)
                factor = self.definition.factor(state.unit)
                made[state.name] = g.mul(value, g.const(1 / factor))
        return made

    def _threshold(self, condition: Condition, before: Point, after: Point) -> Threshold:
        g, op = self.graph, condition.op
        if op in ("and", "or", "not"):
            parts = [
                self._threshold(c, before, after)
                for c in condition.args
                if isinstance(c, Condition)
            ]
            if op == "and":
                first, second = parts[0], _whole(g, parts[1])
                gate = second if first.gate is None else g.apply("and", first.gate, second)
                return Threshold(first.crossed, first.margin, gate, first.probability)
            whole = [_whole(g, p) for p in parts]
            return Threshold(g.apply(op, *whole), None, None)
        if op in CHANCES:
            draw, chance = (self.expr(x, after) for x in condition.args)
            if op == "escapes":  # 1 - exp(-rate dt)
                chance = g.neg(g.apply("expm1", g.neg(g.mul(chance, g.leaf("dt")))))
            return Threshold(g.apply("lt", draw, chance), None, None, chance)
        a, b = (x for x in condition.args if isinstance(x, Expr))
        left, right = self.expr(a, after), self.expr(b, after)
        if op == "rises":
            below = g.apply("lt", self.expr(a, before), self.expr(b, before))
            return Threshold(g.apply("ge", left, right), g.sub(left, right), below)
        forward = op in ("ge", "gt")
        margin = g.sub(left, right) if forward else g.sub(right, left)
        return Threshold(g.apply(op, left, right), margin, None)

    def expr(self, root: Expr | Condition, point: Point, argument: Node | None = None) -> Node:
        """Any expression of the definition at a point, in the coherent system."""
        g = self.graph

        def visit(node: Expr | Condition) -> Node:
            if isinstance(node, Expr) and node.op == "const":
                return g.const((node.value or 0.0) * self.definition.factor(node.unit))
            if isinstance(node, Expr) and node.op == "leaf":
                return self._leaf(node, point, argument)
            if isinstance(node, Condition) and node.op in CHANCES:
                return self._threshold(node, point, point).crossed
            args = [visit(a) for a in node.args]
            return quotient(g, *args) if node.op == "div" else g.apply(node.op, *args)

        return visit(root)

    def _leaf(self, node: Expr, point: Point, argument: Node | None) -> Node:
        g, name = self.graph, node.name or ""
        if node.kind == "argument" and argument is not None:
            return argument
        if node.kind == "state":
            made = point[name]
        elif node.kind == "dt":
            made = g.leaf("dt")
        elif node.kind == "draw":
            return self.random("uniform", name)
        elif node.kind == "noise":
            return g.leaf(f"noise:{name}")  # per root of the time unit, in which dt is, too
        elif node.kind == "param" and argument is not None:
            return g.leaf(f"param:{SURROGATE}{name}")
        else:
            made = g.leaf(f"{node.kind}:{name}")
        return g.mul(made, g.const(self.definition.factor(node.unit)))


def _whole(g: Graph, part: Threshold) -> Node:
    return part.crossed if part.gate is None else g.apply("and", part.crossed, part.gate)

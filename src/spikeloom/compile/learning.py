"""`compile_rule`: a learning rule → a verified RuleProgram; `bind_rule`: its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from spikeloom.compile.arrange import arrange
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, reach
from spikeloom.compile.hoist import hoist
from spikeloom.compile.learning_program import LEVELS, SCALE, RuleProgram
from spikeloom.compile.linear import Affine, affine, propagate
from spikeloom.compile.lower import Lowered, Point
from spikeloom.compile.numeric import run_block
from spikeloom.compile.verify import verify_block
from spikeloom.equations.declare import Level
from spikeloom.equations.definition import Definition, InputDecl, Rules, StateDecl
from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.learning import LearningRule
from spikeloom.equations.learning_definition import WEIGHT, LearningDefinition
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.rename import with_leaves
from spikeloom.errors import CompileError, ParameterError

EVENTS = ("on_pre", "on_post", "on_tick", "on_reward")


def compile_rule(rule: LearningRule, target: Mapping[str, Unit] | None = None) -> RuleProgram:
    r"""Turn the equations of a learning rule into a RuleProgram.

    Between events every level moves by the exact solution of its linear flow, x(n) = e^{A n dt} x,
    whose number of steps n is a leaf: an engine jumps from event to event.

    Arguments:
        rule: A rule value; its parameters enter in `bind_rule`.
        target: Units in which the target has the states that the rule reads, where they are not
            those of the rule.

    Returns:
        The verified RuleProgram. It depends on neither dt nor any parameter's value.

    Raises:
        ParameterError: What was given is no learning rule.
        CompileError: The flow of a trace is not linear, or its exact solution is not elementary.

    >>> from spikeloom.models import PairSTDP
    >>> program = compile_rule(PairSTDP())
    >>> program.synapse, program.pre, program.gives("on_pre.synapse")
    (('w',), ('x',), ('w',))
    """
    if not isinstance(cast("object", rule), LearningRule):
        raise ParameterError(
            f"compile_rule: a learning rule is needed, got {rule!r}.", hint="for example PairSTDP()"
        )
    d = rule.definition
    g = Graph()
    lowered = Lowered(g, _as_definition(d), None, None)
    rule_graph = _RuleGraph(d, lowered, target or {})
    roots = rule_graph.roots()
    plain, hoisted = hoist(g, arrange(g, roots))
    grouped: dict[str, dict[str, Node]] = {}
    for name, node in plain.items():
        block, _, output = name.partition("|")
        grouped.setdefault(block, {})[output] = node
    prologue = {f"coef:{n}": node for n, node in hoisted.coefs.items()}
    prologue |= rule_graph.starts()
    program = RuleProgram(
        rule=d.name,
        time_unit=str(lowered.definition.time_unit),
        params=(*(p.name for p in d.params), SCALE),
        coefs=tuple(hoisted.coefs),
        pre=d.of_level("pre"),
        post=d.of_level("post"),
        synapse=d.of_level("synapse"),
        shared=d.of_level("shared"),
        reads=(*(t.name for t in d.targets), *(t.name for t in d.driven)),
        prologue=emit(g, prologue),
        blocks={name: emit(g, outputs) for name, outputs in grouped.items()},
    )
    return verify_rule(program)


@dataclass(frozen=True)
class _RuleGraph:
    """The rule over a graph: every output of every block, as ``block|output`` → node."""

    rule: LearningDefinition
    lowered: Lowered
    units: Mapping[str, Unit]

    def roots(self) -> dict[str, Node]:
        g, made = self.lowered.graph, dict[str, Node]()
        for level in LEVELS:
            for name, node in self._decay(level).items():
                made[f"decay.{level}|state:{name}"] = node
        for event in EVENTS:
            rules: Rules = getattr(self.rule, event)
            for level in LEVELS:
                for name in (n for n in rules if self.rule.level(n) == level):
                    point = dict(self._point)
                    if event == "on_pre" and level == "synapse":
                        point[name] = g.leaf(f"own:{name}")
                    made[f"{event}.{level}|state:{name}"] = self._value(name, rules[name], point)
        made["sends|out"] = self._sends()
        if self.rule.post_event is not None:
            condition = self._expr(self.rule.post_event, self._point)
            made["post_event|out"] = g.apply("indicator", condition)
        return made

    def starts(self) -> dict[str, Node]:
        return {
            f"start:{t.name}": self._in_unit(self._expr(t.start, {}), t.unit)
            for t in self.rule.traces
            if not t.driven
        }

    @property
    def _point(self) -> Point:
        g = self.lowered.graph
        own = {n: g.leaf(f"state:{n}") for level in LEVELS for n in self.rule.of_level(level)}
        return own | {t.name: g.leaf(f"post:{t.name}") for t in self.rule.driven}

    def _sends(self) -> Node:
        g, unit = self.lowered.graph, self.rule.weight
        sends = self.rule.sends
        if sends is None:
            sends = Expr("leaf", unit=unit, kind="after", name=WEIGHT)
        value = self._in_unit(self._expr(sends, self._point), unit)
        return g.mul(value, g.leaf(f"param:{SCALE}"))

    def _value(self, name: str, value: Expr, point: Point) -> Node:
        unit = self.rule.weight if name == WEIGHT else self.rule.trace(name).unit
        return self._in_unit(self._expr(value, point), unit)

    def _in_unit(self, node: Node, unit: Unit) -> Node:
        return self.lowered.graph.mul(
            node, self.lowered.graph.const(1 / self.lowered.definition.factor(unit))
        )

    def _expr(self, expr: Expr | Condition, point: Point) -> Node:
        def own_unit(leaf: Expr) -> Expr:
            known = leaf.kind == "post" and leaf.name in self.units
            return replace(leaf, unit=self.units[leaf.name or ""]) if known else leaf

        return self.lowered.expr(with_leaves(expr, own_unit), point)

    def _decay(self, level: Level) -> dict[str, Node]:
        """States of one level after ``event:steps`` steps; those that stand still are left out."""
        g, names = self.lowered.graph, self.rule.of_level(level)
        start = {name: self._point[name] for name in names}
        system = affine(g, self._rates(names), names, ())
        label = f"{self.rule.name}.flow"
        if system is None:
            raise CompileError(
                f"{label}: between two events the traces {', '.join(names)} must move linearly.",
                hint="put what is not linear into an event, or into def on_tick(self, after)",
            )
        dt = g.leaf("dt")
        per_step = {
            row: {column: g.mul(entry, dt) for column, entry in line.items()}
            for row, line in system.matrix.items()
        }
        scaled = Affine(system.states, system.columns, system.inputs, per_step)
        after = propagate(g, scaled, g.leaf("event:steps"), start, far=True)
        if any(node.op == "expm1m" for node in reach(after.values())):
            raise CompileError(
                f"{label}: a chain of three traces, or a loop, has no solution that an engine can "
                "jump with.",
                hint="let each trace be driven by one other at most, or use on_tick",
            )
        return {name: node for name, node in after.items() if node is not start[name]}

    def _rates(self, names: Iterable[str]) -> Callable[[Point], dict[str, Node]]:
        kept = tuple(names)

        def rates(point: Point) -> dict[str, Node]:
            return {n: r for n, r in self.lowered.rates({**self._point, **point}).items()
                    if n in kept}  # fmt: skip

        return rates


def _as_definition(d: LearningDefinition) -> Definition:
    """The rule as a definition whose states are its weight and traces, for `Lowered`."""
    zero = Expr("const", value=0.0)
    states = [StateDecl(WEIGHT, d.weight, zero, zero)]
    states += [StateDecl(t.name, t.unit, t.start, t.written) for t in d.traces]
    return Definition(
        name=d.name,
        doc=d.doc,
        source=d.source,
        params=d.params,
        states=tuple(states),
        inputs=tuple(InputDecl(t.name, t.unit, "inflow") for t in d.targets),
        flow=Rules(tuple((s.name, d.flow.get(s.name, zero)) for s in states)),
        receive=Rules(),
        fires=None,
        reset=Rules(),
    )


def verify_rule(program: RuleProgram) -> RuleProgram:
    """The RuleProgram itself, or a `VerificationError` that names the broken rule."""
    coefs = {f"coef:{n}" for n in program.coefs}
    own = {f"state:{n}" for level in LEVELS for n in program.states(level)}
    starts = {f"start:{n}" for level in LEVELS for n in program.states(level) if n != WEIGHT}
    seen = own | coefs | {f"post:{n}" for n in program.reads}
    synapse = {f"own:{n}" for n in program.synapse}
    after = {f"after:{n}" for n in (*program.synapse, *program.pre)}
    params = {"dt"} | {f"param:{n}" for n in program.params}
    none = set[str]()
    verify_block(program.rule, "prologue", program.prologue, params, coefs | starts)
    for name, block in program.blocks.items():
        event, _, level = name.partition(".")
        extra: dict[str, set[str]] = {
            "decay": {"event:steps"},
            "on_reward": {"event:reward"},
            "sends": after,
        }
        leaves = seen | extra.get(event, none) | (synapse if name == "on_pre.synapse" else none)
        outputs = {f"state:{n}" for n in program.gives(name)} if level else {"out"}
        verify_block(program.rule, name, block, leaves, outputs)
    return program


def rule_numbers(rule: LearningRule, scale: float = 1.0) -> dict[str, float]:
    """Parameter name → number, as `bind_rule` wants them.

    Raises:
        ParameterError: A value is not one number.
    """
    made = {SCALE: scale}
    for p in rule.definition.params:
        value = rule.values[p.name]
        if not isinstance(value, Quantity) or value.shape:
            raise ParameterError(
                f"{rule.definition.name}.{p.name}: a learning rule has one number for the whole "
                f"connection; got {value}.",
                hint="make several connections with rules of their own",
            )
        made[p.name] = float(np.asarray(value.to(p.unit)))
    return made


def bind_rule(
    program: RuleProgram, values: Mapping[str, float], dt: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Run the prologue.

    Arguments:
        program: From `compile_rule`.
        values: From `rule_numbers`.
        dt: Time step in `program.time_unit`.

    Returns:
        Coefficients, and the start of every trace; float64.

    Raises:
        ParameterError: A coefficient is not finite.
    """
    leaves: dict[str, Any] = {f"param:{n}": values[n] for n in program.params}
    given = run_block(program.prologue, {**leaves, "dt": dt})
    for name, value in given.items():
        if not np.isfinite(value):
            raise ParameterError(
                f"{program.rule}: with these parameters {name.partition(':')[2]!r} is {value}.",
                hint="look for a division by zero",
            )
    coefs = {n: float(given[f"coef:{n}"]) for n in program.coefs}
    starts = {
        n: float(given[f"start:{n}"])
        for level in LEVELS
        for n in program.states(level)
        if n != WEIGHT
    }
    return coefs, starts

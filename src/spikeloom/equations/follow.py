"""Traces of a learning rule that follow the target's states, as states of the target itself."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.equations.definition import Definition, ParamDecl, Rules, StateDecl
from spikeloom.equations.expr import Expr
from spikeloom.equations.learning_definition import LearningDefinition, TargetDecl
from spikeloom.equations.place import leaves
from spikeloom.equations.quantity import Unit, bridge
from spikeloom.equations.rename import with_leaves
from spikeloom.errors import ModelError, UnitError, suggest


def with_traces(neuron: Definition, name: str, rule: LearningDefinition) -> Definition:
    """The neuron with the driven traces of a rule as further states ``NAME_TRACE``.

    Arguments:
        neuron: The target, or what it has become with other rules.
        name: Under which the rule is known in it.
        rule: The rule.

    Raises:
        ModelError: The neuron lacks a state that the rule reads.
        UnitError: It has it in another kind of unit.
    """
    units = target_units(neuron, name, rule)

    def leaf(node: Expr) -> Expr:
        if node.kind == "post":
            target = next(t for t in rule.targets if t.name == node.name)
            return replace(node, kind="state", name=target.state, unit=units[target.name])
        return replace(node, name=f"{name}_{node.name}")

    params = followed_params(rule)
    rates = [(f"{name}_{t.name}", with_leaves(rule.flow[t.name], leaf)) for t in rule.driven]
    return replace(
        neuron,
        params=(*neuron.params, *(_renamed(rule.param(p), name) for p in params)),
        states=(
            *neuron.states,
            *(
                StateDecl(f"{name}_{t.name}", t.unit, with_leaves(t.start, leaf),
                          with_leaves(t.written, leaf), t.doc)
                for t in rule.driven
            ),
        ),
        flow=Rules((*neuron.flow.pairs, *rates)),
    )  # fmt: skip


def followed_params(rule: LearningDefinition) -> tuple[str, ...]:
    """The parameters that the driven traces need."""
    used = {
        leaf.name
        for t in rule.driven
        for expr in (rule.flow[t.name], t.start)
        for leaf in leaves(expr)
        if leaf.kind == "param"
    }
    return tuple(p.name for p in rule.params if p.name in used)


def target_units(neuron: Definition, name: str, rule: LearningDefinition) -> dict[str, Unit]:
    """Unit of every state of the target that the rule reads, by the rule's own names."""
    found: dict[str, Unit] = {}
    for target in rule.targets:
        states = {s.name: s for s in neuron.states}
        if target.state not in states:
            raise ModelError(
                f"{name}: {rule.name} reads {target.state!r} of its target, which {neuron.name} "
                "does not have.",
                hint=suggest(target.state, states),
            )
        found[target.name] = _fitting(name, rule, target, states[target.state].unit)
    return found


def _fitting(name: str, rule: LearningDefinition, target: TargetDecl, unit: Unit) -> Unit:
    if not unit.fits(target.unit):
        raise UnitError(
            f"{name}: {rule.name} reads {target.state!r} as {target.unit.described}, but in its "
            f"target it is {unit.described}.",
            hint=bridge(target.unit, unit),
        )
    return unit


def _renamed(param: ParamDecl, name: str) -> ParamDecl:
    return replace(param, name=f"{name}_{param.name}")

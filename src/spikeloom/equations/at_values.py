"""A model as it reads at given values: terms that are zero there are gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spikeloom.equations.definition import Definition, Rules
from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.switches import decided


def at_values(d: Definition, values: Mapping[str, Any]) -> Definition:
    """The definition without terms that vanish, to be read and not to be compiled.

    A parameter that is 0 takes its products along, and is no jump at an event. Where a neuron fires
    as soon as x reaches p, the smaller of x and p is x between spikes, and is written so. In a
    model of whole numbers, choices that hang on a 0 are made.

    Arguments:
        d: The model.
        values: Its parameters.

    >>> from spikeloom.models import Izhikevich
    >>> print(at_values(Izhikevich.definition, Izhikevich().values).flow["u"])
    a*(b*v - u)
    """
    zero = {p.name for p in d.params if _is_zero(values[p.name])}
    caps = caps_of(d)
    if d.ticks:
        rules = {n: _decided(getattr(d, n), zero) for n in ("tick", "reset", "otherwise")}
        fires = d.fires if d.fires is None else decided(d.fires, zero)
        return replace(d, fires=d.fires if isinstance(fires, bool) else fires, **rules)

    def plain(rules: Rules) -> Rules:
        return Rules(tuple((n, _without(rule, zero, caps)) for n, rule in rules.items()))

    def changes(rules: Rules) -> Rules:
        made = ((n, _bare(rule, zero)) for n, rule in plain(rules).pairs)
        return Rules(tuple((n, rule) for n, rule in made if not _is_leaf(rule, n)))

    return replace(d, flow=plain(d.flow), receive=changes(d.receive), reset=changes(d.reset))


def caps_of(d: Definition) -> set[tuple[Expr, Expr]]:
    """Pairs (x, p) such that x stays below p between spikes."""
    return set(_caps(d.fires)) if d.fires is not None else set()


def _decided(rules: Rules, zero: set[str]) -> Rules:
    return Rules(tuple((n, decided(rule, zero)) for n, rule in rules.items()))


def _is_zero(value: Any) -> bool:
    return isinstance(value, Quantity) and not value.shape and not value


def _is_leaf(node: Expr, name: str) -> bool:
    return node.op == "leaf" and node.name == name


def _caps(node: Condition) -> list[tuple[Expr, Expr]]:
    a, b = node.args[0], node.args[-1]
    if node.op in ("ge", "gt") and isinstance(a, Expr) and isinstance(b, Expr):
        return [(a, b)]
    return []


def _without(node: Expr, zero: set[str], caps: set[tuple[Expr, Expr]]) -> Expr:
    def is_gone(at: Any) -> bool:
        """Whether a term is nothing; a parameter that stands alone may be a place, such as 0 mV."""
        if not isinstance(at, Expr):
            return False
        if at.op == "mul":
            return any(is_gone(a) or _is_param(a, zero) for a in at.args)
        return at.op in ("div", "neg") and (is_gone(at.args[0]) or _is_param(at.args[0], zero))

    def visit(at: Any) -> Any:
        if not isinstance(at, Expr):
            return replace(at, args=tuple(visit(a) for a in at.args))
        if at.op == "min" and at.args in caps:
            return visit(at.args[0])
        if is_gone(at):
            return Expr("const", unit=at.unit, value=0.0)
        if not at.args:
            return at
        args = tuple(visit(a) for a in at.args)
        nothing = [isinstance(a, Expr) and a.op == "const" and a.value == 0 for a in args]
        if at.op in ("add", "sub") and nothing[1]:
            return args[0]
        if at.op == "add" and nothing[0]:
            return args[1]
        if at.op == "sub" and nothing[0]:
            return Expr("neg", (args[1],), at.unit)
        if (at.op == "mul" and any(nothing)) or (at.op in ("div", "neg") and nothing[0]):
            return Expr("const", unit=at.unit, value=0.0)
        return replace(at, args=args)

    return visit(node)


def _is_param(node: Any, names: set[str]) -> bool:
    return isinstance(node, Expr) and node.kind == "param" and node.name in names


def _bare(rule: Expr, zero: set[str]) -> Expr:
    """What a reset adds: a jump of 0 is none."""
    if rule.op in ("add", "sub") and _is_param(rule.args[1], zero):
        return rule.args[0] if isinstance(rule.args[0], Expr) else rule
    return rule

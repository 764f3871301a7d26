"""Chance in the model language: events with a probability, and how white noise may enter.

>>> from spikeloom.equations.units import kHz
>>> rate = Expr("leaf", unit=kHz, kind="param", name="rho")
>>> escapes(rate), chance(0.5), escapes(rate) & ~chance(0.1)
(<escapes(rho)>, <chance(0.5)>, <escapes(rho) & ~chance(0.1)>)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar, cast

from spikeloom.equations.definition import Rules
from spikeloom.equations.expr import Condition, Expr, ExprLike, lift, located
from spikeloom.equations.units import ms, one
from spikeloom.equations.where import Where, here
from spikeloom.errors import ModelError, UnitError

Node = TypeVar("Node", bound="Expr | Condition")
CHANCES = {"chance": one, "escapes": one / ms}
"""Conditions that draw a random number, and the unit of what decides them."""
TIMES = "multiply the noise, which is one over a root of time: sigma * sqrt(2 / tau) * xi"


def chance(p: ExprLike) -> Condition:
    """True with probability `p` in each step, independently for each neuron and step.

    It is asked in `fires` and `reset`; below 0 it never happens and above 1 always. A probability
    belongs to an event; for something that may happen at any time take `escapes`, which does not
    depend on the length of the step.
    """
    return random_condition("chance", p, here())


def escapes(rate: ExprLike) -> Condition:
    """True at random moments with the given rate: with probability 1 - exp(-rate dt) in a step.

    It is asked in `fires`, where the rate may depend on the state: escape noise. A rate of 0 or
    below never fires.

    Source: Gerstner, Kistler, Naud & Paninski 2014, Neuronal Dynamics, eq. 9.7.
    """
    return random_condition("escapes", rate, here())


def random_condition(op: str, value: ExprLike, where: Where | None) -> Condition:
    """A condition with a draw of its own; `number_draws` gives the draw its name."""
    expr, wanted = lift(value, where), CHANCES[op]
    if not expr.unit.fits(wanted):
        what = "a probability, a plain number" if op == "chance" else "a rate, one over a time"
        hint = {
            "chance": "for an event with a rate write escapes(rate)",
            "escapes": "divide by a time constant, or write chance(p) for a probability in a step",
        }[op]
        raise located(UnitError, f"{op} takes {what}; {expr} is {expr.unit.described}.",
                      expr.where or where, hint)  # fmt: skip
    if op == "chance" and expr.op == "const" and not 0 <= (expr.value or 0.0) <= 1:
        raise located(ModelError, f"chance takes a probability from 0 to 1, got {expr}.",
                      expr.where or where, None)  # fmt: skip
    return Condition(op, (Expr("leaf", kind="draw", name=""), expr), where)


def number_draws(*parts: Rules | Condition | None) -> list[Rules | Condition | None]:
    """The same rules, each draw with a name of its own: ``draw1``, ``draw2``, …

    A condition that is used in several places is drawn once and has the same outcome in all.
    """
    known: dict[int, Condition] = {}

    def visit(node: Node) -> Node:
        if isinstance(node, Condition) and node.op in CHANCES:
            if id(node) not in known:
                draw = Expr("leaf", kind="draw", name=f"draw{len(known) + 1}")
                known[id(node)] = replace(node, args=(draw, *node.args[1:]))
            return cast("Node", known[id(node)])
        return replace(node, args=tuple([visit(a) for a in node.args])) if node.args else node

    made: list[Rules | Condition | None] = []
    for part in parts:
        if isinstance(part, Rules):
            made.append(Rules(tuple((name, visit(expr)) for name, expr in part.items())))
        else:
            made.append(None if part is None else visit(part))
    return made


def refuse_chance(label: str, node: Expr | Condition, reasons: Mapping[str, str]) -> None:
    """Chance belongs to events: `reasons` says why each kind is not allowed here."""
    for found in walk(node):
        if isinstance(found, Condition) and found.op in reasons:
            raise located(ModelError, f"{label}: {found.op} has no place here.", found.where,
                          reasons[found.op])  # fmt: skip


def check_linear(label: str, root: Expr) -> None:
    """White noise enters a rate as a factor times it, summed; anything else has no meaning."""

    def degree(node: Expr | Condition) -> int:
        if isinstance(node, Expr) and node.op == "leaf":
            return int(node.kind == "noise")
        found = [degree(a) for a in node.args]
        total = {"mul": sum(found)}.get(node.op, max(found, default=0))
        plain = node.op in ("add", "sub", "neg", "mul") or total == 0
        top = node.op == "div" and not found[1]
        branch = node.op == "select" and not found[0]
        if total > 1 or not (plain or top or branch):
            raise located(ModelError, f"{label}: a rate must be linear in white noise, and {node} "
                          "is not.", node.where, "write what multiplies the noise, then the noise: "
                          "sigma * sqrt(2 / tau) * xi")  # fmt: skip
        return total

    degree(root)


def has_noise(node: Expr | Condition) -> bool:
    """Whether white noise stands in an expression."""
    return any(isinstance(x, Expr) and x.kind == "noise" for x in walk(node))


def walk(node: Expr | Condition) -> Iterator[Expr | Condition]:
    """A node and everything in it."""
    yield node
    for arg in node.args:
        yield from walk(arg)

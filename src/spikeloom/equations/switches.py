"""A rule of whole numbers as it reads once its switches stand: choices made, zeros gone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from spikeloom.equations.expr import Condition, Expr

COMPARE: dict[str, Callable[[float, float], bool]] = {
    "eq": lambda a, b: a == b,
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
}
FOLD: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "shl": lambda a, b: float(int(a) << int(b)),
    "bitand": lambda a, b: float(int(a) & int(b)),
}


def decided(node: Any, zero: set[str]) -> Any:
    """The same expression or condition with the parameters that are 0 put in, and simplified.

    A condition that is then true or false comes back as a bool.

    Arguments:
        node: Of a model of whole numbers.
        zero: Names of the parameters that are 0.

    >>> from spikeloom import TrueNorthNeuron
    >>> told = TrueNorthNeuron.definition
    >>> decided(told.fires, {"TM"}), decided(told.reset["v"], {"gamma"})
    (<v >= alpha>, <saturate(R, int20)>)
    """
    if isinstance(node, Condition):
        return _condition(node, [decided(a, zero) for a in node.args])
    if node.op == "leaf" and node.kind == "param" and node.name in zero:
        return _number(node, 0.0)
    if node.op == "select":
        which = decided(node.args[0], zero)
        if isinstance(which, bool):
            return decided(node.args[1 if which else 2], zero)
    if not node.args:
        return node
    args = tuple(decided(a, zero) for a in node.args)
    return _expr(node, args)


def _condition(node: Condition, args: list[Any]) -> Condition | bool:
    known = [a for a in args if isinstance(a, bool)]
    if node.op in ("and", "or"):
        settles = node.op == "or"
        if settles in known:
            return settles
        left = [a for a in args if not isinstance(a, bool)]
        return not settles if not left else left[0] if len(left) == 1 else replace(
            node, args=tuple(left))  # fmt: skip
    if node.op == "not" and known:
        return not known[0]
    if node.op in COMPARE and all(a.op == "const" for a in args):
        return COMPARE[node.op](*(a.value for a in args))
    return replace(node, args=tuple(args))


def _expr(node: Expr, args: tuple[Any, ...]) -> Expr:
    known = [isinstance(a, Expr) and a.op == "const" for a in args]
    numbers = [a.value if k else math.nan for a, k in zip(args, known, strict=True)]
    if node.op in FOLD and all(known):
        return _number(node, FOLD[node.op](*numbers))
    if node.op in ("neg", "abs", "sign") and numbers[0] == 0:
        return _number(node, 0.0)
    if (node.op in ("mul", "bitand") and 0 in numbers) or (node.op == "shl" and numbers[0] == 0):
        return _number(node, 0.0)
    if node.op == "saturate" and numbers[1] <= numbers[0] <= numbers[2]:
        return _number(node, numbers[0])
    if node.op == "mul" and 1 in numbers:
        return args[1 - numbers.index(1)]
    if (node.op in ("add", "sub") and numbers[1] == 0) or (node.op == "add" and numbers[0] == 0):
        return args[0] if numbers[1] == 0 else args[1]
    return replace(node, args=args)


def _number(node: Expr, value: float) -> Expr:
    return Expr("const", unit=node.unit, value=value)

"""A definition as a function of numbers, by the plainest possible means."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pytest

from spikeloom.equations import Condition, Definition, Expr, SurrogateDefinition
from spikeloom.equations.quantity import Quantity

Values = Mapping[str, float]
Evaluate = Callable[["Expr | Condition", "Definition | SurrogateDefinition", Values], float]

OPS: dict[str, Callable[..., float]] = {
    "neg": lambda a: -a, "add": lambda a, b: a + b, "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "pow": lambda a, b: a**b,
    "exp": math.exp, "atan": math.atan, "erf": math.erf, "abs": abs,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)), "min": min, "max": max,
    "ge": lambda a, b: a >= b, "gt": lambda a, b: a > b,
}  # fmt: skip


def _evaluate(
    node: Expr | Condition, definition: Definition | SurrogateDefinition, values: Values
) -> float:
    if isinstance(node, Expr) and node.op == "const":
        factor = definition.factor(node.unit) if isinstance(definition, Definition) else 1.0
        return (node.value or 0.0) * factor
    if isinstance(node, Expr) and node.op == "leaf":
        name = node.name or ""
        if name in values:
            return values[name]
        default: Quantity = definition.param(name).default
        return float(default.value)
    return OPS[node.op](*(_evaluate(a, definition, values) for a in node.args))


@pytest.fixture(scope="session")
def evaluate() -> Evaluate:
    """The value of an expression; parameters that are not given have their defaults."""
    return _evaluate

"""The table of derivatives, rule by rule, against SymPy."""

from __future__ import annotations

import math

import pytest
import sympy

from spikeloom.compile.derivative import FLAT, PARTIALS, derivative, pull_back
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node
from spikeloom.compile.numeric import OPERATIONS, run_block
from spikeloom.errors import CompileError

X, Y = sympy.symbols("x y", real=True)
SYMPY = {
    "add": X + Y,
    "sub": X - Y,
    "mul": X * Y,
    "div": X / Y,
    "neg": -X,
    "pow": X**Y,
    "min": sympy.Min(X, Y),
    "max": sympy.Max(X, Y),
    "exp": sympy.exp(X),
    "expm1": sympy.exp(X) - 1,
    "log": sympy.log(X),
    "log1p": sympy.log(1 + X),
    "sqrt": sympy.sqrt(X),
    "abs": sympy.Abs(X),
    "tanh": sympy.tanh(X),
    "sigmoid": 1 / (1 + sympy.exp(-X)),
    "sinh": sympy.sinh(X),
    "cosh": sympy.cosh(X),
    "sin": sympy.sin(X),
    "cos": sympy.cos(X),
    "atan": sympy.atan(X),
    "erf": sympy.erf(X),
    "exprel": (sympy.exp(X) - 1) / X,
    "exprel1": sympy.diff((sympy.exp(X) - 1) / X, X),
}
POINTS = [(0.3, 1.7), (1.9, 0.4), (0.75, 2.25)]


def value(graph: Graph, node: Node, x: float, y: float) -> float:
    block = emit(graph, {"result": node})
    leaves = {name: {"x": x, "y": y}[name] for name in block.leaves}
    return float(run_block(block, leaves)["result"])


def test_every_differentiable_operation_has_a_rule_and_a_check() -> None:
    prologue_or_choice = {"select", "expm1m", "spread"}
    assert set(OPERATIONS) - FLAT - prologue_or_choice == set(SYMPY)
    assert set(PARTIALS) == set(SYMPY) | {"select"}


@pytest.mark.parametrize("op", sorted(SYMPY))
@pytest.mark.parametrize(("x", "y"), POINTS)
def test_rule_agrees_with_sympy(op: str, x: float, y: float) -> None:
    g = Graph()
    leaves = [g.leaf("x"), g.leaf("y")]
    expression = SYMPY[op]
    arguments = leaves[: len(expression.free_symbols)]
    root = g.apply(op, *arguments)
    assert value(g, root, x, y) == pytest.approx(float(expression.subs({X: x, Y: y})), rel=1e-12)
    backward = pull_back(g, [(root, g.const(1))], arguments, {})
    for leaf, symbol, reverse in zip(arguments, (X, Y), backward, strict=False):
        expected = float(sympy.diff(expression, symbol).subs({X: x, Y: y}))
        assert value(g, derivative(g, root, leaf), x, y) == pytest.approx(expected, rel=1e-11)
        assert value(g, reverse, x, y) == pytest.approx(expected, rel=1e-11)


def test_a_planted_wrong_rule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**PARTIALS, "sin": lambda g, n: (g.apply("sin", n.args[0]),)}
    monkeypatch.setattr("spikeloom.compile.derivative.PARTIALS", wrong)
    with pytest.raises(AssertionError):
        test_rule_agrees_with_sympy("sin", 0.3, 1.7)


def test_exprel_and_its_derivative_at_and_near_zero() -> None:
    g = Graph()
    x = g.leaf("x")
    slope = derivative(g, g.apply("exprel", x), x)
    for at in (0.0, 1e-12, -1e-7, 1e-3, -0.4999, 0.5, -0.5, 3.0, -30.0):
        exact = sum((n + 1) * at**n / math.factorial(n + 2) for n in range(60))
        if at == -30.0:
            exact = (math.exp(at) * (at - 1) + 1) / at**2
        assert value(g, slope, at, 0) == pytest.approx(exact, rel=1e-13)


def test_an_operation_without_a_derivative_says_so() -> None:
    g = Graph()
    root = g.apply("expm1m", g.leaf("x"))
    with pytest.raises(CompileError, match="expm1m"):
        derivative(g, root, g.leaf("x"))

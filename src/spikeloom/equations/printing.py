"""Expressions as text with as few brackets as precedence allows."""

from __future__ import annotations

from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.span import Span
from spikeloom.equations.unit_text import number_text

# How tightly each operation binds in Python (& and | more than a comparison does); everything that
# is not here binds tightest.
BINDS = {
    "lt": 1, "le": 1, "gt": 1, "ge": 1, "eq": 1, "or": 2, "bitor": 2, "bitxor": 2.5, "and": 3,
    "bitand": 3, "shl": 4, "shr": 4, "add": 5, "sub": 5, "mul": 6, "div": 6, "floordiv": 6,
    "mod": 6, "neg": 7, "not": 7, "invert": 7, "pow": 8,
}  # fmt: skip
SIGNS = {
    "or": " | ", "and": " & ", "lt": " < ", "le": " <= ", "gt": " > ", "ge": " >= ",
    "eq": " == ", "add": " + ", "sub": " - ", "mul": "*", "div": "/", "pow": "**",
    "shl": " << ", "shr": " >> ", "floordiv": "//", "mod": " % ", "bitand": " & ",
    "bitor": " | ", "bitxor": " ^ ",
}  # fmt: skip
GROUPS_LEFT = {
    "sub", "div", "mul", "add", "floordiv", "mod", "shl", "shr", "bitand", "bitor", "bitxor"
}  # fmt: skip
WORDS = {"min": "minimum", "max": "maximum", "select": "where"}


def infix(node: Expr | Condition) -> str:
    """The expression as `from_text` reads it: ``(E - v + R*I)/tau``."""
    if isinstance(node, Expr):
        if node.op == "leaf":
            prefix = f"{node.kind}." if node.kind in ("post", "after") else ""
            return f"{prefix}{node.name or '?'}"
        if node.op == "const":
            return constant(node)
    args = node.args
    if node.op in SIGNS:
        left = _bracket(args[0], node.op, 0)
        return f"{left}{SIGNS[node.op]}{_bracket(args[1], node.op, 1)}"
    if node.op in ("chance", "escapes"):
        return f"{node.op}({infix(args[1])})"  # the draw is its own affair
    if node.op == "neg":
        return f"-{_bracket(args[0], 'neg', 0)}"
    if node.op in ("not", "invert"):
        return f"~{_bracket(args[0], node.op, 0)}"
    if node.op in ("wrap", "saturate"):
        return f"{node.op}({infix(args[0])}, {range_text(node)})"
    return f"{WORDS.get(node.op, node.op)}({', '.join(infix(a) for a in args)})"


def range_text(node: Expr | Condition) -> str:
    """The range of a ``wrap`` or ``saturate``: ``int24``."""
    low, high = (int(a.value or 0) for a in node.args[1:] if isinstance(a, Expr))
    return str(Span(low, high))


def constant(node: Expr) -> str:
    """A literal with its unit: ``0.04/mV/ms``."""
    number = number_text(node.value)
    if node.unit.dimensionless and not node.unit.power:
        return number
    unit = node.unit.symbol.replace(" ", "")
    if node.value == 1 and not unit.startswith("one/"):
        return unit
    return f"{number}{unit[3:]}" if unit.startswith("one/") else f"{number}*{unit}"


def needs_bracket(node: Expr | Condition, parent: str, place: int) -> bool:
    """Whether `node` must stand in brackets as operand number `place` of `parent`."""
    op = node.op
    if isinstance(node, Expr) and op == "const":
        op = _constant_op(node)
    own, outer = BINDS.get(op, 9), BINDS[parent]
    if own != outer:
        return own < outer
    if parent in ("lt", "le", "gt", "ge", "eq"):
        return True
    right = (
        "sub",
        "div",
        "mul",
        "add",
        "floordiv",
        "mod",
        "shl",
        "shr",
        "bitand",
        "bitor",
        "bitxor",
    )
    return (place == 1 and parent in right) if parent != "pow" else place == 0


def _constant_op(node: Expr) -> str:
    if not node.unit.dimensionless or node.unit.power:
        return "const" if node.value == 1 and node.unit.factors[1:] == () else "mul"
    return "neg" if (node.value or 0.0) < 0 else "const"


def _bracket(node: Expr | Condition, parent: str, place: int) -> str:
    text = infix(node)
    return f"({text})" if needs_bracket(node, parent, place) else text

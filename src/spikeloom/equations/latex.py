"""Expressions and models as LaTeX."""

from __future__ import annotations

from spikeloom.equations.definition import Definition
from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.printing import BINDS, needs_bracket
from spikeloom.equations.unit_table import PRETTY
from spikeloom.equations.unit_text import number_text

GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega", "Gamma", "Delta",
    "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
}  # fmt: skip
SIGNS = {
    "add": " + ", "sub": " - ", "mul": r" \, ", "lt": " < ", "le": r" \le ", "gt": " > ",
    "ge": r" \ge ", "and": r" \wedge ", "or": r" \vee ",
}  # fmt: skip
NAMED = {"tanh", "sinh", "cosh", "sin", "cos"}
WORDS = {"log": r"\ln", "atan": r"\arctan", "min": r"\min", "max": r"\max", "sigmoid": r"\sigma"}


def latex(d: Definition) -> str:
    """The whole model as an ``aligned`` block."""
    rows = [rf"\frac{{d {_name(s.name)}}}{{dt}} &= {_node(d.flow[s.name])}" for s in d.states]
    rows += [
        rf"{_name(n)} &\leftarrow {_node(e)} \quad \text{{on arrival}}"
        for n, e in d.receive.items()
    ]
    if d.fires is not None:
        rows.append(rf"\text{{spike}} &\quad {_node(d.fires)}")
    rows += [
        rf"{_name(n)} &\leftarrow {_node(e)} \quad \text{{after it}}" for n, e in d.reset.items()
    ]
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _node(node: Expr | Condition) -> str:
    if isinstance(node, Expr):
        if node.op == "leaf":
            return _name(node.name or "")
        if node.op == "const":
            return _constant(node)
    args, op = node.args, node.op
    if op == "div":
        return rf"\frac{{{_node(args[0])}}}{{{_node(args[1])}}}"
    if op == "pow":
        return f"{_operand(node, 0)}^{{{_node(args[1])}}}"
    if op in SIGNS:
        return f"{_operand(node, 0)}{SIGNS[op]}{_operand(node, 1)}"
    if op == "neg":
        return f"-{_operand(node, 0)}"
    if op == "not":
        return rf"\neg {_operand(node, 0)}"
    inner = [_node(a) for a in args]
    if op == "exp":
        return f"e^{{{inner[0]}}}"
    if op == "sqrt":
        return rf"\sqrt{{{inner[0]}}}"
    if op == "abs":
        return rf"\left|{inner[0]}\right|"
    if op == "select":
        cond, a, b = inner
        return rf"\begin{{cases}}{a} & {cond} \\ {b} & \text{{else}}\end{{cases}}"
    if op == "chance":
        return rf"\text{{with probability }} {inner[1]}"
    if op == "escapes":
        return rf"\text{{at the rate }} {inner[1]}"
    if op == "rises":
        return rf"{inner[0]} \nearrow {inner[1]}"
    word = f"\\{op}" if op in NAMED else WORDS.get(op, rf"\operatorname{{{op}}}")
    return rf"{word}\left({', '.join(inner)}\right)"


def _operand(parent: Expr | Condition, place: int) -> str:
    child = parent.args[place]
    text = _node(child)
    # A fraction brackets itself, except as the base of a power.
    plain = child.op == "div" and parent.op != "pow"
    if parent.op in BINDS and not plain and needs_bracket(child, parent.op, place):
        return rf"\left({text}\right)"
    return text


def _constant(node: Expr) -> str:
    number = number_text(node.value)
    if "e" in number:
        digits, _, exponent = number.partition("e")
        number = rf"{digits} \cdot 10^{{{int(exponent)}}}"
    factors = [
        rf"\mathrm{{{PRETTY.get(n, n)}}}" + (f"^{{{k}}}" if k != 1 else "")
        for n, k in node.unit.factors
    ]
    return r"\,".join([number, *factors])


def _name(name: str) -> str:
    head, _, tail = name.partition("_")
    if head in GREEK:
        head = f"\\{head}"
    elif len(head) > 1:
        head = rf"\mathrm{{{head}}}"
    if not tail:
        return head
    tail = tail.replace("_", ",")
    return rf"{head}_{{\mathrm{{{tail}}}}}"

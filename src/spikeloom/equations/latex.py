"""Expressions and models as LaTeX, in the subset that notebooks, MathML and matplotlib share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import pi
from typing import TYPE_CHECKING

from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.printing import BINDS, needs_bracket, range_text
from spikeloom.equations.unit_table import PRETTY
from spikeloom.equations.unit_text import number_text

if TYPE_CHECKING:
    from spikeloom.equations.definition import Definition
    from spikeloom.equations.quantity import Unit

GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega", "Gamma", "Delta",
    "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
}  # fmt: skip
SIGNS = {
    "add": " + ", "sub": " - ", "mul": r" \, ", "lt": " < ", "le": r" \leq ", "gt": " > ",
    "ge": r" \geq ", "and": r" \wedge ", "or": r" \vee ", "eq": " = ", "shl": r" \ll ",
    "shr": r" \gg ", "mod": r" \,\mathrm{mod}\, ", "bitand": r" \,\mathrm{and}\, ",
    "bitor": r" \,\mathrm{or}\, ", "bitxor": r" \oplus ",
}  # fmt: skip
NAMED = {"tanh", "sinh", "cosh", "sin", "cos"}
WORDS = {"log": r"\ln", "atan": r"\arctan", "min": r"\min", "max": r"\max", "sigmoid": r"\sigma"}
AREAS = {"cm2": ("cm", 2), "um2": ("µm", 2)}
"""Units that are powers under a name of their own."""


def latex(d: Definition) -> str:
    """The whole model as an ``aligned`` block."""
    from spikeloom.equations.latex_rows import rows

    lines = [f"{r.left} &{r.sign} {r.right}{_told(r.note)}" for r in rows(d)]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _told(note: str) -> str:
    return rf" \quad \text{{{note}}}" if note else ""


@dataclass(frozen=True)
class Printer:
    """Expressions as LaTeX.

    Arguments:
        names: What stands for a whole sub-expression, such as ``\\alpha_{m}``.
        cases: Whether a choice is drawn with a brace, which matplotlib does not know.
    """

    names: Mapping[Expr, str] = field(default_factory=lambda: dict[Expr, str]())
    cases: bool = True

    def text(self, node: Expr | Condition, flat: bool = False) -> str:
        """One expression; `flat` writes fractions with a slash, for exponents."""
        if isinstance(node, Expr):
            if self.names and node in self.names:
                return self.names[node]
            if node.op == "leaf":
                return symbol(node.name or "")
            if node.op == "const":
                return constant(node)
            if node.op == "div":
                return self._quotient(node, flat)
        args, op = node.args, node.op
        if op == "pow":
            return f"{self.operand(node, 0, flat)}^{{{self.text(args[1], True)}}}"
        if op in SIGNS:
            left, right = (self.operand(node, place, flat) for place in (0, 1))
            return f"{left}{SIGNS[op]}{right}"
        if op == "neg":
            inner = self.text(args[0], flat)
            return f"-{bracketed(inner) if args[0].op in ('add', 'sub', 'neg') else inner}"
        if op in ("not", "invert"):
            return rf"{chr(92)}{'neg' if op == 'not' else 'sim'} {self.operand(node, 0, flat)}"
        if op == "exp":
            return f"e^{{{self.text(args[0], True)}}}"
        return self._function(node, [self.text(a, flat) for a in args])

    def operand(self, parent: Expr | Condition, place: int, flat: bool = False) -> str:
        """One side of a sign, in brackets where it must."""
        child = parent.args[place]
        text = self.text(child, flat)
        if is_unit(child) or (self.names and child in self.names):
            return text
        # A fraction brackets itself, except as the base of a power.
        plain = child.op == "div" and parent.op != "pow" and not flat
        if parent.op in BINDS and not plain and needs_bracket(child, parent.op, place):
            return bracketed(text)
        return text

    def _quotient(self, node: Expr, flat: bool) -> str:
        above, below = node.args
        if below.op == "exprel" and below not in self.names:  # a / exprel(x) is a x / (eˣ - 1)
            x = self.text(below.args[0], True)
            curve = f"e^{{{x}}} - 1"
            x = bracketed(x) if below.args[0].op in ("add", "sub") else x
            above_x = rf"{self.operand(node, 0)} \, {x}"
            return f"{above_x}/{bracketed(curve)}" if flat else rf"\frac{{{above_x}}}{{{curve}}}"
        if flat or (is_unit(below) and above.op == "leaf"):
            return f"{self.operand(node, 0, flat)}/{self.operand(node, 1, flat)}"
        if is_unit(below) and above.op == "div" and above not in self.names:
            first, second = above.args  # (a/b)/ms is a/(b ms)
            under = self.text(second)
            under = bracketed(under) if second.op in ("add", "sub") else under
            return rf"\frac{{{self.text(first)}}}{{{under}\,{self.text(below)}}}"
        return rf"\frac{{{self.text(above)}}}{{{self.text(below)}}}"

    def _function(self, node: Expr | Condition, inner: list[str]) -> str:
        op = node.op
        if op == "sqrt":
            return rf"\sqrt{{{inner[0]}}}"
        if op == "floordiv":
            return rf"\left\lfloor\frac{{{inner[0]}}}{{{inner[1]}}}\right\rfloor"
        if op in ("wrap", "saturate"):
            kind = rf"\operatorname{{{op}}}_{{\mathrm{{{range_text(node)}}}}}"
            return rf"{kind}\left({inner[0]}\right)"
        if op == "abs":
            return rf"\left|{inner[0]}\right|"
        if op == "select":
            cond, a, b = inner
            if self.cases:
                return rf"\begin{{cases}}{a} & {cond} \\ {b} & \text{{else}}\end{{cases}}"
            return bracketed(rf"{a}\ \text{{if}}\ {cond},\ \text{{else}}\ {b}")
        if op == "chance":
            return rf"\text{{with probability }} {inner[1]}"
        if op == "escapes":
            return rf"\text{{at the rate }} {inner[1]}"
        if op == "rises":
            return rf"{inner[0]} \text{{ rises through }} {inner[1]}"
        word = f"\\{op}" if op in NAMED else WORDS.get(op, rf"\operatorname{{{op}}}")
        return rf"{word}\left({', '.join(inner)}\right)"


def bracketed(text: str) -> str:
    """In round brackets of the right height."""
    return rf"\left({text}\right)"


def is_unit(node: Expr | Condition) -> bool:
    """Whether a node is a bare unit, such as ``ms``."""
    return isinstance(node, Expr) and node.op == "const" and _bare(node)


def _bare(node: Expr) -> bool:
    return node.value == 1 and not node.unit.dimensionless


def constant(node: Expr) -> str:
    """A literal with its unit."""
    number = number_text(node.value)
    turns = (node.value or 0.0) / pi
    if turns and abs(2 * turns - round(2 * turns)) < 1e-12 and abs(turns) <= 4:
        return {1.0: "", -1.0: "-"}.get(turns, f"{turns:g} \\, ") + r"\pi"
    if "e" in number:
        digits, _, exponent = number.partition("e")
        number = rf"{digits} \cdot 10^{{{int(exponent)}}}"
    unit = unit_latex(node.unit)
    return unit if _bare(node) else rf"{number}\,{unit}" if unit else number


def unit_latex(unit: Unit) -> str:
    """A unit in upright letters: ``\\mathrm{mS}\\,\\mathrm{cm}^{-2}``."""
    made: list[str] = []
    for name, k in unit.factors:
        base, power = AREAS.get(name, (PRETTY.get(name, name), 1))
        made.append(rf"\mathrm{{{base}}}" + (f"^{{{k * power}}}" if k * power != 1 else ""))
    return r"\,".join(made)


def symbol(name: str) -> str:
    """A name: Greek letters by their names, what follows an underscore as an index."""
    head, _, tail = name.partition("_")
    letters = head.rstrip("0123456789")
    if letters != head and not tail and (len(letters) == 1 or letters in GREEK):
        head, tail = letters, head[len(letters) :]
    if head in GREEK:
        head = f"\\{head}"
    elif len(head) > 1:
        head = rf"\mathrm{{{head}}}"
    parts = [p for p in tail.split("_") if p]
    if not parts:
        return head
    index = ",".join(f"\\{p}" if p in GREEK else rf"\mathrm{{{p}}}" for p in parts)
    return rf"{head}_{{{index}}}"

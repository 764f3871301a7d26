"""A model as rows of LaTeX, long rates made readable by names for their parts.

What a rate holds besides its own state is often a long function of the potential, the same in
shape for every gate. It is given a letter: in a (1 − x) − b x the two are named alpha and beta of
x, as in the books; anything else becomes f with a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from spikeloom.equations.definition import Definition
from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.latex import Printer, symbol
from spikeloom.equations.randomness import walk
from spikeloom.equations.sharing import shared

LONG = 36
"""Nodes of a rate from which on its parts are named."""
WORTH = 11
"""Nodes of a part that is worth a name."""
CURVED = {"exp", "expm1", "tanh", "cosh", "sinh", "sigmoid", "exprel", "log", "log1p"}


@dataclass(frozen=True)
class Row:
    """One line: what stands left of the sign, the sign, what stands right of it, a remark.

    Where `right` is too long, its `pieces` say the same, and a line may be broken between them.
    """

    left: str
    sign: str
    right: str
    pieces: tuple[str, ...]
    note: str = ""


def rows(d: Definition, *, cases: bool = True) -> list[Row]:
    """Rates, arrivals, the spike, the reset, and what the named parts are.

    Arguments:
        d: The model.
        cases: Whether choices may be drawn with a brace.

    >>> from spikeloom.models import HodgkinHuxley
    >>> [row.left for row in rows(HodgkinHuxley.definition)][-2:]
    ['\\\\alpha_{n}', '\\\\beta_{n}']
    """
    names = named_parts(d)
    p = Printer(names, cases)

    def row(left: str, sign: str, right: Expr | Condition, note: str = "", p: Printer = p) -> Row:
        return Row(left, sign, _whole(p, right), broken(p, right), note)

    flowing = d.states if d.flow else ()
    made = [row(rf"\frac{{d {symbol(s.name)}}}{{dt}}", "=", d.flow[s.name]) for s in flowing]
    parts, tick = shared([*d.tick.values()])
    made += [row(symbol(name), "=", part) for name, part in parts]
    made += [row(symbol(n), r"\leftarrow", e) for n, e in zip(d.tick, tick, strict=True)]
    made += [row(symbol(n), r"\leftarrow", e, "on arrival") for n, e in d.receive.items()]
    if d.fires is not None:
        made.append(row(r"\text{spike}", r"\quad", d.fires))
    made += [row(symbol(n), r"\leftarrow", e, "after it") for n, e in d.reset.items()]
    made += [row(symbol(n), r"\leftarrow", e, "without a spike") for n, e in d.otherwise.items()]
    for part, name in names.items():
        others = Printer({n: t for n, t in names.items() if n != part}, cases)
        made.append(row(name, "=", part, p=others))
    return made


def broken(p: Printer, node: Expr | Condition) -> tuple[str, ...]:
    """An expression in pieces: its terms, also of a sum in a numerator or behind a factor."""
    if isinstance(node, Expr) and node not in p.names:
        if node.op == "div" and node.args[0].op in ("add", "sub"):
            first, *rest = _terms(p, node.args[0])
            if len(rest) > 2:  # short ones read better as one fraction
                below = p.text(node.args[1])
                return (rf"\frac{{1}}{{{below}}}\,({first}", *rest[:-1], f"{rest[-1]})")
        if node.op == "mul" and node.args[1].op in ("add", "sub") and node.args[1] not in p.names:
            first, *rest = _terms(p, node.args[1])
            before = p.operand(node, 0)
            return (rf"{before}\,({first}", *rest[:-1], f"{rest[-1]})")
        if node.op in ("add", "sub"):
            return tuple(_terms(p, node))
    return (_whole(p, node),)


def _whole(p: Printer, node: Expr | Condition) -> str:
    """All of it; a minus sign stands before a fraction, not in it."""
    if isinstance(node, Expr) and node.op == "div" and node.args[0].op == "neg":
        inner = node.args[0].args[0]
        return "-" + p.text(replace(node, args=(inner, node.args[1])))
    return p.text(node)


def _terms(p: Printer, node: Expr | Condition) -> list[str]:
    if not isinstance(node, Expr) or node.op not in ("add", "sub") or node in p.names:
        return [p.text(node)]
    sign = " + " if node.op == "add" else " - "
    return [*_terms(p, node.args[0]), f"{sign}{p.operand(node, 1)}"]


def named_parts(d: Definition) -> dict[Expr, str]:
    """Long functions of one state inside the rates, and their letters; none in a short model."""
    if all(_size(rate) < LONG for rate in d.flow.values()):
        return {}
    found: dict[Expr, str] = {}
    count = 0
    for state in d.states:
        for part, gate in _parts(d.flow[state.name], state.name):
            if part in found:
                continue
            if gate:
                found[part] = rf"{gate}_{{{symbol(state.name)}}}"
            else:
                count += 1
                found[part] = rf"f_{{\mathrm{{{count}}}}}"
    return found


def _parts(rate: Expr, own: str) -> Iterator[tuple[Expr, str]]:
    """Parts worth a name, with the letter of a gate's opening or closing."""

    def visit(node: Expr | Condition, gate: str) -> Iterator[tuple[Expr, str]]:
        if isinstance(node, Expr) and _worth(node, 5 if gate else WORTH):
            yield node, gate
            return
        for place, below in enumerate(node.args):
            beside = node.args[1 - place] if node.op == "mul" else None
            yield from visit(below, _gate(beside, own))

    yield from visit(rate, "")


def _gate(beside: Expr | Condition | None, own: str) -> str:
    if isinstance(beside, Expr):
        if beside.op == "leaf" and beside.name == own:
            return r"\beta"
        if beside.op == "sub" and beside.args[0].op == "const" and _gate(beside.args[1], own):
            return r"\alpha"
    return ""


def _worth(node: Expr, least: int) -> bool:
    nodes = list(walk(node))
    states = {n.name for n in nodes if isinstance(n, Expr) and n.op == "leaf" and n.kind == "state"}
    return len(states) == 1 and len(nodes) >= least and any(n.op in CURVED for n in nodes)


def _size(node: Expr | Condition) -> int:
    return sum(1 for _ in walk(node))

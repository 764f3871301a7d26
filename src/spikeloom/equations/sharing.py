"""Parts that equations share, named once: what a long equation needs to be read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeVar

from spikeloom.equations.expr import Condition, Expr

Node = TypeVar("Node", bound="Expr | Condition")
LEAST = 4
"""Operations in a part that is worth a name."""


def shared(
    roots: Sequence[Expr | Condition], taken: Collection[str] = ()
) -> tuple[list[tuple[str, Expr]], list[Expr | Condition]]:
    """Numbers that are used in several places, as ``t1``, ``t2``, …; and the equations over them.

    Arguments:
        roots: The equations.
        taken: Names that mean something else.

    >>> x = Expr("leaf", kind="state", name="x")
    >>> y = (x - 1) * x + (x + 2) * x
    >>> parts, (short,) = shared([(y + 1) * (y - 1)])
    >>> parts, short
    ([('t1', <(x - 1)*x + (x + 2)*x>)], <(t1 + 1)*(t1 - 1)>)
    """
    keys: dict[int, int] = {}
    known: dict[tuple[object, ...], int] = {}
    size: dict[int, int] = {}
    uses: dict[int, int] = {}

    def visit(node: Expr | Condition) -> int:
        if id(node) in keys:
            return keys[id(node)]
        inner = tuple(visit(a) for a in node.args)
        own = (node.value, node.kind, node.name) if isinstance(node, Expr) else ()
        key = known.setdefault((node.op, inner, own), len(known))
        keys[id(node)] = key
        if key not in size:
            size[key] = bool(node.args) + sum(size[k] for k in inner)
            for k in inner:
                uses[k] = uses.get(k, 0) + 1
        return key

    for root in roots:
        top = visit(root)
        uses[top] = uses.get(top, 0) + 1
    free = (name for k in count(1) if (name := f"t{k}") not in taken)
    parts: list[tuple[str, Expr]] = []
    names: dict[int, Expr] = {}

    def short(node: Node) -> Node:
        key = keys[id(node)]
        if key in names:
            return names[key]  # pyright: ignore[reportReturnType]  # only numbers get a name
        made = replace(node, args=tuple([short(a) for a in node.args])) if node.args else node
        if isinstance(made, Expr) and size[key] >= LEAST and uses[key] > 1:
            name = next(free)
            names[key] = Expr("leaf", kind="argument", name=name, span=made.span)
            parts.append((name, made))
            return names[key]  # pyright: ignore[reportReturnType]
        return made

    done = [short(root) for root in roots]
    return parts, done

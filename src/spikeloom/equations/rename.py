"""Replacing the leaves of an expression: the one operation by which models are joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast

from spikeloom.equations.expr import Condition, Expr

Node = TypeVar("Node", bound="Expr | Condition")


def with_leaves(node: Node, change: Callable[[Expr], Expr]) -> Node:
    """The same expression with every leaf replaced by what `change` makes of it.

    >>> from spikeloom.models import LIF
    >>> print(with_leaves(LIF.definition.flow["v"], lambda leaf: replace(leaf, name="x")))
    (x - x + x*x)/x
    """
    if isinstance(node, Expr) and node.op == "leaf":
        return cast("Node", change(node))
    if not node.args:
        return node
    return replace(node, args=tuple(with_leaves(a, change) for a in node.args))

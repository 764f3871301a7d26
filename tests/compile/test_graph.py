"""Sharing, folding and simplification never change a value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, rebuild
from spikeloom.compile.numeric import OPERATIONS, run_block

UNARY = ("neg", "abs", "tanh", "sin", "exprel", "sigmoid")
BINARY = ("add", "sub", "mul", "min", "max")
LEAVES = {"a": 0.7, "b": -1.3, "c": 2.0}

trees = st.recursive(
    st.sampled_from(sorted(LEAVES)) | st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5]),
    lambda inner: (
        st.tuples(st.sampled_from(UNARY), inner) | st.tuples(st.sampled_from(BINARY), inner, inner)
    ),
    max_leaves=12,
)


def build(g: Graph, tree: Any) -> Node:
    if isinstance(tree, tuple):
        return g.apply(tree[0], *(build(g, t) for t in tree[1:]))
    return g.leaf(tree) if isinstance(tree, str) else g.const(tree)


def plain(tree: Any) -> float:
    if isinstance(tree, tuple):
        return float(OPERATIONS[tree[0]](*(np.float64(plain(t)) for t in tree[1:])))
    return LEAVES[tree] if isinstance(tree, str) else float(tree)


@given(trees)
def test_simplified_expression_keeps_its_value(tree: Any) -> None:
    g = Graph()
    block = emit(g, {"x": build(g, tree)})
    assert float(run_block(block, LEAVES)["x"]) == pytest.approx(plain(tree), rel=1e-12, abs=1e-12)


@given(trees)
def test_same_text_is_the_same_node(tree: Any) -> None:
    g = Graph()
    assert build(g, tree) is build(g, tree)


@given(trees)
def test_rebuild_exchanges_a_leaf_everywhere(tree: Any) -> None:
    g = Graph()
    root = rebuild(g, build(g, tree), {g.leaf("a"): g.leaf("c")})
    changed = {**LEAVES, "a": LEAVES["c"]}
    expected = run_block(emit(g, {"x": build(g, tree)}), changed)["x"]
    assert float(run_block(emit(g, {"x": root}), changed)["x"]) == pytest.approx(
        float(expected), rel=1e-12, abs=1e-12
    )


@pytest.mark.parametrize("power", [-3, -1, 0, 1, 2, 3, 7, 16, 0.5])
def test_whole_powers_become_products(power: float) -> None:
    g = Graph()
    block = emit(g, {"x": g.apply("pow", g.leaf("a"), g.const(power))})
    assert all(i.op != "pow" for i in block.instrs)
    assert float(run_block(block, LEAVES)["x"]) == pytest.approx(0.7**power, rel=1e-14)


def test_negative_zero_is_not_zero() -> None:
    g = Graph()
    assert g.div(g.const(1), g.neg(g.leaf("a"))) is not g.div(g.const(1), g.leaf("a"))
    assert math.copysign(1, g.const(-0.0).value or 0.0) == 1  # stored as plain zero

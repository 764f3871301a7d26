"""Arranged arithmetic: the same values, never more instructions, and what must stay as written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom import AdEx, Izhikevich
from spikeloom.compile.arrange import arrange
from spikeloom.compile.compiler import compile_neuron
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, reach
from spikeloom.compile.methods import RK4
from spikeloom.compile.numeric import run_block

VARY = ("state:x", "state:y", "input:i")
FIXED = ("param:a", "param:b", "dt")


def varying(roots: dict[str, Node]) -> set[int]:
    found: set[int] = set()
    for node in reach(roots.values()):
        if node.name in VARY or any(a.index in found for a in node.args):
            found.add(node.index)
    return found


def arranged(g: Graph, root: Node) -> Node:
    return arrange(g, {"r": root})["r"]


def work(root: Node) -> int:
    """Instructions of a step: products that a sum takes in cost nothing, nor does what is fixed."""
    moving = varying({"r": root})
    nodes = [n for n in reach([root]) if n.index in moving and n.op != "leaf"]
    fused = {a.index for n in nodes if n.op in ("add", "sub") for a in n.args[-1:] if a.op == "mul"}
    return sum(n.index not in fused for n in nodes)


def value(g: Graph, root: Node, at: dict[str, float]) -> float:
    block = emit(g, {"r": root})
    leaves = {name: np.float64(x) for name, x in at.items()}
    return float(run_block(block, leaves)["r"])


@st.composite
def expressions(draw: st.DrawFn) -> tuple[Graph, Node]:
    g = Graph()
    made = [g.leaf(n) for n in (*VARY, *FIXED)] + [g.const(c) for c in (2.0, -0.5, 3.0)]
    for _ in range(draw(st.integers(1, 14))):
        op = draw(st.sampled_from(["add", "sub", "mul", "mul", "add", "neg", "tanh"]))
        pick = st.sampled_from(made[-6:] if draw(st.booleans()) else made)
        args = [draw(pick) for _ in range(1 if op in ("neg", "tanh") else 2)]
        made.append(g.apply(op, *args))
    return g, g.apply("div", made[-1], g.leaf("param:b"))


@given(expressions(), st.lists(st.floats(0.3, 1.2), min_size=6, max_size=6))
def test_any_expression_keeps_its_value(made: tuple[Graph, Node], numbers: list[float]) -> None:
    g, root = made
    at = dict(zip((*VARY, *FIXED), numbers, strict=True))
    expected = value(g, root, at)
    # Terms may cancel, so the scale is that of a sum of sizes: every leaf is of order one.
    assert value(g, arranged(g, root), at) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(expressions())
def test_arranging_twice_is_arranging_once(made: tuple[Graph, Node]) -> None:
    g, root = made
    once = arranged(g, root)
    assert work(arranged(g, once)) <= work(once)


def test_scales_meet_in_one_coefficient() -> None:
    g = Graph()
    x, y, a, b, dt = (g.leaf(n) for n in ("state:x", "state:y", "param:a", "param:b", "dt"))
    rate = g.div(g.mul(a, g.sub(y, x)), b)
    after = g.add(x, g.mul(dt, g.mul(g.const(0.5), rate)))
    assert work(after) == 5
    assert work(arranged(g, after)) == 2  # a difference and one multiply-add


def test_a_polynomial_is_nested() -> None:
    g = Graph()
    v, a, b, c = (g.leaf(n) for n in ("state:x", "param:a", "param:b", "dt"))
    square = g.add(g.add(g.mul(a, g.mul(v, v)), g.mul(b, v)), c)
    assert work(arranged(g, square)) == 2


def test_at_rest_nothing_moves() -> None:
    """g (E - v) stays a product of a difference: exactly 0 where v is E, whatever g is."""
    g = Graph()
    v, rest, a, dt = (g.leaf(n) for n in ("state:x", "param:b", "param:a", "dt"))
    after = arranged(g, g.add(v, g.mul(dt, g.mul(a, g.sub(rest, v)))))
    at = {"state:x": -64.3, "param:b": -64.3, "param:a": 0.1, "dt": 0.7}
    assert value(g, after, at) == -64.3


def test_a_small_decay_keeps_its_digits() -> None:
    """x + c x is not x (1 + c): with c = 1e-17 that would forget the decay."""
    g = Graph()
    x, c = g.leaf("state:x"), g.leaf("param:a")
    after = arranged(g, g.add(x, g.mul(c, x)))
    assert {n.op for n in reach([after])} == {"leaf", "mul", "add"}
    assert len([n for n in reach([after]) if n.op == "leaf"]) == 2


def test_opposite_differences_are_computed_once() -> None:
    g = Graph()
    x, y = g.leaf("state:x"), g.leaf("param:a")
    both = arranged(g, g.mul(g.apply("tanh", g.sub(x, y)), g.sub(y, x)))
    assert sum(n.op == "sub" for n in reach([both])) == 1


@pytest.mark.parametrize(("neuron", "most"), [(Izhikevich(), 46), (AdEx(), 58)])
def test_library_models_take_few_instructions(neuron: Izhikevich | AdEx, most: int) -> None:
    """Runge–Kutta steps: written out term by term they took 65 and 77."""
    block = compile_neuron(neuron, RK4()).forward
    inside = {i for k in block.instrs if k.op in ("add", "sub") for i in k.args}
    products = {i for i in inside if block.instrs[i].op == "mul"}
    counted = [i for i, k in enumerate(block.instrs) if k.op not in ("leaf", "const")]
    assert len([i for i in counted if i not in products]) <= most

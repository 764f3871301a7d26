"""Random straight-line blocks mean the same to the CPU engine as to NumPy."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spikeloom.compile.numeric import run_block
from spikeloom.compile.program import Block, Instr, Program
from spikeloom.engines.cpu import CPU
from spikeloom.engines.cpu.emit import describe, leaves, live

ONE = ("neg", "abs", "sign", "floor", "ceil")
TWO = ("add", "sub", "mul", "min", "max")
TESTS = ("lt", "le", "gt", "ge")
VALUES = np.array([0.0, 1, -1, 2, -3, 0.5, -1.5, np.inf, -np.inf, np.nan])
"""Small multiples of 1/2 are exact however sums and products are fused."""


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """Instructions on two states and a constant; results of both kinds are used."""
    instrs = [
        Instr("leaf", name="state:a"),
        Instr("leaf", name="state:b"),
        Instr("const", value=draw(st.sampled_from([0.0, -2.0, 1.5]))),
    ]
    numbers, truths = [0, 1, 2], list[int]()
    for _ in range(draw(st.integers(1, 10))):
        kinds = ["one", "two", "two", "test"] + (["logic", "select", "indicator"] if truths else [])
        kind = draw(st.sampled_from(kinds))
        n, t = st.sampled_from(numbers), st.sampled_from(truths or [0])
        here = len(instrs)
        if kind == "one":
            instrs.append(Instr(draw(st.sampled_from(ONE)), (draw(n),)))
        elif kind == "two":
            instrs.append(Instr(draw(st.sampled_from(TWO)), (draw(n), draw(n))))
        elif kind == "test":
            instrs.append(Instr(draw(st.sampled_from(TESTS)), (draw(n), draw(n))))
        elif kind == "logic":
            op = draw(st.sampled_from(["and", "or", "not"]))
            instrs.append(Instr(op, (draw(t),) if op == "not" else (draw(t), draw(t))))
        elif kind == "select":
            instrs.append(Instr("select", (draw(t), draw(n), draw(n))))
        else:
            instrs.append(Instr("indicator", (draw(t),)))
        (truths if kind in ("test", "logic") else numbers).append(here)
    last = draw(st.sampled_from(numbers))
    return Block(tuple(instrs), (("state:a", numbers[-1]), ("state:b", 0), ("out", last)))


@settings(max_examples=40)
@given(blocks())
def test_random_blocks(block: Block) -> None:
    every = Block(block.instrs, tuple((str(i), i) for i in range(len(block.instrs))))
    a, b = (x.ravel() for x in np.meshgrid(VALUES, VALUES))
    given_leaves = {"state:a": a, "state:b": b}
    with np.errstate(all="ignore"):
        sizes = [np.abs(np.asarray(v, float)) for v in run_block(every, given_leaves).values()]
        assume(all(np.max(x[np.isfinite(x)], initial=0.0) < 2.0**40 for x in sizes))
        expected = run_block(block, given_leaves)
    empty = Block((), ())
    program = Program("Random", "-", "", "ms", ("a", "b"), (), (), (), False, empty, block, empty)
    state = np.stack([a, b])[:, None]
    run = CPU("float64", threads=1).forward(program, {}, {}, state, 1)
    for name, got in (("out", run.out[0, 0]), ("state:a", run.state[0, 0])):
        np.testing.assert_array_equal(got, np.broadcast_to(expected[name], got.shape))


def test_only_what_is_wanted_is_written() -> None:
    instrs = (
        Instr("leaf", name="state:v"),
        Instr("leaf", name="input:I"),
        Instr("exp", (0,)),
        Instr("add", (0, 1)),
    )
    block = Block(instrs, (("state:v", 3), ("out", 2)))
    assert live(block, ["state:v"]) == [0, 1, 3]
    assert leaves(block, ["out"]) == ("state:v",)
    assert describe(block, 2) == "s2 = exp(state:v)"

"""A step that stops where its column ends: for batches of recordings of different length.

One more input says after how many steps a column ends, one more state counts the steps done. While
steps are left everything is as it was; afterwards every state stays, bit for bit, and the output
is 0. Gradients follow from the same graph as all others do: those at the last states pass through
the time after the end unchanged, and inputs after the end have none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from spikeloom.compile.graph import Graph
from spikeloom.compile.program import Block, Instr
from spikeloom.compile.step import Step

END = "lengths.end"
"""Input: number of steps after which the column ends."""
DONE = "lengths.done"
"""State: number of steps done."""


def until_end(graph: Graph, step: Step) -> Step:
    """The step where steps are left; where none are, states that stay and an output of 0.

    Arguments:
        graph: The graph that the step belongs to.
        step: The step of a column without an end. Its nodes stay the same ones, so what they
            compute keeps its bits.
    """
    done = graph.leaf(f"state:{DONE}")
    going = graph.apply("lt", done, graph.leaf(f"input:{END}"))
    states = {
        name: graph.select(going, node, graph.leaf(f"state:{name}"))
        for name, node in step.states.items()
    }
    states[DONE] = graph.add(done, graph.const(1))
    return replace(step, states=states, out=graph.select(going, step.out, graph.const(0)))


def deaf_after_end(block: Block, inputs: Collection[str]) -> Block:
    """The same block with inputs that are 0 after the end.

    Whatever lies in the padding, also an infinity, then meets no equation.

    Arguments:
        block: Forward or backward, of a step that `until_end` made.
        inputs: Names of the inputs.
    """
    made: list[Instr] = []
    known: dict[Instr, int] = {}

    def put(instr: Instr) -> int:
        if instr not in known:
            known[instr] = len(made)
            made.append(instr)
        return known[instr]

    heard = {f"input:{name}" for name in inputs}
    place: list[int] = []
    for instr in block.instrs:
        at = put(replace(instr, args=tuple(place[a] for a in instr.args)))
        if instr.op == "leaf" and instr.name in heard:
            done, end = (put(Instr("leaf", name=n)) for n in (f"state:{DONE}", f"input:{END}"))
            going, zero = put(Instr("lt", (done, end))), put(Instr("const", value=0.0))
            at = put(Instr("select", (going, at, zero)))
        place.append(at)
    return Block(tuple(made), tuple((name, place[i]) for name, i in block.outputs))

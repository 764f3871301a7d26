"""A step that stops where its column ends: for batches of recordings of different length.

One more input says after how many steps a column ends, one more state counts the steps done. While
steps are left everything is as it was; afterwards every state stays, bit for bit, and the output
is 0. Gradients follow from the same graph as all others do: those at the last states pass through
the time after the end unchanged, and inputs after the end have none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from spikeloom.compile.graph import Graph, rebuild
from spikeloom.compile.step import Step

END = "lengths.end"
"""Input: number of steps after which the column ends."""
DONE = "lengths.done"
"""State: number of steps done."""


def until_end(graph: Graph, step: Step, inputs: Iterable[str]) -> Step:
    """The step where steps are left, and nothing at all where none are.

    Arguments:
        graph: The graph that the step belongs to.
        step: The step of a column without an end.
        inputs: Inputs that stand still after the end: whatever lies in the padding, also an
            infinity, then meets no equation.
    """
    done = graph.leaf(f"state:{DONE}")
    going = graph.apply("lt", done, graph.leaf(f"input:{END}"))
    zero = graph.const(0)
    leaves = [graph.leaf(f"input:{name}") for name in inputs]
    heard = {leaf: graph.select(going, leaf, zero) for leaf in leaves}
    states = {
        name: graph.select(going, rebuild(graph, node, heard), graph.leaf(f"state:{name}"))
        for name, node in step.states.items()
    }
    out = graph.select(going, rebuild(graph, step.out, heard), zero)
    states[DONE] = graph.add(done, graph.const(1))
    return replace(step, states=states, out=out)

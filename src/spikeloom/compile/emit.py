"""From the graph to a Block: the order of instructions, and what hard spikes are made of."""

from __future__ import annotations

from collections.abc import Mapping

from spikeloom.compile.graph import Graph, Node, reach, rebuild
from spikeloom.compile.program import Block, Instr


def emit(graph: Graph, outputs: Mapping[str, Node]) -> Block:
    """The outputs as straight-line instructions, each computed once, nothing unused."""
    hard = harden(graph, outputs)
    place: dict[int, int] = {}
    instrs: list[Instr] = []
    for node in reach(hard.values()):
        place[node.index] = len(instrs)
        args = tuple(place[a.index] for a in node.args)
        instrs.append(Instr(node.op, args, node.value, node.name))
    return Block(tuple(instrs), tuple((name, place[node.index]) for name, node in hard.items()))


def harden(graph: Graph, outputs: Mapping[str, Node]) -> dict[str, Node]:
    """Exchange ``spike`` for the indicator of its condition and ``blend`` for a choice.

    The soft curve inside a ``spike`` only ever shapes gradients; here it is dropped.
    """
    exchange: dict[Node, Node] = {}
    done: dict[str, Node] = {}
    for name, root in outputs.items():
        node = root
        for inner in reach([root]):
            if inner in exchange or inner.op not in ("spike", "blend"):
                continue
            fired = inner.args[0] if inner.op == "spike" else inner.args[0].args[0]
            fired = rebuild(graph, fired, exchange)
            if inner.op == "spike":
                exchange[inner] = graph.apply("indicator", fired)
            else:
                branches = [rebuild(graph, a, exchange) for a in inner.args[1:]]
                exchange[inner] = graph.select(fired, *branches)
        node = rebuild(graph, root, exchange)
        done[name] = node
    return done

"""A TickProgram with some of its parameters known: what they decide is left out.

A chip's neuron has many switches, and most populations use few of them. With the switches known,
branches that cannot be taken and random numbers that nobody reads are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, is_const
from spikeloom.compile.program import Instr
from spikeloom.compile.tick_numeric import OPERATIONS
from spikeloom.compile.tick_program import COMPARE, EXACT, TickProgram, verify_ticks

Known = tuple[tuple[str, int], ...]
FEW = 4
"""A parameter with so many values is a switch; zero is taken for one in any parameter."""


def switches(program: TickProgram, values: Mapping[str, int]) -> Known:
    """The parameters worth knowing, of those that are one number for all neurons."""
    spans = dict(program.params_in)
    small = {n for n, s in spans.items() if s.high - s.low < FEW}
    return tuple((n, v) for n, v in sorted(values.items()) if n in small or v == 0)


@lru_cache(maxsize=256)
def fold(program: TickProgram, known: Known) -> TickProgram:
    """The same tick for these values, the same to the last bit.

    >>> from spikeloom.compile import compile_ticks
    >>> from spikeloom.models import TrueNorthNeuron
    >>> whole = compile_ticks(TrueNorthNeuron())
    >>> quiet = fold(whole, tuple((f"b{k}", 0) for k in range(4)) + (("c", 0), ("TM", 0)))
    >>> len(whole.forward.instrs), len(quiet.forward.instrs)
    (111, 61)
    """
    g, values = Graph(), dict(known)
    made: list[Node | bool] = []
    for instr in program.forward.instrs:
        made.append(_made(g, instr, [made[a] for a in instr.args], values))
    outputs: dict[str, Node] = {}
    for name, place in program.forward.outputs:
        node = made[place]
        if isinstance(node, bool) or (name == "out" and program.spikes and node.op == "const"):
            return program  # it always fires, or never: not worth a kernel of its own
        outputs[name] = node
    return verify_ticks(replace(program, forward=emit(g, outputs)))


def _made(
    g: Graph, instr: Instr, args: list[Node | bool], values: Mapping[str, int]
) -> Node | bool:
    op = instr.op
    if op == "const":
        return g.const(instr.value or 0.0)
    if op == "leaf":
        name = instr.name or ""
        kind, _, short = name.partition(":")
        return g.const(values[short]) if kind == "param" and short in values else g.leaf(name)
    if op in ("and", "or", "not"):
        return _logic(g, op, args)
    if op == "indicator":
        return g.const(args[0]) if isinstance(args[0], bool) else g.apply(op, args[0])
    if op == "select" and isinstance(args[0], bool):
        return args[1] if args[0] else args[2]
    nodes = [a for a in args if isinstance(a, Node)]
    if op != "select" and op != "hits" and all(n.op == "const" for n in nodes):
        found = OPERATIONS[op](*[np.int64(int(n.value or 0)) for n in nodes])
        if op in COMPARE:
            return bool(found)
        if abs(int(found)) <= EXACT:
            return g.const(int(found))
    simple = _SIMPLE.get(op)
    short = simple(g, *nodes) if simple is not None else None
    return g.apply(op, *nodes) if short is None else short


def _logic(g: Graph, op: str, args: list[Node | bool]) -> Node | bool:
    if op == "not":
        a = args[0]
        return not a if isinstance(a, bool) else g.apply("not", a)
    decides = op == "or"  # the truth value that settles it
    left = [a for a in args if isinstance(a, Node)]
    if len(left) < 2 and any(a is decides for a in args):
        return decides
    if not left:
        return not decides
    return left[0] if len(left) == 1 else g.apply(op, *left)


def _nothing(g: Graph, *args: Node) -> Node | None:
    return g.const(0) if any(is_const(a, 0) for a in args) else None


def _unmoved(g: Graph, a: Node, by: Node) -> Node | None:
    del g
    return a if is_const(by, 0) else None


def _no_draws(g: Graph, draw: Node, n: Node, limit: Node) -> Node | None:
    del draw, limit
    return g.const(0) if is_const(n, 0) else None


_SIMPLE: Mapping[str, Callable[..., Node | None]] = {
    "bitand": _nothing,
    "shl": _unmoved,
    "shr": _unmoved,
    "hits": _no_draws,
}

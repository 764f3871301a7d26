"""Blocks written one after another into one, without changing how any of them rounds.

An engine may fuse a product with the sum that it goes into. Pieces that are joined here are fused
within themselves only, as they are when each is run alone: what goes from one to the next counts as
a number that has been rounded.
"""

from __future__ import annotations

from collections.abc import Mapping

from spikeloom.compile.program import Block, Instr


class Splice:
    """A block that grows.

    >>> s = Splice()
    >>> total = s.plus(s.leaf("a"), s.op("mul", s.leaf("a"), s.leaf("b")))
    >>> [i.op for i in s.block({"sum": total}).instrs]
    ['leaf', 'leaf', 'mul', 'neg', 'neg', 'add']
    """

    def __init__(self) -> None:
        self._instrs: list[Instr] = []
        self._known: dict[tuple[str, float | str], int] = {}
        self._rounded: dict[int, int] = {}

    def leaf(self, name: str) -> int:
        """A value from outside."""
        return self._once("leaf", name, Instr("leaf", name=name))

    def const(self, value: float) -> int:
        """A number."""
        return self._once("const", value, Instr("const", value=value))

    def op(self, name: str, *args: int) -> int:
        """One instruction, as it stands."""
        return self._put(Instr(name, args))

    def rounded(self, place: int) -> int:
        """A value that no sum fuses with: of a product, minus its negative."""
        if self._instrs[place].op != "mul":
            return place
        if place not in self._rounded:
            self._rounded[place] = self.op("neg", self.op("neg", place))
        return self._rounded[place]

    def plus(self, a: int, b: int) -> int:
        """a + b, each rounded before."""
        return self.op("add", self.rounded(a), self.rounded(b))

    def minus(self, a: int, b: int) -> int:
        """a - b, each rounded before."""
        return self.op("sub", self.rounded(a), self.rounded(b))

    def fma(self, a: int, b: int, c: int) -> int:
        """a b + c, the product not rounded where the engine can do so."""
        return self.op("add", self.rounded(c), self.op("mul", a, b))

    def run(self, block: Block, leaves: Mapping[str, int]) -> dict[str, int]:
        """A whole block with these values for its leaves; gives the places of its outputs."""
        places: list[int] = []
        for instr in block.instrs:
            if instr.op == "leaf":
                places.append(self.rounded(leaves[instr.name or ""]))
            elif instr.op == "const":
                places.append(self.const(instr.value or 0.0))
            else:
                args = tuple(places[a] for a in instr.args)
                places.append(self._put(Instr(instr.op, args, instr.value, instr.name)))
        return {name: places[place] for name, place in block.outputs}

    def block(self, outputs: Mapping[str, int]) -> Block:
        """What has been written."""
        return Block(tuple(self._instrs), tuple(outputs.items()))

    def _once(self, op: str, what: float | str, instr: Instr) -> int:
        if (op, what) not in self._known:
            self._known[op, what] = self._put(instr)
        return self._known[op, what]

    def _put(self, instr: Instr) -> int:
        self._instrs.append(instr)
        return len(self._instrs) - 1

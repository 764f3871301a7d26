"""A Block on whole numbers -> LLVM values, each in 32 bits if its range allows and else in 64.

Nothing overflows, because the ranges were proved; so a result is the same in either width, and the
narrow one is twice as many to a vector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from spikeloom.compile.program import Block
from spikeloom.engines.cpu.emit import describe, live
from spikeloom.engines.cpu.text import Writer
from spikeloom.equations.span import Span
from spikeloom.errors import EngineError

NARROW = Span.of(32)
COMPARE = {"lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge", "eq": "eq"}
PLAIN = {
    "add": "add", "sub": "sub", "mul": "mul", "shl": "shl", "shr": "ashr", "bitand": "and",
    "bitor": "or", "bitxor": "xor",
}  # fmt: skip
Hits = Callable[[str, str, str, int], str]
"""Stream, number of draws (32 bits), limit, bits of the limit → how many are at most the limit."""


def bits_of(span: Span | None) -> int:
    """How many bits a value is computed in: 32 or 64."""
    return 32 if span is None or NARROW.holds(span) else 64


class Ints:
    """Vectors of whole numbers in a module.

    Arguments:
        w: Where to write.
        lanes: Numbers to a vector.
    """

    def __init__(self, w: Writer, lanes: int) -> None:
        self.w, self.lanes = w, lanes

    def kind(self, bits: int) -> str:
        """The type of a vector."""
        return f"<{self.lanes} x i{bits}>"

    def const(self, value: int, bits: int) -> str:
        """One number in all lanes."""
        return f"splat (i{bits} {value})"

    def splat(self, scalar: str, bits: int) -> str:
        """A scalar in all lanes."""
        kind = self.kind(bits)
        one = self.w.let(f"insertelement {kind} poison, i{bits} {scalar}, i64 0")
        order = f"<{self.lanes} x i32> zeroinitializer"
        return self.w.let(f"shufflevector {kind} {one}, {kind} poison, {order}")

    def cast(self, value: str, have: int, want: int) -> str:
        """The same number in another width."""
        if have == want:
            return value
        word = "sext" if want > have else "trunc"
        return self.w.let(f"{word} {self.kind(have)} {value} to {self.kind(want)}")

    def two(self, op: str, a: str, b: str, bits: int) -> str:
        """An instruction on two vectors."""
        return self.w.let(f"{op} {self.kind(bits)} {a}, {b}")

    def compare(self, how: str, a: str, b: str, bits: int) -> str:
        """Truth values."""
        return self.w.let(f"icmp {how} {self.kind(bits)} {a}, {b}")

    def select(self, condition: str, a: str, b: str, bits: int) -> str:
        """a where the condition holds, else b."""
        kind = self.kind(bits)
        return self.w.let(f"select <{self.lanes} x i1> {condition}, {kind} {a}, {kind} {b}")

    def bound(self, word: str, a: str, b: str, bits: int) -> str:
        """``smin`` or ``smax``."""
        kind, name = self.kind(bits), f"llvm.{word}.v{self.lanes}i{bits}"
        return self.w.call(kind, name, f"{kind} {a}, {kind} {b}", f"{kind}, {kind}")

    def abs(self, a: str, bits: int) -> str:
        """The size of a number."""
        kind, name = self.kind(bits), f"llvm.abs.v{self.lanes}i{bits}"
        return self.w.call(kind, name, f"{kind} {a}, i1 false", f"{kind}, i1")

    def sign(self, a: str, bits: int) -> str:
        """-1, 0 or 1."""
        kind, zero, truth = self.kind(bits), self.const(0, bits), f"<{self.lanes} x i1>"
        above = self.w.let(f"zext {truth} {self.compare('sgt', a, zero, bits)} to {kind}")
        below = self.w.let(f"sext {truth} {self.compare('slt', a, zero, bits)} to {kind}")
        return self.two("or", above, below, bits)

    def divide(self, a: str, b: str, bits: int) -> tuple[str, str]:
        """Quotient rounded down, and the remainder with the sign of the divisor."""
        truth, zero = f"<{self.lanes} x i1>", self.const(0, bits)
        quotient, rest = self.two("sdiv", a, b, bits), self.two("srem", a, b, bits)
        apart = self.compare("slt", self.two("xor", rest, b, bits), zero, bits)
        some = self.compare("ne", rest, zero, bits)
        over = self.w.let(f"and {truth} {apart}, {some}")
        one = self.w.let(f"zext {truth} {over} to {self.kind(bits)}")
        more = self.select(over, b, zero, bits)
        return self.two("sub", quotient, one, bits), self.two("add", rest, more, bits)


def write_ticks(
    v: Ints,
    block: Block,
    spans: Sequence[Span | None],
    given: Mapping[str, str],
    wanted: Sequence[str],
    hits: Hits,
) -> dict[str, str]:
    """Write the instructions; gives the name of each wanted result, in the width of its range.

    Arguments:
        v: Where to write.
        block: What to write.
        spans: Where the result of each instruction lies.
        given: Values of the leaves, in the widths of their ranges.
        wanted: Names of the outputs to compute. ``"bits"`` stands for ``out`` as truth values.
        hits: Writes the drawing of many numbers.
    """
    outputs = dict(block.outputs)
    names = ["out" if name == "bits" else name for name in wanted]
    goals = {outputs[name]: name for name in names}
    values: dict[int, str] = {}
    for i in live(block, names):
        instr = block.instrs[i]
        if instr.op == "leaf":
            values[i] = given.get(str(instr.name), "")
        elif instr.op == "const":
            values[i] = v.const(int(instr.value or 0), bits_of(spans[i]))
        else:
            goal = f"    -> {goals[i]}" if i in goals else ""
            v.w.note(f"{describe(block, i)}{goal}")
            values[i] = _write(v, block, i, values, spans, hits)
    found = {name: values[outputs[name]] for name in names}
    if "bits" in wanted:
        found["bits"] = values[block.instrs[outputs["out"]].args[0]]
    return found


def _write(
    v: Ints,
    block: Block,
    index: int,
    values: Mapping[int, str],
    spans: Sequence[Span | None],
    hits: Hits,
) -> str:
    instr, truth = block.instrs[index], f"<{v.lanes} x i1>"
    places, op = instr.args, instr.op
    own = bits_of(spans[index])
    if op in ("and", "or"):
        return v.w.let(f"{op} {truth} {values[places[0]]}, {values[places[1]]}")
    if op == "not":
        return v.w.let(f"xor {truth} {values[places[0]]}, splat (i1 true)")
    if op == "indicator":
        return v.w.let(f"zext {truth} {values[places[0]]} to {v.kind(own)}")
    if op == "hits":
        name, number, limit = (block.instrs[places[0]].name or "", *places[1:])
        return hits(name, values[number], values[limit], bits_of(spans[limit]))
    known = [p for p in places if spans[p] is not None]
    bits = max([own, *(bits_of(spans[p]) for p in known)])
    if op in ("shl", "shr") and (spans[places[1]] or NARROW).high >= 32:
        bits = 64  # a shift by the width of its number or more is undefined
    args = [v.cast(values[p], bits_of(spans[p]), bits) for p in known]
    if op in COMPARE:
        return v.compare(COMPARE[op], args[0], args[1], bits)
    if op == "select":
        return v.select(values[places[0]], args[0], args[1], bits)
    return v.cast(_number(v, op, args, bits), bits, own)


def _number(v: Ints, op: str, args: list[str], bits: int) -> str:
    a, b = args[0], args[-1]
    if op in PLAIN:
        return v.two(PLAIN[op], a, b, bits)
    if op == "neg":
        return v.two("sub", v.const(0, bits), a, bits)
    if op == "invert":
        return v.two("xor", a, v.const(-1, bits), bits)
    if op in ("min", "max"):
        return v.bound(f"s{op}", a, b, bits)
    if op == "abs":
        return v.abs(a, bits)
    if op == "sign":
        return v.sign(a, bits)
    if op in ("floordiv", "mod"):
        return v.divide(a, b, bits)[op == "mod"]
    raise EngineError(f"fixed engine: the instruction {op!r} is not known to it.")

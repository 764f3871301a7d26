"""The formulas of random connections inside a kernel: several values at a time."""

from __future__ import annotations

import struct
from typing import Any

from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.wiring.formulas import philox, schedule

LANES = 8
BATCH = 2 * LANES
"""Words that one call of Philox gives: two for each lane."""


class Num:
    """A value in every lane, with the operators that formulas use."""

    __slots__ = ("kind", "o", "text")

    def __init__(self, o: Lanes, text: str, kind: str) -> None:
        self.o, self.text, self.kind = o, text, kind

    def _op(self, other: Num, whole: str, number: str) -> Num:
        name = number if self.kind == "double" else whole
        return self.o.let(f"{name} {self.o.type(self.kind)} {self.text}, {other.text}", self.kind)

    def _compare(self, other: Num, whole: str, number: str) -> Num:
        test = f"fcmp {number}" if self.kind == "double" else f"icmp {whole}"
        return self.o.let(f"{test} {self.o.type(self.kind)} {self.text}, {other.text}", "i1")

    def __add__(self, other: Num) -> Num:
        return self._op(other, "add", "fadd")

    def __sub__(self, other: Num) -> Num:
        return self._op(other, "sub", "fsub")

    def __mul__(self, other: Num) -> Num:
        return self._op(other, "mul", "fmul")

    def __truediv__(self, other: Num) -> Num:
        return self._op(other, "udiv", "fdiv")

    def __rshift__(self, other: Num) -> Num:
        return self._op(other, "lshr", "")

    def __lshift__(self, other: Num) -> Num:
        return self._op(other, "shl", "")

    def __and__(self, other: Num) -> Num:
        return self._op(other, "and", "")

    def __or__(self, other: Num) -> Num:
        return self._op(other, "or", "")

    def __xor__(self, other: Num) -> Num:
        return self._op(other, "xor", "")

    def __lt__(self, other: Num) -> Num:
        return self._compare(other, "ult", "olt")

    def __gt__(self, other: Num) -> Num:
        return self._compare(other, "ugt", "ogt")

    def __le__(self, other: Num) -> Num:
        return self._compare(other, "ule", "ole")

    def __ge__(self, other: Num) -> Num:
        return self._compare(other, "uge", "oge")


class Lanes:
    """`Arithmetic` that writes instructions.

    Arguments:
        w: Where to.
        lanes: Values at a time.
    """

    def __init__(self, w: Writer, lanes: int = LANES) -> None:
        self.w, self.lanes = w, lanes

    def type(self, kind: str) -> str:
        """The type of a value in every lane."""
        return f"<{self.lanes} x {kind}>"

    def let(self, expression: str, kind: str) -> Num:
        """One instruction."""
        return Num(self, self.w.let(expression), kind)

    def constant(self, item: str, kind: str) -> Num:
        """One literal in every lane."""
        return Num(self, f"<{', '.join([f'{kind} {item}'] * self.lanes)}>", kind)

    def splat(self, scalar: str, kind: str) -> Num:
        """One value of the kernel in every lane."""
        full = self.type(kind)
        one = self.w.let(f"insertelement {full} poison, {kind} {scalar}, i64 0")
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return self.let(f"shufflevector {full} {one}, {full} poison, {zeros}", kind)

    def whole(self, value: int) -> Num:
        return self.constant(str(value), "i64")

    def number(self, value: float) -> Num:
        return self.constant(literal(value), "double")

    def where(self, condition: Num, yes: Num, no: Num) -> Num:
        full = self.type(yes.kind)
        test = f"{self.type('i1')} {condition.text}"
        return self.let(f"select {test}, {full} {yes.text}, {full} {no.text}", yes.kind)

    def cast(self, how: str, x: Num, kind: str) -> Num:
        """A conversion, such as ``uitofp``."""
        return self.let(f"{how} {self.type(x.kind)} {x.text} to {self.type(kind)}", kind)

    def as_number(self, whole: Num) -> Num:
        return self.cast("uitofp", whole, "double")

    def split(self, x: Num) -> tuple[Num, Num]:
        bits = self.cast("bitcast", x, "i64")
        exponent = self.as_number(bits >> self.whole(52)) - self.number(1023.0)
        mantissa = (bits & self.whole(2**52 - 1)) | self.whole(1023 << 52)
        return exponent, self.cast("bitcast", mantissa, "double")

    def power_of_two(self, k: Num) -> Num:
        bits = self.cast("fptoui", k + self.number(1023.0), "i64") << self.whole(52)
        return self.cast("bitcast", bits, "double")

    def sqrt(self, x: Num) -> Num:
        return self._call("sqrt", x)

    def rint(self, x: Num) -> Num:
        return self._call("rint", x)

    def _call(self, name: str, x: Num) -> Num:
        full = self.type("double")
        text = self.w.call(full, f"llvm.{name}.v{self.lanes}f64", f"{full} {x.text}", full)
        return Num(self, text, "double")

    def count_up(self) -> Num:
        """0, 1, 2, … over the lanes."""
        return Num(self, f"<{', '.join(f'i64 {k}' for k in range(self.lanes))}>", "i64")

    def shuffle(self, a: Num, b: Num, order: list[int]) -> Num:
        """Lanes of two values in another order: 0 to 7 are those of the first."""
        full, lanes = self.type(a.kind), ", ".join(f"i32 {k}" for k in order)
        return self.let(
            f"shufflevector {full} {a.text}, {full} {b.text}, <{len(order)} x i32> <{lanes}>",
            a.kind,
        )

    def last(self, x: Num) -> str:
        """The value in the last lane."""
        return self.w.let(f"extractelement {self.type(x.kind)} {x.text}, i64 {self.lanes - 1}")


class Dice:
    """Random words in a kernel: its key schedule, made once in the entry block."""

    def __init__(self, o: Lanes, low: str, high: str) -> None:
        self.o = o
        self.keys = schedule(o, (o.splat(low, "i64"), o.splat(high, "i64")))

    def words(self, row: str, first: str) -> tuple[Num, Num]:
        """The `BATCH` words from index `first` on, a multiple of it: lower and upper half."""
        o = self.o
        block = o.splat(o.w.let(f"lshr i64 {first}, 1"), "i64") + o.count_up()
        even, odd = philox(o, self.keys, block, o.splat(row, "i64"))
        mixed = [k // 2 + (k % 2) * LANES for k in range(BATCH)]
        return o.shuffle(even, odd, mixed[:LANES]), o.shuffle(even, odd, mixed[LANES:])


def literal(value: float) -> str:
    """A number as LLVM reads it without rounding."""
    return "0x" + struct.pack(">d", value).hex().upper()


class Slots:
    """What the caller gives to a kernel, by name."""

    def __init__(self, w: Writer, names: tuple[str, ...]) -> None:
        self.w = w
        self._given: dict[str, str] = {}
        for k, name in enumerate(names):
            kind, _, plain = name.rpartition(" ")
            stem = plain.replace(":", ".") + "."
            at = w.let(f"getelementptr i64, ptr %slots, i64 {k}")
            self._given[plain] = w.let(f"load {kind or 'i64'}, ptr {at}, align 8", stem)

    def __getitem__(self, name: str) -> str:
        return self._given[name]


class Memory:
    """Loads, stores and variables, for kernels that go through lists."""

    def __init__(self, w: Writer) -> None:
        self.w = w

    def at(self, base: str, index: str, kind: str = "i64") -> str:
        """Address of an element."""
        return self.w.let(f"getelementptr {kind}, ptr {base}, i64 {index}")

    def load(self, base: str, index: str, kind: str = "i64") -> str:
        """One element."""
        return self.w.let(f"load {kind}, ptr {self.at(base, index, kind)}, align {SIZES[kind]}")

    def store(self, value: str, base: str, index: str, kind: str = "i64") -> None:
        """Write one element."""
        self.w.put(f"store {kind} {value}, ptr {self.at(base, index, kind)}, align {SIZES[kind]}")

    def load_whole(self, base: str, index: str) -> str:
        """One uint32, widened."""
        return self.w.let(f"zext i32 {self.load(base, index, 'i32')} to i64")

    def store_whole(self, value: str, base: str, index: str) -> None:
        """Write one number as uint32."""
        self.store(self.w.let(f"trunc i64 {value} to i32"), base, index, "i32")

    def store_lanes(self, x: Num, address: str) -> None:
        """Write a value of every lane, at any alignment of its own elements."""
        self.w.put(f"store {x.o.type(x.kind)} {x.text}, ptr {address}, align {SIZES[x.kind]}")


SIZES: dict[Any, int] = {"ptr": 8, "i64": 8, "double": 8, "float": 4, "i32": 4, "i16": 2, "i8": 1}

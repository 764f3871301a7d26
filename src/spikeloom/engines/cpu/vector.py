"""Arithmetic on LLVM vectors of one width and precision."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.text import Writer


def literal(value: float, dtype: str) -> str:
    """A number as LLVM wants it: the bits of a double, rounded to float32 first if need be."""
    if dtype == "float32":
        try:
            value = struct.unpack("<f", struct.pack("<f", value))[0]
        except OverflowError:
            value = float("inf") if value > 0 else float("-inf")
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


@dataclass(frozen=True)
class Vec:
    """Writes operations on ``<lanes x float>`` or ``<lanes x double>``; values are IR names.

    No fast-math flag is ever set: NaN, infinities and signed zeros behave as IEEE 754 says, and
    the same instructions give the same bits in every kernel. Multiplications and additions are
    fused where `emit` says so, not where an optimiser finds it convenient.
    """

    w: Writer
    host: Host
    dtype: str
    lanes: int

    @property
    def bits(self) -> int:
        """Bits of one number."""
        return 32 if self.dtype == "float32" else 64

    @property
    def size(self) -> int:
        """Bytes of one number."""
        return self.bits // 8

    @property
    def mantissa(self) -> int:
        """Stored bits of the mantissa."""
        return 23 if self.dtype == "float32" else 52

    @property
    def bias(self) -> int:
        """Exponent bits of the number one."""
        return 127 if self.dtype == "float32" else 1023

    @property
    def scalar(self) -> str:
        """Type of one number."""
        return "float" if self.dtype == "float32" else "double"

    @cached_property
    def type(self) -> str:
        """Type of a vector of numbers."""
        return f"<{self.lanes} x {self.scalar}>"

    @cached_property
    def int(self) -> str:
        """Type of a vector of integers of the same size."""
        return f"<{self.lanes} x i{self.bits}>"

    @cached_property
    def mask(self) -> str:
        """Type of a vector of truth values."""
        return f"<{self.lanes} x i1>"

    @cached_property
    def _suffix(self) -> str:
        return f"v{self.lanes}f{self.bits}"

    def const(self, value: float) -> str:
        """The same number in every lane."""
        return f"splat ({self.scalar} {literal(value, self.dtype)})"

    def iconst(self, value: int) -> str:
        """The same integer in every lane."""
        half = 1 << (self.bits - 1)
        return f"splat (i{self.bits} {(value + half) % (2 * half) - half})"

    def splat(self, value: str, kind: str | None = None) -> str:
        """Copy one scalar to every lane."""
        kind = kind or self.scalar
        vector = f"<{self.lanes} x {kind}>"
        one = self.w.let(f"insertelement {vector} poison, {kind} {value}, i64 0")
        order = f"<{self.lanes} x i32> zeroinitializer"
        return self.w.let(f"shufflevector {vector} {one}, {vector} poison, {order}")

    def _binary(self, op: str, a: str, b: str) -> str:
        return self.w.let(f"{op} {self.type} {a}, {b}")

    def add(self, a: str, b: str) -> str:
        """a + b."""
        return self._binary("fadd", a, b)

    def sub(self, a: str, b: str) -> str:
        """a - b."""
        return self._binary("fsub", a, b)

    def mul(self, a: str, b: str) -> str:
        """a * b."""
        return self._binary("fmul", a, b)

    def div(self, a: str, b: str) -> str:
        """a / b."""
        return self._binary("fdiv", a, b)

    def neg(self, a: str) -> str:
        """-a."""
        return self.w.let(f"fneg {self.type} {a}")

    def intrinsic(self, name: str, *args: str) -> str:
        """An LLVM intrinsic from vectors to a vector."""
        return self.w.call(
            self.type,
            f"llvm.{name}.{self._suffix}",
            ", ".join(f"{self.type} {a}" for a in args),
            ", ".join([self.type] * len(args)),
        )

    def fma(self, a: str, b: str, c: str) -> str:
        """a * b + c, rounded once where the processor can."""
        return self.intrinsic("fma" if self.host.fma else "fmuladd", a, b, c)

    def abs(self, a: str) -> str:
        """|a|."""
        return self.intrinsic("fabs", a)

    def copysign(self, size: str, sign: str) -> str:
        """The size of one number with the sign of another."""
        return self.intrinsic("copysign", size, sign)

    def cmp(self, test: str, a: str, b: str) -> str:
        """A comparison: oeq olt ole ogt oge (false with NaN), uno (true with NaN), une."""
        return self.w.let(f"fcmp {test} {self.type} {a}, {b}")

    def select(self, condition: str, a: str, b: str) -> str:
        """a where the condition holds, else b."""
        return self.w.let(f"select {self.mask} {condition}, {self.type} {a}, {self.type} {b}")

    def both(self, op: str, a: str, b: str) -> str:
        """and, or, xor of truth values."""
        return self.w.let(f"{op} {self.mask} {a}, {b}")

    def clamp(self, a: str, low: float | None = None, high: float | None = None) -> str:
        """a kept between two numbers; NaN stays NaN."""
        if high is not None:
            a = self.select(self.cmp("olt", self.const(high), a), self.const(high), a)
        if low is not None:
            a = self.select(self.cmp("ogt", self.const(low), a), self.const(low), a)
        return a

    def iop(self, op: str, a: str, b: str) -> str:
        """An operation on integers: add, sub, shl, ashr, lshr, and, or, xor."""
        return self.w.let(f"{op} {self.int} {a}, {b}")

    def bits_of(self, a: str) -> str:
        """The bits of numbers as integers."""
        return self.w.let(f"bitcast {self.type} {a} to {self.int}")

    def from_bits(self, a: str) -> str:
        """Integers as the bits of numbers."""
        return self.w.let(f"bitcast {self.int} {a} to {self.type}")

    def lookup(self, name: str, values: Sequence[float], index: str) -> str:
        """For each lane one of 16 numbers, by the last four bits of an integer."""
        literals = [literal(x, self.dtype) for x in values]
        if self.host.wide and self.lanes * self.bits == 512:
            parts = [literals[k : k + self.lanes] for k in range(0, 16, self.lanes)]
            rows = [
                f"{self.type} <{', '.join(f'{self.scalar} {x}' for x in part)}>" for part in parts
            ]
            if len(rows) == 2:
                return self.w.call(
                    self.type,
                    "llvm.x86.avx512.vpermi2var.pd.512",
                    f"{rows[0]}, {self.int} {index}, {rows[1]}",
                    f"{self.type}, {self.int}, {self.type}",
                )
            return self.w.call(
                self.type,
                "llvm.x86.avx512.permvar.sf.512",
                f"{rows[0]}, {self.int} {index}",
                f"{self.type}, {self.int}",
            )
        table = self.w.table(f"{name}.{self.scalar}", literals, self.scalar)
        place = self.iop("and", index, self.iconst(15))
        kind = f"[16 x {self.scalar}]"
        at = self.w.let(
            f"getelementptr {kind}, ptr {table}, <{self.lanes} x i64> zeroinitializer, "
            f"{self.int} {place}"
        )
        return self.w.call(
            self.type,
            f"llvm.masked.gather.v{self.lanes}f{self.bits}.v{self.lanes}p0",
            f"<{self.lanes} x ptr> {at}, i32 {self.size}, {self.mask} splat (i1 true), "
            f"{self.type} zeroinitializer",
            f"<{self.lanes} x ptr>, i32, {self.mask}, {self.type}",
        )

    def poly(self, coefs: tuple[float, ...], x: str) -> str:
        """c0 + c1 x + c2 x^2 + …, by Horner's rule."""
        value = self.const(coefs[-1])
        for c in coefs[-2::-1]:
            value = self.fma(value, x, self.const(c))
        return value

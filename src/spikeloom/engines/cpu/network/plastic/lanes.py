"""Groups of synapses in LLVM IR: whole numbers of 32 bits, gathers, scatters, lists."""

from __future__ import annotations

from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.vector import Vec


class Lanes:
    """Writes operations on a group of synapses; steps, targets and places are 32-bit.

    Arguments:
        w: Where to write.
        host: For which processor.
        dtype: Precision of weights and traces.
    """

    def __init__(self, w: Writer, host: Host, dtype: str) -> None:
        self.w = w
        self.v = Vec(w, host, dtype, host.lanes(dtype))
        self.lanes = self.v.lanes
        self.ints = f"<{self.lanes} x i32>"
        self.mask = self.v.mask

    def at(self, base: str, offset: str | int, kind: str = "i64") -> str:
        """Address of an element."""
        return self.w.let(f"getelementptr {kind}, ptr {base}, i64 {offset}")

    def load(self, base: str, offset: str | int, kind: str = "i64") -> str:
        """One element."""
        size = {"i8": 1, "i16": 2, "i32": 4, "float": 4}.get(kind, 8)
        return self.w.let(f"load {kind}, ptr {self.at(base, offset, kind)}, align {size}")

    def store(self, value: str, base: str, offset: str | int, kind: str = "i64") -> None:
        """One element."""
        size = {"i8": 1, "i16": 2, "i32": 4, "float": 4}.get(kind, 8)
        self.w.put(f"store {kind} {value}, ptr {self.at(base, offset, kind)}, align {size}")

    def i64(self, op: str, a: str | int, b: str | int) -> str:
        """An operation on two whole numbers of 64 bits."""
        return self.w.let(f"{op} i64 {a}, {b}")

    def smaller(self, a: str, b: str | int) -> str:
        """The smaller of two whole numbers."""
        return self.w.call("i64", "llvm.smin.i64", f"i64 {a}, i64 {b}", "i64, i64")

    def larger(self, a: str, b: str | int) -> str:
        """The larger of two whole numbers."""
        return self.w.call("i64", "llvm.smax.i64", f"i64 {a}, i64 {b}", "i64, i64")

    def narrow(self, value: str) -> str:
        """The low 32 bits."""
        return self.w.let(f"trunc i64 {value} to i32")

    def wide(self, value: str) -> str:
        """A signed number of 32 bits as one of 64."""
        return self.w.let(f"sext i32 {value} to i64")

    def all(self, value: str, kind: str = "i32") -> str:
        """One number in every lane."""
        return self.v.splat(value, kind)

    def const(self, value: int) -> str:
        """A known whole number in every lane."""
        return f"splat (i32 {value})"

    def iota(self) -> str:
        """0, 1, 2, …"""
        return "<" + ", ".join(f"i32 {k}" for k in range(self.lanes)) + ">"

    def int(self, op: str, a: str, b: str) -> str:
        """An operation on whole numbers in lanes."""
        return self.w.let(f"{op} {self.ints} {a}, {b}")

    def imax(self, a: str, b: str) -> str:
        """The larger whole number in each lane."""
        t = self.ints
        return self.w.call(t, f"llvm.smax.v{self.lanes}i32", f"{t} {a}, {t} {b}", f"{t}, {t}")

    def test(self, op: str, a: str, b: str) -> str:
        """A comparison of whole numbers in lanes."""
        return self.w.let(f"icmp {op} {self.ints} {a}, {b}")

    def both(self, a: str, b: str) -> str:
        """Where two masks hold."""
        return self.w.let(f"and {self.mask} {a}, {b}")

    def chosen(self, mask: str, a: str, b: str) -> str:
        """Whole numbers: a under the mask, else b."""
        return self.w.let(f"select {self.mask} {mask}, {self.ints} {a}, {self.ints} {b}")

    def left(self, count: str) -> str:
        """Which lanes are among ``count`` that are left (i64)."""
        most = self.narrow(self.smaller(count, self.lanes))
        return self.test("slt", self.iota(), self.all(most))

    def any(self, mask: str) -> str:
        """Whether a mask holds anywhere (i1)."""
        n = self.lanes
        return self.w.call("i1", f"llvm.vector.reduce.or.v{n}i1", f"{self.mask} {mask}", self.mask)

    def count(self, mask: str) -> str:
        """In how many lanes a mask holds (i64)."""
        n = self.lanes
        bits = self.w.let(f"bitcast {self.mask} {mask} to i{n}")
        found = self.w.call(f"i{n}", f"llvm.ctpop.i{n}", f"i{n} {bits}", f"i{n}")
        return self.w.let(f"zext i{n} {found} to i64")

    def _kind(self, whole: bool) -> tuple[str, str, str, int]:
        """Type in lanes, name of it in intrinsics, type of one, bytes."""
        if whole:
            return self.ints, f"v{self.lanes}i32", "i32", 4
        v = self.v
        return v.type, f"v{v.lanes}f{v.bits}", v.scalar, v.size

    def take(self, base: str, offset: str, mask: str, *, whole: bool = False) -> str:
        """Neighbours in memory, from an element (i64) on; 0 outside the mask."""
        kind, name, one, size = self._kind(whole)
        return self.w.call(
            kind,
            f"llvm.masked.load.{name}.p0",
            f"ptr {self.at(base, offset, one)}, i32 {size}, {self.mask} {mask},"
            f" {kind} zeroinitializer",
            f"ptr, i32, {self.mask}, {kind}",
        )

    def put(self, value: str, base: str, offset: str, mask: str, *, whole: bool = False) -> None:
        """Store neighbours in memory under a mask."""
        kind, name, one, size = self._kind(whole)
        self.w.call(
            "void",
            f"llvm.masked.store.{name}.p0",
            f"{kind} {value}, ptr {self.at(base, offset, one)}, i32 {size}, {self.mask} {mask}",
            f"{kind}, ptr, i32, {self.mask}",
        )

    def put_all(self, value: str, base: str, offset: str, *, whole: bool = False) -> None:
        """Store a whole group in memory that has room for it."""
        kind, _, one, size = self._kind(whole)
        self.w.put(f"store {kind} {value}, ptr {self.at(base, offset, one)}, align {size}")

    def gather(
        self, base: str, index: str, mask: str, *, whole: bool = False, other: str | None = None
    ) -> str:
        """Elements by their number; outside the mask ``other``, 0 if not given."""
        kind, name, one, size = self._kind(whole)
        pointers = self.w.let(f"getelementptr {one}, ptr {base}, {self.ints} {index}")
        n = self.lanes
        return self.w.call(
            kind,
            f"llvm.masked.gather.{name}.v{n}p0",
            f"<{n} x ptr> {pointers}, i32 {size}, {self.mask} {mask},"
            f" {kind} {other or 'zeroinitializer'}",
            f"<{n} x ptr>, i32, {self.mask}, {kind}",
        )

    def scatter(self, value: str, base: str, index: str, mask: str, *, whole: bool = False) -> None:
        """Store elements by their number, all different."""
        kind, name, one, size = self._kind(whole)
        pointers = self.w.let(f"getelementptr {one}, ptr {base}, {self.ints} {index}")
        n = self.lanes
        self.w.call(
            "void",
            f"llvm.masked.scatter.{name}.v{n}p0",
            f"{kind} {value}, <{n} x ptr> {pointers}, i32 {size}, {self.mask} {mask}",
            f"{kind}, <{n} x ptr>, i32, {self.mask}",
        )

    def packed(self, value: str, mask: str) -> str:
        """Whole numbers under the mask moved together to the first lanes."""
        t, n = self.ints, self.lanes
        return self.w.call(
            t,
            f"llvm.experimental.vector.compress.v{n}i32",
            f"{t} {value}, {self.mask} {mask}, {t} poison",
            f"{t}, {self.mask}, {t}",
        )

    def number(self, whole: str) -> str:
        """Whole numbers as numbers."""
        return self.w.let(f"sitofp {self.ints} {whole} to {self.v.type}")

    def prefetch(self, base: str, offset: str, kind: str, *, write: bool = False) -> None:
        """Ask for the memory of an element that will be needed soon."""
        at = self.at(base, offset, kind)
        types = "ptr, i32 immarg, i32 immarg, i32 immarg"
        self.w.call("void", "llvm.prefetch.p0", f"ptr {at}, i32 {int(write)}, i32 3, i32 1", types)

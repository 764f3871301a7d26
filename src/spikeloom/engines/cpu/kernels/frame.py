"""What the kernels share: their slots, coefficients, and groups of columns in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from spikeloom.compile.program import Program
from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.variant import Variant, slots
from spikeloom.engines.cpu.vector import Vec

PARAMETERS = "ptr noalias %slots, i64 %begin, i64 %end, ptr noalias %scratch"
"""Of every kernel: its slots, the columns it owns, memory of its own."""


class Frame:
    """The surroundings of a block inside a kernel."""

    def __init__(
        self,
        w: Writer,
        program: Program,
        variant: Variant,
        host: Host,
        names: Sequence[str] | None = None,
    ) -> None:
        self.w = w
        self.v = Vec(w, host, variant.dtype, host.lanes(variant.dtype))
        self.program = program
        self.variant = variant
        names = slots(program, variant) if names is None else names
        self._places = {name: i for i, name in enumerate(names)}
        self._loaded: dict[str, str] = {}

    def slot(self, name: str) -> str:
        """A word given by the caller. First asked for in the entry block."""
        if name not in self._loaded:
            number = name in NUMBERS or name.startswith(("stride:", "chance:"))
            at = self.w.let(f"getelementptr i64, ptr %slots, i64 {self._places[name]}")
            kind, stem = "i64" if number else "ptr", name.replace(":", ".") + "."
            self._loaded[name] = self.w.let(f"load {kind}, ptr {at}, align 8", stem)
        return self._loaded[name]

    def load_slots(self) -> None:
        """Read every slot, so that all of them are known everywhere in the kernel."""
        for name in self._places:
            self.slot(name)

    def at(self, base: str, offset: str, kind: str | None = None) -> str:
        """Address of an element."""
        return self.w.let(f"getelementptr {kind or self.v.scalar}, ptr {base}, i64 {offset}")

    def row(self, slot: str, time: str) -> str:
        """Address of one step in an array over time."""
        stride = f"stride:{slot.removeprefix('input:')}" if slot.startswith("input:") else "width"
        return self.at(self.slot(slot), self.mul(time, self.slot(stride)))

    def mul(self, a: str, b: str | int) -> str:
        """Product of two numbers of elements."""
        return self.w.let(f"mul i64 {a}, {b}")

    def add(self, a: str, b: str | int) -> str:
        """Sum of two numbers of elements."""
        return self.w.let(f"add i64 {a}, {b}")

    def smaller(self, a: str, b: str) -> str:
        """The smaller of two whole numbers."""
        return self.w.call("i64", "llvm.smin.i64", f"i64 {a}, i64 {b}", "i64, i64")

    def larger(self, a: str, b: str) -> str:
        """The larger of two whole numbers."""
        return self.w.call("i64", "llvm.smax.i64", f"i64 {a}, i64 {b}", "i64, i64")

    def places(self, column: str, low: str) -> list[str]:
        """Where the states of a group of columns are in a tile."""
        place = self.w.let(f"sub i64 {column}, {low}")
        tile = self.slot("tile")
        return [self.add(self.mul(tile, k), place) for k in range(len(self.program.states))]

    def scalars(self) -> dict[str, str]:
        """The coefficients that are one number for all, in every lane."""
        given = {}
        names = [c for c in self.program.coefs if c not in self.variant.columns]
        for k, name in enumerate(names):
            self.w.note(f"coef:{name}, the same in every column")
            at = self.at(self.slot("scalars"), str(k))
            one = self.w.let(f"load {self.v.scalar}, ptr {at}, align {self.v.size}")
            given[f"coef:{name}"] = self.v.splat(one)
        absent = [name for name in self.program.inputs if name not in self.variant.inputs]
        return given | {f"input:{name}": self.v.const(0.0) for name in absent}

    def columns(self, column: str, wanted: Sequence[str]) -> dict[str, str]:
        """The coefficients that differ, for one group of columns."""
        given = {}
        for k, name in enumerate(self.variant.columns):
            if f"coef:{name}" in wanted:
                self.w.note(f"coef:{name}, of each column")
                row = self.mul(self.slot("padded"), k)
                at = self.at(self.slot("columns"), self.add(row, column))
                given[f"coef:{name}"] = self.load(at)
        return given

    def load(self, address: str) -> str:
        """A whole group, at any alignment."""
        return self.w.let(f"load {self.v.type}, ptr {address}, align {self.v.size}")

    def store(self, value: str, address: str) -> None:
        """A whole group, at any alignment."""
        self.w.put(f"store {self.v.type} {value}, ptr {address}, align {self.v.size}")

    def mask(self, left: str) -> str:
        """Which lanes are among the columns left."""
        v = self.v
        ids = ", ".join(f"i64 {k}" for k in range(v.lanes))
        count = v.splat(left, "i64")
        return self.w.let(f"icmp slt <{v.lanes} x i64> <{ids}>, {count}")

    def load_some(self, addresses: Sequence[str], left: str) -> list[str]:
        """Groups of which only ``left`` columns may exist; the missing lanes are 0."""
        v = self.v

        def whole() -> list[str]:
            return [self.load(a) for a in addresses]

        def part() -> list[str]:
            mask = self.mask(left)
            return [self.load_masked(a, mask) for a in addresses]

        if not addresses:
            return []
        full = self.w.let(f"icmp sge i64 {left}, {v.lanes}")
        return self.w.either(full, whole, part, v.type)

    def load_masked(self, address: str, mask: str) -> str:
        """A group of which the lanes under the mask exist; the others are 0."""
        v = self.v
        return self.w.call(
            v.type,
            f"llvm.masked.load.v{v.lanes}f{v.bits}.p0",
            f"ptr {address}, i32 {v.size}, {v.mask} {mask}, {v.type} zeroinitializer",
            f"ptr, i32, {v.mask}, {v.type}",
        )

    def store_masked(self, value: str, address: str, mask: str) -> None:
        """Store only the lanes under the mask."""
        v = self.v
        self.w.call(
            "void",
            f"llvm.masked.store.v{v.lanes}f{v.bits}.p0",
            f"{v.type} {value}, ptr {address}, i32 {v.size}, {v.mask} {mask}",
            f"{v.type}, ptr, i32, {v.mask}",
        )

    def store_result(self, values: Mapping[str, str], left: str) -> None:
        """address -> value for results over time, which may be larger than any cache."""
        self.store_some(values, left, self.stream if self.variant.stream else self.store)

    def stream(self, value: str, address: str) -> None:
        """A whole group past the caches, which saves reading the old contents first."""
        self.w.mark("0", "!{i32 1}")
        size = self.v.lanes * self.v.size
        kind = f"store {self.v.type} {value}, ptr {address}"
        self.w.put(f"{kind}, align {size}, !nontemporal !0")

    def settle(self) -> None:
        """Before the end: what was streamed must be seen by whoever reads it next."""
        if self.variant.stream:
            self.w.put("fence seq_cst")

    def store_some(
        self,
        values: Mapping[str, str],
        left: str,
        store: Callable[[str, str], None] | None = None,
    ) -> None:
        """address -> value, for groups of which only ``left`` columns may exist."""
        v, write = self.v, store or self.store

        def whole() -> list[str]:
            for address, value in values.items():
                write(value, address)
            return []

        def part() -> list[str]:
            mask = self.mask(left)
            for address, value in values.items():
                self.store_masked(value, address, mask)
            return []

        if values:
            full = self.w.let(f"icmp sge i64 {left}, {v.lanes}")
            self.w.either(full, whole, part, v.type)

    def copy_in(self, source: str, tile: str, low: str, high: str) -> None:
        """Rows of all states from an array (states, width) to a tile."""
        self._copy(source, tile, low, high, into_tile=True)

    def copy_out(self, tile: str, target: str, low: str, high: str) -> None:
        """Rows of all states from a tile to an array (states, width)."""
        self._copy(target, tile, low, high, into_tile=False)

    def _copy(self, array: str, tile: str, low: str, high: str, *, into_tile: bool) -> None:
        w, size = self.w, self.slot("tile")
        with w.loop(low, high, self.v.lanes) as loop:
            left = w.let(f"sub i64 {high}, {loop.index}")
            place = w.let(f"sub i64 {loop.index}, {low}")
            for k in range(len(self.program.states)):
                row = self.add(self.mul(self.slot("width"), k), loop.index)
                outside = self.at(array, row)
                inside = self.at(tile, self.add(self.mul(size, k), place))
                if into_tile:
                    self.store(self.load_some([outside], left)[0], inside)
                else:
                    self.store_some({outside: self.load(inside)}, left)


NUMBERS = frozenset(
    {"steps", "step", "origin", "width", "padded", "tile", "every", "together"}
    | {"row_bytes", "record_every", "record_wait"}
    | {"batch", "size", "words", "depth", "lags", "rows", "coef_row"}
)
"""Slots that are numbers; all others are addresses."""

"""Reading and writing numbers and vectors inside the kernel of a tree."""

from __future__ import annotations

from spikeloom.engines.cpu.cable.shape import PartShape, TreeShape, is_number
from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.vector import Vec


class TreeFrame:
    """The surroundings of the kernel of a tree."""

    def __init__(self, w: Writer, shape: TreeShape, host: Host) -> None:
        self.w, self.shape = w, shape
        self.v = Vec(w, host, shape.dtype, host.lanes(shape.dtype))
        self.words: dict[str, str] = {}

    def load_words(self) -> None:
        """Read all words, in the entry block."""
        for k, name in enumerate(self.shape.words):
            at = self.w.let(f"getelementptr i64, ptr %slots, i64 {k}")
            kind = "i64" if is_number(name) else "ptr"
            stem = name.replace(":", ".") + "."
            self.words[name] = self.w.let(f"load {kind}, ptr {at}, align 8", stem)

    def at(self, base: str, index: str | int, kind: str | None = None) -> str:
        """Address of an element of an array."""
        return self.w.let(f"getelementptr {kind or self.v.scalar}, ptr {base}, i64 {index}")

    def load(self, base: str, index: str | int) -> str:
        """A vector."""
        at = self.at(base, index)
        return self.w.let(f"load {self.v.type}, ptr {at}, align {self.v.size}")

    def store(self, value: str, base: str, index: str | int) -> None:
        """Write a vector."""
        at = self.at(base, index)
        self.w.put(f"store {self.v.type} {value}, ptr {at}, align {self.v.size}")

    def one(self, base: str, index: str | int) -> str:
        """One number."""
        at = self.at(base, index)
        return self.w.let(f"load {self.v.scalar}, ptr {at}, align {self.v.size}")

    def put(self, value: str, base: str, index: str | int) -> None:
        """Write one number."""
        at = self.at(base, index)
        self.w.put(f"store {self.v.scalar} {value}, ptr {at}, align {self.v.size}")

    def whole(self, base: str, index: str | int) -> str:
        """One whole number."""
        return self.w.let(f"load i64, ptr {self.at(base, index, 'i64')}, align 8")

    def op(self, name: str, a: str, b: str) -> str:
        """fadd, fsub, fmul or fdiv of single numbers."""
        return self.w.let(f"{name} {self.v.scalar} {a}, {b}")

    def fma(self, a: str, b: str, c: str) -> str:
        """a b + c of single numbers."""
        kind, name = self.v.scalar, "fma" if self.v.host.fma else "fmuladd"
        given = f"{kind} {a}, {kind} {b}, {kind} {c}"
        return self.w.call(kind, f"llvm.{name}.f{self.v.bits}", given, ", ".join([kind] * 3))

    def whole_op(self, name: str, a: str, b: str | int) -> str:
        """add, sub or mul of whole numbers."""
        return self.w.let(f"{name} i64 {a}, {b}")

    def coefs(self, part: PartShape, name: str) -> dict[str, str]:
        """The coefficients of a part that are one number, in every lane."""
        single = [c for c in part.mechanism.coefs if c not in part.columns]
        scalars = self.words[f"{name}:scalars"]
        return {f"coef:{c}": self.v.splat(self.one(scalars, k)) for k, c in enumerate(single)}

    def leaves(self, part: PartShape, name: str, place: str) -> dict[str, str]:
        """States and differing coefficients of one vector of a part."""
        row, made = self.words[f"{name}:count"], dict[str, str]()
        for word, prefix, names in (
            ("x", "state:", part.mechanism.states),
            ("columns", "coef:", part.columns),
        ):
            for k, n in enumerate(names):
                index = self.whole_op("add", self.whole_op("mul", row, k), place)
                made[prefix + n] = self.load(self.words[f"{name}:{word}"], index)
        return made

    def keep(self, part: PartShape, name: str, place: str, found: dict[str, str]) -> None:
        """Write the states of one vector of a part."""
        row = self.words[f"{name}:count"]
        for k, n in enumerate(part.mechanism.states):
            index = self.whole_op("add", self.whole_op("mul", row, k), place)
            self.store(found[f"state:{n}"], self.words[f"{name}:x"], index)

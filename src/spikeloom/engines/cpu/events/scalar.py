"""Arithmetic on single numbers and small vectors in memory, as LLVM text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.vector import literal

SLOTS = (
    *("offsets", "times", "source", "size", "duration", "neurons", "sources", "weights", "many"),
    *("A", "fine", "coarse", "rows", "rates", "R", "r", "b", "z", "delta", "inverse"),
    *("room", "limit", "count", "spikes", "states", "place", "end", "fault"),
    *("to_spikes", "to_states", "to_end", "d_times", "d_weights"),
    *("d_A", "d_r", "d_R", "d_b", "d_z", "slope", "clipped", "rho"),
)
"""Words of a call: addresses, whole numbers, and numbers by their bits."""
WHOLE = frozenset({"neurons", "sources", "many", "room", "limit"})
NUMBERS = frozenset({"duration", "delta", "inverse", "slope", "rho"})


@dataclass(frozen=True)
class Shape:
    """What a kernel is written for.

    Arguments:
        n: Entries of the augmented state.
        length: Functionals in the chain that isolates crossings.
        spikes, strict: As in `EventSystem`.
        learn: Whether the gradients of the matrices are wanted.
        flows: Pairs (row, column) where A is not zero.
        moves: The same for exp(A t).
        resets: The same for R.
    """

    n: int
    length: int
    spikes: bool
    strict: bool
    learn: bool
    flows: tuple[tuple[int, int], ...]
    moves: tuple[tuple[int, int], ...]
    resets: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Scalar:
    """Writes operations on doubles; values are IR names."""

    w: Writer
    n: int

    def const(self, value: float) -> str:
        """A literal."""
        return literal(value, "float64")

    def op(self, name: str, a: str, b: str) -> str:
        """fadd, fsub, fmul or fdiv."""
        return self.w.let(f"{name} double {a}, {b}")

    def fma(self, a: str, b: str, c: str) -> str:
        """a b + c, rounded once."""
        given = f"double {a}, double {b}, double {c}"
        return self.w.call("double", "llvm.fma.f64", given, "double, double, double")

    def test(self, kind: str, a: str, b: str) -> str:
        """A comparison, such as ``olt``."""
        return self.w.let(f"fcmp {kind} double {a}, {b}")

    def pick(self, condition: str, a: str, b: str, kind: str = "double") -> str:
        """a where the condition holds, b elsewhere."""
        return self.w.let(f"select i1 {condition}, {kind} {a}, {kind} {b}")

    def at(self, base: str, index: str, stride: int = 1) -> str:
        """Address of a number in an array of rows of `stride`."""
        if stride != 1:
            index = self.w.let(f"mul i64 {index}, {stride}")
        return self.w.let(f"getelementptr double, ptr {base}, i64 {index}")

    def load(self, base: str, index: int | str = 0) -> str:
        """One number."""
        where = base if index == 0 else self.at(base, str(index))
        return self.w.let(f"load double, ptr {where}, align 8")

    def store(self, value: str, base: str, index: int | str = 0) -> None:
        """Write one number."""
        where = base if index == 0 else self.at(base, str(index))
        self.w.put(f"store double {value}, ptr {where}, align 8")

    def add_to(self, value: str, base: str, index: int | str = 0) -> None:
        """Add to a number in memory."""
        where = base if index == 0 else self.at(base, str(index))
        before = self.w.let(f"load double, ptr {where}, align 8")
        self.w.put(f"store double {self.op('fadd', before, value)}, ptr {where}, align 8")

    def whole(self, base: str, index: str) -> str:
        """One whole number."""
        where = self.w.let(f"getelementptr i64, ptr {base}, i64 {index}")
        return self.w.let(f"load i64, ptr {where}, align 8")

    def vector(self, base: str) -> list[str]:
        """All n numbers at an address."""
        return [self.load(base, k) for k in range(self.n)]

    def put(self, values: Sequence[str], base: str) -> None:
        """Write n numbers."""
        for k, value in enumerate(values):
            self.store(value, base, k)

    def dot(self, a: Sequence[str], b: Sequence[str]) -> str:
        """a · b."""
        total = self.op("fmul", a[0], b[0])
        for x, y in zip(a[1:], b[1:], strict=True):
            total = self.fma(x, y, total)
        return total

    def product(
        self,
        matrix: str,
        pairs: Sequence[tuple[int, int]],
        x: Sequence[str],
        transposed: bool = False,
    ) -> list[str]:
        """M x or Mᵀ x for a matrix in memory that is zero outside the pairs."""
        made: list[str | None] = [None] * self.n
        for row, column in pairs:
            entry = self.load(matrix, row * self.n + column)
            to, of = (column, row) if transposed else (row, column)
            before = made[to]
            made[to] = (
                self.op("fmul", entry, x[of]) if before is None else self.fma(entry, x[of], before)
            )
        return [self.const(0.0) if m is None else m for m in made]

    def place(self, row: str, width: str | int, column: str | int) -> str:
        """row · width + column, in whole numbers."""
        start = self.w.let(f"mul i64 {row}, {width}")
        return self.w.let(f"add i64 {start}, {column}")

    def room(self, count: int, kind: str = "double") -> str:
        """Memory on the stack."""
        return self.w.let(f"alloca {kind}, i64 {count}, align 16")


def words(w: Writer) -> dict[str, str]:
    """The words of a call, loaded once at its beginning."""
    made: dict[str, str] = {}
    for k, name in enumerate(SLOTS):
        where = w.let(f"getelementptr i64, ptr %slots, i64 {k}")
        kind = "i64" if name in WHOLE else "double" if name in NUMBERS else "ptr"
        made[name] = w.let(f"load {kind}, ptr {where}, align 8")
    return made

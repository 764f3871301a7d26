"""Products with matrices that are mostly zeros, as spikes are: the cost is that of the others.

Rows of spikes (rows, inputs) meet weights (inputs, outputs). Each row lists its numbers that are
not zero and adds so many rows of weights; the gradient of the weights adds the gradient of a row
to as many rows. Spikes come as numbers, or as bits for ones (`bits.pack`), which need no looking.
Every sum runs in the order of inputs, or of rows, so its bits do not depend on the number of
threads.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np

from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.marks import each_bit, each_of_word
from spikeloom.engines.cpu.text import Writer

Kind = Literal["product", "gradient"]
SLOTS = ("spikes", "weights", "results", "inputs", "outputs", "rows")
WORD = 64
"""Numbers that are looked at together."""
GROUPS = (8, 4, 2, 1)
"""Vectors of outputs that stay in registers together."""


class _Plan:
    """One kernel in the making."""

    def __init__(self, kind: Kind, lanes: int, groups: int, dtype: str, packed: bool) -> None:
        self.w = Writer()
        self.kind, self.lanes, self.groups, self.packed = kind, lanes, groups, packed
        self.scalar = "float" if dtype == "float32" else "double"
        self.bytes = 4 if dtype == "float32" else 8
        self.vector = f"<{lanes} x {self.scalar}>"
        self.slot: dict[str, str] = {}

    def text(self) -> str:
        w = self.w
        with w.function("sparse", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
            for k, name in enumerate(SLOTS):
                at = w.let(f"getelementptr i64, ptr %slots, i64 {k}")
                self.slot[name] = w.let(f"load {'ptr' if k < 3 else 'i64'}, ptr {at}, align 8")
            self.product() if self.kind == "product" else self.gradient()
        return w.text()

    def product(self) -> None:
        """Of rows begin to end; scratch: (inputs) places of numbers that are not zero."""
        w, s = self.w, self.slot
        with w.loop("%begin", "%end") as rows:
            first = self.mul(rows.index, s["inputs"])
            spikes = self.at(s["spikes"], first)

            def keep(place: str, count: str) -> None:
                target = w.let(f"getelementptr i64, ptr %scratch, i64 {count}")
                w.put(f"store i64 {place}, ptr {target}, align 8")

            count = self.each(spikes, first, keep)
            results = self.at(s["results"], self.mul(rows.index, s["outputs"]))
            with w.loop("0", s["outputs"], self.lanes * self.groups) as columns:
                zero = [(self.vector, "zeroinitializer")] * self.groups
                with w.loop("0", count, carried=zero) as listed:
                    at = w.let(f"getelementptr i64, ptr %scratch, i64 {listed.index}")
                    place = w.let(f"load i64, ptr {at}, align 8")
                    value = None if self.packed else self.splat(self.at(spikes, place))
                    row = self.add(self.mul(place, s["outputs"]), columns.index)
                    line = self.at(s["weights"], row)
                    listed.next = tuple(
                        self.fma(value, self.load(line, k), total)
                        for k, total in enumerate(listed.carried)
                    )
                line = self.at(results, columns.index)
                for k, total in enumerate(listed.results):
                    self.store(total, line, k)

    def gradient(self) -> None:
        """Of the stretches of outputs begin to end; ``results`` are the rows' gradients."""
        w, s = self.w, self.slot
        width = self.lanes * self.groups
        first, last = self.mul("%begin", str(width)), self.mul("%end", str(width))
        with w.loop("0", s["rows"]) as rows:
            start = self.mul(rows.index, s["inputs"])
            spikes = self.at(s["spikes"], start)
            grads = self.at(s["results"], self.mul(rows.index, s["outputs"]))

            def gather(place: str, count: str) -> None:
                del count
                value = None if self.packed else self.splat(self.at(spikes, place))
                sums = self.at(s["weights"], self.mul(place, s["outputs"]))
                with w.loop(first, last, width) as columns:
                    line, target = self.at(grads, columns.index), self.at(sums, columns.index)
                    for k in range(self.groups):
                        total = self.fma(value, self.load(line, k), self.load(target, k))
                        self.store(total, target, k)

            self.each(spikes, start, gather)

    def each(self, spikes: str, start: str, act: Callable[[str, str], None]) -> str:
        """Call ``act(place, count)`` for every number of a row that is not zero; their count."""
        w, lanes = self.w, self.lanes
        if self.packed:
            return each_bit(w, self.slot["spikes"], start, self.slot["inputs"], act)
        inputs = self.slot["inputs"]
        rest = w.let(f"urem i64 {inputs}, {WORD}")
        whole = w.let(f"sub i64 {inputs}, {rest}")

        def some(base: str, bits: str, count: str) -> str:
            return each_of_word(w, bits, base, count, act)

        with w.loop("0", whole, WORD, carried=[("i64", "0")]) as columns:
            line, bits = self.at(spikes, columns.index), "0"
            for k in range(WORD // lanes):
                more = w.let(f"shl i64 {self.bits(self.load(line, k))}, {k * lanes}")
                bits = w.let(f"or i64 {bits}, {more}")
            columns.next = (some(columns.index, bits, columns.carried[0]),)
        with w.loop(whole, inputs, lanes, carried=[("i64", columns.results[0])]) as last:
            left = w.let(f"sub i64 {inputs}, {last.index}")
            numbers = self.load_some(self.at(spikes, last.index), left)
            last.next = (some(last.index, self.bits(numbers), last.carried[0]),)
        return last.results[0]

    def bits(self, numbers: str) -> str:
        """Which numbers of a vector are not zero, as bits."""
        w, lanes = self.w, self.lanes
        fired = w.let(f"fcmp une {self.vector} {numbers}, zeroinitializer")
        word = w.let(f"bitcast <{lanes} x i1> {fired} to i{lanes}")
        return w.let(f"zext i{lanes} {word} to i64")

    def load_some(self, at: str, left: str) -> str:
        """The first ``left`` numbers of a vector, then zeros."""
        w, lanes = self.w, self.lanes
        one = w.let(f"insertelement <{lanes} x i64> poison, i64 {left}, i64 0")
        zeros = f"<{lanes} x i32> zeroinitializer"
        all_left = w.let(f"shufflevector <{lanes} x i64> {one}, <{lanes} x i64> poison, {zeros}")
        places = ", ".join(f"i64 {lane}" for lane in range(lanes))
        mask = w.let(f"icmp slt <{lanes} x i64> <{places}>, {all_left}")
        name = f"llvm.masked.load.v{lanes}f{8 * self.bytes}.p0"
        kinds = f"ptr, i32 immarg, <{lanes} x i1>, {self.vector}"
        told = f"ptr {at}, i32 {self.bytes}, <{lanes} x i1> {mask}, {self.vector} zeroinitializer"
        return w.call(self.vector, name, told, kinds)

    def mul(self, a: str, b: str) -> str:
        return self.w.let(f"mul i64 {a}, {b}")

    def add(self, a: str, b: str) -> str:
        return self.w.let(f"add i64 {a}, {b}")

    def at(self, base: str, index: str) -> str:
        return self.w.let(f"getelementptr {self.scalar}, ptr {base}, i64 {index}")

    def load(self, line: str, group: int) -> str:
        at = self.at(line, str(group * self.lanes))
        return self.w.let(f"load {self.vector}, ptr {at}, align {self.bytes}")

    def store(self, value: str, line: str, group: int) -> None:
        at = self.at(line, str(group * self.lanes))
        self.w.put(f"store {self.vector} {value}, ptr {at}, align {self.bytes}")

    def splat(self, address: str) -> str:
        w = self.w
        number = w.let(f"load {self.scalar}, ptr {address}, align {self.bytes}")
        one = w.let(f"insertelement {self.vector} poison, {self.scalar} {number}, i64 0")
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return w.let(f"shufflevector {self.vector} {one}, {self.vector} poison, {zeros}")

    def fma(self, a: str | None, b: str, c: str) -> str:
        """a * b + c, where a may be one."""
        if a is None:
            return self.w.let(f"fadd {self.vector} {c}, {b}")
        product = self.w.let(f"fmul contract {self.vector} {a}, {b}")
        return self.w.let(f"fadd contract {self.vector} {product}, {c}")


@lru_cache(maxsize=64)
def _native(kind: Kind, lanes: int, groups: int, dtype: str, packed: bool) -> Native:
    name = f"{kind} {lanes} {groups} {dtype}{' bits' * packed}"
    plan = _Plan(kind, lanes, groups, dtype, packed)
    return load("sparse", "sparse", name, plan.text, this_host())


def missing(outputs: int, dtype: str) -> int:
    """Outputs that must be added to make whole vectors.

    >>> missing(16, "float64")
    0
    """
    return -outputs % this_host().lanes(dtype)


def product(
    spikes: np.ndarray, weights: np.ndarray, threads: int | None = 1, rows: int | None = None
) -> np.ndarray:
    """Spikes (rows, inputs) times weights (inputs, outputs), both contiguous, of the same type.

    Outputs must come in whole vectors, see `missing`. With `rows`, spikes are bits of ones.

    >>> product(np.eye(2), np.arange(16.0).reshape(2, 8))[1].astype(int).tolist()
    [8, 9, 10, 11, 12, 13, 14, 15]
    """
    count = len(spikes) if rows is None else rows
    results = np.empty((count, weights.shape[1]), weights.dtype)
    _run("product", spikes, weights, results, threads, rows is not None)
    return results


def gradient(
    spikes: np.ndarray, grads: np.ndarray, threads: int | None = 1, inputs: int | None = None
) -> np.ndarray:
    """Spikes (rows, inputs), transposed, times gradients (rows, outputs).

    With `inputs`, spikes are bits of ones.

    >>> gradient(np.array([[0.0, 2.0]]), np.ones((1, 8)))[:, 0].tolist()
    [0.0, 2.0]
    """
    count = spikes.shape[1] if inputs is None else inputs
    weights = np.zeros((count, grads.shape[1]), grads.dtype)
    _run("gradient", spikes, weights, grads, threads, inputs is not None)
    return weights


def _run(
    kind: Kind,
    spikes: np.ndarray,
    weights: np.ndarray,
    results: np.ndarray,
    threads: int | None,
    packed: bool,
) -> None:
    inputs, outputs = weights.shape
    rows = len(results)
    lanes = this_host().lanes(str(weights.dtype))
    groups = next(n for n in GROUPS if outputs % (lanes * n) == 0)
    native = _native(kind, lanes, groups, str(weights.dtype), packed)
    addresses = (a.ctypes.data for a in (spikes, weights, results))
    slots = np.array([*addresses, inputs, outputs, rows], np.int64)
    units = rows if kind == "product" else outputs // (lanes * groups)
    work = rows * inputs * outputs / lanes / 16
    # For the gradient every slice looks through all spikes: not more slices than threads.
    group = 1 if kind == "product" else -(-units // max(threads or pool.available(), 1))
    pool.run(native, slots, units, group=group, scratch=inputs * 8, work=work, threads=threads)

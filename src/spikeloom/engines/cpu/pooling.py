"""Pooling over windows of k x k that neither overlap nor reach over the edge: forward and backward.

The same sums, in the same order, as torch's own; but in vectors, and the backward pass needs of a
maximum only which of the k * k numbers it was: one byte. Planes come one after another, or with
the channels innermost, where a vector is some channels of one place.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np

from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.text import Writer

SIZES = (2, 3, 4)
"""Widths of a window that are worth a kernel."""
Kind = Literal["mean", "max", "mean_back", "max_back"]
SLOTS = ("wide", "narrow", "places", "height", "width", "rows", "columns", "channels")


class _Plan:
    """One kernel in the making: its writer, its slots, and vectors of some lanes."""

    def __init__(self, kind: Kind, size: int, lanes: int, dtype: str, last: bool) -> None:
        self.w = Writer()
        self.kind, self.size, self.lanes, self.last = kind, size, lanes, last
        self.scalar = "float" if dtype == "float32" else "double"
        self.bytes = 4 if dtype == "float32" else 8
        self.vector = f"<{lanes} x {self.scalar}>"
        self.places = f"<{lanes} x i8>"
        self.slot: dict[str, str] = {}

    def text(self) -> str:
        w = self.w
        with w.function("pooling", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
            for k, name in enumerate(SLOTS):
                at = w.let(f"getelementptr i64, ptr %slots, i64 {k}")
                kind = "ptr" if k < 3 else "i64"
                self.slot[name] = w.let(f"load {kind}, ptr {at}, align 8")
            s = self.slot
            plane = w.let(f"mul i64 {s['height']}, {s['width']}")
            small = w.let(f"mul i64 {s['rows']}, {s['columns']}")
            (self.channels_last if self.last else self.plane_by_plane)(plane, small)
        return w.text()

    def plane_by_plane(self, plane: str, small: str) -> None:
        """All windows of planes: a vector is some windows side by side."""
        w, s = self.w, self.slot
        last = w.let(f"sub i64 {s['columns']}, {self.lanes}")
        with (
            w.loop("%begin", "%end") as planes,
            w.loop("0", s["rows"]) as rows,
            w.loop("0", s["columns"], self.lanes) as columns,
        ):
            # The last vector of a row is moved back into it: a few columns are done twice.
            over = w.let(f"icmp sgt i64 {columns.index}, {last}")
            column = w.let(f"select i1 {over}, i64 {last}, i64 {columns.index}")
            wide = self.sum(
                self.mul(planes.index, plane),
                self.mul(self.mul(rows.index, str(self.size)), s["width"]),
                self.mul(column, str(self.size)),
            )
            narrow = self.sum(
                self.mul(planes.index, small), self.mul(rows.index, s["columns"]), column
            )
            self.window_of(wide, narrow)

    def channels_last(self, plane: str, small: str) -> None:
        """All windows of images whose channels are innermost."""
        w, s = self.w, self.slot
        end = w.let(f"sub i64 {s['channels']}, {self.lanes}")
        with (
            w.loop("%begin", "%end") as images,
            w.loop("0", s["rows"]) as rows,
            w.loop("0", s["columns"]) as columns,
        ):
            high = self.mul(self.mul(rows.index, str(self.size)), s["width"])
            wide = self.sum(
                self.mul(images.index, plane), high, self.mul(columns.index, str(self.size))
            )
            narrow = self.sum(
                self.mul(images.index, small), self.mul(rows.index, s["columns"]), columns.index
            )
            wide, narrow = (self.mul(at, s["channels"]) for at in (wide, narrow))
            with w.loop("0", s["channels"], self.lanes) as channels:
                # The last vector is moved back: a few channels are done twice.
                over = w.let(f"icmp sgt i64 {channels.index}, {end}")
                channel = w.let(f"select i1 {over}, i64 {end}, i64 {channels.index}")
                self.window_of(
                    w.let(f"add i64 {wide}, {channel}"), w.let(f"add i64 {narrow}, {channel}")
                )

    def window_of(self, wide: str, narrow: str) -> None:
        if self.kind in ("mean", "max"):
            self.forward(wide, narrow)
        else:
            self.backward(wide, narrow)

    def element(self, wide: str, row: int, column: int) -> str:
        """Address of one place of a window, with the channels innermost."""
        place = self.w.let(f"add i64 {self.mul(self.slot['width'], str(row))}, {column}")
        place = self.mul(place, self.slot["channels"])
        return self.at("wide", self.w.let(f"add i64 {wide}, {place}"), self.scalar)

    def mul(self, a: str, b: str) -> str:
        return self.w.let(f"mul i64 {a}, {b}")

    def sum(self, a: str, b: str, c: str) -> str:
        return self.w.let(f"add i64 {self.w.let(f'add i64 {a}, {b}')}, {c}")

    def at(self, name: str, index: str, kind: str) -> str:
        return self.w.let(f"getelementptr {kind}, ptr {self.slot[name]}, i64 {index}")

    def row(self, wide: str, row: int) -> str:
        index = self.w.let(f"add i64 {wide}, {self.mul(self.slot['width'], str(row))}")
        return self.at("wide", index, self.scalar)

    def window(self, wide: str) -> list[str]:
        """The k * k numbers of each window, row by row, one vector for each place."""
        w, k, found = self.w, self.size, []
        if self.last:
            at = [self.element(wide, row, column) for row in range(k) for column in range(k)]
            return [w.let(f"load {self.vector}, ptr {a}, align {self.bytes}") for a in at]
        long = f"<{k * self.lanes} x {self.scalar}>"
        for row in range(k):
            line = w.let(f"load {long}, ptr {self.row(wide, row)}, align {self.bytes}")
            for column in range(k):
                order = ", ".join(f"i32 {column + k * lane}" for lane in range(self.lanes))
                picked = f"{long} poison, <{self.lanes} x i32> <{order}>"
                found.append(w.let(f"shufflevector {long} {line}, {picked}"))
        return found

    def forward(self, wide: str, narrow: str) -> None:
        w, numbers = self.w, self.window(wide)
        target = self.at("narrow", narrow, self.scalar)
        if self.kind == "mean":
            total = w.let(f"fadd {self.vector} zeroinitializer, {numbers[0]}")
            for number in numbers[1:]:
                total = w.let(f"fadd {self.vector} {total}, {number}")
            total = w.let(f"fdiv {self.vector} {total}, {self.splat(self.size**2)}")
            w.put(f"store {self.vector} {total}, ptr {target}, align {self.bytes}")
            return
        best, place = numbers[0], f"{self.places} zeroinitializer"
        for k, number in enumerate(numbers[1:], start=1):
            more = w.let(f"fcmp ogt {self.vector} {number}, {best}")
            none = w.let(f"fcmp uno {self.vector} {number}, {number}")
            wins = w.let(f"or <{self.lanes} x i1> {more}, {none}")
            test = f"<{self.lanes} x i1> {wins}"
            best = w.let(f"select {test}, {self.vector} {number}, {self.vector} {best}")
            place = f"{self.places} {w.let(f'select {test}, {self.here(k)}, {place}')}"
        w.put(f"store {self.vector} {best}, ptr {target}, align {self.bytes}")
        w.put(f"store {place}, ptr {self.at('places', narrow, 'i8')}, align 1")

    def backward(self, wide: str, narrow: str) -> None:
        w, k = self.w, self.size
        source = self.at("narrow", narrow, self.scalar)
        given = w.let(f"load {self.vector}, ptr {source}, align {self.bytes}")
        parts: list[str] = []
        if self.kind == "mean_back":
            part = w.let(f"fdiv {self.vector} {given}, {self.splat(k * k)}")
            # Torch adds to zeros, which makes a plus of a minus zero.
            parts = [w.let(f"fadd {self.vector} {part}, zeroinitializer")] * (k * k)
        else:
            place = w.let(f"load {self.places}, ptr {self.at('places', narrow, 'i8')}, align 1")
            given = w.let(f"fadd {self.vector} {given}, zeroinitializer")
            for number in range(k * k):
                same = w.let(f"icmp eq {self.places} {place}, {self.here(number).split(' ', 3)[3]}")
                test = f"<{self.lanes} x i1> {same}"
                parts.append(
                    w.let(f"select {test}, {self.vector} {given}, {self.vector} zeroinitializer")
                )
        for row in range(k):
            if self.last:
                for column in range(k):
                    part, at = parts[row * k + column], self.element(wide, row, column)
                    w.put(f"store {self.vector} {part}, ptr {at}, align {self.bytes}")
                continue
            line = self.woven(parts[row * k : row * k + k])
            w.put(
                f"store <{k * self.lanes} x {self.scalar}> {line}, "
                f"ptr {self.row(wide, row)}, align {self.bytes}"
            )

    def woven(self, parts: list[str]) -> str:
        """Lane 0 of each part, lane 1 of each part, and so on."""
        w, k, lanes = self.w, self.size, self.lanes
        double = f"<{2 * lanes} x {self.scalar}>"
        pairs = [*parts, *parts[-1:]] if k % 2 else parts
        both = ", ".join(f"i32 {n}" for n in range(2 * lanes))
        joined = [
            w.let(
                f"shufflevector {self.vector} {a}, {self.vector} {b}, <{2 * lanes} x i32> <{both}>"
            )
            for a, b in zip(pairs[::2], pairs[1::2], strict=True)
        ]
        second = joined[1] if len(joined) > 1 else "poison"
        order = ", ".join(
            f"i32 {part * lanes + lane}" for lane in range(lanes) for part in range(k)
        )
        return w.let(
            f"shufflevector {double} {joined[0]}, {double} {second}, <{k * lanes} x i32> <{order}>"
        )

    def splat(self, value: float) -> str:
        return "<" + ", ".join(f"{self.scalar} {float(value):e}" for _ in range(self.lanes)) + ">"

    def here(self, number: int) -> str:
        return f"{self.places} <" + ", ".join(f"i8 {number}" for _ in range(self.lanes)) + ">"


@lru_cache(maxsize=64)
def _native(kind: Kind, size: int, lanes: int, dtype: str, last: bool) -> Native:
    name = f"{kind} {size} {lanes} {dtype}{' last' * last}"
    plan = _Plan(kind, size, lanes, dtype, last)
    return load("pooling", "pooling", name, plan.text, this_host())


def run(
    kind: Kind,
    size: int,
    wide: np.ndarray,
    narrow: np.ndarray,
    places: np.ndarray | None = None,
    threads: int | None = 1,
    last: bool = False,
) -> None:
    """Pool planes, or lead gradients back.

    Arguments:
        kind: ``mean`` and ``max`` write `narrow` (and `places`), the others write `wide`; rows and
            columns beyond the last whole window are left as they are.
        size: Width k of a window, one of `SIZES`.
        wide: Planes (planes, height, width), float32 or float64, contiguous.
        narrow: Planes (planes, height // k, width // k) of the same type.
        places: For a maximum: where it was, uint8, of the shape of `narrow`.
        threads: Most threads to use; None for one a processor.
        last: Whether all arrays are images with one more axis, that of the channels, at the end.

    >>> x, y = np.arange(8.0).reshape(1, 2, 4), np.empty((1, 1, 2))
    >>> run("mean", 2, x, y)
    >>> y
    array([[[2.5, 4.5]]])
    """
    planes, rows, columns = narrow.shape[:3]
    if not narrow.size:
        return
    channels = narrow.shape[3] if last else 1
    side = channels if last else columns
    widest = 16 if last and wide.itemsize == 4 else 8
    lanes = next(n for n in (widest, 8, 4, 2, 1) if n <= side)
    native = _native(kind, size, lanes, str(wide.dtype), last)
    address = 0 if places is None else places.ctypes.data
    shape = (wide.shape[1], wide.shape[2], rows, columns, channels)
    slots = np.array([wide.ctypes.data, narrow.ctypes.data, address, *shape], np.int64)
    work = wide.size * wide.itemsize / 16
    pool.run(native, slots, planes, group=1, scratch=0, work=work, threads=threads)

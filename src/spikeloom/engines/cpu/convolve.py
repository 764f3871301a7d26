"""Convolutions of spikes: the cost is that of the spikes.

An image (height, width, channels) comes as bits. A spike of channel c at (y, x) adds the weights of
its channel, mirrored, to k x k places of the output around it; the gradient of the weights adds the
gradient at these places. Both work on a plane with a margin, in which k places side by side are one
piece of memory. Sums run over spikes in the order of their places, and gradients in a fixed number
of `PARTS` of the images: no bit depends on the number of threads.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np

from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.marks import each_bit
from spikeloom.engines.cpu.text import Writer

Kind = Literal["product", "gradient"]
SLOTS = ("bits", "weights", "planes", "height", "width", "padding", "images", "room")
PARTS = 8
"""Pieces of the images that each have a gradient of the weights of their own."""
UNROLLED = 64
"""Most vectors of one spike that are written out one after another."""


class _Plan:
    """One kernel in the making, for k x k weights of so many channels and outputs."""

    def __init__(
        self, kind: Kind, size: int, channels: int, outputs: int, lanes: int, dtype: str
    ) -> None:
        self.w = Writer()
        self.kind, self.size, self.lanes = kind, size, lanes
        self.channels, self.outputs = channels, outputs
        self.scalar = "float" if dtype == "float32" else "double"
        self.bytes = 4 if dtype == "float32" else 8
        self.vector = f"<{lanes} x {self.scalar}>"
        self.run = size * outputs
        """Numbers that k places side by side have."""
        self.slot: dict[str, str] = {}

    def text(self) -> str:
        w = self.w
        with w.function("convolve", "ptr noalias %slots, i64 %begin, i64 %end, ptr %scratch"):
            for k, name in enumerate(SLOTS):
                at = w.let(f"getelementptr i64, ptr %slots, i64 {k}")
                self.slot[name] = w.let(f"load {'ptr' if k < 3 else 'i64'}, ptr {at}, align 8")
            s, margin = self.slot, str(self.size - 1)
            self.line = self.mul(self.add(s["width"], margin), str(self.outputs))
            rows = self.add(s["height"], margin)
            self.plane = self.mul(rows, self.line)
            self.inside = self.mul(s["height"], s["width"])
            # Of the inner plane, which is the output: first place and size.
            first = w.let(f"sub i64 {margin}, {s['padding']}")
            more = w.let(f"sub i64 {self.mul(s['padding'], '2')}, {margin}")
            self.rows, columns = self.add(s["height"], more), self.add(s["width"], more)
            self.inner = self.add(self.mul(first, self.line), self.mul(first, str(self.outputs)))
            self.row = self.mul(columns, str(self.outputs))
            # Behind the plane: where each place of an image is in it.
            self.places = w.let(f"getelementptr i8, ptr %scratch, i64 {s['room']}")
            with w.loop("0", s["height"]) as rows, w.loop("0", s["width"]) as columns:
                place = self.add(self.mul(rows.index, s["width"]), columns.index)
                corner = self.mul(columns.index, str(self.outputs))
                corner = self.add(self.mul(rows.index, self.line), corner)
                at = w.let(f"getelementptr i64, ptr {self.places}, i64 {place}")
                w.put(f"store i64 {corner}, ptr {at}, align 8")
            if self.kind == "product":
                with w.loop("%begin", "%end") as images:
                    self.clear()
                    self.each(images.index, s["weights"])
                    self.copy(images.index)
            else:
                count = str(self.channels * self.size * self.run)
                self.clear()
                with w.loop("%begin", "%end") as parts:
                    sums = self.at(s["weights"], self.mul(parts.index, count))
                    low, high = (
                        w.let(f"udiv i64 {self.mul(part, s['images'])}, {PARTS}")
                        for part in (parts.index, self.add(parts.index, "1"))
                    )
                    with w.loop(low, high) as images:
                        self.copy(images.index)
                        self.each(images.index, sums)
        return w.text()

    def clear(self) -> None:
        """Nothing in the plane with its margin."""
        with self.w.loop("0", self.plane, self.lanes) as numbers:
            self.store("zeroinitializer", self.at("%scratch", numbers.index))

    def copy(self, image: str) -> None:
        """The inner plane to its image, or the image into the inner plane."""
        w = self.w
        start = self.mul(self.mul(image, self.rows), self.row)
        with w.loop("0", self.rows) as rows:
            inside = self.at("%scratch", self.add(self.inner, self.mul(rows.index, self.line)))
            outside = self.at(self.slot["planes"], self.add(start, self.mul(rows.index, self.row)))
            pair = (inside, outside) if self.kind == "product" else (outside, inside)
            with w.loop("0", self.row, self.width()) as numbers:
                source, target = (self.at(base, numbers.index) for base in pair)
                kind = f"<{self.width()} x {self.scalar}>"
                value = w.let(f"load {kind}, ptr {source}, align {self.bytes}")
                w.put(f"store {kind} {value}, ptr {target}, align {self.bytes}")

    def width(self) -> int:
        """Numbers of a vector that never ends behind a place."""
        return next(n for n in (16, 8, 4, 2, 1) if self.outputs % n == 0)

    def each(self, image: str, weights: str) -> None:
        """All spikes of an image, in the order of their places."""
        w = self.w

        def act(bit: str, count: str) -> None:
            del count
            place = w.let(f"udiv i64 {bit}, {self.channels}")
            channel = w.let(f"urem i64 {bit}, {self.channels}")
            at = w.let(f"getelementptr i64, ptr {self.places}, i64 {place}")
            around = self.at("%scratch", w.let(f"load i64, ptr {at}, align 8"))
            self.add_runs(self.at(weights, self.mul(channel, str(self.size * self.run))), around)

        count = self.mul(self.inside, str(self.channels))
        each_bit(w, self.slot["bits"], self.mul(image, count), count, act)

    def add_runs(self, weights: str, around: str) -> None:
        """The weights of a channel to the places around a spike, or the other way round."""
        w = self.w
        if self.size * self.run // self.lanes <= UNROLLED:
            for row in range(self.size):
                line = self.at(around, self.mul(self.line, str(row))) if row else around
                self.add_run(self.at(weights, str(row * self.run)), line)
            return
        with w.loop("0", str(self.size)) as rows:
            line = self.at(around, self.mul(self.line, rows.index))
            self.add_run(self.at(weights, self.mul(rows.index, str(self.run))), line)

    def add_run(self, weights: str, places: str) -> None:
        w = self.w
        source, target = (weights, places) if self.kind == "product" else (places, weights)
        for first in range(0, self.run, 12 * self.lanes):
            groups = range(first, min(first + 12 * self.lanes, self.run), self.lanes)
            at = [self.at(target, str(k)) for k in groups]
            given = [self.load(self.at(source, str(k))) for k in groups]
            sums = [
                w.let(f"fadd {self.vector} {self.load(a)}, {b}")
                for a, b in zip(at, given, strict=True)
            ]
            for value, address in zip(sums, at, strict=True):
                self.store(value, address)

    def mul(self, a: str, b: str) -> str:
        return self.w.let(f"mul i64 {a}, {b}")

    def add(self, a: str, b: str) -> str:
        return self.w.let(f"add i64 {a}, {b}")

    def at(self, base: str, index: str) -> str:
        return self.w.let(f"getelementptr {self.scalar}, ptr {base}, i64 {index}")

    def load(self, at: str) -> str:
        return self.w.let(f"load {self.vector}, ptr {at}, align {self.bytes}")

    def store(self, value: str, at: str) -> None:
        self.w.put(f"store {self.vector} {value}, ptr {at}, align {self.bytes}")


@lru_cache(maxsize=64)
def _native(kind: Kind, size: int, channels: int, outputs: int, lanes: int, dtype: str) -> Native:
    name = f"{kind} {size} {channels} {outputs} {lanes} {dtype}"
    plan = _Plan(kind, size, channels, outputs, lanes, dtype)
    return load("convolve", "convolve", name, plan.text, this_host())


def lanes(size: int, outputs: int, dtype: str) -> int:
    """Numbers of a vector for such weights; 1 where vectors would not fit.

    >>> lanes(3, 5, "float32")
    1
    """
    most = this_host().lanes(dtype)
    return next(n for n in (16, 8, 4, 2, 1) if n <= most and size * outputs % n == 0)


def product(
    bits: np.ndarray,
    weights: np.ndarray,
    planes: np.ndarray,
    shape: tuple[int, int, int],
    padding: int,
    threads: int | None = 1,
) -> None:
    """Write the convolution of spikes.

    Arguments:
        bits: Spikes (images, height, width, channels) as `bits.pack` gives them.
        weights: (channels, k, k, outputs), mirrored in both directions of k.
        planes: The answer (images, rows, columns, outputs).
        shape: Height, width and channels.
        padding: Zeros around an image, fewer than k.
        threads: Most threads to use; None for one a processor.

    >>> y = np.empty((1, 1, 1, 2))
    >>> product(np.array([1] + 7 * [0], np.uint8), np.ones((1, 1, 1, 2)), y, (1, 1, 1), 0)
    >>> y.tolist()
    [[[[1.0, 1.0]]]]
    """
    _run("product", bits, weights, planes, shape, padding, len(planes), threads)


def gradient(
    bits: np.ndarray,
    planes: np.ndarray,
    size: int,
    shape: tuple[int, int, int],
    padding: int,
    threads: int | None = 1,
) -> np.ndarray:
    """Gradient of the weights (channels, k, k, outputs), mirrored; the others as for `product`.

    Arguments:
        bits, shape, padding, threads: As for `product`.
        planes: Gradient of the output (images, rows, columns, outputs).
        size: k.
    """
    parts = np.zeros((PARTS, shape[2], size, size, planes.shape[3]), planes.dtype)
    _run("gradient", bits, parts, planes, shape, padding, PARTS, threads)
    return parts.sum(0)


def _run(
    kind: Kind,
    bits: np.ndarray,
    weights: np.ndarray,
    planes: np.ndarray,
    shape: tuple[int, int, int],
    padding: int,
    units: int,
    threads: int | None,
) -> None:
    size, outputs = weights.shape[-2:]
    height, width, channels = shape
    dtype = str(planes.dtype)
    many = lanes(size, outputs, dtype)
    native = _native(kind, size, channels, outputs, many, dtype)
    # `clear` writes whole vectors, up to one more than the plane.
    plane = (height + size - 1) * (width + size - 1) * outputs + 64
    room = -(-plane * planes.itemsize // 64) * 64
    addresses = (a.ctypes.data for a in (bits, weights, planes))
    slots = np.array([*addresses, height, width, padding, len(planes), room], np.int64)
    work = planes.size * channels * size * size / many / 8
    scratch = room + 8 * height * width
    pool.run(native, slots, units, group=1, scratch=scratch, work=work, threads=threads)

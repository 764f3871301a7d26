"""Spikes of some groups of neurons on their way to memory: one bit a neuron."""

from __future__ import annotations

from collections.abc import Sequence

from spikeloom.engines.cpu.kernels.frame import Frame

WORD = 64
"""Most bits that are written together."""


class Spikes:
    """Where the groups of a kernel put their spikes, the lowest neuron in the lowest bit.

    Arguments:
        f: The kernel, outside its loop over time.
        firsts: First neuron of each group. All of them together fill bytes, and lie in rows of
            whole words.
    """

    def __init__(self, f: Frame, firsts: Sequence[str]) -> None:
        self.f = f
        v, w = f.v, f.w
        self.groups = min(len(firsts), WORD // v.lanes)
        """Groups in one word."""
        self.word = f"i{self.groups * v.lanes}"
        self.none = ["0"] * (len(firsts) // self.groups)
        self.places = [w.let(f"lshr i64 {first}, 3") for first in firsts[:: self.groups]]
        self.exist: list[str] = []
        """Bits of the neurons that there are."""
        for first in firsts[:: self.groups]:
            left = f.larger(w.let(f"sub i64 {f.slot('width')}, {first}"), "0")
            some = w.let(f"shl i64 1, {f.smaller(left, str(WORD - 1))}")
            some = w.let(f"sub i64 {some}, 1")
            full = w.let(f"icmp sge i64 {left}, {self.groups * v.lanes}")
            bits = w.let(f"select i1 {full}, i64 -1, i64 {some}")
            self.exist.append(
                bits if self.word == "i64" else w.let(f"trunc i64 {bits} to {self.word}")
            )

    def pack(self, masks: Sequence[str]) -> list[str]:
        """Truth values of all groups as words; neurons that there are not have 0."""
        w, packed = self.f.w, list[str]()
        for k, exist in enumerate(self.exist):
            part, lanes = list(masks[k * self.groups : (k + 1) * self.groups]), self.f.v.lanes
            while len(part) > 1:
                kind, lanes = f"<{lanes} x i1>", 2 * lanes
                order = ", ".join(f"i32 {i}" for i in range(lanes))
                part = [
                    w.let(f"shufflevector {kind} {a}, {kind} {b}, <{lanes} x i32> <{order}>")
                    for a, b in zip(part[::2], part[1::2], strict=True)
                ]
            bits = w.let(f"bitcast <{lanes} x i1> {part[0]} to {self.word}")
            packed.append(w.let(f"and {self.word} {bits}, {exist}"))
        return packed

    def any(self, words: Sequence[str]) -> str:
        """Whether one of the bits is set."""
        w, all_ = self.f.w, words[0]
        for word in words[1:]:
            all_ = w.let(f"or {self.word} {all_}, {word}")
        return w.let(f"icmp ne {self.word} {all_}, 0")

    def store(self, words: Sequence[str], time: str) -> None:
        """Write the words of one step."""
        f, w = self.f, self.f.w
        w.note("write spikes, one bit a neuron")
        row = f.mul(time, f.slot("row_bytes"))
        for word, place in zip(words, self.places, strict=True):
            at = f.at(f.slot("bits"), f.add(row, place), "i8")
            w.put(f"store {self.word} {word}, ptr {at}, align 1")

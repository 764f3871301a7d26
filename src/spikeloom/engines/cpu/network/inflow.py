"""The sum of a bundle in a kernel: what flows in from outside, or a rate, in one step."""

from __future__ import annotations

from spikeloom.engines.cpu.network.windows import Shape
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.vector import Vec


class Inflow:
    """Writes the numbers of a bundle for groups of neurons.

    Arguments:
        v: In which precision, where to write.
        shape: Of the bundle.
        slots: Address of each of its slots.
        padded: Neurons with padding.
    """

    def __init__(self, v: Vec, shape: Shape, slots: dict[str, str], padded: str) -> None:
        self.v, self.shape, self._padded = v, shape, padded
        self._slots = {name.partition(":")[0]: value for name, value in slots.items()}

    def write(self, base: str | None, row: str, first: str) -> str:
        """The numbers of a group of neurons, added to what there is.

        Arguments:
            base: What there is; None for nothing.
            row: Row of the step in the window.
            first: First neuron of the group.
        """
        v, w, shape = self.v, self.v.w, self.shape
        value = base
        if shape.whole:
            value = self._sum(value, self._one("whole", row))
        for k in range(shape.gains):
            place = self._add(w, self._mul(w, row, shape.gains), k)
            gain = self._group("gains", self._add(w, self._mul(w, self._padded, k), first))
            course = self._one("course", place)
            value = v.mul(course, gain) if value is None else v.fma(course, gain, value)
        if shape.dense:
            place = self._add(w, self._mul(w, row, self._padded), first)
            value = self._sum(value, self._group("dense", place))
        if shape.junctions:
            value = self._sum(value, self._group("junctions", first))
        return v.const(0.0) if value is None else value

    def _sum(self, a: str | None, b: str) -> str:
        return b if a is None else self.v.add(a, b)

    def _one(self, name: str, place: str) -> str:
        v = self.v
        at = v.w.let(f"getelementptr {v.scalar}, ptr {self._slots[name]}, i64 {place}")
        return v.splat(v.w.let(f"load {v.scalar}, ptr {at}, align {v.size}"))

    def _group(self, name: str, place: str) -> str:
        v = self.v
        at = v.w.let(f"getelementptr {v.scalar}, ptr {self._slots[name]}, i64 {place}")
        return v.w.let(f"load {v.type}, ptr {at}, align {v.size}")

    @staticmethod
    def _mul(w: Writer, a: str, b: str | int) -> str:
        return w.let(f"mul i64 {a}, {b}")

    @staticmethod
    def _add(w: Writer, a: str, b: str | int) -> str:
        return w.let(f"add i64 {a}, {b}")

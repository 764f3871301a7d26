"""What the forward and the backward kernel share: the loops over samples, neurons and events."""

from __future__ import annotations

from spikeloom.engines.cpu.events.motion import passed
from spikeloom.engines.cpu.events.scalar import Scalar, Shape
from spikeloom.engines.cpu.text import Writer

PER_GROUP = {"A": 2, "R": 2, "r": 1, "b": 1, "z": 1}
"""Arrays with one part for each group, and how often n is a factor of its size."""


class Walk:
    """Names in use while a kernel walks along the events of one neuron."""

    def __init__(self, w: Writer, shape: Shape, given: dict[str, str]) -> None:
        self.w, self.shape, self.given = w, shape, given
        self.s = Scalar(w, shape.n)
        self.group: dict[str, str] = {}

    def sample(self, index: str) -> tuple[str, str]:
        """First event of a sample, and how many it has."""
        first = self.s.whole(self.given["offsets"], index)
        last = self.s.whole(self.given["offsets"], self.w.let(f"add i64 {index}, 1"))
        return first, self.w.let(f"sub i64 {last}, {first}")

    def enter(self, neuron: str, counts: tuple[str, str]) -> None:
        """Point to the matrices of a neuron; `counts`: entries in its tables."""
        w, s, n = self.w, self.s, self.shape.n
        many = w.let(f"icmp ne i64 {self.given['many']}, 0")
        index = s.pick(many, neuron, "0", "i64")
        for name, power in PER_GROUP.items():
            self.group[name] = s.at(self.given[name], index, n**power)
        self.group["rows"] = s.at(self.given["rows"], index, n * self.shape.length)
        self.group["rates"] = s.at(self.given["rates"], index, self.shape.length)
        for name, count in zip(("fine", "coarse"), counts, strict=True):
            size = w.let(f"mul i64 {count}, {n * n}")
            self.group[name] = s.at(self.given[name], w.let(f"mul i64 {index}, {size}"))
        self.group |= {name: self.given[name] for name in ("delta", "inverse")}
        self.index = index

    def time(self, first: str, events: str, e: str) -> str:
        """Time of event e of the sample; after the last comes the end of the run."""
        w, s = self.w, self.s
        real = w.let(f"icmp slt i64 {e}, {events}")
        where = s.pick(real, w.let(f"add i64 {first}, {e}"), "0", "i64")
        address = s.at(self.given["times"], where)
        # At the end of all there may be no such element: then nothing may be read.
        safe = s.pick(real, address, self.end, "ptr")
        return s.load(safe)

    def remember_end(self) -> None:
        """Keep the end of the run in memory, beside the times."""
        self.end = self.s.room(1)
        self.s.store(self.given["duration"], self.end)

    def steps(self, neuron: str, first: str, events: str, scratch: str) -> None:
        """exp(A Δ) from each event to the next, once for all neurons that are alike."""
        w, s, n = self.w, self.s, self.shape.n
        fresh = w.let(f"icmp eq i64 {neuron}, 0")
        many = w.let(f"icmp ne i64 {self.given['many']}, 0")
        with w.when(w.let(f"or i1 {fresh}, {many}")):
            total = w.let(f"add i64 {events}, 1")
            with w.loop("0", total, carried=[("double", s.const(0.0))]) as loop:
                now = self.time(first, events, loop.index)
                length = s.op("fsub", now, loop.carried[0])
                matrix = s.at(scratch, loop.index, n * n)
                for column in range(n):
                    for row in range(n):
                        s.store(s.const(float(row == column)), self.unit, row)
                    self.advance(length, self.unit, self.moved)
                    for row, value in enumerate(s.vector(self.moved)):
                        s.store(value, matrix, row * n + column)
                loop.next = (now,)

    def stack(self) -> None:
        """Memory for vectors, at the entry of a kernel."""
        s, n = self.s, self.shape.n
        self.unit, self.moved = s.room(n), s.room(n)
        self.remember_end()

    def advance(self, length: str, source: str, target: str, back: bool = False) -> None:
        """The state, or with `back` the adjoint, after another length of time."""
        name = "retreat" if back else "advance"
        given = f"{passed(self.group)}, double {length}, ptr {source}, ptr {target}"
        self.w.put(f"call void @{name}({given})")

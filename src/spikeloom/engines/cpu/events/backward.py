"""The backward kernel: the adjoint of each neuron, from its last event to its first."""

from __future__ import annotations

import numpy as np

from spikeloom.engines.cpu.events.motion import write_motion
from spikeloom.engines.cpu.events.scalar import Shape, words
from spikeloom.engines.cpu.events.walk import Walk
from spikeloom.engines.cpu.text import Writer

POINTS = 8
"""Of the Gauss–Legendre rule for ∫ λ zᵀ dt: exact to rounding over one time constant."""


def write_backward(shape: Shape, counts: tuple[int, int]) -> str:
    """The module with ``backward``."""
    w = Writer()
    write_motion(w, shape)
    with w.function("backward", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
        given = words(w)
        back = _Back(Walk(w, shape, given))
        walk, s, n = back.walk, back.walk.s, shape.n
        with w.loop("%begin", "%end") as samples:
            first, events = walk.sample(samples.index)
            total = w.let(f"add i64 {events}, 1")
            kept = s.at("%scratch", total, n * n)
            with w.loop("0", given["neurons"]) as neurons:
                k = neurons.index
                walk.enter(k, (str(counts[0]), str(counts[1])))
                walk.steps(k, first, events, "%scratch")
                line = w.let(f"mul i64 {k}, {given['sources']}")
                back.weights, back.to_weights = (
                    s.at(given[name], line) for name in ("weights", "d_weights")
                )
                row = s.place(samples.index, given["neurons"], k)
                back.begin(row)
                if shape.learn:
                    back.replay(first, events, kept)
                s.put(s.vector(s.at(given["to_end"], row, n)), back.lam)
                w.put(f"store i64 {s.whole(given['count'], row)}, ptr {back.left}, align 8")
                with w.loop("0", back.until(total), down=True) as loop:
                    back.event(first, events, loop.index, kept)
                if shape.learn:
                    for i, x in enumerate(s.vector(back.lam)):
                        s.add_to(x, back.part("d_z"), i)
    return w.text()


class _Back:
    """The adjoint `lam` of one neuron, at the time `now`, with `left` spikes still to come."""

    def __init__(self, walk: Walk) -> None:
        self.walk, self.w, self.s, self.shape = walk, walk.w, walk.s, walk.shape
        walk.stack()
        n = self.shape.n
        self.lam, self.now, self.carried = (self.s.room(k) for k in (n, 1, 1))
        self.start, self.piece, self.seen = (self.s.room(n) for _ in range(3))
        self.left = self.s.room(1, "i64")
        self.weights = self.to_weights = self.row = ""

    def part(self, name: str) -> str:
        """The sums of a gradient for this neuron's group."""
        size = self.shape.n ** (2 if name in ("d_A", "d_R") else 1)
        return self.s.at(self.walk.given[name], self.walk.index, size)

    def begin(self, row: str) -> None:
        """Start with another neuron of another sample."""
        room = self.w.let(f"mul i64 {row}, {self.walk.given['room']}")
        self.row = room

    def until(self, total: str) -> str:
        """Where the way back begins: a neuron that had fired for the last time saw no more."""
        w, s, given = self.w, self.s, self.walk.given
        count = w.let(f"load i64, ptr {self.left}, align 8")
        spent = w.let(f"icmp sge i64 {count}, {given['limit']}")
        last = s.pick(
            spent, w.let(f"add i64 {self.row}, {w.let(f'sub i64 {count}, 1')}"), "0", "i64"
        )
        address = w.let(f"getelementptr i64, ptr {given['place']}, i64 {last}")
        at = w.let(f"load i64, ptr {s.pick(spent, address, self.left, 'ptr')}, align 8")
        begun = w.let(f"add i64 {w.let(f'lshr i64 {at}, 1')}, 1")
        return s.pick(spent, begun, total, "i64")

    def replay(self, first: str, events: str, kept: str) -> None:
        """The states after each event, forwards once more."""
        w, s, n, walk = self.w, self.s, self.shape.n, self.walk
        s.put(s.vector(walk.group["z"]), self.start)
        w.put(f"store i64 0, ptr {self.left}, align 8")
        s.store(s.const(0.0), self.now)
        count = s.whole(walk.given["count"], self._neuron())
        with w.loop("0", events) as loop:
            e = loop.index
            s.put(s.vector(self.start), s.at(kept, e, n))
            time = walk.time(first, events, e)
            for odd in (0, 1):
                place = s.place(e, 2, odd)
                self._skip(place, count)
                if odd == 0:
                    walk.advance(s.op("fsub", time, s.load(self.now)), self.start, self.start)
                    s.store(time, self.now)
                    weight, _, _ = self._weight(w.let(f"add i64 {first}, {e}"))
                    b = s.vector(walk.group["b"])
                    z = s.vector(self.start)
                    s.put([s.fma(weight, y, x) for x, y in zip(z, b, strict=True)], self.start)
        s.put(s.vector(self.start), s.at(kept, events, n))

    def _neuron(self) -> str:
        return self.w.let(f"sdiv i64 {self.row}, {self._room()}")

    def _room(self) -> str:
        room = self.walk.given["room"]
        return self.w.call("i64", "llvm.smax.i64", f"i64 {room}, i64 1", "i64, i64")

    def _skip(self, place: str, count: str) -> None:
        """Past the spikes at a place: the state after the last of them."""
        w, s, walk = self.w, self.s, self.walk

        def here(carried: tuple[str, ...]) -> str:
            more = w.let(f"icmp slt i64 {carried[0]}, {count}")
            j = s.pick(more, carried[0], "0", "i64")
            some = w.let(f"icmp sgt i64 {count}, 0")
            address = w.let(
                f"getelementptr i64, ptr {walk.given['place']}, i64 "
                f"{w.let(f'add i64 {self.row}, {j}')}"
            )
            safe = s.pick(some, address, self.left, "ptr")
            at = w.let(f"load i64, ptr {safe}, align 8")
            return w.let(f"and i1 {more}, {w.let(f'icmp eq i64 {at}, {place}')}")

        def past(carried: tuple[str, ...]) -> list[str]:
            j = w.let(f"add i64 {self.row}, {carried[0]}")
            z = s.vector(s.at(walk.given["states"], j, self.shape.n))
            s.put(s.product(walk.group["R"], self.shape.resets, z), self.start)
            s.store(s.load(walk.given["spikes"], j), self.now)
            return [w.let(f"add i64 {carried[0]}, 1")]

        before = w.let(f"load i64, ptr {self.left}, align 8")
        done = w.repeat([("i64", before)], here, past)
        w.put(f"store i64 {done[0]}, ptr {self.left}, align 8")

    def _weight(self, event: str) -> tuple[str, str, str]:
        s, given = self.s, self.walk.given
        source = s.whole(given["source"], event)
        size = s.load(given["size"], event)
        return s.op("fmul", s.load(self.weights, source), size), source, size

    def event(self, first: str, events: str, e: str, kept: str) -> None:
        """Back over event e and over the way that led to it."""
        w, s, n, walk = self.w, self.s, self.shape.n, self.walk
        time = walk.time(first, events, e)
        s.store(s.const(0.0), self.carried)
        twice = s.place(e, 2, 0)
        with w.when(w.let(f"icmp slt i64 {e}, {events}")):
            if self.shape.spikes:
                self._while_at(w.let(f"add i64 {twice}, 1"), self._set_off)
            self._arrival(w.let(f"add i64 {first}, {e}"))
        s.store(time, self.now)
        if self.shape.spikes:
            self._while_at(twice, self._spike)
        previous = w.let(f"sub i64 {e}, 1")
        begins = w.let(f"icmp sge i64 {previous}, 0")
        before = s.pick(
            begins, walk.time(first, events, s.pick(begins, previous, "0", "i64")), s.const(0.0)
        )
        now = s.load(self.now)
        length = s.op("fsub", now, before)
        whole = s.test("oeq", now, time)
        if self.shape.learn:
            self._integrate(length, s.at(kept, e, n))
        with w.when(s.test("ogt", length, s.const(0.0))):
            with w.when(whole):
                matrix = s.at("%scratch", e, n * n)
                moved = s.product(matrix, self.shape.moves, s.vector(self.lam), True)
                s.put(moved, self.seen)
            with w.when(w.let(f"xor i1 {whole}, true")):
                walk.advance(length, self.lam, self.seen, back=True)
            s.put(s.vector(self.seen), self.lam)

    def _while_at(self, place: str, act: object) -> None:
        """Act on every spike that stands at a place, the last first."""
        w, s = self.w, self.s

        def more(carried: tuple[str, ...]) -> str:
            some = w.let(f"icmp sgt i64 {carried[0]}, 0")
            j = s.pick(some, w.let(f"sub i64 {carried[0]}, 1"), "0", "i64")
            at = w.let(f"add i64 {self.row}, {j}")
            address = w.let(f"getelementptr i64, ptr {self.walk.given['place']}, i64 {at}")
            safe = s.pick(some, address, self.left, "ptr")
            here = w.let(f"load i64, ptr {safe}, align 8")
            return w.let(f"and i1 {some}, {w.let(f'icmp eq i64 {here}, {place}')}")

        def turn(carried: tuple[str, ...]) -> list[str]:
            j = w.let(f"sub i64 {carried[0]}, 1")
            act(w.let(f"add i64 {self.row}, {j}"))  # type: ignore[operator]
            return [j]

        before = w.let(f"load i64, ptr {self.left}, align 8")
        done = w.repeat([("i64", before)], more, turn)
        w.put(f"store i64 {done[0]}, ptr {self.left}, align 8")

    def _arrival(self, event: str) -> None:
        s, walk = self.s, self.walk
        weight, source, size = self._weight(event)
        lam, b = s.vector(self.lam), s.vector(walk.group["b"])
        s.add_to(s.op("fmul", size, s.dot(lam, b)), self.to_weights, source)
        push = s.dot(lam, s.product(walk.group["A"], self.shape.flows, b))
        shift = s.op("fsub", s.load(self.carried), s.op("fmul", weight, push))
        s.add_to(shift, walk.given["d_times"], event)
        if self.shape.learn:
            for i, x in enumerate(lam):
                s.add_to(s.op("fmul", weight, x), self.part("d_b"), i)

    def _total(self, j: str) -> tuple[str, list[str], list[str], str]:
        """λ⁺·(R f⁻ − f⁺) + ∂L/∂t + ∂L/∂z·f⁻; the adjoint before the jump; z⁻; r f⁻."""
        s, walk, shape = self.s, self.walk, self.shape
        A, R, given = walk.group["A"], walk.group["R"], walk.given
        lam = s.vector(self.lam)
        z = s.vector(s.at(given["states"], j, shape.n))
        to_state = s.vector(s.at(given["to_states"], j, shape.n))
        after = s.product(R, shape.resets, z)
        s.put(after, self.start)
        flow = s.product(A, shape.flows, z)
        jump = s.product(R, shape.resets, flow)
        later = s.product(A, shape.flows, after)
        gap = [s.op("fsub", x, y) for x, y in zip(jump, later, strict=True)]
        total = s.op("fadd", s.dot(lam, gap), s.load(given["to_spikes"], j))
        total = s.op("fadd", total, s.dot(to_state, flow))
        back = s.product(R, shape.resets, lam, True)
        new = [s.op("fadd", x, y) for x, y in zip(back, to_state, strict=True)]
        if shape.learn:
            for i, x in enumerate(lam):
                for k, y in enumerate(z):
                    s.add_to(s.op("fmul", x, y), self.part("d_R"), i * shape.n + k)
        return total, new, z, s.dot(s.vector(walk.group["r"]), flow)

    def _set_off(self, j: str) -> None:
        total, new, _, _ = self._total(j)
        self.s.put(new, self.lam)
        self.s.store(total, self.carried)

    def _spike(self, j: str) -> None:
        w, s, walk = self.w, self.s, self.walk
        time = s.load(walk.given["spikes"], j)
        length = s.op("fsub", s.load(self.now), time)
        if self.shape.learn:
            z = s.vector(s.at(walk.given["states"], j, self.shape.n))
            s.put(s.product(walk.group["R"], self.shape.resets, z), self.start)
            self._integrate(length, self.start)
        walk.advance(length, self.lam, self.seen, back=True)
        s.put(s.vector(self.seen), self.lam)
        s.store(time, self.now)
        total, new, z, rise = self._total(j)
        flat = s.test("olt", rise, walk.given["slope"])
        with w.when(flat):
            before = w.let(f"load i64, ptr {walk.given['clipped']}, align 8")
            w.put(
                f"store i64 {w.let(f'add i64 {before}, 1')}, ptr {walk.given['clipped']}, align 8"
            )
        share = s.op("fdiv", total, s.pick(flat, walk.given["slope"], rise))
        minus = w.let(f"fneg double {share}")
        r = s.vector(walk.group["r"])
        s.put([s.fma(minus, y, x) for x, y in zip(new, r, strict=True)], self.lam)
        if self.shape.learn:
            for i, x in enumerate(z):
                s.add_to(s.op("fmul", minus, x), self.part("d_r"), i)

    def _integrate(self, length: str, start: str) -> None:
        """Add ∫ λ zᵀ dt over a piece without events, by Gauss's rule on each time constant."""
        w, s, walk, n = self.w, self.s, self.walk, self.shape.n
        spans = s.fma(length, walk.given["rho"], s.const(1.0))
        pieces = w.let(f"fptosi double {spans} to i64")
        pieces = s.pick(s.test("ogt", length, s.const(0.0)), pieces, "0", "i64")
        each = s.op("fdiv", length, w.let(f"sitofp i64 {pieces} to double"))
        sums = self.part("d_A")
        nodes, shares = np.polynomial.legendre.leggauss(POINTS)
        with w.loop("0", pieces) as loop:
            begin = s.op("fmul", w.let(f"sitofp i64 {loop.index} to double"), each)
            for node, share in zip(nodes.tolist(), shares.tolist(), strict=True):
                at = s.fma(each, s.const((node + 1) / 2), begin)
                walk.advance(at, start, self.piece)
                walk.advance(s.op("fsub", length, at), self.lam, self.seen, back=True)
                z, lam = s.vector(self.piece), s.vector(self.seen)
                weight = s.op("fmul", each, s.const(share / 2))
                for i, x in enumerate(lam):
                    scaled = s.op("fmul", weight, x)
                    for k, y in enumerate(z):
                        s.add_to(s.op("fmul", scaled, y), sums, i * n + k)

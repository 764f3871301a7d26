"""deliver: the rows of the neurons that spiked, added to the rings of their targets.

How the synapses of a row lie in memory is said by `Rows`. In all forms each element of a ring gets
its sums in the same order: within a row, synapses of one target and one delay keep their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spikeloom.engines.cpu.text import Writer

SLOTS = (
    *("starts", "ends", "targets", "weights", "ring", "heads", "head_starts", "scratch"),
    *("padded", "slots", "delay", "step"),
)
"""Words of the kernel: addresses, then numbers. Rows of this part: ``starts, ends`` (N,); their
``head_starts`` and the next, one for each part in turn."""
AHEAD = 8
"""Rows whose memory is asked for before their turn; where they lie, as many rows earlier."""
MOST_LINES = 4
"""Lines of each array that are asked for; the processor sees by itself how a row goes on."""
LANES = 16
"""Weights of 24 bits that are unpacked together."""
PARAMETERS = "ptr noalias %slots, i64 %slot, i64 %count, ptr noalias %ids"


@dataclass(frozen=True, slots=True)
class Rows:
    """What kind of synapses.

    Arguments:
        dtype: Of ring and weights.
        targets: Bits of a target, counted from the first of the part, or of a place.
        delays: ``"one"``: all are equal. ``"heads"``: a row is sorted by delay; pairs (delay,
            count) head its runs of equal delay. ``"places"``: a target is a place in the ring,
            ``delay * padded + target``.
        heads: Bits of each number of a head.
        weights: ``"one"`` number for all; ``"fixed"``: whole numbers of 24 bits times a power of
            two; ``"own"``: numbers like those of the ring.
        parts: In how many parts each row is cut.
        lines: Lines of 64 bytes that targets of a row take, about.
    """

    dtype: str
    targets: Literal[16, 32, 64] = 32
    delays: Literal["one", "heads", "places"] = "one"
    heads: Literal[8, 16] = 8
    weights: Literal["one", "fixed", "own"] = "one"
    parts: int = 1
    lines: int = 1

    @property
    def text(self) -> str:
        """Itself as text, for the key of the cache."""
        return repr(self)


class _Deliver:
    """The kernel in the making: its words, and what is the same for all synapses."""

    def __init__(self, w: Writer, rows: Rows) -> None:
        self.w, self.rows = w, rows
        self.number, self.size = ("float", 4) if rows.dtype == "float32" else ("double", 8)
        self.s: dict[str, str] = {}
        for k, name in enumerate(SLOTS):
            at = w.let(f"getelementptr i64, ptr %slots, i64 {k}")
            kind = "ptr" if k < SLOTS.index("padded") else "i64"
            self.s[name] = w.let(f"load {kind}, ptr {at}, align 8", f"{name}.")
        self.only = None
        if rows.weights == "one":
            self.only = w.let(f"load {self.number}, ptr {self.s['weights']}, align {self.size}")

    def home(self, delay: str) -> str:
        """Address of the first target in the slot of a delay."""
        w, s = self.w, self.s
        ahead = w.let(f"add i64 %slot, {delay}")
        back = w.let(f"sub i64 {ahead}, {s['slots']}")
        over = w.let(f"icmp sge i64 {ahead}, {s['slots']}")
        slot = w.let(f"select i1 {over}, i64 {back}, i64 {ahead}")
        return self.at(s["ring"], w.let(f"mul i64 {slot}, {s['padded']}"), self.number)

    def at(self, base: str, place: str, kind: str) -> str:
        return self.w.let(f"getelementptr {kind}, ptr {base}, i64 {place}")

    def whole(self, base: str, place: str, bits: int) -> str:
        """A whole number of some bits, as 64."""
        at = self.at(base, place, f"i{bits}")
        found = self.w.let(f"load i{bits}, ptr {at}, align {bits // 8}")
        return found if bits == 64 else self.w.let(f"zext i{bits} {found} to i64")

    def row(self, spike: str) -> tuple[str, str, str]:
        """Source of a spike, its first synapse and the one after the last."""
        source = self.whole("%ids", spike, 32)
        return source, self.whole(self.s["starts"], source, 64), self.whole(
            self.s["ends"], source, 64
        )  # fmt: skip

    def prefetch(self, at: str) -> None:
        arguments = f"ptr {at}, i32 0, i32 3, i32 1"
        types = "ptr, i32 immarg, i32 immarg, i32 immarg"
        self.w.call("void", "llvm.prefetch.p0", arguments, types)

    def ask(self, spike: str) -> None:
        """Ask for the memory of a row."""
        source, begin, _ = self.row(spike)
        self.lines(self.at(self.s["targets"], begin, f"i{self.rows.targets}"))
        if self.rows.weights == "own":
            self.lines(self.at(self.s["weights"], begin, self.number))
        if self.rows.weights == "fixed":
            self.lines(self.at(self.s["weights"], self.w.let(f"mul i64 {begin}, 3"), "i8"))
        if self.rows.delays == "heads":
            first = self.whole(self.s["head_starts"], self.times(source), 64)
            self.prefetch(self.at(self.s["heads"], first, f"<2 x i{self.rows.heads}>"))

    def lines(self, begin: str) -> None:
        for line in range(min(self.rows.lines, MOST_LINES)):
            self.prefetch(self.at(begin, str(64 * line), "i8"))

    def ask_where(self, spike: str) -> None:
        """Ask for the words that say where a row lies."""
        source = self.whole("%ids", spike, 32)
        self.prefetch(self.at(self.s["starts"], source, "i64"))
        if self.rows.delays == "heads":
            self.prefetch(self.at(self.s["head_starts"], self.times(source), "i64"))

    def times(self, source: str) -> str:
        return self.w.let(f"mul i64 {source}, {self.rows.parts}")

    def unpack(self, begin: str, end: str) -> str:
        """Weights of 24 bits -> numbers in the scratch memory; gives where synapse 0 would be."""
        w, s = self.w, self.s
        bits = w.let(f"trunc i64 {s['step']} to i32")
        step = w.let(f"bitcast i32 {bits} to float")
        full = f"<{LANES} x float>"
        one = w.let(f"insertelement {full} poison, float {step}, i64 0")
        steps = w.let(f"shufflevector {full} {one}, {full} poison, <{LANES} x i32> zeroinitializer")
        # Three bytes and a zero below them: the number times 256, its sign in place.
        picks = [x for k in range(LANES) for x in (64, 3 * k, 3 * k + 1, 3 * k + 2)]
        order = ", ".join(f"i32 {x}" for x in picks)
        with w.loop(begin, end, LANES) as loop:
            at = self.at(s["weights"], w.let(f"mul i64 {loop.index}, 3"), "i8")
            raw = w.let(f"load <64 x i8>, ptr {at}, align 1")
            spread = w.let(
                f"shufflevector <64 x i8> {raw}, <64 x i8> zeroinitializer, <64 x i32> <{order}>"
            )
            numbers = w.let(f"bitcast <64 x i8> {spread} to <{LANES} x i32>")
            floats = w.let(f"sitofp <{LANES} x i32> {numbers} to {full}")
            scaled = w.let(f"fmul {full} {floats}, {steps}")
            place = w.let(f"sub i64 {loop.index}, {begin}")
            w.put(f"store {full} {scaled}, ptr {self.at(s['scratch'], place, 'float')}, align 4")
        return self.at(s["scratch"], w.let(f"sub i64 0, {begin}"), "float")

    def add(self, at: str, synapse: str, weights: str) -> None:
        """The weight of a synapse to an element of the ring."""
        w = self.w
        weight = self.only
        if weight is None:
            place = self.at(weights, synapse, self.number)
            weight = w.let(f"load {self.number}, ptr {place}, align {self.size}")
        sum_ = w.let(f"load {self.number}, ptr {at}, align {self.size}")
        sum_ = w.let(f"fadd {self.number} {sum_}, {weight}")
        w.put(f"store {self.number} {sum_}, ptr {at}, align {self.size}")

    def run(self, home: str, begin: str, end: str, weights: str) -> None:
        """Synapses of one delay."""
        with self.w.loop(begin, end) as synapses:
            target = self.whole(self.s["targets"], synapses.index, self.rows.targets)
            self.add(self.at(home, target, self.number), synapses.index, weights)

    def runs(self, source: str, begin: str, weights: str) -> None:
        """The runs of a row that is sorted by delay."""
        w, s, bits = self.w, self.s, self.rows.heads
        place = self.times(source)
        first = self.whole(s["head_starts"], place, 64)
        last = self.whole(s["head_starts"], w.let(f"add i64 {place}, 1"), 64)
        with w.loop(first, last, carried=[("i64", begin)]) as heads:
            twice = w.let(f"shl i64 {heads.index}, 1")
            home = self.home(self.whole(s["heads"], twice, bits))
            count = self.whole(s["heads"], w.let(f"add i64 {twice}, 1"), bits)
            stop = w.let(f"add i64 {heads.carried[0]}, {count}")
            self.run(home, heads.carried[0], stop, weights)
            heads.next = (stop,)

    def scattered(self, begin: str, end: str, weights: str) -> None:
        """Synapses that say themselves where in the ring they end."""
        w, s = self.w, self.s
        base = w.let(f"mul i64 %slot, {s['padded']}")
        whole = w.let(f"mul i64 {s['slots']}, {s['padded']}")
        with w.loop(begin, end) as synapses:
            place = self.whole(s["targets"], synapses.index, self.rows.targets)
            ahead = w.let(f"add i64 {base}, {place}")
            back = w.let(f"sub i64 {ahead}, {whole}")
            over = w.let(f"icmp sge i64 {ahead}, {whole}")
            place = w.let(f"select i1 {over}, i64 {back}, i64 {ahead}")
            self.add(self.at(s["ring"], place, self.number), synapses.index, weights)


def write_deliver(rows: Rows) -> str:
    """The module with ``deliver``; ``%slot`` is where spikes with no delay arrive."""
    w = Writer()
    with w.function("deliver", PARAMETERS):
        d = _Deliver(w, rows)
        home = d.home(d.s["delay"]) if rows.delays == "one" else ""
        last = w.let("sub i64 %count, 1")
        with w.loop("0", "%count") as spikes:
            for ahead, ask in ((2 * AHEAD, d.ask_where), (AHEAD, d.ask)):
                later = w.let(f"add i64 {spikes.index}, {ahead}")
                ask(w.call("i64", "llvm.smin.i64", f"i64 {later}, i64 {last}", "i64, i64"))
            source, begin, end = d.row(spikes.index)
            weights = d.unpack(begin, end) if rows.weights == "fixed" else d.s["weights"]
            if rows.delays == "one":
                d.run(home, begin, end, weights)
            elif rows.delays == "heads":
                d.runs(source, begin, weights)
            else:
                d.scattered(begin, end, weights)
    return f"; deliver: {rows!r}\n{w.text()}\n"

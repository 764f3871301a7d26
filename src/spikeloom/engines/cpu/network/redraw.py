"""redraw: the rows of the neurons that spiked, drawn at that moment and added to the rings.

A row comes from the kernels that build graphs, called for that one row: so it has the bits that a
builder would have written down. Each thread draws whole rows, as far as its own targets go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.wiring import pick, skip, values
from spikeloom.engines.cpu.wiring.lanes import BATCH, Memory, Slots

SLOTS = (
    *("first_source", "first_row", "rows", "slots", "delay", "ends"),
    *("ptr graph", "ptr graph_words", "ptr graph_scratch", "ptr list", "ptr many", "ptr starts"),
    *("ptr weigh", "ptr weigh_words", "ptr weights"),
    *("ptr wait", "ptr wait_words", "ptr delays", "ptr receivers"),
)
"""``graph``, ``weigh`` and ``wait``: the kernels of rows, weights and delays, with their words.
``many``: where the first tells how long the row is. ``starts``: place of each row's first synapse.
``ends``: number of receivers."""
RECEIVER = ("low", "high", "ring", "padded")
"""Words of a receiver: its columns of this thread, where the ring of column 0 would be, and the
elements of a slot."""
PARAMETERS = "ptr noalias %slots, i64 %slot, i64 %count, ptr noalias %ids"
FIRST = {"skip": skip.SLOTS.index("first"), "pick": pick.SLOTS.index("first")}
"""The word that says from which row on a kernel counts."""
OUT = values.SLOTS.index("ptr out")


@dataclass(frozen=True, slots=True)
class Redraw:
    """What kind of connection.

    Arguments:
        dtype: Of rings and weights.
        kind: How rows are drawn.
        weights: Whether each synapse has its own.
        delays: Likewise.
    """

    dtype: str
    kind: Literal["skip", "pick", "same"]
    weights: bool
    delays: bool

    @property
    def text(self) -> str:
        """Itself as text, for the key of the cache."""
        return repr(self)


def write_redraw(r: Redraw) -> str:
    """The module with ``deliver``; ``%slot`` is where spikes with no delay arrive."""
    w = Writer()
    with w.function("deliver", PARAMETERS):
        d = _Redraw(w, r)
        with w.loop("0", "%count") as spikes:
            source = d.m.load_whole("%ids", spikes.index)
            inside = w.let(f"sub i64 {source}, {d.given['first_source']}")
            known = w.let(f"icmp ult i64 {inside}, {d.given['rows']}")
            with w.when(known):
                d.row(w.let(f"add i64 {inside}, {d.given['first_row']}"))
    return f"; redraw: {r!r}\n{w.text()}\n"


class _Redraw:
    def __init__(self, w: Writer, r: Redraw) -> None:
        self.w, self.r, self.m = w, r, Memory(w)
        self.given = Slots(w, SLOTS)
        self.number = "float" if r.dtype == "float32" else "double"
        self.only = None if r.weights else self.m.load(self.given["weights"], "0", self.number)

    def row(self, row: str) -> None:
        w, m, given, r = self.w, self.m, self.given, self.r
        if r.kind == "same":
            m.store_whole(row, given["list"], "0")
            count = "1"
        else:
            m.store(row, given["graph_words"], str(FIRST[r.kind]))
            words = f"ptr {given['graph_words']}, i64 0, i64 1, ptr {given['graph_scratch']}"
            w.put(f"call void {given['graph']}({words})")
            count = m.load(given["many"], "0")
        weights = delays = ""
        if r.weights or r.delays:
            start = m.load(given["starts"], row)
            size = "i32" if r.dtype == "float32" else "i64"
            if r.weights:
                weights = self.values("weigh", "weights", size, start, count)
            if r.delays:
                delays = self.values("wait", "delays", "i16", start, count)
        with w.loop("0", given["ends"]) as each:
            at = m.at(given["receivers"], w.let(f"mul i64 {each.index}, {len(RECEIVER)}"))
            low, high, padded = (
                m.load(at, str(RECEIVER.index(n))) for n in ("low", "high", "padded")
            )
            ring = m.load(at, str(RECEIVER.index("ring")), "ptr")
            begin, end = self.before(low, count), self.before(high, count)
            self.add(ring, padded, begin, end, weights, delays)

    def values(self, kernel: str, out: str, kind: str, start: str, count: str) -> str:
        """Draw the numbers of the row; gives where that of its first synapse is."""
        w, m, given = self.w, self.m, self.given
        first = w.let(f"lshr i64 {start}, {BATCH.bit_length() - 1}")
        stop = w.let(f"add i64 {w.let(f'add i64 {start}, {count}')}, {BATCH - 1}")
        stop = w.let(f"lshr i64 {stop}, {BATCH.bit_length() - 1}")
        back = w.let(f"sub i64 0, {w.let(f'mul i64 {first}, {BATCH}')}")
        home = m.at(given[out], back, kind)
        m.store(home, given[f"{kernel}_words"], str(OUT), "ptr")
        words = f"ptr {given[f'{kernel}_words']}, i64 {first}, i64 {stop}, ptr null"
        w.put(f"call void {given[kernel]}({words})")
        return m.at(home, start, kind)

    def before(self, column: str, count: str) -> str:
        """How many targets of the row are below a column; the row is in rising order."""
        w, m = self.w, self.m
        zeros = w.call("i64", "llvm.ctlz.i64", f"i64 {count}, i1 false", "i64, i1")
        turns = w.let(f"sub i64 64, {zeros}")
        with w.loop("0", turns, carried=[("i64", "0")]) as turn:
            back = w.let(f"sub i64 {w.let(f'sub i64 {turns}, 1')}, {turn.index}")
            place = w.let(f"add i64 {turn.carried[0]}, {w.let(f'shl i64 1, {back}')}")
            inside = w.let(f"icmp ule i64 {place}, {count}")
            at = w.let(f"select i1 {inside}, i64 {place}, i64 1")
            target = m.load_whole(self.given["list"], w.let(f"sub i64 {at}, 1"))
            below = w.let(f"icmp ult i64 {target}, {column}")
            go = w.let(f"and i1 {inside}, {below}")
            turn.next = (w.let(f"select i1 {go}, i64 {place}, i64 {turn.carried[0]}"),)
        return turn.results[0]

    def add(
        self, ring: str, padded: str, begin: str, end: str, weights: str, delays: str
    ) -> None:  # fmt: skip
        """Synapses begin to end of the row to a ring."""
        w, m = self.w, self.m
        home = "" if delays else self.home(ring, padded, self.given["delay"])
        with w.loop(begin, end) as synapse:
            if delays:
                delay = w.let(f"zext i16 {m.load(delays, synapse.index, 'i16')} to i64")
                place = self.home(ring, padded, delay)
            else:
                place = home
            at = m.at(place, m.load_whole(self.given["list"], synapse.index), self.number)
            weight = self.only or m.load(weights, synapse.index, self.number)
            sum_ = w.let(f"fadd {self.number} {m.load(at, '0', self.number)}, {weight}")
            m.store(sum_, at, "0", self.number)

    def home(self, ring: str, padded: str, delay: str) -> str:
        """Where column 0 would be in the slot of a delay."""
        w, slots = self.w, self.given["slots"]
        ahead = w.let(f"add i64 %slot, {delay}")
        back = w.let(f"sub i64 {ahead}, {slots}")
        over = w.let(f"icmp sge i64 {ahead}, {slots}")
        slot = w.let(f"select i1 {over}, i64 {back}, i64 {ahead}")
        return self.m.at(ring, w.let(f"mul i64 {slot}, {padded}"), self.number)

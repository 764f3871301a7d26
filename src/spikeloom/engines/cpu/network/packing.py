"""Kernel: rows as they come from a builder -> rows as `deliver` reads them."""

from __future__ import annotations

from spikeloom.engines.cpu.network.deliver import Rows
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.wiring.lanes import Memory, Slots

SLOTS = (
    *("ptr rows", "ptr bounds", "ptr lows", "ptr targets", "ptr delays", "ptr weights"),
    *("ptr new_targets", "ptr new_weights", "ptr heads", "ptr head_starts", "ptr used", "ptr bad"),
    *("shortest", "longest", "scale"),
)
"""Chunk c holds the rows from ``rows[c]`` to ``rows[c + 1]`` and may write as many heads as it has
synapses, from the place of its first synapse on. ``bounds``: an address for each border of parts;
``lows``: their first targets. ``scale``: bits of the float that makes weights whole."""
PARAMETERS = "ptr noalias %slots, i64 %begin, i64 %end, ptr noalias %scratch"


def write_pack(rows: Rows) -> str:
    """The module with ``pack``: chunks of rows, begin to end; scratch: a number for each delay."""
    w = Writer()
    with w.function("pack", PARAMETERS):
        p = _Pack(w, rows)
        if rows.delays == "heads":
            p.clear()
        with w.loop("%begin", "%end") as chunk:
            p.chunk(chunk.index)
    return w.text()


CUT_SLOTS = ("ptr indptr", "ptr targets", "border", "ptr passed")


def write_cut() -> str:
    """The module with ``cut``: where rows, begin to end, pass a border."""
    w = Writer()
    m = Memory(w)
    with w.function("cut", PARAMETERS):
        given = Slots(w, CUT_SLOTS)
        with w.loop("%begin", "%end") as row:
            start = m.load(given["indptr"], row.index)
            stop = m.load(given["indptr"], w.let(f"add i64 {row.index}, 1"))
            with w.loop("0", "32", carried=[("i64", start)]) as turn:
                back = w.let(f"sub i64 31, {turn.index}")
                place = w.let(f"add i64 {turn.carried[0]}, {w.let(f'shl i64 1, {back}')}")
                inside = w.let(f"icmp sle i64 {place}, {stop}")
                last = w.let(f"sub i64 {place}, 1")
                at = w.let(f"select i1 {inside}, i64 {last}, i64 0")
                target = m.load_whole(given["targets"], at)
                below = w.let(f"icmp slt i64 {target}, {given['border']}")
                go = w.let(f"and i1 {inside}, {below}")
                turn.next = (w.let(f"select i1 {go}, i64 {place}, i64 {turn.carried[0]}"),)
            m.store(turn.results[0], given["passed"], row.index)
    return w.text()


class _Pack:
    def __init__(self, w: Writer, rows: Rows) -> None:
        self.w, self.rows, self.m = w, rows, Memory(w)
        self.given = Slots(w, SLOTS)
        self.float = "float" if rows.dtype == "float32" else "double"
        if rows.weights == "fixed":
            bits = w.let(f"trunc i64 {self.given['scale']} to i32")
            self.scale = w.let(f"bitcast i32 {bits} to float")
        self.filled, self.bad = (w.let("alloca i64, align 8") for _ in range(2))

    def chunk(self, chunk: str) -> None:
        w, m, given, parts = self.w, self.m, self.given, self.rows.parts
        low = m.load(given["rows"], chunk)
        high = m.load(given["rows"], w.let(f"add i64 {chunk}, 1"))
        bounds = [m.load(given["bounds"], str(k), "ptr") for k in range(parts + 1)]
        lows = [m.load(given["lows"], str(k)) for k in range(parts)]
        first = m.load(bounds[0], low)
        w.put(f"store i64 {first}, ptr {self.filled}, align 8")
        w.put(f"store i64 0, ptr {self.bad}, align 8")
        with w.loop(low, high) as row:
            place = w.let(f"mul i64 {row.index}, {parts}")
            for k in range(parts):
                begin, end = m.load(bounds[k], row.index), m.load(bounds[k + 1], row.index)
                if self.rows.delays == "heads":
                    now = w.let(f"load i64, ptr {self.filled}, align 8")
                    here = w.let(f"sub i64 {now}, {first}")
                    m.store(here, given["head_starts"], w.let(f"add i64 {place}, {k}"))
                    self.sort(begin, end, lows[k])
                else:
                    with w.loop(begin, end) as item:
                        self.move(item.index, item.index, lows[k])
        now = w.let(f"load i64, ptr {self.filled}, align 8")
        m.store(w.let(f"sub i64 {now}, {first}"), given["used"], chunk)
        m.store(w.let(f"load i64, ptr {self.bad}, align 8"), given["bad"], chunk)

    def clear(self) -> None:
        """No synapse of any delay yet."""
        at = self.m.at("%scratch", self.given["shortest"])
        span = self.w.let(f"sub i64 {self.given['longest']}, {self.given['shortest']}")
        size = self.w.let(f"shl i64 {self.w.let(f'add i64 {span}, 1')}, 3")
        arguments = f"ptr {at}, i8 0, i64 {size}, i1 false"
        self.w.call("void", "llvm.memset.p0.i64", arguments, "ptr, i8, i64, i1")

    def sort(self, begin: str, end: str, low: str) -> None:
        """Part of a row by delay, and its heads."""
        w, m, given = self.w, self.m, self.given
        with w.loop(begin, end) as item:
            delay = self.delay(item.index)
            m.store(w.let(f"add i64 {m.load('%scratch', delay)}, 1"), "%scratch", delay)
        beyond = w.let(f"add i64 {given['longest']}, 1")
        with w.when(w.let(f"icmp slt i64 {begin}, {end}")):
            with w.loop(given["shortest"], beyond, carried=[("i64", begin)]) as each:
                count = m.load("%scratch", each.index)
                m.store(each.carried[0], "%scratch", each.index)
                self.head(each.index, count)
                each.next = (w.let(f"add i64 {each.carried[0]}, {count}"),)
            with w.loop(begin, end) as item:
                delay = self.delay(item.index)
                place = m.load("%scratch", delay)
                m.store(w.let(f"add i64 {place}, 1"), "%scratch", delay)
                self.move(item.index, place, low)
            self.clear()

    def delay(self, synapse: str) -> str:
        found = self.m.load(self.given["delays"], synapse, "i16")
        return self.w.let(f"zext i16 {found} to i64")

    def head(self, delay: str, count: str) -> None:
        """One head, or several where the count is too large for one."""
        w, m, bits = self.w, self.m, self.rows.heads
        most = (1 << bits) - 1
        with w.loop("0", count, most) as part:
            left = w.let(f"sub i64 {count}, {part.index}")
            some = w.call("i64", "llvm.umin.i64", f"i64 {left}, i64 {most}", "i64, i64")
            place = w.let(f"load i64, ptr {self.filled}, align 8")
            twice = w.let(f"shl i64 {place}, 1")
            for value, at in ((delay, twice), (some, w.let(f"or i64 {twice}, 1"))):
                narrow = w.let(f"trunc i64 {value} to i{bits}")
                m.store(narrow, self.given["heads"], at, f"i{bits}")
            w.put(f"store i64 {w.let(f'add i64 {place}, 1')}, ptr {self.filled}, align 8")

    def move(self, synapse: str, place: str, low: str) -> None:
        """One synapse to its new place."""
        w, m, given, bits = self.w, self.m, self.given, self.rows.targets
        target = w.let(f"sub i64 {m.load_whole(given['targets'], synapse)}, {low}")
        narrow = w.let(f"trunc i64 {target} to i{bits}")
        m.store(narrow, given["new_targets"], place, f"i{bits}")
        if self.rows.weights == "own" and self.rows.delays == "heads":
            weight = m.load(given["weights"], synapse, self.float)
            m.store(weight, given["new_weights"], place, self.float)
        if self.rows.weights == "fixed":
            weight = m.load(given["weights"], synapse, "float")
            scaled = w.let(f"fmul float {weight}, {self.scale}")
            whole = w.let(f"fptosi float {scaled} to i32")
            back = w.let(f"sitofp i32 {whole} to float")
            wrong = w.let(f"zext i1 {w.let(f'fcmp une float {back}, {scaled}')} to i64")
            seen = w.let(f"or i64 {w.let(f'load i64, ptr {self.bad}, align 8')}, {wrong}")
            w.put(f"store i64 {seen}, ptr {self.bad}, align 8")
            at = w.let(f"mul i64 {place}, 3")
            low_part = w.let(f"trunc i32 {whole} to i16")
            address = m.at(given["new_weights"], at, "i8")
            w.put(f"store i16 {low_part}, ptr {address}, align 1")
            high_part = w.let(f"trunc i32 {w.let(f'lshr i32 {whole}, 16')} to i8")
            m.store(high_part, given["new_weights"], w.let(f"add i64 {at}, 2"), "i8")

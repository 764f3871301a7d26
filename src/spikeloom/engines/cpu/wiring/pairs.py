"""Kernels: pairs drawn with replacement, and lists turned over from columns to rows."""

from __future__ import annotations

from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.wiring.lanes import BATCH, LANES, Dice, Lanes, Memory, Slots
from spikeloom.engines.wiring.formulas import below

PAIR_SLOTS = (
    "low",
    "high",
    "sources",
    "width",
    "shift",
    "total",
    "ptr bounds",
    "ptr places",
    "ptr out",
)
COUNT_SLOTS = ("ptr bounds", "width", "ptr list", "ptr places")
SCATTER_SLOTS = ("ptr bounds", "width", "count", "ptr list", "ptr places", "ptr out")
PARAMETERS = "ptr noalias %slots, i64 %begin, i64 %end, ptr noalias %scratch"


def write_pairs() -> str:
    """The module with ``pairs``: chunks of groups of 16 draws, begin to end.

    Each chunk has its own row of ``places``. With ``out`` null it counts there how many pairs begin
    at each source; else it takes and moves on the place where the next one goes.
    """
    w = Writer()
    o, m = Lanes(w), Memory(w)
    with w.function("pairs", PARAMETERS):
        given = Slots(w, PAIR_SLOTS)
        dice = Dice(o, given["low"], given["high"])
        heads, ends = (w.let(f"alloca [{BATCH} x i64], align 64") for _ in range(2))
        sources, width, shift = (o.splat(given[n], "i64") for n in ("sources", "width", "shift"))
        fill = w.let(f"icmp ne ptr {given['out']}, null")
        with w.loop("%begin", "%end") as chunk:
            low = m.load(given["bounds"], chunk.index)
            high = m.load(given["bounds"], w.let(f"add i64 {chunk.index}, 1"))
            places = m.at(given["places"], w.let(f"mul i64 {chunk.index}, {given['sources']}"))
            with w.loop(low, high) as group:
                first = w.let(f"mul i64 {group.index}, {BATCH}")
                for part, word in enumerate(dice.words("0", first)):
                    row = below(o, word, sources)
                    column = below(o, word * sources, width)
                    column = column + o.cast("zext", column >= row + shift, "i64")
                    m.store_lanes(row, m.at(heads, str(part * LANES)))
                    m.store_lanes(column, m.at(ends, str(part * LANES)))
                left = w.let(f"sub i64 {given['total']}, {first}")
                left = w.call("i64", "llvm.smin.i64", f"i64 {left}, i64 {BATCH}", "i64, i64")
                with w.loop("0", left) as item:
                    row_text = m.load(heads, item.index)
                    place = m.load(places, row_text)
                    m.store(w.let(f"add i64 {place}, 1"), places, row_text)
                    with w.when(fill):
                        m.store_whole(m.load(ends, item.index), given["out"], place)
    return w.text()


def write_count() -> str:
    """The module with ``count``: how often each number is in a chunk of a list."""
    w = Writer()
    m = Memory(w)
    with w.function("count", PARAMETERS):
        given = Slots(w, COUNT_SLOTS)
        with w.loop("%begin", "%end") as chunk:
            low = m.load(given["bounds"], chunk.index)
            high = m.load(given["bounds"], w.let(f"add i64 {chunk.index}, 1"))
            places = m.at(given["places"], w.let(f"mul i64 {chunk.index}, {given['width']}"))
            with w.loop(low, high) as item:
                value = m.load_whole(given["list"], item.index)
                m.store(w.let(f"add i64 {m.load(places, value)}, 1"), places, value)
    return w.text()


def write_scatter() -> str:
    """The module with ``scatter``: each number of row r in the list gets r into its own row."""
    w = Writer()
    m = Memory(w)
    with w.function("scatter", PARAMETERS):
        given = Slots(w, SCATTER_SLOTS)
        with w.loop("%begin", "%end") as chunk:
            low = m.load(given["bounds"], chunk.index)
            high = m.load(given["bounds"], w.let(f"add i64 {chunk.index}, 1"))
            places = m.at(given["places"], w.let(f"mul i64 {chunk.index}, {given['width']}"))
            with w.loop(low, high) as row:
                start = w.let(f"mul i64 {row.index}, {given['count']}")
                with w.loop("0", given["count"]) as item:
                    value = m.load_whole(given["list"], w.let(f"add i64 {start}, {item.index}"))
                    place = m.load(places, value)
                    m.store(w.let(f"add i64 {place}, 1"), places, value)
                    m.store_whole(row.index, given["out"], place)
    return w.text()

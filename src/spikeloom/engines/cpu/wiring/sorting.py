"""Sorting short lists of uint32, for rows that come in the order of their draws."""

from __future__ import annotations

from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.wiring.lanes import Memory, Slots

SORT_SLOTS = ("ptr indptr", "ptr out", "room", "digit", "passes")


def passes(length: float, values: int) -> tuple[int, int]:
    """(bits of a digit, passes) that sort a list of about this length fastest.

    The number of passes is even, so the result ends where it began.

    >>> passes(1000, 10_000), passes(10, 1 << 20)
    ((7, 2), (5, 4))
    """
    bits = max((values - 1).bit_length(), 1)
    options = [(-(-bits // n), n) for n in (2, 4, 6)]
    return min(options, key=lambda d: d[1] * (6 * length + 3 * 2 ** d[0]))


def write_sort(w: Writer) -> None:
    """The function ``sort_list``: radix sort, lowest digit first."""
    m = Memory(w)
    parameters = "ptr %a, ptr %b, ptr %places, i64 %count, i64 %digit, i64 %passes"
    with w.function("sort_list", parameters):
        buckets = w.let("shl i64 1, %digit")
        mask = w.let(f"sub i64 {buckets}, 1")
        size = w.let(f"shl i64 {buckets}, 3")
        with w.loop("0", "%passes") as turn:
            odd = w.let(f"trunc i64 {turn.index} to i1")
            source = w.let(f"select i1 {odd}, ptr %b, ptr %a")
            target = w.let(f"select i1 {odd}, ptr %a, ptr %b")
            shift = w.let(f"mul i64 {turn.index}, %digit")
            w.call(
                "void",
                "llvm.memset.p0.i64",
                f"ptr %places, i8 0, i64 {size}, i1 false",
                "ptr, i8, i64, i1",
            )
            with w.loop("0", "%count") as item:
                value = m.load_whole(source, item.index)
                bucket = w.let(f"and i64 {w.let(f'lshr i64 {value}, {shift}')}, {mask}")
                more = w.let(f"add i64 {m.load('%places', bucket)}, 1")
                m.store(more, "%places", bucket)
            with w.loop("0", buckets, carried=[("i64", "0")]) as each:
                found = m.load("%places", each.index)
                m.store(each.carried[0], "%places", each.index)
                each.next = (w.let(f"add i64 {each.carried[0]}, {found}"),)
            with w.loop("0", "%count") as item:
                value = m.load_whole(source, item.index)
                bucket = w.let(f"and i64 {w.let(f'lshr i64 {value}, {shift}')}, {mask}")
                place = m.load("%places", bucket)
                m.store_whole(value, target, place)
                m.store(w.let(f"add i64 {place}, 1"), "%places", bucket)


def write_sort_rows() -> str:
    """The module with ``sort_rows``: the rows of a graph, begin to end."""
    w = Writer()
    write_sort(w)
    m = Memory(w)
    with w.function("sort_rows", "ptr noalias %slots, i64 %begin, i64 %end, ptr noalias %scratch"):
        given = Slots(w, SORT_SLOTS)
        other = m.at("%scratch", given["room"], "i8")
        with w.loop("%begin", "%end") as row:
            start = m.load(given["indptr"], row.index)
            end = m.load(given["indptr"], w.let(f"add i64 {row.index}, 1"))
            count = w.let(f"sub i64 {end}, {start}")
            at = m.at(given["out"], start, "i32")
            w.put(
                f"call void @sort_list(ptr {at}, ptr {other}, ptr %scratch, i64 {count}, "
                f"i64 {given['digit']}, i64 {given['passes']})"
            )
    return w.text()

"""Kernel: a fixed number of columns for each row."""

from __future__ import annotations

from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.wiring.lanes import BATCH, LANES, Dice, Lanes, Memory, Num, Slots
from spikeloom.engines.cpu.wiring.sorting import write_sort
from spikeloom.engines.wiring.formulas import below

SLOTS = (
    "low",
    "high",
    "columns",
    "shift",
    "first",
    "count",
    "multapses",
    "scan",
    "ordered",
    "digit",
    "passes",
    "words",
    "list_at",
    "other_at",
    "places_at",
    "ptr out",
)
"""``words``: of the set of columns, at the start of the scratch memory; the ``…_at`` are the bytes
at which its lists lie there. ``scan``: read the set out from end to end, which sorts it."""


class _Row:
    """What a row may choose from."""

    def __init__(self, w: Writer, o: Lanes, given: Slots, index: str) -> None:
        self.number = w.let(f"add i64 {index}, {given['first']}")
        own = w.let(f"add i64 {self.number}, {given['shift']}")
        inside = w.let(f"icmp ult i64 {own}, {given['columns']}")
        # A neuron that is not among the columns is given a number that no column reaches.
        self.own = w.let(f"select i1 {inside}, i64 {own}, i64 {1 << 62}")
        less = w.let(f"zext i1 {inside} to i64")
        self.n = w.let(f"sub i64 {given['columns']}, {less}")
        self.owns, self.ns = o.splat(self.own, "i64"), o.splat(self.n, "i64")

    def around(self, w: Writer, column: str) -> str:
        """A column counted without the row's own neuron → counted with it."""
        beyond = w.let(f"icmp uge i64 {column}, {self.own}")
        return w.let(f"add i64 {column}, {w.let(f'zext i1 {beyond} to i64')}")


def write_pick() -> str:
    """The module with ``pick``: rows begin to end, each of ``count`` places in ``out``."""
    w = Writer()
    write_sort(w)
    o, m = Lanes(w), Memory(w)
    with w.function("pick", "ptr noalias %slots, i64 %begin, i64 %end, ptr noalias %scratch"):
        given = Slots(w, SLOTS)
        dice = Dice(o, given["low"], given["high"])
        listed = m.at("%scratch", given["list_at"], "i8")
        batch = w.let(f"alloca [{BATCH} x i64], align 64")
        index, got = (w.let("alloca i64, align 8") for _ in range(2))
        size = w.let(f"shl i64 {given['words']}, 3")
        arguments = f"ptr %scratch, i8 0, i64 {size}, i1 false"
        w.call("void", "llvm.memset.p0.i64", arguments, "ptr, i8, i64, i1")
        many = w.let(f"icmp ne i64 {given['multapses']}, 0")
        twice = w.let(f"shl i64 {given['count']}, 1")
        with w.loop("%begin", "%end") as rows:
            row = _Row(w, o, given, rows.index)
            start = w.let(f"mul i64 {rows.index}, {given['count']}")
            out = m.at(given["out"], start, "i32")

            with w.when(many):
                with w.loop("0", given["count"], BATCH) as draw:
                    for part, word in enumerate(dice.words(row.number, draw.index)):
                        column = below(o, word, row.ns)
                        column = column + o.cast("zext", column >= row.owns, "i64")
                        at = w.let(f"add i64 {draw.index}, {part * LANES}")
                        m.store_lanes(o.cast("trunc", column, "i32"), m.at(listed, at, "i32"))
                _deliver(w, m, given, listed, out)

            with w.when(w.let(f"xor i1 {many}, true")):
                most = w.let(f"icmp ugt i64 {twice}, {row.n}")
                rest = w.let(f"sub i64 {row.n}, {given['count']}")
                few = w.let(f"select i1 {most}, i64 {rest}, i64 {given['count']}")
                _collect(w, o, m, dice, row, few, listed, (batch, index, got))
                scan = w.let(f"icmp ne i64 {given['scan']}, 0")
                scan = w.let(f"or i1 {scan}, {most}")
                with w.when(scan):
                    _read_out(w, m, given, row, most, out)
                with w.when(w.let(f"xor i1 {scan}, true")):
                    with w.loop("0", few) as item:
                        value = m.load_whole(listed, item.index)
                        m.store("0", "%scratch", w.let(f"lshr i64 {value}, 6"))
                        m.store_whole(row.around(w, value), listed, item.index)
                    _deliver(w, m, given, listed, out)
    return w.text()


def _collect(
    w: Writer, o: Lanes, m: Memory, dice: Dice, row: _Row, few: str, listed: str,
    variables: tuple[str, str, str],
) -> None:  # fmt: skip
    """Draw until `few` different columns are in the set and in the list."""
    batch, index, got = variables
    w.put(f"store i64 0, ptr {index}, align 8")
    w.put(f"store i64 0, ptr {got}, align 8")
    again, after = w.name("again"), w.name("after")
    w.put(f"br label %{again}")
    w.label(again)
    at = w.let(f"load i64, ptr {index}, align 8")
    for part, word in enumerate(dice.words(row.number, at)):
        column: Num = below(o, word, row.ns)
        m.store_lanes(column, m.at(batch, str(part * LANES)))
    have = w.let(f"load i64, ptr {got}, align 8")
    with w.loop("0", str(BATCH), carried=[("i64", have)]) as draw:
        have = draw.carried[0]
        value = m.load(batch, draw.index)
        place = w.let(f"lshr i64 {value}, 6")
        bit = w.let(f"shl i64 1, {w.let(f'and i64 {value}, 63')}")
        seen = m.load("%scratch", place)
        new = w.let(f"icmp eq i64 {w.let(f'and i64 {seen}, {bit}')}, 0")
        take = w.let(f"and i1 {new}, {w.let(f'icmp ult i64 {have}, {few}')}")
        added = w.let(f"select i1 {take}, i64 {bit}, i64 0")
        m.store(w.let(f"or i64 {seen}, {added}"), "%scratch", place)
        m.store_whole(value, listed, have)
        draw.next = (w.let(f"add i64 {have}, {w.let(f'zext i1 {take} to i64')}"),)
    w.put(f"store i64 {draw.results[0]}, ptr {got}, align 8")
    w.put(f"store i64 {w.let(f'add i64 {at}, {BATCH}')}, ptr {index}, align 8")
    missing = w.let(f"icmp ult i64 {draw.results[0]}, {few}")
    w.put(f"br i1 {missing}, label %{again}, label %{after}")
    w.label(after)


def _read_out(w: Writer, m: Memory, given: Slots, row: _Row, inverted: str, out: str) -> None:
    """The set in rising order, or all columns that are not in it; the set is empty afterwards."""
    flip = w.let(f"select i1 {inverted}, i64 -1, i64 0")
    with w.loop("0", given["words"], carried=[("i64", "0")]) as word:
        base = w.let(f"shl i64 {word.index}, 6")
        bits = w.let(f"xor i64 {m.load('%scratch', word.index)}, {flip}")
        m.store("0", "%scratch", word.index)
        left = w.let(f"sub i64 {row.n}, {base}")  # columns from this word on
        some = w.let(f"icmp sgt i64 {left}, 0")
        full = w.let(f"icmp sge i64 {left}, 64")
        part = w.let(f"shl i64 1, {w.let(f'and i64 {left}, 63')}")
        part = w.let(f"sub i64 {part}, 1")
        valid = w.let(f"select i1 {full}, i64 -1, i64 {part}")
        valid = w.let(f"select i1 {some}, i64 {valid}, i64 0")
        bits = w.let(f"and i64 {bits}, {valid}")
        found = w.call("i64", "llvm.ctpop.i64", f"i64 {bits}", "i64")
        with w.loop("0", found, carried=[("i64", bits)]) as item:
            now = item.carried[0]
            bit = w.call("i64", "llvm.cttz.i64", f"i64 {now}, i1 true", "i64, i1")
            column = row.around(w, w.let(f"add i64 {base}, {bit}"))
            place = w.let(f"add i64 {word.carried[0]}, {item.index}")
            m.store_whole(column, out, place)
            item.next = (w.let(f"and i64 {now}, {w.let(f'sub i64 {now}, 1')}"),)
        word.next = (w.let(f"add i64 {word.carried[0]}, {found}"),)


def _deliver(w: Writer, m: Memory, given: Slots, listed: str, out: str) -> None:
    """Sort the list if that is wanted, and copy it to its row."""
    with w.when(w.let(f"icmp ne i64 {given['ordered']}, 0")):
        other, places = (m.at("%scratch", given[n], "i8") for n in ("other_at", "places_at"))
        w.put(
            f"call void @sort_list(ptr {listed}, ptr {other}, ptr {places}, i64 {given['count']}, "
            f"i64 {given['digit']}, i64 {given['passes']})"
        )
    size = w.let(f"shl i64 {given['count']}, 2")
    arguments = f"ptr {out}, ptr {listed}, i64 {size}, i1 false"
    w.call("void", "llvm.memcpy.p0.p0.i64", arguments, "ptr, ptr, i64, i1")

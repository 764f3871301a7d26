"""Kernel: each pair with one probability, by the gaps between targets."""

from __future__ import annotations

from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.wiring.lanes import BATCH, LANES, Dice, Lanes, Memory, Num, Slots
from spikeloom.engines.wiring.formulas import logarithm, unit_closed

SLOTS = (
    "low",
    "high",
    "double factor",
    "targets",
    "first",
    "shift",
    "ptr bounds",
    "ptr starts",
    "ptr limits",
    "ptr used",
    "ptr counts",
    "ptr out",
)
ROOM = BATCH + LANES
"""Elements behind each chunk that the kernel may write to."""


def write_skip() -> str:
    """The module with ``skip``: chunks of rows, begin to end.

    A chunk has its own part of the output; where that is full it stops, and the caller sees from
    the number of rows done that it must be given more.
    """
    w = Writer()
    o, m = Lanes(w), Memory(w)
    with w.function("skip", "ptr noalias %slots, i64 %begin, i64 %end, ptr noalias %scratch"):
        given = Slots(w, SLOTS)
        dice = Dice(o, given["low"], given["high"])
        factor, edge = (
            o.splat(given["factor"], "double"),
            o.as_number(o.splat(given["targets"], "i64")),
        )
        place, filled, index = (w.let("alloca i64, align 8") for _ in range(3))
        with w.loop("%begin", "%end") as chunk:
            _chunk(w, o, m, given, dice, factor, edge, chunk.index, (place, filled, index))
    return w.text()


def _chunk(
    w: Writer, o: Lanes, m: Memory, given: Slots, dice: Dice, factor: Num, edge: Num,
    chunk: str, variables: tuple[str, str, str],
) -> None:  # fmt: skip
    place, filled, index = variables
    start = m.load(given["starts"], chunk)
    limit = m.load(given["limits"], chunk)
    out = m.at(given["out"], start, "i32")
    low = m.load(given["bounds"], chunk)
    high = m.load(given["bounds"], w.let(f"add i64 {chunk}, 1"))
    w.put(f"store i64 0, ptr {filled}, align 8")
    with w.loop(low, high) as rows:
        row = w.let(f"add i64 {rows.index}, {given['first']}")
        own = w.let(f"add i64 {row}, {given['shift']}")
        inside = w.let(f"icmp ult i64 {own}, {given['targets']}")
        # A neuron that is not among the targets is given a number that no target reaches.
        own = w.let(f"select i1 {inside}, i64 {own}, i64 {1 << 62}")
        less = w.let(f"zext i1 {inside} to i64")
        width = w.let(f"sub i64 {given['targets']}, {less}")
        before = w.let(f"load i64, ptr {filled}, align 8")
        w.put(f"store i64 -1, ptr {place}, align 8")
        w.put(f"store i64 0, ptr {index}, align 8")
        again, after = w.name("again"), w.name("after")
        w.put(f"br label %{again}")
        w.label(again)
        at = w.let(f"load i64, ptr {index}, align 8")
        widths, owns = o.splat(width, "i64"), o.splat(own, "i64")
        for word in dice.words(row, at):
            gap = logarithm(o, unit_closed(o, word)) * factor
            gap = o.cast("fptoui", o.where(gap < edge, gap, edge), "i64") + o.whole(1)
            now = w.let(f"load i64, ptr {place}, align 8")
            column = running_sum(o, gap) + o.splat(now, "i64")
            w.put(f"store i64 {o.last(column)}, ptr {place}, align 8")
            shifted = column + o.cast("zext", column >= owns, "i64")
            done = w.let(f"load i64, ptr {filled}, align 8")
            m.store_lanes(o.cast("trunc", shifted, "i32"), m.at(out, done, "i32"))
            w.put(f"store i64 {w.let(f'add i64 {done}, {many(o, column < widths)}')}, ptr {filled}")
        w.put(f"store i64 {w.let(f'add i64 {at}, {BATCH}')}, ptr {index}, align 8")
        done = w.let(f"load i64, ptr {filled}, align 8")
        # Never beyond the chunk's part: the caller repeats a chunk that has come to its limit.
        done = w.call("i64", "llvm.smin.i64", f"i64 {done}, i64 {limit}", "i64, i64")
        w.put(f"store i64 {done}, ptr {filled}, align 8")
        now = w.let(f"load i64, ptr {place}, align 8")
        test = w.let(f"icmp slt i64 {now}, {width}")
        w.put(f"br i1 {test}, label %{again}, label %{after}")
        w.label(after)
        m.store(w.let(f"sub i64 {done}, {before}"), given["counts"], rows.index)
    m.store(w.let(f"load i64, ptr {filled}, align 8"), given["used"], chunk)


def running_sum(o: Lanes, x: Num) -> Num:
    """Each lane plus all lanes before it."""
    step = 1
    while step < LANES:
        zero = o.whole(0)
        x = x + o.shuffle(x, zero, [k - step if k >= step else LANES for k in range(LANES)])
        step *= 2
    return x


def many(o: Lanes, condition: Num) -> str:
    """In how many lanes a condition holds."""
    bits, kind = o.w.let(f"bitcast {o.type('i1')} {condition.text} to i{LANES}"), f"i{LANES}"
    count = o.w.call(kind, f"llvm.ctpop.{kind}", f"{kind} {bits}", kind)
    return o.w.let(f"zext {kind} {count} to i64")

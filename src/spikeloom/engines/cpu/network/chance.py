"""The numbers of `spikeloom.engines.poisson` in native code, a group of neurons at a time."""

from __future__ import annotations

from spikeloom.engines.cpu.draws import write_words
from spikeloom.engines.cpu.kernels.frame import Frame
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.wiring.lanes import Lanes, Num, literal
from spikeloom.engines.poisson import BITS, LEAST, Array
from spikeloom.engines.wiring.formulas import exponential

RARE = 0.03
"""Share of the groups that may take the slow way."""


def write_counts(
    f: Frame, key: str, first: str, table: str, rows: str | None, sure: int
) -> str:  # fmt: skip
    """Poisson numbers of a group of neurons, ``<lanes x i64>``.

    Arguments:
        f: Where to write.
        key: Of the source and step.
        first: First neuron of the group.
        table: Address of the distribution functions.
        rows: Address of each neuron's place in the table, or None if all have the same.
        sure: Bounds that are compared in any case, which spares the branches; only for one row.
    """
    w, lanes = f.w, f.v.lanes
    kind, mask = f"<{lanes} x i64>", f"<{lanes} x i1>"
    u = write_bits(w, key, first, lanes)
    places = None
    if rows is not None:
        places = w.let(f"load {kind}, ptr {f.at(rows, first, 'i64')}, align 8")
    count = "zeroinitializer"
    for bound_index in range(sure - 1):
        at = f.at(table, str(bound_index), "i64")
        bound = f.v.splat(w.let(f"load i64, ptr {at}, align 8"), "i64")
        above = w.let(f"icmp uge {kind} {u}, {bound}")
        count = w.let(f"add {kind} {count}, {w.let(f'zext {mask} {above} to {kind}')}")
    before, body, after = w.block, w.name("count"), w.name("counted")
    w.put(f"br label %{body}")
    w.label(body)
    k, total = f"%{w.name('k')}", f"%{w.name('n')}"
    k_next, total_next = f"%{w.name('k')}", f"%{w.name('n')}"
    w.put(f"{k} = phi i64 [ {max(sure - 1, 0)}, %{before} ], [ {k_next}, %{body} ]")
    w.put(f"{total} = phi {kind} [ {count}, %{before} ], [ {total_next}, %{body} ]")
    if places is None:
        bound = f.v.splat(w.let(f"load i64, ptr {f.at(table, k, 'i64')}, align 8"), "i64")
    else:
        column = w.let(f"getelementptr i64, ptr {table}, i64 {k}")
        pointers = w.let(f"getelementptr i64, ptr {column}, {kind} {places}")
        bound = w.call(
            kind,
            f"llvm.masked.gather.v{lanes}i64.v{lanes}p0",
            f"<{lanes} x ptr> {pointers}, i32 8, {mask} splat (i1 true), {kind} zeroinitializer",
            f"<{lanes} x ptr>, i32, {mask}, {kind}",
        )
    # A row ends with 2⁵³, which no draw reaches. Lanes that are done stay done, for the next
    # bound of their row is no lower; beyond its end the row is filled with 2⁵³.
    above = w.let(f"icmp uge {kind} {u}, {bound}")
    w.put(f"{total_next} = add {kind} {total}, {w.let(f'zext {mask} {above} to {kind}')}")
    w.put(f"{k_next} = add i64 {k}, 1")
    some = w.call("i1", f"llvm.vector.reduce.or.v{lanes}i1", f"{mask} {above}", mask)
    w.put(f"br i1 {some}, label %{body}, label %{after}")
    w.label(after)
    return total_next


def sure_bounds(line: Array, lanes: int) -> int:
    """How many bounds of a distribution function are worth comparing in any case.

    So many that a group seldom has to look at more.

    >>> from spikeloom.engines.poisson import poisson_table
    >>> sure_bounds(poisson_table(2.0)[0][0], 16)
    8
    """
    seldom = RARE / lanes
    for number in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32):
        if number >= len(line) or 1 - float(line[number - 1]) * 2.0**-BITS < seldom:
            return min(number, len(line))
    return min(32, len(line))


def write_bits(w: Writer, key: str, first: str, lanes: int) -> str:
    """The 53 random bits of a group of neurons, ``<lanes x i64>``."""
    words = write_words(w, key, first, lanes)
    return w.let(f"lshr <{lanes} x i64> {words}, splat (i64 {64 - BITS})")


def write_varying_counts(f: Frame, key: str, first: str, mean: str) -> str:
    """Poisson numbers of a group of neurons by `varying_counts`, ``<lanes x i64>``.

    Arguments:
        f: Where to write.
        key: Of the source and step.
        first: First neuron of the group.
        mean: Of each neuron in this step, ``<lanes x double>``.
    """
    w, lanes = f.w, f.v.lanes
    o = Lanes(w, lanes)
    kind, mask, number = o.type("i64"), o.type("i1"), o.type("double")
    bits = Num(o, write_bits(w, key, first, lanes), "i64")
    u = o.cast("sitofp", bits, "double") * o.number(2.0**-BITS)
    rate = Num(o, mean, "double")
    p0 = exponential(o, Num(o, w.let(f"fneg {number} {mean}"), "double"))
    before, body, after = w.block, w.name("count"), w.name("counted")
    w.put(f"br label %{body}")
    w.label(body)
    names = [f"%{w.name(stem)}" for stem in ("p", "below", "n", "k")]
    later = [f"%{w.name(stem)}" for stem in ("p", "below", "n", "k")]
    kinds = (number, number, kind, "double")
    starts = (p0.text, p0.text, "zeroinitializer", literal(0.0))
    for name, following, type_, start in zip(names, later, kinds, starts, strict=True):
        w.put(f"{name} = phi {type_} [ {start}, %{before} ], [ {following}, %{body} ]")
    p, below = Num(o, names[0], "double"), Num(o, names[1], "double")
    k = o.splat(names[3], "double")
    more = w.let(f"or {mask} {(rate > k).text}, {(p > o.number(LEAST)).text}")
    above = w.let(f"and {mask} {(u >= below).text}, {more}")
    w.put(f"{later[2]} = add {kind} {names[2]}, {w.let(f'zext {mask} {above} to {kind}')}")
    w.put(f"{later[3]} = fadd double {names[3]}, {literal(1.0)}")
    factor = rate / o.splat(later[3], "double")
    w.put(f"{later[0]} = fmul {number} {p.text}, {factor.text}")
    w.put(f"{later[1]} = fadd {number} {below.text}, {later[0]}")
    some = w.call("i1", f"llvm.vector.reduce.or.v{lanes}i1", f"{mask} {above}", mask)
    w.put(f"br i1 {some}, label %{body}, label %{after}")
    w.label(after)
    return later[2]

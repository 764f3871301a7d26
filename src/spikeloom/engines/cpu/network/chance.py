"""The numbers of `spikeloom.engines.poisson` in native code, a group of neurons at a time."""

from __future__ import annotations

from spikeloom.engines.cpu.kernels.frame import Frame
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.poisson import BITS, GOLDEN, LAST, MIX


def write_mix(w: Writer, z: str, lanes: int = 0) -> str:
    """The finaliser of SplitMix64 on one number (lanes 0) or a vector of them."""
    kind = f"<{lanes} x i64>" if lanes else "i64"

    def const(value: int) -> str:
        number = value - (1 << 64) if value >> 63 else value
        return f"splat (i64 {number})" if lanes else str(number)

    for shift, factor in MIX:
        z = w.let(f"xor {kind} {z}, {w.let(f'lshr {kind} {z}, {const(shift)}')}")
        z = w.let(f"mul {kind} {z}, {const(factor)}")
    return w.let(f"xor {kind} {z}, {w.let(f'lshr {kind} {z}, {const(LAST)}')}")


def write_counts(f: Frame, key: str, first: str, table: str, rows: str | None) -> str:
    """Poisson numbers of a group of neurons, ``<lanes x i64>``.

    Arguments:
        f: Where to write.
        key: Of the source and step.
        first: First neuron of the group.
        table: Address of the distribution functions.
        rows: Address of each neuron's place in the table, or None if all have the same.
    """
    w, lanes = f.w, f.v.lanes
    kind, mask = f"<{lanes} x i64>", f"<{lanes} x i1>"
    signed = GOLDEN - (1 << 64)
    offsets = ", ".join(f"i64 {_signed(k * GOLDEN)}" for k in range(lanes))
    start = f.add(key, f.mul(f.add(first, 1), signed))
    z = w.let(f"add {kind} {f.v.splat(start, 'i64')}, <{offsets}>")
    u = w.let(f"lshr {kind} {write_mix(w, z, lanes)}, splat (i64 {64 - BITS})")
    places = None
    if rows is not None:
        places = w.let(f"load {kind}, ptr {f.at(rows, first, 'i64')}, align 8")
    before, body, after = w.block, w.name("count"), w.name("counted")
    w.put(f"br label %{body}")
    w.label(body)
    k, total = f"%{w.name('k')}", f"%{w.name('n')}"
    k_next, total_next = f"%{w.name('k')}", f"%{w.name('n')}"
    w.put(f"{k} = phi i64 [ 0, %{before} ], [ {k_next}, %{body} ]")
    w.put(f"{total} = phi {kind} [ zeroinitializer, %{before} ], [ {total_next}, %{body} ]")
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


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value

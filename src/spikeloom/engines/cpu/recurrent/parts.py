"""Pieces that the kernels share: which spikes arrive, and adding the rows of their sources."""

from __future__ import annotations

from collections.abc import Callable

from spikeloom.engines.cpu.kernels.frame import Frame
from spikeloom.engines.cpu.recurrent.layout import WORD


def arriving(f: Frame, time: str, sample: str, word: str) -> str:
    """The bits of 64 sources whose spikes arrive at a step: of each delay, the row it reaches."""
    w, words = f.w, f.slot("words")
    with w.loop("0", f.slot("lags"), carried=[("i64", "0")]) as lags:
        offset = w.let(f"load i64, ptr {f.at(f.slot('offsets'), lags.index, 'i64')}, align 8")
        row = f.add(f.mul(f.add(time, offset), f.slot("batch")), sample)
        at = f.at(f.slot("bits"), f.add(f.mul(row, words), word), "i64")
        fired = w.let(f"load i64, ptr {at}, align 8")
        at = f.at(f.slot("masks"), f.add(f.mul(lags.index, words), word), "i64")
        mask = w.let(f"load i64, ptr {at}, align 8")
        both = w.let(f"and i64 {fired}, {mask}")
        lags.next = (w.let(f"or i64 {lags.carried[0]}, {both}"),)
    return lags.results[0]


def each_spike(f: Frame, bits: str, word: str, count: str, act: Callable[[str, str], None]) -> str:
    """Call ``act(source, count)`` for every bit of a word, lowest first; gives the new count."""
    w = f.w
    base = w.let(f"shl i64 {word}, 6")

    def more(values: tuple[str, ...]) -> str:
        return w.let(f"icmp ne i64 {values[0]}, 0")

    def body(values: tuple[str, ...]) -> tuple[str, str]:
        left, number = values
        bit = w.call("i64", "llvm.cttz.i64", f"i64 {left}, i1 true", "i64, i1")
        act(f.add(base, bit), number)
        less = f.add(left, -1)
        return w.let(f"and i64 {left}, {less}"), f.add(number, 1)

    return w.repeat([("i64", bits), ("i64", count)], more, body)[1]


def write_list(f: Frame, time: str, sample: str, target: str) -> str:
    """Write where the weights of each arriving source begin to ``target``; gives their number."""
    w = f.w

    def keep(source: str, count: str) -> None:
        place = f.mul(source, f.slot("padded"))
        w.put(f"store i64 {place}, ptr {f.at(target, count, 'i64')}, align 8")

    w.note("the sources whose spikes arrive at this step")
    with w.loop("0", f.slot("words"), carried=[("i64", "0")]) as words:
        bits = arriving(f, time, sample, words.index)
        words.next = (each_spike(f, bits, words.index, words.carried[0], keep),)
    return words.results[0]


def write_current(f: Frame, into: str, time: str, sample: str, listed: str, target: str) -> None:
    """Input of the neurons of one sample at one step: what comes from outside, then row by row.

    A stretch of neurons stays in registers while all its rows are added, in the order of sources.
    """
    w, v = f.w, f.v
    count = write_list(f, time, sample, listed)
    groups = WORD // v.lanes
    first = f.mul(sample, f.slot("size"))
    with w.loop("0", f.slot("padded"), WORD) as stretch:
        column = stretch.index
        places = [f.add(column, k * v.lanes) for k in range(groups)]
        start = [v.const(0.0)] * groups
        if into in f.variant.inputs:
            row = f.at(f.row(f"input:{into}", time), first)
            start = load_stretch(f, row, column)
        w.note("add the weights of each of them")
        with w.loop("0", count, carried=[(v.type, x) for x in start]) as spikes:
            at = w.let(f"load i64, ptr {f.at(listed, spikes.index, 'i64')}, align 8")
            row = f.at(f.slot("weight"), f.add(at, column))
            spikes.next = tuple(
                v.add(total, f.load(f.at(row, str(k * v.lanes))))
                for k, total in enumerate(spikes.carried)
            )
        for place, total in zip(places, spikes.results, strict=True):
            f.store(total, f.at(target, place))


def load_stretch(f: Frame, row: str, column: str) -> list[str]:
    """One word's width of a row of ``size`` numbers; 0 beyond its end."""
    w, v = f.w, f.v
    groups = WORD // v.lanes
    left = w.let(f"sub i64 {f.slot('size')}, {column}")
    at = f.at(row, column)

    def whole() -> list[str]:
        return [f.load(f.at(at, str(k * v.lanes))) for k in range(groups)]

    def part() -> list[str]:
        found = []
        for k in range(groups):
            mask = f.mask(f.add(left, -k * v.lanes))
            found.append(f.load_masked(f.at(at, str(k * v.lanes)), mask))
        return found

    full = w.let(f"icmp sge i64 {left}, {WORD}")
    return w.either(full, whole, part, v.type)


def copy_states(f: Frame, array: str, tile: str, bounds: tuple[str, str], *, inside: bool) -> None:
    """States of a tile of samples: (states, width) outside, (sample, states, padded) inside.

    Arguments:
        f: Where to write.
        array: Outside.
        tile: Inside.
        bounds: First sample and the one after the last.
        inside: Whether the copy goes to the inside.
    """
    w, v = f.w, f.v
    low, high = bounds
    states, size, padded = len(f.program.states), f.slot("size"), f.slot("padded")
    with w.loop(low, high) as samples:
        first = f.mul(samples.index, size)
        begin = f.mul(f.mul(w.let(f"sub i64 {samples.index}, {low}"), padded), states)
        with w.loop("0", padded, v.lanes) as columns:
            left = w.let(f"sub i64 {size}, {columns.index}")
            for k in range(states):
                outside = f.at(array, f.add(f.add(f.mul(f.slot("width"), k), first), columns.index))
                place = f.at(tile, f.add(f.add(begin, f.mul(padded, k)), columns.index))
                if inside:
                    f.store(f.load_some([outside], left)[0], place)
                else:
                    f.store_some({outside: f.load(place)}, left)


def places(f: Frame, base: str, column: str) -> list[str]:
    """Addresses of the states of a group of neurons of a sample inside a tile."""
    padded = f.slot("padded")
    return [f.at(base, f.add(f.mul(padded, k), column)) for k in range(len(f.program.states))]

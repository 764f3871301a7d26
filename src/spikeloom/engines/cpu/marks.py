"""Walking through the bits that are set in a stretch of words, as `bits.pack` gives them."""

from __future__ import annotations

from collections.abc import Callable

from spikeloom.engines.cpu.text import Writer


def each_bit(w: Writer, bits: str, start: str, count: str, act: Callable[[str, str], None]) -> str:
    """Write a loop over the set bits of a stretch, in order; gives how many there were.

    Arguments:
        w: Where to write.
        bits: Address of the bits.
        start: Number of the first bit of the stretch.
        count: Bits in it.
        act: Writes what happens, told the place in the stretch and how many came before.
    """
    end = w.let(f"add i64 {start}, {count}")
    first = w.let(f"lshr i64 {start}, 6")
    stop = w.let(f"lshr i64 {w.let(f'add i64 {end}, 63')}, 6")
    with w.loop(first, stop, carried=[("i64", "0")]) as words:
        at = w.let(f"getelementptr i64, ptr {bits}, i64 {words.index}")
        word = w.let(f"load i64, ptr {at}, align 1")
        here = w.let(f"shl i64 {words.index}, 6")
        # Bits of the word before the stretch and behind it are masked out.
        before = w.let(f"sub i64 {start}, {here}")
        before = w.call("i64", "llvm.smax.i64", f"i64 {before}, i64 0", "i64, i64")
        behind = w.let(f"sub i64 {w.let(f'add i64 {here}, 64')}, {end}")
        behind = w.call("i64", "llvm.smax.i64", f"i64 {behind}, i64 0", "i64, i64")
        word = w.let(f"and i64 {word}, {w.let(f'shl i64 -1, {before}')}")
        word = w.let(f"and i64 {word}, {w.let(f'lshr i64 -1, {behind}')}")
        base = w.let(f"sub i64 {here}, {start}")
        words.next = (each_of_word(w, word, base, words.carried[0], act),)
    return words.results[0]


def each_of_word(
    w: Writer, word: str, base: str, count: str, act: Callable[[str, str], None]
) -> str:
    """Write a loop over the set bits of one word of 64; see `each_bit`."""

    def more(values: tuple[str, ...]) -> str:
        return w.let(f"icmp ne i64 {values[0]}, 0")

    def body(values: tuple[str, ...]) -> tuple[str, str]:
        left, number = values
        bit = w.call("i64", "llvm.cttz.i64", f"i64 {left}, i1 true", "i64, i1")
        act(w.let(f"add i64 {base}, {bit}"), number)
        less = w.let(f"add i64 {left}, -1")
        return w.let(f"and i64 {left}, {less}"), w.let(f"add i64 {number}, 1")

    return w.repeat([("i64", word), ("i64", count)], more, body)[1]

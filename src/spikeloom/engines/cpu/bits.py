"""Arrays that hold nothing but 0 and one other number, as bits: packed and unpacked.

Numbers are compared as whole words, not as floats: what comes back is the same to the last bit, for
any number and any width of 2, 4 or 8 bytes; a negative zero or a NaN is simply another number.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np

from spikeloom.engines.cpu import pool
from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.text import Writer

GROUP = 64
"""Elements whose bits make one word; slices of threads start at multiples of it."""
PROBE = 4096
"""Elements that are looked at first: most arrays that cannot be packed show it there."""
LANES = 16
"""Elements handled at a time; their bits are two bytes."""

Which = Literal["pack", "unpack"]


def write_bits(which: Which, size: int) -> str:
    """The module with ``pack`` or ``unpack`` for elements of ``size`` bytes.

    Slots: elements, bits, the number that is not 0 (as a whole number), and for ``pack`` a word
    that becomes 1 if there is a third number.
    """
    w = Writer()
    word, vector = f"i{8 * size}", f"<{LANES} x i{8 * size}>"
    with w.function(which, "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
        slot = [w.let(f"getelementptr i64, ptr %slots, i64 {k}") for k in range(4)]
        elements, bits = (w.let(f"load ptr, ptr {s}, align 8") for s in slot[:2])
        number = w.let(f"load {word}, ptr {slot[2]}, align 8")
        one = w.let(f"insertelement {vector} poison, {word} {number}, i64 0")
        one = w.let(
            f"shufflevector {vector} {one}, {vector} poison, <{LANES} x i32> zeroinitializer"
        )
        first, last = (w.let(f"udiv i64 {x}, {LANES}") for x in ("%begin", "%end"))
        with w.loop(first, last, carried=[("i16", "0")]) as turn:
            index = w.let(f"mul i64 {turn.index}, {LANES}")
            at = w.let(f"getelementptr {word}, ptr {elements}, i64 {index}")
            half = w.let(f"getelementptr i16, ptr {bits}, i64 {turn.index}")
            if which == "pack":
                x = w.let(f"load {vector}, ptr {at}, align {size}")
                set_ = w.let(f"icmp ne {vector} {x}, zeroinitializer")
                same = w.let(f"icmp eq {vector} {x}, {one}")
                found = w.let(f"bitcast <{LANES} x i1> {set_} to i16")
                right = w.let(f"bitcast <{LANES} x i1> {same} to i16")
                w.put(f"store i16 {found}, ptr {half}, align 2")
                other = w.let(f"xor i16 {found}, {right}")
                turn.next = (w.let(f"or i16 {turn.carried[0]}, {other}"),)
            else:
                found = w.let(f"load i16, ptr {half}, align 2")
                mask = w.let(f"bitcast i16 {found} to <{LANES} x i1>")
                x = w.let(f"select <{LANES} x i1> {mask}, {vector} {one}, {vector} zeroinitializer")
                w.put(f"store {vector} {x}, ptr {at}, align {size}")
        if which == "pack":
            with w.when(w.let(f"icmp ne i16 {turn.results[0]}, 0")):
                # Threads may all write here, and all write the same.
                w.put(f"store i64 1, ptr {slot[3]}, align 8")
    return w.text()


@lru_cache(maxsize=8)
def _native(which: Which, size: int) -> Native:
    host = this_host()
    return load(which, "bits", f"{which} {size}", lambda: write_bits(which, size), host)


def _run(
    which: Which, elements: np.ndarray, bits: np.ndarray, number: int, threads: int | None
) -> bool:
    """Whether no third number was found; elements and bits in whole groups."""
    if not elements.size:
        return True
    slots = np.array([elements.ctypes.data, bits.ctypes.data, number, 0], np.int64)
    native = _native(which, elements.itemsize)
    work = elements.size * elements.itemsize / 32
    pool.run(native, slots, elements.size, group=GROUP, scratch=0, work=work, threads=threads)
    return not slots[3]


def pack(elements: np.ndarray, one: int, threads: int | None = 1) -> tuple[np.ndarray, int] | None:
    """Bits of an array of whole numbers that are all 0 or one other number.

    Arguments:
        elements: One row of 16-, 32- or 64-bit whole numbers: the words of the floats.
        one: The other number, if the first few thousand elements are all 0.
        threads: Most threads to use; None for one a processor.

    Returns:
        Bits (uint8, in whole groups of 8) and the other number; None if there is a third one.

    >>> bits, number = pack(np.array([0, 7, 0, 7, 7], np.int32), 1)
    >>> bits.tolist(), number
    ([26, 0, 0, 0, 0, 0, 0, 0], 7)
    >>> pack(np.array([0, 7, 6], np.int32), 1) is None
    True
    """
    probe = elements[:PROBE]
    place = int(probe.argmax()) if probe.size else 0
    if probe.size and probe[place] == 0:
        place = int(probe.argmin())  # the word of a number below 0
    if probe.size and probe[place] != 0:
        one = int(probe[place])
        if np.count_nonzero(probe) != np.count_nonzero(probe == one):
            return None
    whole = elements.size // GROUP * GROUP
    bits = np.empty(-(-elements.size // GROUP) * (GROUP // 8), np.uint8)
    if not _run("pack", elements[:whole], bits, one, threads):
        return None
    if whole < elements.size:
        rest = np.zeros(GROUP, elements.dtype)
        rest[: elements.size - whole] = elements[whole:]
        if not _run("pack", rest, bits[whole // 8 :], one, 1):
            return None
    return bits, one


def unpack(bits: np.ndarray, one: int, out: np.ndarray, threads: int | None = 1) -> None:
    """Write what `pack` was given into a row of the same length and width.

    >>> out = np.empty(5, np.int32)
    >>> unpack(*pack(np.array([0, 7, 0, 7, 7], np.int32), 1), out)
    >>> out
    array([0, 7, 0, 7, 7], dtype=int32)
    """
    whole = out.size // GROUP * GROUP
    _run("unpack", out[:whole], bits, one, threads)
    if whole < out.size:
        rest = np.empty(GROUP, out.dtype)
        _run("unpack", rest, bits[whole // 8 :], one, 1)
        out[whole:] = rest[: out.size - whole]

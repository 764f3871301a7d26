"""Bits of spikes -> numbers of steps and neurons, in order of step and then neuron."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.text import Writer

SLOTS = ("bits", "words", "first", "position", "steps", "ids")


def write_compact() -> str:
    """The module with ``compact``; ``steps`` = 0 only counts. Rows of 64-bit words."""
    w = Writer()
    with w.function("compact", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
        given = {}
        for k, name in enumerate(SLOTS):
            kind = "i64" if name in ("words", "first", "position") else "ptr"
            at = w.let(f"getelementptr i64, ptr %slots, i64 {k}")
            given[name] = w.let(f"load {kind}, ptr {at}, align 8")
        fill = w.let(f"icmp ne ptr {given['steps']}, null")
        with w.loop("%begin", "%end", carried=[("i64", given["position"])]) as rows:
            step = w.let(f"add i64 {rows.index}, {given['first']}")
            row = w.let(f"mul i64 {rows.index}, {given['words']}")
            with w.loop("0", given["words"], carried=[("i64", rows.carried[0])]) as words:
                place = w.let(f"add i64 {row}, {words.index}")
                at = w.let(f"getelementptr i64, ptr {given['bits']}, i64 {place}")
                word = w.let(f"load i64, ptr {at}, align 1")
                found = w.call("i64", "llvm.ctpop.i64", f"i64 {word}", "i64")
                base = w.let(f"shl i64 {words.index}, 6")
                with w.when(fill), w.loop("0", found, carried=[("i64", word)]) as spikes:
                    left = spikes.carried[0]
                    bit = w.call("i64", "llvm.cttz.i64", f"i64 {left}, i1 true", "i64, i1")
                    target = w.let(f"add i64 {words.carried[0]}, {spikes.index}")
                    at = w.let(f"getelementptr i64, ptr {given['steps']}, i64 {target}")
                    w.put(f"store i64 {step}, ptr {at}, align 8")
                    at = w.let(f"getelementptr i64, ptr {given['ids']}, i64 {target}")
                    w.put(f"store i64 {w.let(f'add i64 {base}, {bit}')}, ptr {at}, align 8")
                    less = w.let(f"sub i64 {left}, 1")
                    spikes.next = (w.let(f"and i64 {left}, {less}"),)
                words.next = (w.let(f"add i64 {words.carried[0]}, {found}"),)
            rows.next = words.results
        at = w.let(f"getelementptr i64, ptr %slots, i64 {SLOTS.index('position')}")
        w.put(f"store i64 {rows.results[0]}, ptr {at}, align 8")
    return w.text()


@lru_cache(maxsize=1)
def _native() -> Native:
    return load("compact", "", "compact", write_compact, this_host())


def compact(bits: np.ndarray, rows: int, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of the first ``rows`` rows.

    Arguments:
        bits: (T, 8 k) uint8, rows one after another.
        rows: How many rows to read.
        first: Step of the first row.

    Returns:
        Steps and neurons, int64.

    >>> compact(np.array([[2, 0, 0, 0, 0, 0, 0, 1], [1] + [0] * 7], np.uint8), 2, 10)
    (array([10, 10, 11]), array([ 1, 56,  0]))
    """
    native = _native()
    slots = np.array([bits.ctypes.data, bits.shape[1] // 8, first, 0, 0, 0], np.int64)
    native(slots.ctypes.data, 0, rows, 0)
    count = int(slots[3])
    steps, ids = np.empty(count, np.int64), np.empty(count, np.int64)
    if count:
        slots[3:] = 0, steps.ctypes.data, ids.ctypes.data
        native(slots.ctypes.data, 0, rows, 0)
    return steps, ids

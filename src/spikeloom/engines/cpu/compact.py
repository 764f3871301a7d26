"""Bits of spikes -> numbers of steps and neurons, in order of step and then neuron.

Most words of 64 neurons hold no spike, one or two, and nobody can tell which: a test of each word
would mostly be guessed wrong by the processor. So the first two places of every word are written
whether there are spikes or not, and what should not be there is written over.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.host import Host, this_host
from spikeloom.engines.cpu.library import load
from spikeloom.engines.cpu.text import Writer

SLOTS = ("bits", "words", "first", "position", "steps", "ids")
UNASKED = 2
"""Places that are written for every word."""
LANES = 8
"""Numbers written at a time, and so the room that is needed beyond the last spike."""
SPARE = 1.5
"""Room for so many times the spikes that are to be expected; what is not used is never touched."""
MOST = 4
"""Room for at most so many times the spikes that there are."""


def write_compact(host: Host) -> str:
    """The module with ``compact``; ``steps`` = 0 only counts. Rows of 64-bit words."""
    w = Writer()
    with w.function("compact", "ptr %slots, i64 %begin, i64 %end, ptr %scratch"):
        given = {}
        for k, name in enumerate(SLOTS):
            kind = "i64" if name in ("words", "first", "position") else "ptr"
            at = w.let(f"getelementptr i64, ptr %slots, i64 {k}")
            given[name] = w.let(f"load {kind}, ptr {at}, align 8")
        fill = w.let(f"icmp ne ptr {given['steps']}, null")
        last = w.either(
            fill, lambda: [_fill(w, given, host.wide)], lambda: [_count(w, given)], "i64"
        )[0]
        at = w.let(f"getelementptr i64, ptr %slots, i64 {SLOTS.index('position')}")
        w.put(f"store i64 {last}, ptr {at}, align 8")
    return w.text()


def _count(w: Writer, given: dict[str, str]) -> str:
    """The position after all spikes; rows follow one another without a gap."""
    kind = f"<{LANES} x i64>"
    start = w.let(f"mul i64 %begin, {given['words']}")
    stop = w.let(f"mul i64 %end, {given['words']}")
    size = w.let(f"sub i64 {stop}, {start}")
    whole = w.let(f"add i64 {start}, {w.let(f'and i64 {size}, {-LANES}')}")
    with w.loop(start, whole, LANES, carried=[(kind, "zeroinitializer")]) as many:
        at = w.let(f"getelementptr i64, ptr {given['bits']}, i64 {many.index}")
        words = w.let(f"load {kind}, ptr {at}, align 1")
        found = w.call(kind, f"llvm.ctpop.v{LANES}i64", f"{kind} {words}", kind)
        many.next = (w.let(f"add {kind} {many.carried[0]}, {found}"),)
    most = w.call("i64", f"llvm.vector.reduce.add.v{LANES}i64", f"{kind} {many.results[0]}", kind)
    most = w.let(f"add i64 {given['position']}, {most}")
    with w.loop(whole, stop, carried=[("i64", most)]) as few:
        at = w.let(f"getelementptr i64, ptr {given['bits']}, i64 {few.index}")
        word = w.let(f"load i64, ptr {at}, align 1")
        found = w.call("i64", "llvm.ctpop.i64", f"i64 {word}", "i64")
        few.next = (w.let(f"add i64 {few.carried[0]}, {found}"),)
    return few.results[0]


def _fill(w: Writer, given: dict[str, str], wide: bool) -> str:
    """Write steps and neurons of all spikes; the position after them."""
    kind = f"<{LANES} x i64>"

    def put(base: str, bits: str, target: str) -> str:
        """Write the neuron of the lowest bit; the bits without it."""
        bit = w.call("i64", "llvm.cttz.i64", f"i64 {bits}, i1 false", "i64, i1")
        at = w.let(f"getelementptr i64, ptr {given['ids']}, i64 {target}")
        w.put(f"store i64 {w.let(f'add i64 {base}, {bit}')}, ptr {at}, align 8")
        return w.let(f"and i64 {bits}, {w.let(f'sub i64 {bits}, 1')}")

    with w.loop("%begin", "%end", carried=[("i64", given["position"])]) as rows:
        start = rows.carried[0]
        row = w.let(f"mul i64 {rows.index}, {given['words']}")
        with w.loop("0", given["words"], carried=[("i64", start)]) as words:
            place = w.let(f"add i64 {row}, {words.index}")
            at = w.let(f"getelementptr i64, ptr {given['bits']}, i64 {place}")
            word = w.let(f"load i64, ptr {at}, align 1")
            found = w.call("i64", "llvm.ctpop.i64", f"i64 {word}", "i64")
            base = w.let(f"shl i64 {words.index}, 6")
            here, left = words.carried[0], word
            for k in range(UNASKED):
                left = put(base, left, w.let(f"add i64 {here}, {k}"))
            if wide:
                with w.when(w.let(f"icmp ugt i64 {found}, {UNASKED}")):
                    _fill_word(w, given["ids"], word, base, here)
            else:
                with w.loop(str(UNASKED), found, carried=[("i64", left)]) as spikes:
                    target = w.let(f"add i64 {here}, {spikes.index}")
                    spikes.next = (put(base, spikes.carried[0], target),)
            words.next = (w.let(f"add i64 {here}, {found}"),)
        step = w.let(f"add i64 {rows.index}, {given['first']}")
        one = w.let(f"insertelement {kind} poison, i64 {step}, i64 0")
        order = f"<{LANES} x i32> zeroinitializer"
        every = w.let(f"shufflevector {kind} {one}, {kind} poison, {order}")
        with w.loop(start, words.results[0], LANES) as same:
            at = w.let(f"getelementptr i64, ptr {given['steps']}, i64 {same.index}")
            w.put(f"store {kind} {every}, ptr {at}, align 8")
        rows.next = words.results
    return rows.results[0]


def _fill_word(w: Writer, ids: str, word: str, base: str, here: str) -> None:
    """Write the neurons of all spikes of a word, as many at a time as a vector holds."""
    kind, mask = f"<{LANES} x i64>", f"<{LANES} x i1>"
    one = w.let(f"insertelement {kind} poison, i64 {base}, i64 0")
    order = f"<{LANES} x i32> zeroinitializer"
    first = w.let(f"shufflevector {kind} {one}, {kind} poison, {order}")
    for part in range(0, 64, LANES):
        places = ", ".join(f"i64 {part + k}" for k in range(LANES))
        numbers = w.let(f"add {kind} {first}, <{places}>")
        bits = w.let(f"trunc i64 {w.let(f'lshr i64 {word}, {part}')} to i{LANES}")
        fired = w.let(f"bitcast i{LANES} {bits} to {mask}")
        compress = f"llvm.experimental.vector.compress.v{LANES}i64"
        types = f"{kind}, {mask}, {kind}"
        found = w.call(kind, compress, f"{kind} {numbers}, {mask} {fired}, {kind} poison", types)
        at = w.let(f"getelementptr i64, ptr {ids}, i64 {here}")
        w.put(f"store {kind} {found}, ptr {at}, align 8")
        count = w.call(f"i{LANES}", f"llvm.ctpop.i{LANES}", f"i{LANES} {bits}", f"i{LANES}")
        here = w.let(f"add i64 {here}, {w.let(f'zext i{LANES} {count} to i64')}")


@lru_cache(maxsize=1)
def _native() -> Native:
    host = this_host()
    return load("compact", "", "compact", lambda: write_compact(host), host)


class SpikeList:
    """Steps and neurons of the spikes of a run, found piece by piece.

    Arguments:
        steps: Steps of the whole run, to guess how much room its spikes will need.

    >>> spikes = SpikeList(12)
    >>> spikes.add(np.array([[2, 0, 0, 0, 0, 0, 0, 1], [1] + [0] * 7], np.uint8), 2, 10)
    >>> spikes.found()
    (array([10, 10, 11]), array([ 1, 56,  0]))
    """

    def __init__(self, steps: int) -> None:
        self.expected = steps
        self.count = 0
        self._steps, self._ids = np.empty(0, np.int64), np.empty(0, np.int64)

    def add(self, bits: np.ndarray, rows: int, first: int) -> None:
        """Find the spikes of the first ``rows`` rows.

        Arguments:
            bits: (T, 8 k) uint8, rows one after another.
            rows: How many rows to read.
            first: Step of the first row.
        """
        native = _native()
        slots = np.array([bits.ctypes.data, bits.shape[1] // 8, first, self.count, 0, 0], np.int64)
        native(slots.ctypes.data, 0, rows, 0)
        if slots[3] == self.count:
            return
        self._make_room(int(slots[3]), (first + rows) / max(self.expected, 1))
        slots[3:] = self.count, self._steps.ctypes.data, self._ids.ctypes.data
        native(slots.ctypes.data, 0, rows, 0)
        self.count = int(slots[3])

    def _make_room(self, count: int, share: float) -> None:
        """Room for so many spikes, those of this share of the run."""
        if count + LANES > len(self._steps):
            wanted = count if share >= 1 else int(count * min(SPARE / share, MOST))
            for name in ("_steps", "_ids"):
                larger = np.empty(wanted + LANES, np.int64)
                larger[: self.count] = getattr(self, name)[: self.count]
                setattr(self, name, larger)

    def found(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps and neurons, int64. Nothing can be added afterwards."""
        for each in (self._steps, self._ids):
            each.resize(self.count, refcheck=False)  # gives the rest of the memory back in place
        return self._steps, self._ids

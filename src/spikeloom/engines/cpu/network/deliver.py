"""deliver: the rows of the neurons that spiked, added to the rings of their targets.

A synapse is a place and a weight. The place counts elements of the ring from the slot in which a
spike with no delay arrives: ``delay * padded + target``. Where all delays are equal it is the
target alone, and the slot is found once.
"""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.engines.cpu.text import Writer

SLOTS = ("starts", "ends", "places", "weights", "ring", "padded", "slots", "delay")
"""Words of the kernel: addresses, then three numbers. Rows of this thread: ``starts, ends`` (N,)"""
AHEAD = 8
"""Rows whose memory is asked for before their turn."""
PARAMETERS = "ptr noalias %slots, i64 %slot, i64 %count, ptr noalias %ids"


@dataclass(frozen=True, slots=True)
class Rows:
    """What kind of synapses.

    Arguments:
        dtype: Of ring and weights.
        delays: Whether delays differ, so that places hold them.
        weights: Whether weights differ; otherwise the slot ``weights`` leads to one number.
        wide: Whether places are 64-bit; otherwise 32-bit.
    """

    dtype: str
    delays: bool
    weights: bool
    wide: bool = False

    @property
    def text(self) -> str:
        """Itself as text, for the key of the cache."""
        return repr(self)


def write_deliver(rows: Rows) -> str:
    """The module with ``deliver``; ``%slot`` is where spikes with no delay arrive."""
    w = Writer()
    number, size = ("float", 4) if rows.dtype == "float32" else ("double", 8)
    place_type, place_size = ("i64", 8) if rows.wide else ("i32", 4)
    with w.function("deliver", PARAMETERS):
        s = {}
        for k, name in enumerate(SLOTS):
            at = w.let(f"getelementptr i64, ptr %slots, i64 {k}")
            s[name] = w.let(f"load {'i64' if k > 4 else 'ptr'}, ptr {at}, align 8", f"{name}.")
        first = "%slot" if rows.delays else _wrap(w, w.let(f"add i64 %slot, {s['delay']}"), s)
        base = w.let(f"mul i64 {first}, {s['padded']}")
        whole = w.let(f"mul i64 {s['slots']}, {s['padded']}")
        home = w.let(f"getelementptr {number}, ptr {s['ring']}, i64 {base}")
        only = None
        if not rows.weights:
            only = w.let(f"load {number}, ptr {s['weights']}, align {size}")
        last = w.let("sub i64 %count, 1")
        with w.loop("0", "%count") as spikes:
            later = w.let(f"add i64 {spikes.index}, {AHEAD}")
            later = w.call("i64", "llvm.smin.i64", f"i64 {later}, i64 {last}", "i64, i64")
            begin, _ = _row(w, s, later)
            _prefetch(w, w.let(f"getelementptr {place_type}, ptr {s['places']}, i64 {begin}"))
            if rows.weights:
                _prefetch(w, w.let(f"getelementptr {number}, ptr {s['weights']}, i64 {begin}"))
            begin, end = _row(w, s, spikes.index)
            with w.loop(begin, end) as synapses:
                i = synapses.index
                at = w.let(f"getelementptr {place_type}, ptr {s['places']}, i64 {i}")
                place = w.let(f"load {place_type}, ptr {at}, align {place_size}")
                if not rows.wide:
                    place = w.let(f"zext i32 {place} to i64")
                weight = only
                if weight is None:
                    at = w.let(f"getelementptr {number}, ptr {s['weights']}, i64 {i}")
                    weight = w.let(f"load {number}, ptr {at}, align {size}")
                if rows.delays:
                    ahead = w.let(f"add i64 {base}, {place}")
                    back = w.let(f"sub i64 {ahead}, {whole}")
                    over = w.let(f"icmp sge i64 {ahead}, {whole}")
                    place = w.let(f"select i1 {over}, i64 {back}, i64 {ahead}")
                    at = w.let(f"getelementptr {number}, ptr {s['ring']}, i64 {place}")
                else:
                    at = w.let(f"getelementptr {number}, ptr {home}, i64 {place}")
                sum_ = w.let(f"load {number}, ptr {at}, align {size}")
                w.put(
                    f"store {number} {w.let(f'fadd {number} {sum_}, {weight}')}, ptr {at},"
                    f" align {size}"
                )
    return f"; deliver: {rows!r}\n{w.text()}\n"


def _wrap(w: Writer, slot: str, s: dict[str, str]) -> str:
    back = w.let(f"sub i64 {slot}, {s['slots']}")
    over = w.let(f"icmp sge i64 {slot}, {s['slots']}")
    return w.let(f"select i1 {over}, i64 {back}, i64 {slot}")


def _row(w: Writer, s: dict[str, str], spike: str) -> tuple[str, str]:
    """First synapse of a spike's row and the one after the last."""
    at = w.let(f"getelementptr i32, ptr %ids, i64 {spike}")
    source = w.let(f"zext i32 {w.let(f'load i32, ptr {at}, align 4')} to i64")
    found = []
    for name in ("starts", "ends"):
        at = w.let(f"getelementptr i64, ptr {s[name]}, i64 {source}")
        found.append(w.let(f"load i64, ptr {at}, align 8"))
    return found[0], found[1]


def _prefetch(w: Writer, at: str) -> None:
    arguments = f"ptr {at}, i32 0, i32 3, i32 1"
    w.call("void", "llvm.prefetch.p0", arguments, "ptr, i32 immarg, i32 immarg, i32 immarg")

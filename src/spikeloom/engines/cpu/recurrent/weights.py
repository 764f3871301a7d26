"""weights: the gradient of the recurrent weights, at a cost proportional to spikes.

A weight from j gathers the gradient at its target's input at every step that a spike of j reached
it. Threads own stretches of targets: each sum runs over steps and then samples, whoever does it.
The sums of a stretch lie together, (stretch, source, 64): whole rows far apart would share a few
lines of the caches.
"""

from __future__ import annotations

from spikeloom.engines.cpu.kernels.frame import PARAMETERS, Frame
from spikeloom.engines.cpu.recurrent.layout import WORD
from spikeloom.engines.cpu.recurrent.parts import arriving, each_spike, load_stretch

AHEAD = 8
"""Samples by which memory is asked for before it is needed: a stretch is a short piece of a row."""
LINE = 64
"""Bytes of a line of a cache."""


def write(f: Frame) -> None:
    """Write the kernel ``weights``; begin and end are words of targets."""
    w, v = f.w, f.v
    with w.function("weights", PARAMETERS):
        f.load_slots()
        width, size = f.slot("width"), f.slot("size")
        groups = WORD // v.lanes
        with w.loop("%begin", "%end") as stretches:
            column = f.mul(stretches.index, WORD)
            sums = f.at(f.slot("grad_weight"), f.mul(column, size))
            with w.loop("0", f.slot("steps")) as time, w.loop("0", f.slot("batch")) as samples:
                row = f.add(f.mul(time.index, width), f.mul(samples.index, size))
                at = f.at(f.slot("grad_x"), row)
                grads = load_stretch(f, at, column)
                _fetch(f, f.at(at, f.add(f.mul(size, AHEAD), column)))

                def add(source: str, count: str, grads: list[str] = grads) -> None:
                    del count
                    line = f.at(sums, f.mul(source, WORD))
                    for k in range(groups):
                        at = f.at(line, str(k * v.lanes))
                        f.store(v.add(f.load(at), grads[k]), at)

                with w.loop("0", f.slot("words")) as words:
                    bits = arriving(f, time.index, samples.index, words.index)
                    each_spike(f, bits, words.index, "0", add)


def _fetch(f: Frame, address: str) -> None:
    """Ask for the lines of a stretch; an address beyond the end does no harm."""
    for line in range(0, WORD * f.v.size, LINE):
        at = f.at(address, str(line // f.v.size))
        kinds = "ptr, i32 immarg, i32 immarg, i32 immarg"
        f.w.call("void", "llvm.prefetch.p0", f"ptr {at}, i32 0, i32 3, i32 1", kinds)

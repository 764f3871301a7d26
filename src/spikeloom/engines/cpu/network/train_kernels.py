"""Kernels that note who fires in a block of steps, one bit a neuron, as `advance` does."""

from __future__ import annotations

from spikeloom.engines.cpu.draws import write_mix
from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.kernels.frame import PARAMETERS
from spikeloom.engines.cpu.network.chance import write_bits
from spikeloom.engines.cpu.network.inflow import Inflow
from spikeloom.engines.cpu.network.windows import Shape
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.vector import Vec
from spikeloom.engines.cpu.wiring.lanes import Memory, Slots
from spikeloom.engines.poisson import GOLDEN

HEAD = ("steps", "slot", "step", "window", "row_bytes", "ptr bits")
"""Words of both kernels; the first three are set anew for each block of steps."""
GIVEN_SLOTS = (*HEAD, "ptr starts", "ptr ends", "ptr place")
"""``place`` leads to the address of the neurons that fire; those of a row are ``starts:ends``."""
CHANCE_SLOTS = (*HEAD, "key", "origin", "padded")
"""Followed by the addresses of the bundle of probabilities."""
LANES = 8


def write_given() -> str:
    """The module with ``given``: bits of the neurons that are listed, no others."""
    w = Writer()
    m = Memory(w)
    with w.function("given", PARAMETERS):
        s = Slots(w, GIVEN_SLOTS)
        ids = w.let(f"load ptr, ptr {s['place']}, align 8")
        first, stop = (w.let(f"sdiv i64 {x}, 64") for x in ("%begin", "%end"))
        with w.loop("0", s["steps"]) as time:
            offset = w.let(f"mul i64 {time.index}, {s['row_bytes']}")
            bits = m.at(s["bits"], offset, "i8")
            with w.loop(first, stop) as words:
                m.store("0", bits, words.index)
            step = w.let(f"add i64 {s['step']}, {time.index}")
            row = w.let(f"and i64 {step}, {s['window']}")
            with w.loop(m.load(s["starts"], row), m.load(s["ends"], row)) as spikes:
                who = m.load(ids, spikes.index)
                from_ = w.let(f"icmp sge i64 {who}, %begin")
                below = w.let(f"icmp slt i64 {who}, %end")
                with w.when(w.let(f"and i1 {from_}, {below}")):
                    word = w.let(f"lshr i64 {who}, 6")
                    bit = w.let(f"shl i64 1, {w.let(f'and i64 {who}, 63')}")
                    m.store(w.let(f"or i64 {m.load(bits, word)}, {bit}"), bits, word)
    return w.text()


def write_chance(shape: Shape, host: Host) -> str:
    """The module with ``chance``: a bit where 53 random bits are below the probability."""
    w = Writer()
    m = Memory(w)
    v = Vec(w, host, "float64", LANES)
    with w.function("chance", PARAMETERS):
        s = Slots(w, (*CHANCE_SLOTS, *(f"ptr {name}" for name in shape.slots)))
        bundle = Inflow(v, shape, {name: s[name] for name in shape.slots}, s["padded"])
        with w.loop("0", s["steps"]) as time:
            bits = m.at(s["bits"], w.let(f"mul i64 {time.index}, {s['row_bytes']}"), "i8")
            step = w.let(f"add i64 {s['step']}, {time.index}")
            row = w.let(f"and i64 {step}, {s['window']}")
            number = w.let(f"add i64 {step}, 1")
            number = w.let(f"mul i64 {number}, {GOLDEN - (1 << 64)}")
            key = write_mix(w, w.let(f"add i64 {s['key']}, {number}"))
            key = w.let(f"add i64 {key}, {s['origin']}")
            with w.loop("%begin", "%end", LANES) as loop:
                random = write_bits(w, key, loop.index, LANES)
                random = w.let(f"sitofp <{LANES} x i64> {random} to {v.type}")
                below = v.cmp("olt", random, bundle.write(None, row, loop.index))
                byte = w.let(f"bitcast {v.mask} {below} to i8")
                m.store(byte, bits, w.let(f"lshr i64 {loop.index}, 3"), "i8")
    return w.text()

"""A floor under the time of a step: our instructions, as fast as this machine takes any.

Counted is what the kernel repeats in every step: vector instructions that depend on a state or on
chance; a fused multiply-add once, divisions and square roots for as many as they stand for. The
pace is measured twice, on vectors of the same width: independent multiply-adds alone, and as many
additions among them, for which a processor may have units of their own. No product comes faster
than the first, nothing at all faster than the second: the larger of the two times is the floor.

It is an estimate, no proof: the count is ours, and other instructions may do with fewer.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from spikeloom.compile.program import Program
from spikeloom.engines.cpu.build import Loaded, compile_text
from spikeloom.engines.cpu.emit import HEAVY, leaves, write_block
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.kernels.frame import PARAMETERS
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.vector import Vec
from spikeloom.engines.poisson import MIX

LINE = re.compile(r"\s*(%[\w.]+) = (.*)")
NAME = re.compile(r"%[\w.]+")
FREE = ("bitcast", "fneg")
"""Other names of the same register, and a sign that a multiply-add takes along."""
PRODUCTS = ("fmul", "fdiv", "@llvm.fma.", "@llvm.fmuladd.", "@llvm.sqrt.")
CHAINS = 20
"""Instructions that wait for nothing: more than a processor has under way, less than it has
registers."""
TURNS, TRIES = 50_000, 30


@dataclass(frozen=True)
class Count:
    """Vector instructions of one step of one group of neurons.

    Arguments:
        total: All of them.
        products: Those among them that multiply or divide.
    """

    total: int
    products: int


def instructions(program: Program, dtype: str) -> Count:
    """What the kernel repeats in every step.

    >>> from spikeloom import PassiveMembrane
    >>> from spikeloom.compile.compiler import compile_neuron
    >>> instructions(compile_neuron(PassiveMembrane()), "float32")
    Count(total=2, products=1)
    """
    w, host = Writer(), this_host()
    v = Vec(w, host, dtype, host.lanes(dtype))
    wanted = [f"state:{name}" for name in program.states] + ["bits"] * program.spikes
    block = program.forward
    reads = leaves(block, ["out" if name == "bits" else name for name in wanted])
    given = {name: f"%{w.name('given')}" for name in reads}
    write_block(v, block, given, wanted)
    varying = {at for name, at in given.items() if not name.startswith(("coef:", "input:"))}
    # Bits of spikes are stored. Of a random number only the least counts: two steps share a word,
    # and eight words are mixed at a time.
    mixing = (3 * len(MIX) + 2) * v.lanes // 8 // 2
    total, products = int(program.spikes) + mixing * len(program.random), 0
    for line in w.text().splitlines():
        found = LINE.match(line)
        if found is None or varying.isdisjoint(NAME.findall(found[2])):
            continue
        varying.add(found[1])
        weight = _weight(found[2])
        total += weight
        products += weight * any(name in found[2] for name in PRODUCTS)
    return Count(total, products)


def _weight(text: str) -> int:
    if text.startswith(FREE):
        return 0
    if text.startswith("fdiv"):
        return HEAVY["div"]
    return HEAVY["sqrt"] if "@llvm.sqrt." in text else 1


@lru_cache(maxsize=4)
def pace(dtype: str, *, mixed: bool) -> float:
    """Numbers worked on in one ns, on one thread: the quickest of some tries.

    Arguments:
        dtype: Of the numbers.
        mixed: Every other instruction is an addition; else all are multiply-adds.
    """
    w, host = Writer(), this_host()
    v = Vec(w, host, dtype, host.lanes(dtype))
    start = [(v.type, v.const(1.0 + k / CHAINS)) for k in range(CHAINS)]
    with w.function("pace", PARAMETERS):
        with w.loop("0", "%end", carried=start) as loop:
            loop.next = tuple(
                v.add(x, v.const(0.25)) if mixed and k % 2 else v.fma(x, v.const(0.75), v.const(1))
                for k, x in enumerate(loop.carried)
            )
        whole = loop.results[0]
        for x in loop.results[1:]:
            whole = v.add(whole, x)
        w.put(f"store {v.type} {whole}, ptr %scratch, align {v.size}")
    native = Loaded(compile_text(w.text(), host), host).function("pace")
    into = np.empty(v.lanes, dtype)
    took: list[int] = []
    for _ in range(TRIES):
        begin = time.process_time_ns()
        native(0, 0, TURNS, into.ctypes.data)
        took.append(time.process_time_ns() - begin)
    return TURNS * CHAINS * v.lanes / min(took)


def floor_ns(count: Count, dtype: str, threads: int = 1) -> float:
    """ns for one step of one neuron that so many instructions take at least."""
    least = max(count.products / pace(dtype, mixed=False), count.total / pace(dtype, mixed=True))
    return least / threads

"""The random numbers of `spikeloom.engines.randomness` in native code, inside a loop over time.

Two steps share a word, a logarithm and an angle. An even step works them out and the odd step after
it takes the other number from a register; where a run begins with an odd step, it works them out
once more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.variant import slot_of
from spikeloom.engines.cpu.vecmath.circular import sine_and_cosine
from spikeloom.engines.cpu.vecmath.logarithm import log_of_normal
from spikeloom.engines.cpu.vector import Vec
from spikeloom.engines.poisson import GOLDEN, LAST, MIX
from spikeloom.engines.randomness import ANGLE_BITS

if TYPE_CHECKING:
    from spikeloom.engines.cpu.kernels.frame import Frame

WORK = 30
"""Vector instructions of one random number, roughly."""


def write_mix(w: Writer, z: str, lanes: int = 0) -> str:
    """The finaliser of SplitMix64 on one number (lanes 0) or a vector of them."""
    kind = f"<{lanes} x i64>" if lanes else "i64"

    def const(value: int) -> str:
        return f"splat (i64 {signed(value)})" if lanes else str(signed(value))

    for shift, factor in MIX:
        z = w.let(f"xor {kind} {z}, {w.let(f'lshr {kind} {z}, {const(shift)}')}")
        z = w.let(f"mul {kind} {z}, {const(factor)}")
    return w.let(f"xor {kind} {z}, {w.let(f'lshr {kind} {z}, {const(LAST)}')}")


def write_words(w: Writer, start: str, first: str, lanes: int) -> str:
    """Random words of a group of neurons, ``<lanes x i64>``.

    Arguments:
        w: Where to write.
        start: What sets the stream and its step apart.
        first: First neuron of the group.
        lanes: How many neurons.
    """
    kind = f"<{lanes} x i64>"
    offsets = ", ".join(f"i64 {signed(k * GOLDEN)}" for k in range(lanes))
    number = w.let(f"mul i64 {w.let(f'add i64 {first}, 1')}, {signed(GOLDEN)}")
    own = w.let(f"add i64 {start}, {number}")
    one = w.let(f"insertelement {kind} poison, i64 {own}, i64 0")
    order = f"<{lanes} x i32> zeroinitializer"
    every = w.let(f"shufflevector {kind} {one}, {kind} poison, {order}")
    return write_mix(w, w.let(f"add {kind} {every}, <{offsets}>"), lanes)


def signed(value: int) -> int:
    """64 bits as LLVM writes them."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


class Draws:
    """The random numbers of some groups of neurons in a loop over time.

    Arguments:
        f: Where to write.
        names: The random numbers that the steps read.
        firsts: First neuron of each group.
        origin: What the number of the very first neuron adds to a stream; None for nothing.
    """

    def __init__(
        self, f: Frame, names: Sequence[str], firsts: Sequence[str], origin: str | None = None
    ) -> None:
        self.f, self.firsts, self.origin = f, firsts, origin
        self.normal = [n for n in names if n.startswith("normal:")]
        self.uniform = [n for n in names if n.startswith("uniform:")]

    @property
    def carried(self) -> list[tuple[str, str]]:
        """Registers that the loop carries: the odd number of each pair."""
        count = len(self.normal) * len(self.firsts)
        return [(self.f.v.type, self.f.v.const(0.0))] * count

    def write(self, time: str, spare: Sequence[str]) -> tuple[list[dict[str, str]], list[str]]:
        """The numbers of each group in one step, by name, and what to carry on.

        Arguments:
            time: The step, counted within the loop.
            spare: What the step before carried on.
        """
        f, w, v = self.f, self.f.w, self.f.v
        if not self.normal and not self.uniform:
            return [{} for _ in self.firsts], []
        w.note("draw random numbers")
        given: list[dict[str, str]] = [{} for _ in self.firsts]
        now = f.add(f.slot("step"), time)
        for name in self.uniform:
            start = self._start(name, now)
            for g, first in enumerate(self.firsts):
                given[g][name] = write_uniform(v, self._words(start, first))
        if not self.normal:
            return given, []
        odd = w.let(f"trunc i64 {now} to i1")
        begins = w.let(f"icmp eq i64 {time}, 0")
        fresh = w.let(f"or i1 {begins}, {w.let(f'xor i1 {odd}, true')}")

        def work_out() -> list[str]:
            pair = w.let(f"lshr i64 {now}, 1")
            pairs: list[tuple[str, str]] = []
            for name in self.normal:
                start = self._start(name, pair)
                pairs += [write_pair(v, self._words(start, first)) for first in self.firsts]
            return [even for even, _ in pairs] + [other for _, other in pairs]

        both = w.either(fresh, work_out, lambda: [*spare, *spare], v.type)
        evens, odds = both[: len(spare)], both[len(spare) :]
        for k, (even, other) in enumerate(zip(evens, odds, strict=True)):
            name, g = self.normal[k // len(self.firsts)], k % len(self.firsts)
            chosen = f"select i1 {odd}, {v.type} {other}, {v.type} {even}"
            given[g][name] = w.let(chosen)
        return given, odds

    def _words(self, start: str, first: str) -> str:
        return write_words(self.f.w, start, first, self.f.v.lanes)

    def _start(self, name: str, step: str) -> str:
        f = self.f
        z = f.add(f.slot(slot_of(name)), f.mul(f.add(step, 1), signed(GOLDEN)))
        start = write_mix(f.w, z)
        return start if self.origin is None else f.add(start, self.origin)


def write_uniform(v: Vec, words: str) -> str:
    """Uniform numbers strictly between 0 and 1 out of random words."""
    w, kind, wide = v.w, f"<{v.lanes} x i64>", f"<{v.lanes} x double>"
    bits = w.let(f"lshr {kind} {words}, splat (i64 12)")
    bits = w.let(f"or {kind} {bits}, splat (i64 {1023 << 52})")
    ahead = w.let(f"bitcast {kind} {bits} to {wide}")
    half = "splat (double 0xBFEFFFFFFFFFFFFE)"  # -(1 - 2**-53): from [1, 2) to (0, 1), exactly
    value = w.let(f"fadd {wide} {ahead}, {half}")
    if v.dtype == "float64":
        return value
    # Rounding must not reach 1: what happens with probability 1 happens.
    return v.clamp(w.let(f"fptrunc {wide} {value} to {v.type}"), high=1 - 2.0**-24)


def write_pair(v: Vec, words: str) -> tuple[str, str]:
    """Two standard normal numbers out of each random word."""
    w, kind, short = v.w, f"<{v.lanes} x i64>", f"<{v.lanes} x i32>"
    low = w.let(f"trunc {kind} {words} to {short}")
    high = w.let(f"lshr {kind} {words}, splat (i64 32)")
    high = w.let(f"trunc {kind} {high} to {short}")
    turn = w.let(f"and {short} {high}, splat (i32 {(1 << ANGLE_BITS) - 1})")
    q = v.fma(w.let(f"uitofp {short} {low} to {v.type}"), v.const(2.0**-32), v.const(2.0**-33))
    part = math.pi / 2 * 2.0**-ANGLE_BITS
    start = v.const(part / 2 - math.pi / 4)
    angle = v.fma(w.let(f"sitofp {short} {turn} to {v.type}"), v.const(part), start)
    size = v.intrinsic("sqrt", v.neg(log_of_normal(v, q)))
    sine, cosine = sine_and_cosine(v, angle)
    signs = words if v.bits == 64 else high
    top = v.iconst(1 << (v.bits - 1))
    flips = [v.iop("and", x, top) for x in (signs, v.iop("shl", signs, v.iconst(1)))]
    sizes = [v.from_bits(v.iop("xor", v.bits_of(size), flip)) for flip in flips]
    return v.mul(sizes[0], v.sub(cosine, sine)), v.mul(sizes[1], v.add(cosine, sine))

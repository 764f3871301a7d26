"""advance: a block of ticks of a population of whole numbers in a network.

What is on its way lies in float64, as for neurons of real numbers, so the same kernels deliver it:
sums of whole numbers below 2^53 are exact there in any order. A group of neurons takes what has
arrived, makes whole numbers of it, and goes through all ticks of the block in registers.
"""

from __future__ import annotations

from typing import Any, cast

from spikeloom.compile.tick_program import TickProgram
from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.kernels.frame import PARAMETERS
from spikeloom.engines.cpu.network.advance import (
    Steps,
    ask,
    source_weight,
    write_arrivals,
    write_inflows,
    write_keys,
)
from spikeloom.engines.cpu.network.variant import Stepping, step_slots
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.fixed.code import TickCode
from spikeloom.engines.fixed.emit import bits_of
from spikeloom.equations.span import Span

NEVER = (1 << 63) - 1
"""The tick of a fault that did not happen."""


def lanes_of(host: Host) -> int:
    """Neurons to a vector: what is narrow has 32 bits."""
    return host.lanes("float32")


def more_slots(program: TickProgram) -> tuple[str, ...]:
    """Words beside those of neurons of real numbers.

    ``fault_ticks`` (inputs, groups) and ``fault_values`` (inputs, padded) tell the first input of
    each group that is no whole number of its width; ``key:width`` is the number of neurons.
    """
    params = (f"param:{name}" for name in program.params)
    keys = (f"key:{name}" for name in program.random)
    return ("key:width", "fault_ticks", "fault_values", *params, *keys)


def write_ticks_of_network(program: TickProgram, variant: Stepping, host: Host) -> str:
    """The module with ``advance``; scratch as in the kernel for real numbers."""
    return _Advance(Writer(), program, variant, host).text()


class _Advance(TickCode):
    def __init__(self, w: Writer, program: TickProgram, variant: Stepping, host: Host) -> None:
        lanes, more = lanes_of(host), more_slots(program)
        super().__init__(w, program, lanes, variant.columns, variant.spikes)
        self.variant = variant
        self.f = Steps(w, cast(Any, program), variant, host, lanes, more)
        self.names = (*step_slots(variant), *more)

    def text(self) -> str:
        w, f, variant = self.w, self.f, self.variant
        lanes, states = self.v.lanes, self.program.states
        with w.function("advance", PARAMETERS):
            f.load_slots()
            self.slot = {name: f.slot(name) for name in self.names}
            fixed = self.scalars()
            weights = [source_weight(f, k) for k in range(len(variant.poisson))]
            write_keys(f)
            with w.loop("%begin", "%end", variant.unroll * lanes) as loop:
                firsts = [f.add(loop.index, g * lanes) for g in range(variant.unroll)]
                given = [fixed | self.columns(first) for first in firsts]
                levels = [self.levels(first) for first in firsts]
                homes = [
                    f.at(f.slot("states"), f.add(f.mul(f.slot("padded"), k), first))
                    for first in firsts
                    for k in range(len(states))
                ]
                leaves = [f"state:{n}" for _ in firsts for n in states]
                carried = [
                    (self.kind(leaf), self.whole(f.load(home), self.bits(leaf)))
                    for leaf, home in zip(leaves, homes, strict=True)
                ]
                carried.append(("i64", f.slot("slot")))
                with w.loop("0", f.slot("steps"), carried=carried) as time:
                    row = f.mul(time.carried[-1], f.slot("padded"))
                    now = f.add(f.slot("step"), time.index)
                    if variant.ahead:
                        for name in variant.channels:
                            ring = f.slot(f"ring:{name}")
                            ask(f, [f.at(ring, f.add(row, x)) for x in firsts])
                    starts, after = self.streams(now), list[str]()
                    for g, first in enumerate(firsts):
                        own = given[g] | self.arrived(
                            levels[g], row, now, time.index, first, weights
                        )
                        before = time.carried[g * len(states) : (g + 1) * len(states)]
                        moved, spikes = self.group(own, before, starts, now, first)
                        self.note_results(moved, spikes, time.index, first)
                        after += moved
                    time.next = (*after, f.following(time.carried[-1]))
                for leaf, home, value in zip(leaves, homes, time.results, strict=False):
                    f.store(self.real(value, leaf), home)
        return f"; {self.program.model}, whole numbers: advance\n{w.text()}\n"

    def levels(self, first: str) -> dict[str, str]:
        """Inputs that stay as they are, as real numbers; 0 where nothing is said."""
        f = self.f
        made = {f"input:{n}": f.v.const(0.0) for n in self.program.inputs}
        for k, name in enumerate(self.variant.constants):
            at = f.at(f.slot("levels"), f.add(f.mul(f.slot("padded"), k), first))
            made[f"input:{name}"] = f.load(at)
        return made

    def arrived(
        self, levels: dict[str, str], row: str, now: str, time: str, first: str, weights: list[str]
    ) -> dict[str, str]:
        """What a group gets in one tick."""
        f, given = self.f, dict(levels)
        at_time = f.w.let(f"and i64 {now}, {f.slot('window')}")
        write_inflows(f, given, levels, at_time, first)
        write_arrivals(f, given, row, time, at_time, first, weights)
        spans = dict(self.program.inputs_in)
        named = {shape.label for shape in self.variant.driven}
        named |= {*self.variant.inputs, *(name for name, _, _ in self.variant.poisson)}
        return {
            f"input:{n}": self.taken(k, given[f"input:{n}"], spans[n], now, first)
            if n in named
            else self.zero(f"input:{n}")
            for k, n in enumerate(self.program.inputs)
        }

    def taken(self, k: int, value: str, span: Span, now: str, first: str) -> str:
        """An input as a whole number; noted and replaced where it is none of its width."""
        w, v, lanes, truth = self.w, self.f.v, self.v.lanes, f"<{self.v.lanes} x i1>"
        w.note(f"input:{self.program.inputs[k]} as a whole number in {span}")
        good = v.cmp("oeq", value, v.intrinsic("floor", value))
        good = v.both("and", good, v.cmp("oge", value, v.const(float(span.low))))
        good = v.both("and", good, v.cmp("ole", value, v.const(float(span.high))))
        odd = v.both("and", w.let(f"xor {truth} {good}, splat (i1 true)"), self.real_lanes(first))
        some = w.let(f"icmp ne i{lanes} {w.let(f'bitcast {truth} {odd} to i{lanes}')}, 0")
        with w.when(some):
            group = w.let(f"udiv i64 {first}, {lanes}")
            groups = w.let(f"udiv i64 {self.slot['padded']}, {lanes}")
            at = self.f.at(self.slot["fault_ticks"], self.add(self.mul(groups, k), group), "i64")
            before = w.let(f"load i64, ptr {at}, align 8")
            with w.when(w.let(f"icmp sgt i64 {before}, {now}")):
                w.put(f"store i64 {now}, ptr {at}, align 8")
                place = self.add(self.mul(self.slot["padded"], k), first)
                self.f.store(value, self.f.at(self.slot["fault_values"], place))
        instead = v.const(float(min(max(0, span.low), span.high)))
        return self.whole(v.select(good, value, instead), bits_of(span))

    def real_lanes(self, first: str) -> str:
        """Which lanes are neurons, and no padding."""
        left = self.v.splat(self.w.let(f"sub i64 {self.slot['key:width']}, {first}"), 64)
        ids = ", ".join(f"i64 {k}" for k in range(self.v.lanes))
        return self.w.let(f"icmp slt <{self.v.lanes} x i64> <{ids}>, {left}")

    def note_results(self, states: list[str], spikes: str, time: str, first: str) -> None:
        w, f, lanes = self.w, self.f, self.v.lanes
        if spikes:
            bits = w.let(f"bitcast <{lanes} x i1> {spikes} to i{lanes}")
            place = f.add(f.mul(time, f.slot("row_bytes")), w.let(f"lshr i64 {first}, 3"))
            w.put(f"store i{lanes} {bits}, ptr {f.at(f.slot('bits'), place, 'i8')}, align 1")
        for name in self.variant.record:
            value = states[self.program.states.index(name)]
            place = f.add(f.mul(time, f.slot("padded")), first)
            f.store(self.real(value, f"state:{name}"), f.at(f.slot(f"plane:{name}"), place))

    def whole(self, value: str, bits: int) -> str:
        """A real number that is whole, as one."""
        return self.w.let(f"fptosi {self.f.v.type} {value} to {self.v.kind(bits)}")

    def real(self, value: str, leaf: str) -> str:
        """A whole number as a real one."""
        return self.w.let(f"sitofp {self.kind(leaf)} {value} to {self.f.v.type}")
